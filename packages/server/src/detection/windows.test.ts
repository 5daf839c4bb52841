import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionEngine, type DetectionPair } from "./index.ts";

const T0 = Date.UTC(2026, 2, 1);
const FUTURE_MS = 5 * MINUTE_MS;
const TENANTS = ["", "contoso", "fabrikam"];
const PERIODS = [28 * DAY_MS, 7 * DAY_MS, 90 * DAY_MS];

const PAIRS: DetectionPair[] = TENANTS.map((tenant, i) => ({
	tenant,
	slo: "sign-in",
	objective: 0.999,
	periodMs: PERIODS[i] as number,
	fleetPair: 0,
	monitor: { name: "burn", mode: "live", evidenceP: 1e-4, tiers: ["page-quick", "page-slow", "ticket-quick"] },
}));

function engineAt(now: number): DetectionEngine {
	return createDetection({ pairs: PAIRS, futureMs: FUTURE_MS, confirmMs: 0, openBreaches: [], now });
}

interface Add {
	readonly pair: number;
	readonly at: number;
	readonly bad: number;
	readonly total: number;
}

/** Resolution of each window length, written here a second time: it is the promise, not an implementation. */
const RESOLUTIONS: readonly (readonly [windowMs: number, resolutionMs: number])[] = [
	[5 * MINUTE_MS, 10 * SECOND_MS],
	[30 * MINUTE_MS, MINUTE_MS],
	[HOUR_MS, MINUTE_MS],
	[2 * HOUR_MS, 5 * MINUTE_MS],
	[6 * HOUR_MS, 5 * MINUTE_MS],
	[24 * HOUR_MS, HOUR_MS],
	[72 * HOUR_MS, HOUR_MS],
];

/** A window from the raw list: the buckets b with ⌊now/r⌋ − W/r < b ≤ ⌊now/r⌋. */
function recomputed(adds: readonly Add[], pair: number, windowMs: number, resolutionMs: number, now: number) {
	const last = Math.floor(now / resolutionMs);
	let bad = 0;
	let total = 0;
	for (const add of adds) {
		const bucket = Math.floor(add.at / resolutionMs);
		if (add.pair !== pair || bucket > last || bucket <= last - windowMs / resolutionMs) continue;
		bad += add.bad;
		total += add.total;
	}
	return { bad, total };
}

function expectEveryWindow(engine: DetectionEngine, adds: readonly Add[], now: number): void {
	for (const pair of PAIRS.keys()) {
		const periodMs = PERIODS[pair] as number;
		for (const [windowMs, resolutionMs] of [...RESOLUTIONS, [periodMs, 6 * HOUR_MS] as const]) {
			const sums = engine.sums(pair, windowMs);
			const oracle = recomputed(adds, pair, windowMs, resolutionMs, now);
			const place = `pair ${pair}, window ${windowMs} ms`;
			const slack = 1e-12 * Math.max(1, oracle.total);
			expect(Math.abs(sums.bad - oracle.bad), place).toBeLessThanOrEqual(slack);
			expect(Math.abs(sums.total - oracle.total), place).toBeLessThanOrEqual(slack);
		}
	}
}

/** What can happen: time passes by seconds or by days, events arrive now, late or ahead, whole or in fractions. */
const arbitraryStep = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant("add" as const),
			pair: fc.nat(TENANTS.length - 1),
			// Mostly fresh; late up to 3 h, as imports up to 100 d, ahead up to the limit.
			agoMs: fc.oneof(
				fc.nat(2 * MINUTE_MS),
				fc.nat(3 * HOUR_MS),
				fc.nat(100 * DAY_MS),
				fc.integer({ min: -FUTURE_MS, max: 0 }),
			),
			total: fc.oneof(fc.nat(20), fc.nat(3_000_000_000), fc.double({ min: 0, max: 50, noNaN: true })),
			badShare: fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
			// A source that goes on sending the instant it sent before.
			sameInstant: fc.boolean(),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant("pass" as const),
			ms: fc.oneof(fc.nat(15_000), fc.nat(10 * MINUTE_MS), fc.nat(8 * HOUR_MS), fc.nat(95 * DAY_MS)),
		}),
	},
);

