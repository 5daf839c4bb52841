import { expect, test } from "vitest";
import { DEFAULT_RETENTION } from "#catalogue";
import { catalogue, DAY_MS, delta, histogram, NOW, point, type Rig, request, rig } from "../telemetry-fixture.ts";
import { classOf, shortened, TIER_NAMES, TIERS } from "./retention.ts";

const HOUR_MS = 3_600_000;

function tidy(each: Rig): void {
	each.telemetry.fold();
	while (each.telemetry.hasWork) each.telemetry.work();
}

/** Rows of a tier, with what they hold decoded by nobody: only that there are any, and of which blocks. */
function blocks(each: Rig, tier: (typeof TIER_NAMES)[number]): number[] {
	return [...new Set([...each.store.rollUps(tier, 0)].map(({ block }) => block * TIERS[tier].blockMs))];
}

/** One minute of events each day for so many days, then what is left of each tier. */
function grown(days: number, options: Parameters<typeof rig>[0] = {}): Rig {
	const each = rig(options);
	for (let day = 0; day < days; day++) {
		for (let k = 0; k < 6; k++) {
			const at = each.clock.now() - k * 10_000;
			each.send(request([delta("request.count", point({ tenant: "contoso-id", at, value: 1 + k }))]));
		}
		tidy(each);
		each.clock.advance(DAY_MS);
	}
	return each;
}

test("what leaves a tier is in the next one, so that every total stays what it was", () => {
	const each = grown(80);
	const query = { slo: "requests", from: NOW - DAY_MS, to: NOW + 90 * DAY_MS };
	for (const tenant of ["", "contoso"]) {
		const hours = each.telemetry.windows({ tenant, ...query, resolutionMs: HOUR_MS }) ?? [];
		expect(hours.reduce((sum, { total }) => sum + total, 0)).toBe(80 * 21);
	}
	const recent = { ...query, tenant: "contoso", from: each.clock.now() - 14 * DAY_MS };
	const sumAt = (resolutionMs: number, from: number): number =>
		(each.telemetry.windows({ ...recent, from, resolutionMs }) ?? []).reduce((sum, { total }) => sum + total, 0);
	const days = (count: number): number => each.clock.now() - count * DAY_MS - 60_000;
	expect(sumAt(10_000, days(3))).toBe(3 * 21);
	expect(sumAt(60_000, days(14))).toBe(14 * 21);
	expect(sumAt(600_000, days(60) - 600_000)).toBe(60 * 21);
	// Nothing is in two tiers, and no fine tier outlives its keep by more than the step it moves in.
	const keep = DEFAULT_RETENTION.tenants;
	expect(Math.min(...blocks(each, "ten-seconds"))).toBeGreaterThan(each.clock.now() - keep["ten-seconds"] - 2 * DAY_MS);
	expect(sumAt(600_000, 0)).toBeLessThanOrEqual(68 * 21);
});

test("an import finds the tier that holds its time, also while that time is being moved", () => {
	const each = grown(20);
	const lines = (at: number): Uint8Array =>
		new TextEncoder().encode(JSON.stringify({ tenant: "contoso", slo: "requests", at, good: 9, total: 10 }));
	const ages = [HOUR_MS, 5 * DAY_MS, 15 * DAY_MS, 30 * DAY_MS, 200 * DAY_MS];
	for (const age of ages) each.telemetry.importEvents(`age ${age}`, lines(each.clock.now() - age));
	tidy(each);
	const windows = (resolutionMs: number, age: number) =>
		each.telemetry.windows({
			tenant: "contoso",
			slo: "requests",
			from: Math.floor((each.clock.now() - age) / resolutionMs) * resolutionMs,
			to: Math.floor((each.clock.now() - age) / resolutionMs) * resolutionMs + resolutionMs,
			resolutionMs,
		});
	expect(windows(60_000, 5 * DAY_MS)?.[0]).toMatchObject({ bad: 1 });
	expect(windows(600_000, 15 * DAY_MS)?.[0]).toMatchObject({ bad: 1 });
	expect(windows(HOUR_MS, 200 * DAY_MS)).toMatchObject([{ bad: 1, total: 10 }]);
	const again = rig({ store: each.store.copy(), clock: each.clock });
	expect(
		again.telemetry.windows({
			tenant: "contoso",
			slo: "requests",
			from: 0,
			to: NOW + 90 * DAY_MS,
			resolutionMs: HOUR_MS,
		}),
	).toEqual(
		each.telemetry.windows({
			tenant: "contoso",
			slo: "requests",
			from: 0,
			to: NOW + 90 * DAY_MS,
			resolutionMs: HOUR_MS,
		}),
	);
});

