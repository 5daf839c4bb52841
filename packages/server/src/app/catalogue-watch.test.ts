import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ManualClock } from "@bellwether/model";
import { describe, expect, onTestFinished, test } from "vitest";
import { readCatalogueFiles } from "#catalogue";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { startConfigControl } from "./config-control.ts";

const WORKLOAD = "apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: mail }\nspec: { owner: Mail team }\n";
const OTHER_OWNER = WORKLOAD.replace("Mail team", "Chat team");
const LONG_AGO_MS = 60_000;

/** The real folder, read by the real reader; `reads` says how often that was whole. */
async function watching(aheadMs = LONG_AGO_MS) {
	const root = await mkdtemp(join(tmpdir(), "bellwether-watch-"));
	const dir = join(root, "catalogue");
	const path = join(dir, "workloads/mail.yaml");
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, WORKLOAD);
	// Files carry the times of the disk; how long ago that is, a test says.
	const clock = new ManualClock(Math.ceil((await stat(path)).ctimeMs) + aheadMs);
	const { store, remove } = await temporaryControlStore(clock);
	let reads = 0;
	const control = await startConfigControl({
		dir,
		store,
		clock,
		onApplied: async () => {},
		onRefused: () => {},
		read: (from) => {
			reads += 1;
			return readCatalogueFiles(from);
		},
	});
	onTestFinished(async () => {
		await control.stop();
		await remove();
		await rm(root, { recursive: true });
	});
	return {
		dir,
		path,
		control,
		owner: () => control.catalogue().workloads[0]?.owner,
		async look(times: number): Promise<number> {
			const before = reads;
			for (let k = 0; k < times; k++) await control.look();
			return reads - before;
		},
	};
}

describe("a folder that nobody edits", () => {
	test("is read once, and then only looked at", async () => {
		const { look } = await watching();
		expect(await look(100)).toBe(1);
	});

	test("is read all the same every five minutes, for a disk that does not tell of changes", async () => {
		const { look } = await watching();
		expect(await look(1 + 150 + 1 + 150)).toBe(2);
		expect(await look(1)).toBe(1);
	});

	test("is read at each look while it is so fresh that another edit could look the same", async () => {
		const { look } = await watching(2_000);
		expect(await look(5)).toBe(5);
	});
});

describe("an edit", () => {
	test("of the same length, with its old time set back, is taken", async () => {
		const { path, look, owner } = await watching();
		await look(2);
		const { atime, mtime } = await stat(path);
		await writeFile(path, OTHER_OWNER);
		await utimes(path, atime, mtime);
		await look(2);
		expect(owner()).toBe("Chat team");
	});

	test("by a link that leads elsewhere, as mounted configuration does it, is taken", async () => {
		const { dir, look, owner } = await watching();
		await mkdir(join(dir, ".new"), { recursive: true });
		await writeFile(join(dir, ".new/mail.yaml"), OTHER_OWNER);
		await look(2);
		await rm(join(dir, "workloads"), { recursive: true });
		await symlink(".new", join(dir, "workloads"));
		await look(2);
		expect(owner()).toBe("Chat team");
	});

	test("that adds and removes files is taken", async () => {
		const { dir, path, look, control } = await watching();
		await look(2);
		await writeFile(join(dir, "workloads/chat.yaml"), WORKLOAD.replace("name: mail", "name: chat"));
		await look(2);
		expect(control.catalogue().workloads.map(({ name }) => name)).toEqual(["chat", "mail"]);
		await rm(path);
		await look(2);
		expect(control.catalogue().workloads.map(({ name }) => name)).toEqual(["chat"]);
	});
});

test("a folder that was away and is back as it was is well again", async () => {
	const { dir, look, control } = await watching();
	await look(2);
	const { findings } = control.active();
	await rename(dir, `${dir}-away`);
	await look(3);
	expect(control.active()).toMatchObject({ isReloadOk: false });
	await rename(`${dir}-away`, dir);
	await look(1);
	expect(control.active()).toMatchObject({ isReloadOk: true, findings });
});