describe("windows equal a recomputation from everything that was added", () => {
	it("through gaps, zero traffic, late, early and shuffled events, fractions, and a restart", () => {
		fc.assert(
			fc.property(
				fc.array(arbitraryStep, { minLength: 1, maxLength: 60 }),
				fc.boolean(),
				fc.nat(3 * DAY_MS),
				(steps, isWhole, downMs) => {
					let now = T0;
					const engine = engineAt(now);
					const adds: Add[] = [];
					for (const step of steps) {
						if (step.kind === "pass") {
							now += step.ms;
							engine.tick(now);
							continue;
						}
						const total = isWhole ? Math.floor(step.total) : step.total;
						const bad = isWhole ? Math.floor(total * step.badShare) : total * step.badShare;
						const at = step.sameInstant ? (adds.at(-1)?.at ?? now) : now - step.agoMs;
						const add = { pair: step.pair, at, bad, total };
						adds.push(add);
						engine.add(add.pair, add.at, add.bad, add.total);
						expectEveryWindow(engine, adds, now);
					}
					expectEveryWindow(engine, adds, now);

					const later = now + downMs;
					const restarted = engineAt(later);
					for (const add of adds.toReversed()) restarted.add(add.pair, add.at, add.bad, add.total);
					expectEveryWindow(restarted, adds, later);
					engine.tick(later);
					expectEveryWindow(engine, adds, later);
				},
			),
			{ numRuns: 300, seed: 20_260_301 },
		);
	});

	it("for three days of steady fractions, at every step of the clock", () => {
		let now = T0;
		const engine = engineAt(now);
		const adds: Add[] = [];
		for (let i = 0; i < 5_000; i++) {
			// Sizes that differ by nine orders of magnitude, so that drift would show once the large ones are gone.
			const total = i < 200 ? 1e8 / 3 : 0.1 + (i % 7) / 9;
			const add = { pair: 1, at: now, bad: total / 3, total };
			adds.push(add);
			engine.add(add.pair, add.at, add.bad, add.total);
			now += 52_000;
			engine.tick(now);
			if (i % 97 === 0) expectEveryWindow(engine, adds, now);
		}
		expectEveryWindow(engine, adds, now);
	});

	it("and an emptied window is exactly zero", () => {
		const engine = engineAt(T0);
		for (let i = 0; i < 100; i++) engine.add(1, T0 - i * 3_000, 0.1, 0.3);
		for (let minutes = 1; minutes <= 12 * 60; minutes++) engine.tick(T0 + minutes * MINUTE_MS);
		for (const [windowMs] of RESOLUTIONS.slice(0, 5)) {
			expect(engine.sums(1, windowMs)).toEqual({ bad: 0, total: 0 });
		}
		engine.tick(T0 + 200 * DAY_MS);
		expect(engine.sums(1, 7 * DAY_MS)).toEqual({ bad: 0, total: 0 });
	});
});

describe("order and neighbours", () => {
	const arbitraryAdds = fc.array(
		fc.record({
			pair: fc.nat(TENANTS.length - 1),
			at: fc.integer({ min: T0 - 3 * HOUR_MS, max: T0 + FUTURE_MS }),
			bad: fc.nat(5),
			total: fc.integer({ min: 5, max: 50 }),
		}),
		{ maxLength: 80 },
	);
	const everything = (engine: DetectionEngine, pairs: readonly number[], now: number) => ({
		sums: pairs.map((pair) => RESOLUTIONS.map(([windowMs]) => engine.sums(pair, windowMs))),
		statuses: engine.statuses(now).filter((_, pair) => pairs.includes(pair)),
	});

	it("arrival order within the lateness limit never matters", () => {
		fc.assert(
			fc.property(
				arbitraryAdds.chain((adds) =>
					fc.tuple(fc.constant(adds), fc.shuffledSubarray(adds, { minLength: adds.length })),
				),
				fc.nat(2 * HOUR_MS),
				(orders, passedMs) => {
					const now = T0 + passedMs;
					const seen = orders.map((adds) => {
						const engine = engineAt(T0);
						for (const add of adds) engine.add(add.pair, add.at, add.bad, add.total);
						engine.evaluate(T0);
						engine.evaluate(now);
						return everything(engine, [...PAIRS.keys()], now);
					});
					expect(seen[1]).toEqual(seen[0]);
				},
			),
		);
	});

	it("one tenant's events never move another's windows or state, the future ones included", () => {
		fc.assert(
			fc.property(arbitraryAdds, arbitraryAdds, fc.nat(2 * HOUR_MS), (own, others, passedMs) => {
				const now = T0 + passedMs;
				const alone = engineAt(T0);
				const together = engineAt(T0);
				for (const add of own) {
					alone.add(1, add.at, add.bad, add.total);
					together.add(1, add.at, add.bad, add.total);
				}
				for (const add of others) together.add(2, add.at + 100 * DAY_MS * (add.bad % 2), add.bad, add.total);
				for (const engine of [alone, together]) engine.evaluate(T0);
				for (const engine of [alone, together]) engine.evaluate(now);
				expect(everything(together, [1], now)).toEqual(everything(alone, [1], now));
			}),
		);
	});
});

