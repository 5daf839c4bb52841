import { HOUR_MS, ManualClock, MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { rebaseAfterStart, writeAnchor } from "./clock-anchor.ts";
import { sequenceIds } from "./ids.ts";
import { setTimer } from "./timers.ts";

const NOON = Date.UTC(2026, 10, 22, 12);

/** A timer due in five minutes, an anchor beside it, and a process that ended before it noticed a step of the clock. */
async function ended() {
	const temporary = await temporaryControlStore(new ManualClock(NOON));
	onTestFinished(temporary.remove);
	const { store } = temporary;
	const ids = sequenceIds();
	const set = (now: number) =>
		store.transaction((tx) =>
			setTimer(tx, ids, now, { kind: "test", tenant: "", dueAt: now + 5 * MINUTE_MS, data: {} }),
		);
	await set(NOON - MINUTE_MS);
	await store.transaction((tx) => writeAnchor(tx, { boot: "b1", ms: 1_000_000 }, NOON));
	return {
		set,
		start: (boot: string, ms: number, wall: number) =>
			store.transaction((tx) => rebaseAfterStart(tx, { boot, ms }, wall)),
		due: async () => (await store.db.selectFrom("timers").select("due_at").execute()).map((row) => row.due_at),
	};
}

test.each([HOUR_MS, -2 * HOUR_MS])(
	"a step of %i ms that no process had stored moves what waits along",
	async (stepMs) => {
		const { start, due } = await ended();
		expect(await start("b1", 1_030_000, NOON + 30_000 + stepMs)).toBe(stepMs);
		expect(await due()).toEqual([NOON + 4 * MINUTE_MS + stepMs]);
	},
);

test("what was written after the step counts in the new time already", async () => {
	const { start, due, set } = await ended();
	await set(NOON + 5_000 + HOUR_MS);
	await start("b1", 1_010_000, NOON + 10_000 + HOUR_MS);
	expect((await due()).toSorted()).toEqual([NOON + 4 * MINUTE_MS + HOUR_MS, NOON + 5_000 + HOUR_MS + 5 * MINUTE_MS]);
});

test("time that passed while nothing ran is no step", async () => {
	const { start, due } = await ended();
	expect(await start("b1", 1_000_000 + 3 * HOUR_MS, NOON + 3 * HOUR_MS)).toBeUndefined();
	expect(await due()).toEqual([NOON + 4 * MINUTE_MS]);
});

test("after another start of the machine nothing can be told", async () => {
	const { start, due } = await ended();
	expect(await start("b2", 5_000, NOON + 3 * HOUR_MS)).toBeUndefined();
	expect(await due()).toEqual([NOON + 4 * MINUTE_MS]);
});
