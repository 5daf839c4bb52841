import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { dataDirHolder, lockDataDir } from "./data-lock.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const clock = new ManualClock(Date.UTC(2026, 2, 1, 9, 30));

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

/** Another process that takes the lock, says so, and keeps it until it is killed. */
async function holdElsewhere(dir: string) {
	const code = `
		import { lockDataDir } from ${JSON.stringify(new URL("./data-lock.ts", import.meta.url).href)};
		const clock = { now: () => Date.UTC(2026, 2, 1, 8), monotonic: () => 0 };
		try {
			lockDataDir(${JSON.stringify(dir)}, { clock, holder: "bellwether serve" });
			console.log("locked");
			setInterval(() => {}, 1000);
		} catch (error) {
			console.log(error.message);
		}
	`;
	const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	onTestFinished(() => void child.kill("SIGKILL"));
	const [said] = (await once(child.stdout, "data")) as [Buffer];
	return { child, said: said.toString().trim() };
}

test("a second process is refused at once and told who holds the folder and since when", async () => {
	const dir = folder();
	const { child, said } = await holdElsewhere(dir);
	expect(said).toBe("locked");
	expect(() => lockDataDir(dir, { clock, holder: "test" })).toThrow(
		`the data folder ${dir} is in use by process ${child.pid} (bellwether serve) since 2026-03-01T08:00:00.000Z: stop that one, or choose another folder with --data`,
	);
});

test("kill -9 frees the folder at once, and nothing stale is left", async () => {
	const dir = folder();
	for (let round = 0; round < 3; round++) {
		const { child, said } = await holdElsewhere(dir);
		expect(said).toBe("locked");
		child.kill("SIGKILL");
		await once(child, "exit");
	}
	lockDataDir(dir, { clock, holder: "test" }).release();
});

test("one process cannot take a folder twice, and can again after release", async () => {
	const dir = folder();
	const lock = lockDataDir(dir, { clock, holder: "test" });
	expect(() => lockDataDir(dir, { clock, holder: "again" })).toThrow(`process ${process.pid} (test)`);
	const { said } = await holdElsewhere(dir);
	expect(said).toContain(`process ${process.pid} (test)`);
	lock.release();
	lockDataDir(dir, { clock, holder: "test" }).release();
});

test("a folder that does not exist is made", () => {
	const dir = join(folder(), "new", "data");
	lockDataDir(dir, { clock, holder: "test" }).release();
	expect(existsSync(dir)).toBe(true);
});

test("who holds a folder can be asked without taking it, from another process too", async () => {
	const dir = folder();
	expect(dataDirHolder(dir)).toBeUndefined();
	const { child } = await holdElsewhere(dir);
	expect(dataDirHolder(dir)).toMatch(/^process \d+ \(bellwether serve\) since 2026-03-01T08:00/);
	child.kill("SIGKILL");
	await once(child, "exit");
	expect(dataDirHolder(dir)).toBeUndefined();
	lockDataDir(dir, { clock, holder: "this" }).release();
});
