import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { describeTelemetryStore } from "../../telemetry/store/store.cases.ts";
import { openTelemetryStore } from "./telemetry-store.ts";

function file(): string {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "telemetry.db");
}

describeTelemetryStore("the store in SQLite", () => {
	const path = file();
	let store = openTelemetryStore(path);
	onTestFinished(() => store.close());
	return {
		store,
		reopen: () => {
			store.close();
			store = openTelemetryStore(path);
			return store;
		},
	};
});

test("a store that a newer version wrote is refused with a remedy, and not one byte changes", () => {
	const path = file();
	openTelemetryStore(path).close();
	const newer = new DatabaseSync(path);
	newer.exec("PRAGMA user_version = 99; CREATE TABLE later (a)");
	// The newer version was killed: part of what it wrote is in the log beside the file only.
	newer.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO later VALUES (1)");
	const killed = readdirSync(join(path, "..")).filter((name) => !name.endsWith("-shm"));
	const digest = () =>
		killed.map((name) =>
			createHash("sha256")
				.update(readFileSync(join(path, "..", name)))
				.digest("hex"),
		);
	const before = digest();
	expect(() => openTelemetryStore(path)).toThrow(/schema 99.*start the newer/);
	expect(digest()).toEqual(before);
	newer.close();
});
