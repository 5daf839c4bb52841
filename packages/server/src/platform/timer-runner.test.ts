import { ManualClock, systemClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { sequenceIds } from "./ids.ts";
import { createTimerRunner } from "./timer-runner.ts";
import { cancelTimers, setTimer } from "./timers.ts";
import type { NewTimer, Timer, TimerHandler } from "./types.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;

async function setUp(handler?: TimerHandler) {
	const clock = new ManualClock(START);
	const ids = sequenceIds();
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	const { store } = temporary;
	const fired: string[] = [];
	const errors: { error: unknown; timer: Timer | undefined }[] = [];
	const steps: number[] = [];
	const runner = createTimerRunner({
		store,
		clock,
		handlers: {
			ring: handler ?? (async (_tx, timer) => void fired.push(String(timer.data.name))),
			bell: async (_tx, timer) => void fired.push(`bell ${timer.data.name}`),
		},
		onError: (error, timer) => errors.push({ error, timer }),
		onWallStep: (stepMs) => steps.push(stepMs),
	});
	const set = (name: string, inMs: number, more: Partial<NewTimer> = {}) =>
		store.transaction((tx) =>
			setTimer(tx, ids, clock.now(), {
				kind: "ring",
				tenant: "contoso",
				dueAt: clock.now() + inMs,
				data: { name },
				...more,
			}),
		);
	const states = async () =>
		Object.fromEntries(
			(await store.db.selectFrom("timers").select(["data", "state"]).execute()).map((row) => [
				JSON.parse(row.data).name,
				row.state,
			]),
		);
	return { clock, store, ids, runner, fired, errors, steps, set, states };
}

test("a timer fires at its time, not before, and once", async () => {
	const { clock, runner, fired, set, states } = await setUp();
	await set("a", 5 * SECOND);
	clock.advance(5 * SECOND - 1);
	expect(await runner.runDue(clock.now())).toBe(0);
	clock.advance(1);
	expect(await runner.runDue(clock.now())).toBe(1);
	expect(await runner.runDue(clock.now())).toBe(0);
	expect(fired).toEqual(["a"]);
	expect(await states()).toEqual({ a: "done" });
});

test("overdue timers fire in the order they were due, more than one look can hold", async () => {
	const { clock, store, ids, runner, fired } = await setUp();
	const dueInSeconds = Array.from({ length: 250 }, (_, index) => ((index * 77) % 250) + 1);
	await store.transaction(async (tx) => {
		for (const seconds of dueInSeconds) {
			const dueAt = START + seconds * SECOND;
			await setTimer(tx, ids, START, { kind: "ring", tenant: "", dueAt, data: { name: seconds } });
		}
	});
	clock.advance(300 * SECOND);
	await runner.runDue(clock.now());
	expect(fired).toEqual(dueInSeconds.toSorted((a, b) => a - b).map(String));
	expect(runner.counters).toMatchObject({ fired: 250, failed: 0 });
});

test("what a handler writes and the mark that the timer is done are one: if it throws, neither is there", async () => {
	let isBroken = true;
	const { clock, store, runner, errors, set, states } = await setUp(async (tx, timer) => {
		await tx.insertInto("meta").values({ key: timer.id, value: "effect" }).execute();
		if (isBroken) throw new Error("broken");
	});
	await set("a", 0);
	await runner.runDue(clock.now());
	expect(await states()).toEqual({ a: "pending" });
	const effects = () => store.db.selectFrom("meta").select("key").where("value", "=", "effect").execute();
	expect(await effects()).toEqual([]);
	expect(errors).toMatchObject([{ error: { message: "broken" }, timer: { kind: "ring" } }]);
	isBroken = false;
	clock.advance(SECOND);
	await runner.runDue(clock.now());
	expect(await states()).toEqual({ a: "done" });
	expect(await effects()).toHaveLength(1);
});

test("a handler that keeps throwing is tried after 1, 2, 5, 10, 30, 30 s; the others go on", async () => {
	const attempts: number[] = [];
	const { clock, runner, fired, set } = await setUp(async (_tx, _timer, now) => {
		attempts.push((now - START) / SECOND);
		throw new Error("broken");
	});
	await set("bad", 0);
	await set("good", 10 * SECOND, { kind: "bell" });
	for (let second = 0; second <= 80; second++) {
		await runner.runDue(clock.now());
		clock.advance(SECOND);
	}
	expect(attempts).toEqual([0, 1, 3, 8, 18, 48, 78]);
	expect(fired).toEqual(["bell good"]);
	expect(runner.counters).toMatchObject({ fired: 1, failed: 7 });
});

test("a timer of a kind that nobody handles is reported and kept, also one named like a property of objects", async () => {
	const { clock, runner, errors, set, states } = await setUp();
	await set("a", 0, { kind: "unheard" });
	await set("b", 0, { kind: "toString" });
	await runner.runDue(clock.now());
	expect(errors.map(({ error }) => (error as Error).message)).toEqual([
		'no handler for timers of kind "unheard": register one in app',
		'no handler for timers of kind "toString": register one in app',
	]);
	expect(await states()).toEqual({ a: "pending", b: "pending" });
});

test("one that throws among many takes back its own writes alone", async () => {
	const { clock, store, runner, set } = await setUp(async (tx, timer) => {
		await tx
			.insertInto("meta")
			.values({ key: String(timer.data.name), value: "effect" })
			.execute();
		if (timer.data.name === "b") throw new Error("broken");
	});
	for (const name of ["a", "b", "c"]) await set(name, 0);
	expect(await runner.runDue(clock.now())).toBe(2);
	const effects = await store.db
		.selectFrom("meta")
		.select("key")
		.where("value", "=", "effect")
		.orderBy("key")
		.execute();
	expect(effects.map(({ key }) => key)).toEqual(["a", "c"]);
});

test("one that makes the commit itself fail does not hold up the others", async () => {
	const { clock, runner, errors, set, states } = await setUp(async (tx, timer) => {
		// A link to an incident that does not exist: found at the commit.
		const incident = timer.data.name === "b" ? "inc_none" : null;
		await tx
			.insertInto("breaches")
			.values({
				id: timer.id,
				tenant: timer.id,
				slo: "s",
				detector: "d",
				monitor: "m",
				scope: "tenant",
				state: "open",
				opened_at: 1,
				closed_at: null,
				evidence: "{}",
				incident_id: incident,
			})
			.execute();
	});
	for (const name of ["a", "b", "c"]) await set(name, 0);
	expect(await runner.runDue(clock.now())).toBe(2);
	expect(await states()).toEqual({ a: "done", b: "pending", c: "done" });
	expect(errors).toHaveLength(1);
});

test("a timer that an earlier one of the same look cancels does not fire", async () => {
	const rung: unknown[] = [];
	const { clock, runner, set } = await setUp(async (tx, timer) => {
		rung.push(timer.data.name);
		await cancelTimers(tx, { incidentId: "inc_1" });
	});
	await set("a", 0, { incidentId: "inc_1" });
	await set("b", 0, { incidentId: "inc_1" });
	await runner.runDue(clock.now());
	expect(rung).toEqual(["a"]);
});

test("cancelling stops an incident's timers of one kind, or all, and never those that fired", async () => {
	const { clock, store, runner, fired, set, states } = await setUp();
	await set("fired", 0, { incidentId: "inc_1" });
	await runner.runDue(clock.now());
	await set("ring", SECOND, { incidentId: "inc_1" });
	await set("bell", SECOND, { incidentId: "inc_1", kind: "bell" });
	await set("other", SECOND, { incidentId: "inc_2" });
	expect(await store.transaction((tx) => cancelTimers(tx, { incidentId: "inc_1", kind: "bell" }))).toBe(1);
	expect(await store.transaction((tx) => cancelTimers(tx, { incidentId: "inc_1" }))).toBe(1);
	clock.advance(SECOND);
	await runner.runDue(clock.now());
	expect(fired).toEqual(["fired", "other"]);
	expect(await states()).toEqual({ fired: "done", ring: "cancelled", bell: "cancelled", other: "done" });
});

test("a cancellation that is committed first wins against a timer that is due already", async () => {
	const { clock, store, runner, fired, set } = await setUp();
	await set("a", 0, { incidentId: "inc_1" });
	let isCancelled: Promise<number> | undefined;
	// The runner has read the due timer when the cancellation enters the queue of writers before it.
	const slow = store.transaction(async (tx) => {
		isCancelled = cancelTimers(tx, { incidentId: "inc_1" });
		await isCancelled;
	});
	await Promise.all([slow, runner.runDue(clock.now())]);
	expect(await isCancelled).toBe(1);
	expect(fired).toEqual([]);
});

test("a handler may set the next timer of its chain, which fires at the next look when it is overdue already", async () => {
	const ids = sequenceIds();
	const rounds: number[] = [];
	const { clock, runner, set } = await setUp(async (tx, timer, now) => {
		rounds.push(timer.dueAt - START);
		if (rounds.length < 3) {
			await setTimer(tx, { ...ids, next: () => `next_${rounds.length}` }, now, {
				...timer,
				dueAt: timer.dueAt + SECOND,
			});
		}
	});
	await set("a", 0);
	clock.advance(60 * SECOND);
	for (let look = 0; look < 3; look++) await runner.runDue(clock.now());
	expect(rounds).toEqual([0, 1_000, 2_000]);
});

test.each([
	{ name: "an hour forward", stepMs: 3_600_000 },
	{ name: "two hours back", stepMs: -7_200_000 },
	{ name: "a year forward", stepMs: 365 * 86_400_000 },
])(
	"when the wall clock steps $name, a running timer keeps its distance and the step is recorded",
	async ({ stepMs }) => {
		const { clock, runner, fired, steps, set } = await setUp();
		await set("a", 60 * SECOND);
		clock.advance(20 * SECOND);
		await runner.followClock();
		clock.step(stepMs);
		clock.advance(500);
		// Set after the step and before it was noticed: in the new time already.
		await set("new", 10 * SECOND);
		await runner.followClock();
		expect(await runner.runDue(clock.now())).toBe(0);
		clock.advance(9_999);
		await runner.followClock();
		expect(await runner.runDue(clock.now())).toBe(0);
		clock.advance(1);
		await runner.runDue(clock.now());
		expect(fired).toEqual(["new"]);
		clock.advance(29_499);
		await runner.runDue(clock.now());
		expect(fired).toEqual(["new"]);
		clock.advance(1);
		await runner.runDue(clock.now());
		expect(fired).toEqual(["new", "a"]);
		expect(steps).toEqual([stepMs]);
		expect(runner.counters.wallSteps).toBe(1);
	},
);

test("drift of a clock that is slewed is followed without a record", async () => {
	const { clock, runner, fired, steps, set } = await setUp();
	await set("a", 60 * SECOND);
	// The wall clock runs a tenth fast for a minute: 6 s in all.
	for (let second = 0; second < 59; second++) {
		clock.advance(SECOND);
		clock.step(100);
		await runner.followClock();
		await runner.runDue(clock.now());
	}
	expect(fired).toEqual([]);
	clock.advance(SECOND);
	clock.step(100);
	await runner.followClock();
	clock.advance(SECOND);
	await runner.runDue(clock.now());
	expect(fired).toEqual(["a"]);
	expect(steps).toEqual([]);
});

test("once started, it fires what is overdue and wakes by itself when a commit brings a due timer", async () => {
	const temporary = await temporaryControlStore(systemClock);
	onTestFinished(() => temporary.remove());
	const { store } = temporary;
	const ids = sequenceIds();
	const waiting = new Map<string, () => void>();
	const fires = (name: string) => new Promise<void>((resolve) => waiting.set(name, resolve));
	const runner = createTimerRunner({
		store,
		clock: systemClock,
		handlers: { ring: async (_tx, timer) => waiting.get(String(timer.data.name))?.() },
		onError: (error) => {
			throw error;
		},
	});
	const set = (name: string, inMs: number) =>
		store.transaction((tx) =>
			setTimer(tx, ids, Date.now(), { kind: "ring", tenant: "", dueAt: Date.now() + inMs, data: { name } }),
		);
	const overdue = fires("overdue");
	await set("overdue", -60_000);
	runner.start();
	onTestFinished(() => runner.stop());
	await overdue;
	const now = fires("now");
	await set("now", 0);
	await now;
	const soon = fires("soon");
	await set("soon", 30);
	await soon;
	await runner.stop();
	await set("after the end", 0);
	expect(await store.db.selectFrom("timers").select("data").where("state", "=", "pending").execute()).toEqual([
		{ data: '{"name":"after the end"}' },
	]);
});
