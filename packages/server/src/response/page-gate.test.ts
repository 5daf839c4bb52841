import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { whenToPage } from "./page-gate.ts";

/** Plays requests for one person: what is asked for while something waits goes with it. Answers when pages left. */
function play(requests: readonly { readonly at: number; readonly isRepeat: boolean }[], perHour: number) {
	const left: number[] = [];
	const waited: number[] = [];
	let flushAt: number | undefined;
	let since: number[] = [];
	const leave = (at: number) => {
		left.push(at);
		waited.push(...since.map((asked) => at - asked));
		since = [];
		flushAt = undefined;
	};
	for (const { at, isRepeat } of requests) {
		if (flushAt !== undefined && flushAt <= at) leave(flushAt);
		since.push(at);
		const recent = { lastAt: left.at(-1), inLastHour: left.filter((each) => each > at - HOUR_MS).length };
		const gate = whenToPage(recent.inLastHour > 0 ? recent : { ...recent, lastAt: undefined }, isRepeat, at, perHour);
		if (gate.status === "now") leave(at);
		else flushAt = Math.min(flushAt ?? Number.POSITIVE_INFINITY, gate.at);
	}
	if (flushAt !== undefined) leave(flushAt);
	return { left, waited };
}

const requests = fc
	.array(fc.record({ afterMs: fc.integer({ min: 0, max: 8 * MINUTE_MS }), isRepeat: fc.boolean() }), { maxLength: 300 })
	.map((list) => {
		let at = 0;
		return list.map(({ afterMs, isRepeat }) => {
			at += afterMs;
			return { at, isRepeat };
		});
	});

describe("pages to one person", () => {
	test.each([5, 10, 30, 60])("at most %i in any hour, however they come", (perHour) => {
		fc.assert(
			fc.property(requests, (list) => {
				const { left } = play(list, perHour);
				for (const [k, at] of left.entries()) {
					const hour = left.slice(k).filter((each) => each < at + HOUR_MS).length;
					expect(hour).toBeLessThanOrEqual(perHour);
				}
			}),
			{ seed: 1, numRuns: 300 },
		);
	});

	test("none is lost, and none waits longer than the spacing of the cap", () => {
		fc.assert(
			fc.property(requests, (list) => {
				const { waited } = play(list, 30);
				expect(waited.length).toBe(list.length);
				expect(Math.max(0, ...waited)).toBeLessThanOrEqual(200 * SECOND_MS);
			}),
			{ seed: 1, numRuns: 300 },
		);
	});

	test("the first page of a storm leaves at once, even when the hour's pages are used up", () => {
		const recent = { lastAt: 1_000_000, inLastHour: 29 };
		expect(whenToPage(recent, false, 1_000_000 + 200 * SECOND_MS, 30)).toEqual({ status: "now" });
	});

	test("a second page within ten seconds goes with those that come meanwhile", () => {
		const gate = whenToPage({ lastAt: 50_000, inLastHour: 1 }, false, 53_000, 30);
		expect(gate).toEqual({ status: "waits", at: 60_000, why: "bundle" });
	});

	test("repetitions use up half of what may leave at once", () => {
		const recent = { lastAt: 0, inLastHour: 6 };
		expect(whenToPage(recent, true, 2 * MINUTE_MS, 30)).toMatchObject({ why: "cap", at: 200 * SECOND_MS });
		expect(whenToPage(recent, false, 2 * MINUTE_MS, 30)).toEqual({ status: "now" });
	});

	test("a clock that was set back by hours holds nothing up for hours", () => {
		const gate = whenToPage({ lastAt: 3 * HOUR_MS, inLastHour: 20 }, false, HOUR_MS, 30);
		expect(gate).toMatchObject({ at: HOUR_MS + 200 * SECOND_MS });
	});
});
