import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { type ReadinessSources, readiness } from "./readiness.ts";

const NOW = Date.UTC(2026, 10, 23);
const STORAGE = { damaged: [], shortenings: 0, isOverfull: false, usedBytes: 3e6, limitBytes: 20e6 };
const HEALTH = { state: "ready", failure: undefined, storage: STORAGE, overQuota: [] };

type Standing = {
	readonly health: unknown;
	readonly isReloadOk: boolean;
	readonly watchdog: { readonly state: string; readonly reasons: readonly { readonly code: string }[] };
	readonly senders: () => Promise<readonly { readonly isOver: boolean }[]>;
	readonly channels: readonly { readonly state: string }[];
};

const WELL: Standing = {
	health: HEALTH,
	isReloadOk: true,
	watchdog: { state: "well", reasons: [] },
	senders: async () => [{ isOver: false }],
	channels: [{ state: "well" }],
};

/** What is not well, as `name (level): reason`. */
async function complaints(changed: Partial<Standing>, overdueMs?: number): Promise<string[]> {
	const clock = new ManualClock(NOW);
	const { store, remove } = await temporaryControlStore(clock);
	onTestFinished(() => remove());
	if (overdueMs !== undefined) {
		const timer = { id: "t", kind: "test", tenant: "", due_at: NOW - overdueMs, data: "{}", state: "pending" };
		await store.transaction((tx) =>
			tx
				.insertInto("timers")
				.values({ ...timer, created_at: NOW } as never)
				.execute(),
		);
	}
	const standing = { ...WELL, ...changed };
	const checks = await readiness({
		clock,
		store,
		config: { active: () => ({ isReloadOk: standing.isReloadOk, findings: [] }) },
		sources: { senders: standing.senders },
		telemetry: {
			health: async () => {
				if (standing.health instanceof Error) throw standing.health;
				return standing.health;
			},
		},
		watchdog: { status: () => standing.watchdog },
		channels: { states: () => standing.channels },
	} as unknown as ReadinessSources);
	return checks.filter(({ ok }) => !ok).map(({ name, level, reason }) => `${name} (${level}): ${reason}`);
}

test("a server that is well complains of nothing", async () => {
	expect(await complaints({})).toEqual([]);
	expect(await complaints({ watchdog: { state: "starting", reasons: [] } }, 4_000)).toEqual([]);
});

test.each<[string, Partial<Standing>, RegExp]>([
	["telemetry is down", { health: new Error("the thread ended") }, /^telemetry \(error\): down: the thread ended$/],
	[
		"telemetry is rebuilt",
		{ health: { ...HEALTH, state: "rebuilding", failure: "disk full" } },
		/^telemetry \(error\): rebuilding: disk full$/,
	],
	[
		"stored counts are damaged",
		{ health: { ...HEALTH, storage: { ...STORAGE, damaged: [{}, {}] } } },
		/^storage \(warning\): 2 stored ranges were found damaged/,
	],
	[
		"counts are kept for shorter",
		{ health: { ...HEALTH, storage: { ...STORAGE, shortenings: 1 } } },
		/^storage \(warning\): 3 MB of 20 MB are used, so key tenants' fine counts are kept for shorter/,
	],
	[
		"somebody sends more than it may",
		{ senders: async () => [{ isOver: true }], health: { ...HEALTH, overQuota: [{ isOver: true }] } },
		/^limits \(warning\): 1 sources and 1 key tenants/,
	],
	[
		"a change of the catalogue was refused",
		{ isReloadOk: false },
		/^catalogue \(warning\): the last change was refused/,
	],
	[
		"the check of itself fails",
		{ watchdog: { state: "failing", reasons: [{ code: "page" }] } },
		/^self-check \(warning\): no heartbeat leaves: page; see/,
	],
	[
		"the check of itself came to a halt",
		{ watchdog: { state: "stalled", reasons: [] } },
		/^self-check \(warning\): no heartbeat leaves: the checks came to a halt/,
	],
	["a channel fails for long", { channels: [{ state: "failing" }] }, /^channels \(warning\): 1 have failed for long/],
])("says that %s, and nothing else", async (_, changed, complaint) => {
	const said = await complaints(changed);
	expect(said).toHaveLength(1);
	expect(said[0]).toMatch(complaint);
});

test("says how late timers are", async () => {
	expect(await complaints({}, 9_000)).toEqual(["timers (warning): the oldest is 9 s overdue"]);
});

test("who sent what is not known while telemetry is down: that is said once", async () => {
	const down = new Error("the thread ended");
	const said = await complaints({ health: down, senders: async () => Promise.reject(down) });
	expect(said).toEqual(["telemetry (error): down: the thread ended"]);
});