describe("the clock", () => {
	it("lets an event that is ahead count only when its bucket's time comes", () => {
		const engine = engineAt(T0);
		engine.add(1, T0 + 4 * MINUTE_MS, 1, 10);
		expect(engine.sums(1, 5 * MINUTE_MS)).toEqual({ bad: 0, total: 0 });
		expect(engine.sums(1, HOUR_MS)).toEqual({ bad: 0, total: 0 });
		engine.tick(T0 + 4 * MINUTE_MS - 1);
		expect(engine.sums(1, 5 * MINUTE_MS)).toEqual({ bad: 0, total: 0 });
		engine.tick(T0 + 4 * MINUTE_MS);
		expect(engine.sums(1, 5 * MINUTE_MS)).toEqual({ bad: 1, total: 10 });
		expect(engine.sums(1, HOUR_MS)).toEqual({ bad: 1, total: 10 });
	});

	it("is held when it steps back, and goes on from there", () => {
		const engine = engineAt(T0);
		engine.add(1, T0, 1, 10);
		engine.tick(T0 - 2 * HOUR_MS);
		engine.evaluate(T0 - 2 * HOUR_MS);
		expect(engine.sums(1, 5 * MINUTE_MS)).toEqual({ bad: 1, total: 10 });
		engine.tick(T0 + 5 * MINUTE_MS);
		expect(engine.sums(1, 5 * MINUTE_MS)).toEqual({ bad: 0, total: 0 });
		expect(engine.sums(1, HOUR_MS)).toEqual({ bad: 1, total: 10 });
	});
});

describe("windows refuse", () => {
	it("a length that is not kept, naming those that are", () => {
		expect(() => engineAt(T0).sums(1, 7_000)).toThrow(
			'detection: no window of 7000 ms is kept for "contoso", sign-in; ask for 5m, 30m, 1h, 2h, 6h, 1d, 3d, 7d',
		);
	});
	it("counts that are not finite", () => {
		const engine = engineAt(T0);
		expect(() => engine.add(1, T0, Number.NaN, 1)).toThrow(/counts NaN of 1 are not finite/);
		expect(engine.sums(1, HOUR_MS)).toEqual({ bad: 0, total: 0 });
	});
	it("a pair whose fleet pair is of another SLO", () => {
		const pairs = [...PAIRS, { ...(PAIRS[1] as DetectionPair), slo: "mail" }];
		expect(() => createDetection({ pairs, futureMs: 0, confirmMs: 0, openBreaches: [], now: T0 })).toThrow(
			/pairs\[3\] \("contoso", mail\): fleetPair 0 is not the fleet's pair of mail/,
		);
	});
	it("an instant that is not a number: it is in no window", () => {
		const engine = engineAt(T0);
		engine.add(1, Number.NaN, 1, 1);
		expect(engine.sums(1, HOUR_MS)).toEqual({ bad: 0, total: 0 });
	});
});

describe("memory", () => {
	it("of a pair with every window of 28 days full stays below 4 KB", () => {
		const pairs: DetectionPair[] = Array.from({ length: 1024 }, (_, i) => ({
			tenant: i === 0 ? "" : `tenant-${i}`,
			slo: "sign-in",
			objective: 0.999,
			periodMs: 28 * DAY_MS,
			fleetPair: 0,
			monitor: undefined,
		}));
		const engine = createDetection({ pairs, futureMs: FUTURE_MS, confirmMs: 0, openBreaches: [], now: T0 });
		const fill = (spanMs: number, stepMs: number) => {
			for (let at = T0 - spanMs; at <= T0; at += stepMs) {
				for (let pair = 0; pair < 1024; pair += 16) engine.add(pair, at, 1, 1_000);
			}
		};
		fill(28 * DAY_MS, HOUR_MS);
		fill(6 * HOUR_MS, MINUTE_MS);
		fill(HOUR_MS, 10 * SECOND_MS);
		expect(engine.bytesPerPair()).toBeGreaterThan(2_500);
		expect(engine.bytesPerPair()).toBeLessThan(4_096);
	});
});
