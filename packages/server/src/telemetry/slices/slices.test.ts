import { DAY_MS, errorBudget, errorBudgetRatio, HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { Cells } from "../counting/cells.ts";
import { badShare, type SliceRule } from "./slice-rule.ts";
import { GRACE_MS, type SlicedPair, Slices } from "./slices.ts";

const T0 = Date.parse("2026-11-02T00:00:00Z");
const LATENESS = 3 * HOUR_MS;
const FUTURE = 5 * MINUTE_MS;

const timeslices = (target: number, sliceMs = MINUTE_MS): SliceRule => ({ kind: "target", sliceMs, target });
const ratio = (sliceMs = MINUTE_MS): SliceRule => ({ kind: "ratio", sliceMs });
const heartbeat = (sliceMs = 10 * MINUTE_MS, effectiveAt?: number, atLeast = 1): SliceRule => ({
	kind: "heartbeat",
	sliceMs,
	atLeast,
	effectiveAt,
});

/** Slices of one pair, with all that the windows were told, by instant. */
function watch(rule: SliceRule, from = T0, expectedAt: number | undefined = undefined) {
	const told = new Map<number, { bad: number; total: number }>();
	const pair: SlicedPair = { pair: 0, rule, from, expectedAt };
	const slices = new Slices({
		pairs: [pair],
		pairCount: 1,
		latenessMs: LATENESS,
		futureMs: FUTURE,
		sink: {
			add(_, at, bad, total) {
				const sum = told.get(at) ?? { bad: 0, total: 0 };
				told.set(at, { bad: sum.bad + bad, total: sum.total + total });
			},
		},
	});
	const sums = () => {
		let bad = 0;
		let total = 0;
		for (const each of told.values()) {
			bad += each.bad;
			total += each.total;
		}
		return { bad, total };
	};
	return { slices, told, sums };
}

describe("one slice", () => {
	it.each([
		["95 of 100 meet 95 %", timeslices(0.95), 5, 100, 0],
		["94 of 100 do not", timeslices(0.95), 6, 100, 1],
		["99 of 100 meet 99 %, whatever doubles make of 0.99 × 100", timeslices(0.99), 1, 100, 0],
		["7 of 100 meet 7 %, where 0.07 × 100 is more than 7", timeslices(0.07), 93, 100, 0],
		["all must be good at a target of 1", timeslices(1), 1, 1_000_000, 1],
		["a quarter bad is a quarter of a slice", ratio(), 25, 100, 0.25],
		["a good counter before its total does not make it better than good", ratio(), -3, 10, 0],
		["one heartbeat is enough", heartbeat(), 0, 1, 0],
	] as const)("%s", (_, rule, bad, total, share) => {
		expect(badShare(rule, bad, total)).toBe(share);
	});

	it("says nothing without events", () => {
		for (const rule of [timeslices(0.95), ratio(), heartbeat()]) expect(badShare(rule, 0, 0)).toBeUndefined();
	});
});

describe("budgets as OpenSLO counts them: 2 weeks, objective 95 %, slices of 1 minute", () => {
	const SLICES = (14 * DAY_MS) / MINUTE_MS;
	/** Sums over the period when the service works at 1 % for some minutes and at 99 % otherwise. */
	function attack(rule: SliceRule, minutes: number) {
		const sum = { bad: 0, total: 0 };
		for (let slice = 0; slice < SLICES; slice++) {
			sum.bad += badShare(rule, slice < minutes ? 99 : 1, 100) ?? 0;
			sum.total++;
		}
		return errorBudget(sum.bad, sum.total, 0.95);
	}

	it("has 20,160 slices, and 1,008 of them, 16 h 48 min, may be bad", () => {
		expect(SLICES).toBe(20_160);
		expect(SLICES * errorBudgetRatio(0.95)).toBe(1_008);
		expect(attack(timeslices(0.95), 16 * 60 + 48)?.remaining).toBe(0);
		expect(attack(timeslices(0.95), 16 * 60 + 49)?.remaining).toBeLessThan(0);
	});

	it("lasts 13 h 42 min by ratio time slices: each is as bad as it was", () => {
		expect(attack(ratio(), 822)?.remaining).toBeGreaterThan(0);
		expect(attack(ratio(), 823)?.remaining).toBeLessThan(0);
	});

	it("allows 16,800 of 336,000 occurrences", () => {
		expect(336_000 * errorBudgetRatio(0.95)).toBeCloseTo(16_800, 9);
		expect(errorBudget(16_800, 336_000, 0.95)?.remaining).toBeCloseTo(0, 9);
	});

	it("has 5.04 bad minutes in a week at 99.95 %", () => {
		expect(((7 * DAY_MS) / MINUTE_MS) * errorBudgetRatio(0.9995)).toBeCloseTo(5.04, 9);
	});

	it("the mean of slices at 95 % is 95 %", () => {
		const share = badShare(ratio(), 5, 100) as number;
		expect(Math.abs(share - 0.05)).toBeLessThan(1e-9);
	});
});

describe("a stream of events in slices", () => {
	it("is told slice by slice, when a slice has ended and the grace has passed", () => {
		const { slices, told } = watch(timeslices(0.95));
		slices.add(0, T0 + 20 * SECOND_MS, 10, 100);
		slices.advance(T0 + MINUTE_MS + GRACE_MS - 1);
		expect(told.size).toBe(0);
		slices.advance(T0 + MINUTE_MS + GRACE_MS);
		expect([...told]).toEqual([[T0 + 50 * SECOND_MS, { bad: 1, total: 1 }]]);
	});

	it("late events change what was told by the difference", () => {
		const { slices, sums } = watch(timeslices(0.95));
		slices.add(0, T0, 10, 100);
		slices.advance(T0 + 10 * MINUTE_MS);
		expect(sums()).toEqual({ bad: 1, total: 1 });
		slices.add(0, T0 + SECOND_MS, 0, 100);
		expect(sums(), "190 of 200 are 95 %").toEqual({ bad: 0, total: 1 });
	});

	it("a slice without events is neither good nor bad", () => {
		const { slices, sums } = watch(timeslices(0.95));
		slices.add(0, T0, 0, 1);
		slices.add(0, T0 + 5 * MINUTE_MS, 0, 1);
		slices.advance(T0 + HOUR_MS);
		expect(sums()).toEqual({ bad: 0, total: 2 });
	});

	it("thirds of slices add up without a remainder, in and out", () => {
		const { slices, told } = watch(ratio());
		for (let k = 0; k < 30; k++) slices.add(0, T0 + k * MINUTE_MS, 1, 3);
		slices.advance(T0 + HOUR_MS);
		for (let k = 0; k < 30; k++) slices.add(0, T0 + k * MINUTE_MS, -1, 0);
		expect([...told.values()].every(({ bad }) => bad === 0)).toBe(true);
	});

	it("pairs without slices go through at once", () => {
		const seen: number[][] = [];
		const slices = new Slices({
			pairs: [{ pair: 1, rule: ratio(), from: T0, expectedAt: undefined }],
			pairCount: 2,
			latenessMs: LATENESS,
			futureMs: FUTURE,
			sink: { add: (...event) => seen.push(event) },
		});
		slices.add(0, T0, 1, 2);
		slices.add(1, T0, 1, 2);
		expect(seen).toEqual([[0, T0, 1, 2]]);
	});
});

describe("heartbeats", () => {
	it("an interval without one is bad, beginning with the first that was seen", () => {
		const { slices, told } = watch(heartbeat());
		slices.advance(T0 + 2 * HOUR_MS);
		expect(told.size, "nobody was expected yet").toBe(0);
		slices.add(0, T0 + 2 * HOUR_MS, 0, 1);
		slices.advance(T0 + 2 * HOUR_MS + 31 * MINUTE_MS);
		expect([...told.values()]).toEqual([
			{ bad: 0, total: 1 },
			{ bad: 1, total: 1 },
			{ bad: 1, total: 1 },
		]);
	});

	it("is expected from an effective date on, even if none was ever seen", () => {
		const { slices, sums } = watch(heartbeat(10 * MINUTE_MS), T0, T0 + 15 * MINUTE_MS);
		slices.advance(T0 + HOUR_MS + GRACE_MS);
		expect(sums(), "the first whole interval begins at 20 min").toEqual({ bad: 4, total: 4 });
	});

	it("a late one makes its interval good again", () => {
		const { slices, sums } = watch(heartbeat());
		slices.add(0, T0, 0, 1);
		slices.advance(T0 + 21 * MINUTE_MS);
		expect(sums()).toEqual({ bad: 1, total: 2 });
		slices.add(0, T0 + 12 * MINUTE_MS, 0, 1);
		expect(sums()).toEqual({ bad: 0, total: 2 });
	});

	it("a late one before the first that was seen begins the watch earlier", () => {
		const { slices, sums } = watch(heartbeat());
		slices.add(0, T0 + HOUR_MS, 0, 1);
		slices.advance(T0 + HOUR_MS + 11 * MINUTE_MS);
		expect(sums()).toEqual({ bad: 0, total: 1 });
		slices.add(0, T0 + 30 * MINUTE_MS, 0, 1);
		expect(sums(), "40 and 50 min are missing").toEqual({ bad: 2, total: 4 });
	});

	it("is not judged while this system was away, and is when it came all the same", () => {
		const { slices, sums } = watch(heartbeat());
		slices.add(0, T0, 0, 1);
		slices.excuse([{ from: T0 + 15 * MINUTE_MS, to: T0 + 31 * MINUTE_MS }]);
		slices.advance(T0 + HOUR_MS + GRACE_MS);
		expect(sums(), "10 to 40 min touch the outage").toEqual({ bad: 2, total: 3 });
		slices.add(0, T0 + 25 * MINUTE_MS, 0, 1);
		expect(sums()).toEqual({ bad: 2, total: 4 });
	});

	it("asks for as many as are expected", () => {
		const { slices, sums } = watch(heartbeat(10 * MINUTE_MS, undefined, 3));
		slices.add(0, T0, 0, 3);
		slices.add(0, T0 + 10 * MINUTE_MS, 0, 2);
		slices.advance(T0 + 21 * MINUTE_MS);
		expect(sums()).toEqual({ bad: 1, total: 2 });
	});

	it("a pause of a month costs no loop over its minutes", () => {
		const { slices, sums } = watch(heartbeat(MINUTE_MS));
		slices.add(0, T0, 0, 1);
		slices.advance(T0 + 2 * MINUTE_MS + GRACE_MS);
		slices.excuse([{ from: T0 + 2 * MINUTE_MS, to: T0 + 30 * DAY_MS }]);
		slices.advance(T0 + 30 * DAY_MS + 2 * MINUTE_MS + GRACE_MS);
		expect(sums()).toEqual({ bad: 3, total: 4 });
		slices.add(0, T0 + 30 * DAY_MS - HOUR_MS, 0, 1);
		expect(sums(), "what lies within the lateness limit may still come").toEqual({ bad: 3, total: 5 });
	});
});

describe("against an oracle that has all events at hand", () => {
	const rules: [string, SliceRule][] = [
		["time slices", timeslices(0.9)],
		["ratio time slices of 5 min", ratio(5 * MINUTE_MS)],
		["heartbeats", heartbeat(5 * MINUTE_MS)],
		["heartbeats of three", heartbeat(10 * MINUTE_MS, undefined, 3)],
	];
	const cases = rules.flatMap(([name, rule]) => [1, 2, 3, 4, 5].map((seed) => [name, seed, rule] as const));

	it.each(cases)("%s, events late, out of order and with gaps (seed %i)", (_, seed, rule) => {
		const random = seededRandom(seed);
		const { slices, told } = watch(rule);
		const stored = new Cells();
		const events: { at: number; bad: number; total: number }[] = [];
		let now = T0;
		let isQuiet = false;
		for (let step = 0; step < 4_000; step++) {
			now += Math.floor(random() * 20 * SECOND_MS);
			if (random() < 0.01) isQuiet = !isQuiet;
			if (!isQuiet && random() < 0.5) {
				const delay = random() < 0.2 ? random() * (LATENESS - MINUTE_MS) : random() * 5 * SECOND_MS;
				const at = Math.max(T0, Math.floor((now - delay) / 10_000) * 10_000);
				const total = 1 + Math.floor(random() * 20);
				const bad = random() < 0.3 ? Math.floor(random() * (total + 1)) : 0;
				events.push({ at, bad, total });
				slices.add(0, at, bad, total);
			}
			if (random() < 0.3) slices.advance(now);
			if (random() < 0.01) {
				const sealed = slices.sealFinals();
				for (let k = 0; k < sealed.count; k++) {
					const into = stored.entry(0, sealed.buckets[k] as number);
					stored.bad[into] = (stored.bad[into] as number) + (sealed.bad[k] as number);
					stored.total[into] = (stored.total[into] as number) + (sealed.total[k] as number);
				}
				slices.dropSealed();
			}
		}
		slices.advance(now);

		const expected = oracle(rule, events, now);
		const nonZero = [...told].filter(([, { bad, total }]) => bad !== 0 || total !== 0);
		expect(new Map(nonZero)).toEqual(expected);
		slices.told(0, stored);
		const kept = new Map<number, { bad: number; total: number }>();
		for (let k = 0; k < stored.count; k++)
			kept.set((stored.buckets[k] as number) * 10_000, {
				bad: stored.bad[k] as number,
				total: stored.total[k] as number,
			});
		expect(kept, "what was stored and what is open are all that was told").toEqual(expected);
	});
});

function oracle(rule: SliceRule, events: readonly { at: number; bad: number; total: number }[], now: number) {
	const bySlice = new Map<number, { bad: number; total: number }>();
	for (const { at, bad, total } of events) {
		const slice = Math.floor(at / rule.sliceMs);
		const sum = bySlice.get(slice) ?? { bad: 0, total: 0 };
		bySlice.set(slice, { bad: sum.bad + bad, total: sum.total + total });
	}
	const first = Math.min(...bySlice.keys());
	const result = new Map<number, { bad: number; total: number }>();
	for (let slice = first; (slice + 1) * rule.sliceMs <= now - GRACE_MS; slice++) {
		const { bad, total } = bySlice.get(slice) ?? { bad: 0, total: 0 };
		const at = (slice + 1) * rule.sliceMs - 10_000;
		if (rule.kind === "heartbeat") result.set(at, { bad: total >= rule.atLeast ? 0 : 1, total: 1 });
		else if (total === 0) continue;
		else if (rule.kind === "target") result.set(at, { bad: (total - bad) / total < rule.target ? 1 : 0, total: 1 });
		else result.set(at, { bad: Math.round((bad / total) * 2 ** 30) / 2 ** 30, total: 1 });
	}
	return result;
}
