import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { countsSince, findOnset } from "./onset.ts";
import { WindowTable } from "./windows.ts";

const NOW = Date.UTC(2026, 2, 2, 9);
/** 14.4 × 0.1 %. */
const LIMIT = 0.0144;

/** A table of one pair with these events: minutes before now, bad, total. */
function tableWith(...events: readonly (readonly [minutesAgo: number, bad: number, total: number])[]): WindowTable {
	const table = new WindowTable({ periodsMs: [30 * DAY_MS], futureMs: 0, now: NOW });
	for (const [minutesAgo, bad, total] of events) table.add(0, NOW - minutesAgo * MINUTE_MS, bad, total);
	return table;
}

describe("the onset of an episode", () => {
	it("is the start of its first bad bucket; it may have begun since the healthy one before", () => {
		const table = tableWith([4, 0, 100], [3, 0, 100], [2, 30, 100], [1, 100, 100]);
		expect(findOnset(table, 0, LIMIT)).toEqual({
			since: NOW - 2 * MINUTE_MS,
			quietUntil: NOW - 3 * MINUTE_MS + 10 * SECOND_MS,
		});
	});
	it("is not ended by a few good events that its error ratio would leave", () => {
		const table = tableWith([4, 0, 100], [3, 20, 100], [2, 0, 5], [1, 20, 100]);
		expect(findOnset(table, 0, LIMIT)).toEqual({
			since: NOW - 3 * MINUTE_MS,
			quietUntil: NOW - 4 * MINUTE_MS + 10 * SECOND_MS,
		});
	});
	it("may have begun right after the nearest healthy bucket, however little that proves", () => {
		const table = tableWith([5, 0, 3], [4, 0, 3], [3, 0, 3], [1, 20, 100]);
		expect(findOnset(table, 0, LIMIT)?.quietUntil).toBe(NOW - 3 * MINUTE_MS + 10 * SECOND_MS);
	});
	it("is ended by a run of buckets that it would not", () => {
		const table = tableWith([4, 20, 100], [3, 0, 20], [2, 0, 20], [1, 20, 100]);
		expect(findOnset(table, 0, LIMIT)?.since).toBe(NOW - 1 * MINUTE_MS);
	});
	it("passes over buckets without events, into the minutes and the hours", () => {
		const table = tableWith([300, 0, 50], [200, 50, 50], [30, 50, 50], [0, 50, 50]);
		expect(findOnset(table, 0, LIMIT)).toEqual({ since: NOW - 200 * MINUTE_MS, quietUntil: NOW - 295 * MINUTE_MS });
	});
	it("overlooks a recovery that has begun", () => {
		const table = tableWith([3, 0, 100], [2, 100, 100], [1, 0, 100], [0, 0, 100]);
		expect(findOnset(table, 0, LIMIT)?.since).toBe(NOW - 2 * MINUTE_MS);
	});
	it("knows no healthier time when there were no events before", () => {
		const table = tableWith([2, 100, 100], [1, 100, 100]);
		expect(findOnset(table, 0, LIMIT)).toEqual({ since: NOW - 2 * MINUTE_MS, quietUntil: NOW - 2 * MINUTE_MS });
	});
	it("does not exist when no bucket is bad, or the bad ones are older than six hours", () => {
		expect(findOnset(tableWith([2, 1, 100], [1, 0, 100]), 0, LIMIT)).toBeUndefined();
		expect(findOnset(tableWith([(7 * HOUR_MS) / MINUTE_MS, 100, 100]), 0, LIMIT)).toBeUndefined();
	});
});

test("what happened since the onset is counted to now, a recovery that has begun included", () => {
	const table = tableWith([300, 50, 50], [3, 0, 100], [2, 100, 100], [1, 0, 40], [0, 0, 10]);
	expect(countsSince(table, 0, NOW - 2 * MINUTE_MS)).toEqual({ bad: 100, total: 150 });
	expect(countsSince(table, 0, NOW - 3 * MINUTE_MS)).toEqual({ bad: 100, total: 250 });
});