test("near its limit the file gives up the key tenants' finest tiers first, and says so", () => {
	const settings = catalogue().settings;
	const tight = { ...DEFAULT_RETENTION, maxBytes: 400 };
	const each = grown(40, {
		catalogue: {
			...catalogue(),
			settings: { ...settings, telemetry: { ...settings.telemetry, retention: tight } },
		},
	});
	for (let k = 0; k < 100; k++) {
		each.clock.advance(10_000);
		tidy(each);
	}
	const { storage } = each.telemetry.counters();
	expect(storage.shortenings).toBeGreaterThan(0);
	const tenSeconds = storage.tiers.find(({ of, tier }) => of === "tenants" && tier === "ten-seconds");
	expect(tenSeconds).toMatchObject({ keptMs: DAY_MS, configuredMs: 3 * DAY_MS });
	// The hours, from which budgets are told, stay at least as long as the longest period.
	const hours = storage.tiers.find(({ of, tier }) => of === "tenants" && tier === "hours");
	expect(hours?.keptMs).toBeGreaterThanOrEqual(90 * DAY_MS);
});

test("latencies may have the room that counts leave: the oldest go, and nothing else is kept for shorter", () => {
	const { settings, ...rest } = catalogue();
	const withRoom = (maxBytes: number) => ({
		...rest,
		settings: { ...settings, telemetry: { ...settings.telemetry, retention: { ...DEFAULT_RETENTION, maxBytes } } },
	});
	const withLatencies = (maxBytes: number, width: number): Rig => {
		const each = rig({ catalogue: withRoom(maxBytes) });
		for (let hour = 0; hour < 60; hour++) {
			const at = each.clock.now();
			// Bounds that nobody else has, each time.
			const explicitBounds = [0.5, ...Array.from({ length: width }, (_, k) => 1 + k + hour / 100)];
			const more = { count: String(width + 2), bucketCounts: Array(width + 2).fill("1"), explicitBounds };
			each.send(
				request([histogram("request.duration", 1, point({ tenant: "contoso-id", at, start: at - 1_000, more }))]),
			);
			tidy(each);
			each.clock.advance(HOUR_MS);
			tidy(each);
		}
		return each;
	};
	const read = (each: Rig, from: number) => {
		const query = { tenant: "contoso", slo: "fast", from, to: each.clock.now(), resolutionMs: HOUR_MS, ratios: [0.5] };
		return each.telemetry.latencies(query);
	};
	const counts = withLatencies(1e9, 1).telemetry.counters().storage.usedBytes;
	const each = withLatencies(6 * counts, 50);
	const { storage } = each.telemetry.counters();
	expect(storage.shortenings).toBe(0);
	expect(storage.usedBytes).toBeLessThan(3 * counts);
	const whole = read(each, NOW);
	expect(whole?.total).toBe(60 * 52);
	expect(whole?.known).toBeGreaterThan(4 * 52);
	expect(whole?.known).toBeLessThan(50 * 52);
	expect(read(each, each.clock.now() - 4 * HOUR_MS)).toMatchObject({ known: 4 * 52, total: 4 * 52 });
	expect(whole?.windows[0]).toMatchObject({ known: 0, total: 52, percentiles: [undefined] });

	// Where counts alone do not fit, no latencies are left.
	const full = withLatencies(Math.floor(counts / 8), 50);
	expect(full.telemetry.counters().storage.shortenings).toBeGreaterThan(0);
	expect(read(full, NOW)).toMatchObject({ known: 0, total: 60 * 52 });
});

test("retention is shortened tier by tier, from the finest, and never below what detection reads", () => {
	const { tenants } = DEFAULT_RETENTION;
	expect(shortened(tenants, 1).keep).toEqual({ ...tenants, "ten-seconds": 2 * DAY_MS });
	expect(shortened(tenants, 3).keep).toEqual({ ...tenants, "ten-seconds": DAY_MS, minutes: 13 * DAY_MS });
	const most = shortened(tenants, 1_000);
	expect(most.steps).toBeLessThan(1_000);
	for (const [k, tier] of TIER_NAMES.entries()) {
		expect(most.keep[tier]).toBeGreaterThanOrEqual(DAY_MS);
		if (k > 0) expect(most.keep[tier]).toBeGreaterThanOrEqual(most.keep[TIER_NAMES[k - 1] as "minutes"]);
	}
});

test("the fleet and its cohorts are a class of their own", () => {
	expect(["", "~region:eu", "contoso"].map(classOf)).toEqual(["fleet", "fleet", "tenants"]);
});
