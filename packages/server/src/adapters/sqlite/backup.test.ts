import {
	appendFileSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { audit, createDispatcher, enqueue, type Message, sequenceIds } from "#platform";
import { backUp, restore } from "./backup.ts";
import { openControlStore } from "./control-store.ts";
import { openTelemetryStore } from "./telemetry-store.ts";
import { verifyControl } from "./verify-control.ts";

// Disks set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const clock = new ManualClock(Date.UTC(2026, 10, 23, 12));
const options = { clock, version: "test" };

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

/** A data folder in use, with one page and one notice that wait to be sent. */
async function running() {
	const dir = join(folder(), "data");
	const store = await openControlStore({ path: join(dir, "control.db"), clock });
	const telemetry = openTelemetryStore(join(dir, "telemetry.db"));
	onTestFinished(async () => {
		telemetry.close();
		await store.close();
	});
	const ids = sequenceIds();
	await store.transaction(async (tx) => {
		const message = { tenant: "contoso", channel: "mail", address: "a@contoso.example", payload: { kind: "test" } };
		for (const [kind, delivery] of [
			["page", "at-least-once"],
			["notice", "at-most-once"],
		] as const)
			await enqueue(tx, ids, clock.now(), { ...message, kind, delivery } as never);
		await audit(tx, {
			at: clock.now(),
			actor: "ada",
			action: "test",
			tenant: "",
			subject: "x",
			requestId: "r",
			detail: {},
		});
	});
	return { dir, store, telemetry };
}

test("a backup of a folder in use is what both files held at one moment, and can be verified", async () => {
	const { dir, telemetry } = await running();
	telemetry.commit(Uint8Array.of(1, 2, 3), []);
	const out = join(folder(), "backup");
	const manifest = await backUp(dir, out, options);
	telemetry.commit(Uint8Array.of(4), []);
	expect(manifest).toMatchObject({ at: "2026-11-23T12:00:00.000Z", auditHead: { seq: 1 } });
	expect(readdirSync(out).sort()).toEqual(["backup.json", "control.db", "telemetry.db"]);
	for (const name of readdirSync(out)) expect(statSync(join(out, name)).mode & 0o077).toBe(0);
	const copy = openTelemetryStore(join(out, "telemetry.db"));
	onTestFinished(() => copy.close());
	expect([...copy.journal()].map(({ row }) => [...row])).toEqual([[1, 2, 3]]);
	expect(await verifyControl(join(out, "control.db"), manifest.auditHead)).toMatchObject({ findings: [] });
});

test("what waited when the backup was made is not sent after a restore: notices become uncertain, pages end", async () => {
	const { dir } = await running();
	const out = join(folder(), "backup");
	await backUp(dir, out, options);
	const target = join(folder(), "restored");
	expect(await restore(out, target, options)).toMatchObject({ notices: 1, pages: 1 });
	const store = await openControlStore({ path: join(target, "control.db"), clock });
	onTestFinished(() => store.close());
	const sent: string[] = [];
	const outcomes: string[] = [];
	const dispatcher = createDispatcher({
		store,
		clock,
		senders: () => ({
			send: async (message: Message) => {
				sent.push(message.id);
				return { status: "sent", detail: "" };
			},
		}),
		onOutcome: async (_tx, message, outcome) => {
			outcomes.push(`${message.kind} ${outcome.status}`);
		},
		onError: (error) => {
			throw error;
		},
	});
	await dispatcher.runDue(clock.now() + 86_400_000);
	expect(sent).toEqual([]);
	expect(outcomes).toEqual(["notice uncertain"]);
	const states = await store.db.selectFrom("outbox").select(["kind", "state"]).orderBy("kind").execute();
	expect(states).toEqual([
		{ kind: "notice", state: "uncertain" },
		{ kind: "page", state: "cancelled" },
	]);
	expect((await verifyControl(join(target, "control.db"))).findings).toEqual([]);
});

test("a backup that changed, a folder in use and a folder that is no backup are refused, and nothing is written", async () => {
	const { dir } = await running();
	const out = join(folder(), "backup");
	await backUp(dir, out, options);
	const target = join(folder(), "restored");
	await expect(restore(dir, target, options)).rejects.toThrow("has no backup.json");
	await expect(restore(out, dir, options)).rejects.toThrow("is not empty");
	await expect(backUp(dir, out, options)).rejects.toThrow("is not empty");
	await expect(backUp(folder(), target, options)).rejects.toThrow("has no control.db");
	appendFileSync(join(out, "telemetry.db"), "x");
	await expect(restore(out, target, options)).rejects.toThrow("telemetry.db in");
	expect(() => statSync(target)).toThrow();
});

test("a copy tells how far it is, never backwards, and ends with all of it", async () => {
	const { dir, telemetry } = await running();
	for (let i = 0; i < 20; i++) telemetry.commit(new Uint8Array(100_000).fill(i), []);
	const out = join(folder(), "backup");
	const told: [done: number, of: number][] = [];
	const onProgress = (done: number, of: number) => void told.push([done, of]);
	const whole = () => {
		const seen = told.splice(0);
		expect(seen.length).toBeGreaterThan(1);
		expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((a, b) => a - b));
		expect(seen.every(([done, of]) => done <= of)).toBe(true);
		return seen.at(-1);
	};
	const { files } = await backUp(dir, out, { ...options, onProgress });
	const [, ofBackup = 0] = whole() ?? [];
	expect(ofBackup).toBeGreaterThan(0);
	await restore(out, join(folder(), "data"), { clock, onProgress });
	const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
	expect(whole()).toEqual([2 * bytes, 2 * bytes]);
});

test.each([
	["that lead out of the folder", (files: object[]) => [{ ...files[0], name: "../outside/control.db" }, files[1]]],
	["of which one is missing", (files: object[]) => files.slice(0, 1)],
	["that are none", () => "control.db"],
])("a backup whose list has names %s is refused, and nothing is written", async (_, change) => {
	const { dir } = await running();
	const parent = folder();
	const out = join(parent, "backup");
	const manifest = await backUp(dir, out, options);
	mkdirSync(join(parent, "outside"));
	copyFileSync(join(out, "control.db"), join(parent, "outside", "control.db"));
	const changed = { ...manifest, files: change([...manifest.files]) };
	writeFileSync(join(out, "backup.json"), JSON.stringify(changed));
	const target = folder();
	await expect(restore(out, join(target, "data"), options)).rejects.toThrow(
		/names .*, not control\.db and telemetry\.db/,
	);
	expect(readdirSync(target)).toEqual([]);
});
