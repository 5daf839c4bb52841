import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@bellwether/model";
import { CompiledQuery } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { StoreUnavailable } from "#platform";
import { openControlStore } from "./control-store.ts";

const RESERVE_BYTES = 1_048_576;

async function setUp(reserveBytes: number) {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	const path = join(folder, "control.db");
	const store = await openControlStore({ path, clock: new ManualClock(0), reserveBytes });
	onTestFinished(async () => {
		await store.close();
		rmSync(folder, { recursive: true });
	});
	const write = (key: string, length = 100) =>
		store.transaction(async (tx) => {
			await tx
				.insertInto("meta")
				.values({ key, value: "x".repeat(length) })
				.execute();
		});
	const free = () => {
		const reader = new DatabaseSync(path, { readOnly: true });
		const [count] = Object.values(reader.prepare("pragma freelist_count").get() ?? {});
		reader.close();
		return Number(count) * 4096;
	};
	return { store, path, write, free };
}

test("what is written from the reserve lets neither the file nor its log grow", async () => {
	const { path, write, free } = await setUp(RESERVE_BYTES);
	const sizes = () => [statSync(path).size, statSync(`${path}-wal`).size];
	const before = sizes();
	expect(free()).toBeGreaterThanOrEqual(RESERVE_BYTES);
	for (let n = 0; n < 50; n++) await write(`page ${n}`, 5_000);
	expect(sizes()).toEqual(before);
});

test("the reserve is made up again as it is used", async () => {
	const { write, free } = await setUp(RESERVE_BYTES);
	for (let n = 0; n < 300; n++) await write(`page ${n}`, 6_000);
	expect(free()).toBeGreaterThanOrEqual(RESERVE_BYTES / 2);
});

test("a store whose disk is full says so until it can write again, and keeps what it had", async () => {
	const { store, write } = await setUp(0);
	await write("before");
	await store.transaction((tx) => tx.executeQuery(limit(1)));
	const failure = await write("too much", 100_000).catch((error) => error);
	expect(failure).toBeInstanceOf(StoreUnavailable);
	expect([failure.message, store.writeFault()]).toEqual(["database or disk is full", "database or disk is full"]);
	await store.transaction((tx) => tx.executeQuery(limit(1_000_000)));
	await write("after", 100_000);
	expect(store.writeFault()).toBeUndefined();
	const keys = await store.db.selectFrom("meta").select("key").execute();
	expect(keys.map(({ key }) => key).filter((key) => key !== "schema_at")).toEqual(["after", "before"]);
});

/** SQLite's own way to a full disk: it says SQLITE_FULL when the file would need more pages. */
function limit(pages: number) {
	return CompiledQuery.raw(`pragma max_page_count = ${pages}`);
}
