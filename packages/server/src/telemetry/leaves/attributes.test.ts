import { ManualClock } from "@bellwether/model";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { AttributeSettings, Catalogue, Slo } from "#catalogue";
import { DEFAULT_ATTRIBUTES } from "#catalogue";
import { requestOf, type TrafficStep, traffic } from "../counting/traffic.ts";
import { StoreFailure } from "../telemetry.ts";
import {
	catalogue,
	cumulative,
	DAY_MS,
	delta,
	gauge,
	keyTenant,
	NOW,
	point,
	type Rig,
	request,
	rig,
	SLOS,
	slo,
} from "../telemetry-fixture.ts";
import type { AttributeCounts } from "../types.ts";

vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;
const RANGE = { from: NOW - 5 * HOUR_MS, to: NOW + HOUR_MS };
const TENANTS = ["", "contoso", "fabrikam"];

function keeping(
	keep: readonly string[],
	limits: Partial<AttributeSettings> = {},
	slos: readonly Slo[] = SLOS,
	tenants = [keyTenant("contoso"), keyTenant("fabrikam")],
): Catalogue {
	const base = catalogue({ slos: slos.map((each) => ({ ...each, keep })), tenants });
	const attributes = { ...DEFAULT_ATTRIBUTES, ...limits };
	return { ...base, settings: { ...base.settings, telemetry: { ...base.settings.telemetry, attributes } } };
}

function work({ telemetry }: Rig): void {
	telemetry.tick();
	while (telemetry.hasWork) telemetry.work();
}

/** Has everything harvested that came until now. */
function settle(one: Rig): void {
	for (let round = 0; round < 2; round++) {
		one.clock.advance(10_000);
		work(one);
	}
}

function by(one: Rig, tenant: string, names: string | readonly string[], slo = "requests", range = RANGE) {
	const found = one.telemetry.attributes({ tenant, slo, by: [names].flat(), ...range });
	return found as AttributeCounts;
}

/** "eu 2 of 10", the heaviest first; what has no place is "other". */
function told({ items, other }: AttributeCounts): string[] {
	const lines = items.map(({ values, bad, total }) => `${values.join("+") || "(none)"} ${bad} of ${total}`);
	return other.total === 0 && other.bad === 0 ? lines : [...lines, `other ${other.bad} of ${other.total}`];
}

function sums(one: Rig, tenant: string, name: string): string {
	const windows = one.telemetry.windows({ tenant, slo: name, resolutionMs: 10_000, ...RANGE }) ?? [];
	const [bad, total] = windows.reduce((sum, each) => [sum[0] + each.bad, sum[1] + each.total], [0, 0]);
	return `${bad} of ${total}`;
}

/** By every dimension, values and others together are what the windows hold. */
function expectWhole(one: Rig, slos: readonly string[], dimensions: readonly (readonly string[])[]): void {
	for (const tenant of TENANTS)
		for (const name of slos)
			for (const dimension of dimensions) {
				const { bad, total, items, other } = by(one, tenant, dimension, name);
				expect(`${bad} of ${total}`).toBe(sums(one, tenant, name));
				expect(items.reduce((sum, each) => sum + each.total, other.total)).toBe(total);
			}
}

const requests = (region: string, count: number, errors: number, tenant = "contoso-id", at = NOW): object[] => [
	delta("request.count", point({ start: at - 5_000, at, value: count, tenant, attributes: { region } })),
	delta("request.errors", point({ start: at - 5_000, at, value: errors, tenant, attributes: { region } })),
];

test("events are counted by each kept attribute and by all of them together, for the tenant and for the fleet", () => {
	const one = rig({ catalogue: keeping(["region", "version"]) });
	one.send(request(requests("eu", 10, 2), { version: "1" }));
	one.send(request([...requests("us", 20, 0), ...requests("us", 7, 7, "nobody")], { version: "2" }));
	settle(one);
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 2 of 10", "us 0 of 20"]);
	expect(told(by(one, "contoso", "version"))).toEqual(["1 2 of 10", "2 0 of 20"]);
	expect(told(by(one, "contoso", ["region", "version"]))).toEqual(["eu+1 2 of 10", "us+2 0 of 20"]);
	expect(told(by(one, "", "region"))).toEqual(["us 7 of 27", "eu 2 of 10"]);
	expect(by(one, "contoso", "region")).toMatchObject({ good: 28, bad: 2, total: 30 });
	expect(one.telemetry.attributes({ tenant: "contoso", slo: "requests", by: ["zone"], ...RANGE })).toBeUndefined();
	expect(one.telemetry.attributes({ tenant: "nobody", slo: "requests", by: ["region"], ...RANGE })).toBeUndefined();
});

test("a point's attribute goes before that of its resource, and a missing one is empty", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	one.send(request([delta("request.count", point({ at: NOW, value: 3 }))]));
	one.send(
		request([delta("request.count", point({ at: NOW, value: 4, attributes: { region: "eu" } }))], { region: "x" }),
	);
	settle(one);
	expect(told(by(one, "", "region"))).toEqual(["eu 0 of 4", "(none) 0 of 3"]);
});

test("what has no value is the rest of the pair's events: it is not stored, and nothing that waits to be harvested is in it", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	const without = (count: number, at: number): object =>
		delta("request.count", point({ start: at - 5_000, at, value: count, tenant: "contoso-id" }));
	one.send(request([without(3, NOW)]));
	settle(one);
	one.telemetry.fold();
	expect(one.store.leaves.places(1)).toBeUndefined();
	expect([...one.store.leaves.batches()]).toEqual([]);
	one.send(request([without(4, NOW + 5_000), ...requests("eu", 10, 2, "contoso-id", NOW + 5_000)]));
	expect(told(by(one, "contoso", "region"))).toEqual(["(none) 0 of 7"]);
	settle(one);
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 2 of 10", "(none) 0 of 7"]);
	const again = rig({ catalogue: keeping(["region"]), store: one.store.copy(), clock: one.clock });
	settle(again);
	expect(told(by(again, "contoso", "region"))).toEqual(["eu 2 of 10", "(none) 0 of 7"]);
});

test("gauges are counted by their points, each threshold by itself", () => {
	const longer = slo("longer", {
		kind: "threshold",
		metric: { metric: "queue.length", where: [] },
		op: "lte",
		value: 10,
	});
	const one = rig({ catalogue: keeping(["region"], {}, [...SLOS, longer]) });
	const sample = (at: number, value: number, region: string): object =>
		gauge("queue.length", point({ at, value, tenant: "contoso-id", attributes: { region } }));
	one.send(request([sample(NOW - 20_000, 50, "eu"), sample(NOW - 10_000, 500, "eu"), sample(NOW, 1, "us")]));
	settle(one);
	expect(told(by(one, "contoso", "region", "queue"))).toEqual(["eu 1 of 2", "us 0 of 1"]);
	expect(told(by(one, "", "region", "longer"))).toEqual(["eu 2 of 2", "us 0 of 1"]);
});

test("an id that moves between tenants gives each what was its own at the point's time", () => {
	const moved = (name: string, part: object) => ({
		...keyTenant(name, []),
		aliases: [{ attribute: "tenant.id", values: ["acme"], patterns: [], ...part }],
	});
	const tenants = [moved("contoso", { until: NOW - 60_000 }), moved("fabrikam", { from: NOW - 60_000 })];
	const one = rig({ catalogue: keeping(["region"], {}, SLOS, tenants as ReturnType<typeof keyTenant>[]) });
	const at = (time: number, value: number): object =>
		cumulative(
			"request.count",
			point({ start: NOW - HOUR_MS, at: time, value, tenant: "acme", attributes: { region: "eu" } }),
		);
	one.send(request([at(NOW - 120_000, 5), at(NOW - 90_000, 8), at(NOW - 30_000, 20)]));
	settle(one);
	expectWhole(one, ["requests"], [["region"]]);
	expect(sums(one, "contoso", "requests")).toBe("0 of 8");
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 0 of 8"]);
	expect(told(by(one, "fabrikam", "region"))).toEqual(["eu 0 of 12"]);
});

test("imports have no attributes: they are counted as such, in the same transaction", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	const line = JSON.stringify({ tenant: "contoso", slo: "requests", at: NOW - HOUR_MS, good: 6, total: 10 });
	one.telemetry.importEvents("one", new TextEncoder().encode(line));
	one.send(request(requests("eu", 10, 2)));
	settle(one);
	expect(told(by(one, "contoso", "region"))).toEqual(["(none) 4 of 10", "eu 2 of 10"]);
	const restarted = rig({ catalogue: keeping(["region"]), store: one.store.copy() });
	settle(restarted);
	expect(told(by(restarted, "contoso", "region"))).toEqual(["(none) 4 of 10", "eu 2 of 10"]);
});

test("spans and events are counted by their attributes, over a restart as well", () => {
	const calls = slo("calls", {
		kind: "ratio",
		numerator: "bad",
		part: { metric: "call", signal: "event", where: [{ name: "ok", op: "=", values: ["false"] }] },
		total: { metric: "call", signal: "event", where: [] },
	});
	const parts = { catalogue: keeping(["region"], {}, [calls]) };
	const one = rig(parts);
	const event = (id: string, region: string, ok: boolean): object => ({
		id,
		name: "call",
		at: NOW,
		attributes: { "tenant.id": "contoso-id", region, ok: String(ok) },
	});
	const body = [event("a", "eu", false), event("b", "eu", true), event("c", "us", true), event("a", "eu", false)];
	expect(one.sendBytes(new TextEncoder().encode(JSON.stringify(body)), "events")).toMatchObject({
		events: { counted: 3, duplicate: 1 },
	});
	const restarted = rig({ ...parts, store: one.store.copy(), clock: new ManualClock(NOW) });
	for (const each of [one, restarted]) {
		settle(each);
		expect(told(by(each, "contoso", "region", "calls"))).toEqual(["eu 1 of 2", "us 0 of 1"]);
	}
});

test("with all places taken the rest is other; a heavier value takes the lightest one's place, exact from then on", () => {
	const one = rig({ catalogue: keeping(["region"], { perTenant: 2, fleet: 100 }) });
	one.send(request([...requests("eu", 100, 0), ...requests("us", 50, 0), ...requests("asia", 60, 40)]));
	settle(one);
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 0 of 100", "us 0 of 50", "other 40 of 60"]);
	one.clock.advance(100_000);
	one.send(request(requests("asia", 30, 30, "contoso-id", NOW + 120_000)));
	settle(one);
	const counts = by(one, "contoso", "region");
	expect(told(counts)).toEqual(["asia 30 of 30", "eu 0 of 100", "us 0 of 50", "other 40 of 60"]);
	const [asia, eu, us] = counts.items;
	expect(asia).toMatchObject({ isExact: false, since: NOW + 60_000 });
	expect(eu).toMatchObject({ isExact: true, since: undefined });
	// It lost its place: what came since then may be with the others.
	expect(us).toMatchObject({ isExact: false, since: undefined });
	const later = { from: NOW + 60_000, to: NOW + HOUR_MS };
	expect(by(one, "contoso", "region", "requests", later).items).toMatchObject([{ values: ["asia"], isExact: true }]);
	// The fleet has places enough.
	expect(told(by(one, "", "region"))).toEqual(["asia 70 of 90", "eu 0 of 100", "us 0 of 50"]);

	const restarted = rig({
		catalogue: keeping(["region"], { perTenant: 2 }),
		store: one.store.copy(),
		clock: one.clock,
	});
	settle(restarted);
	expect(by(restarted, "contoso", "region").items).toEqual(counts.items);
});

test("a flood of values that come once each takes nobody's place", () => {
	const one = rig({ catalogue: keeping(["client"], { perTenant: 4 }) });
	const from = (client: string, value: number): object =>
		delta("request.count", point({ at: one.clock.now(), value, tenant: "contoso-id", attributes: { client } }));
	for (let round = 0; round < 20; round++) {
		one.clock.advance(60_000);
		one.send(request([...["a", "b", "c", "d"].map((client) => from(client, 10)), ...floodOf(round, from)]));
		work(one);
		if (round % 5 === 4) one.telemetry.fold();
	}
	settle(one);
	const { items, other } = by(one, "contoso", "client");
	expect(items.map(({ values, total, isExact }) => [...values, total, isExact])).toEqual(
		["a", "b", "c", "d"].map((client) => [client, 200, true]),
	);
	expect(other.total).toBe(20 * 50);
	function floodOf(round: number, make: (client: string, value: number) => object): object[] {
		return Array.from({ length: 50 }, (_, k) => make(`flood-${round}-${k}`, 1));
	}
});

test("after three days hours are left, after four weeks nothing", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	one.send(request(requests("eu", 10, 2)));
	settle(one);
	one.telemetry.fold();
	work(one);
	const minute = { from: NOW - 60_000, to: NOW + 60_000 };
	expect(told(by(one, "contoso", "region", "requests", minute))).toEqual(["eu 2 of 10"]);
	const late = { from: NOW + 60_000, to: NOW + HOUR_MS };
	expect(told(by(one, "contoso", "region", "requests", late))).toEqual([]);
	one.clock.advance(3 * DAY_MS + 2 * HOUR_MS);
	settle(one);
	expect(one.store.leaves.oldRows("minutes", Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 2 of 10"]);
	one.clock.advance(27 * DAY_MS);
	settle(one);
	expect(one.store.leaves.oldRows("hours", Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
	expect(told(by(one, "contoso", "region"))).toEqual([]);
});

test("streams that are folded are told apart by their attributes all the same", () => {
	const base = keeping(["region"]);
	const telemetry = { ...base.settings.telemetry, maxOtherStreams: 1 };
	const one = rig({ catalogue: { ...base, settings: { ...base.settings, telemetry } } });
	const other = (tenant: string, region: string, value: number): object =>
		delta("request.count", point({ at: NOW, value, tenant, attributes: { region } }));
	one.send(request([other("t1", "eu", 1), other("t2", "eu", 2), other("t3", "us", 4), other("t4", "eu", 8)]));
	settle(one);
	expect(told(by(one, "", "region"))).toEqual(["eu 0 of 11", "us 0 of 4"]);
});

test("a store that fails loses and doubles nothing by attribute", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	one.send(request(requests("eu", 10, 2)));
	settle(one);
	for (const when of ["before", "after"] as const) {
		one.store.failNext = when;
		expect(() => one.telemetry.fold()).toThrow(StoreFailure);
		one.store.failNext = undefined;
		one.telemetry.rebuild();
		settle(one);
		expect(told(by(one, "contoso", "region"))).toEqual(["eu 2 of 10"]);
	}
});

// The attribute `stream` has four values; each gets an SLO of its own as the oracle.
const VALUES = ["a-delta", "b-delta", "a-cumulative", "b-cumulative"];
const OF_VALUES = VALUES.map((value) =>
	slo(value, {
		kind: "ratio",
		numerator: "bad",
		part: { metric: "request.errors", where: [{ name: "stream", op: "=", values: [value] }] },
		total: { metric: "request.count", where: [{ name: "stream", op: "=", values: [value] }] },
	}),
);

const doings = fc.array(fc.constantFrom("tick", "slice", "slice", "slice", "fold", "kill", "rebuild", "nothing"), {
	minLength: 1,
	maxLength: 40,
});

/** Traffic, and between its requests slices of folds, kills and rebuilds. */
function play(steps: readonly TrafficStep[], moments: readonly string[], parts: { catalogue: Catalogue }): Rig {
	let live = rig(parts);
	steps.forEach((step, k) => {
		live.clock.advance(step.waitMs);
		expect(live.send(requestOf(step.points), step.protocol).status).toBe("accepted");
		for (const doing of [moments[k % moments.length], moments[(k * 7 + 3) % moments.length]]) {
			if (doing === "tick") live.telemetry.tick();
			else if (doing === "slice" && live.telemetry.hasWork) live.telemetry.work();
			else if (doing === "fold") live.telemetry.fold();
			else if (doing === "rebuild") live.telemetry.rebuild();
			else if (doing === "kill") live = rig({ ...parts, store: live.store.copy(), clock: live.clock });
		}
	});
	settle(live);
	return live;
}

test("through kills, rebuilds and slices at any moment each value has exactly its own events", () => {
	const parts = { catalogue: keeping(["stream", "zone"], {}, [...SLOS, ...OF_VALUES]) };
	fc.assert(
		fc.property(traffic, doings, (steps, moments) => {
			const live = play(steps, moments, parts);
			expectWhole(live, ["requests", ...VALUES], [["stream"], ["zone"], ["stream", "zone"]]);
			for (const tenant of TENANTS) {
				const { items, other } = by(live, tenant, "stream");
				expect(other).toEqual({ good: 0, bad: 0, total: 0 });
				for (const value of VALUES) {
					const item = items.find((each) => each.values[0] === value);
					expect(`${item?.bad ?? 0} of ${item?.total ?? 0}`).toBe(sums(live, tenant, value));
				}
			}
		}),
		{ numRuns: 60 },
	);
});

test("with one place for each, values and others together are still all events", () => {
	const parts = { catalogue: keeping(["stream"], { perTenant: 1, fleet: 2 }) };
	fc.assert(
		fc.property(traffic, doings, (steps, moments) => {
			expectWhole(play(steps, moments, parts), ["requests"], [["stream"]]);
		}),
		{ numRuns: 60 },
	);
});

test("another catalogue that keeps other attributes leaves what was counted, and counts by its own from then on", () => {
	const one = rig({ catalogue: keeping(["region"]) });
	one.send(request(requests("eu", 10, 2), { zone: "z1" }));
	one.telemetry.configure({ ...keeping(["zone"]), hash: "two" });
	one.clock.advance(60_000);
	one.send(request(requests("eu", 5, 1, "contoso-id", NOW + 60_000), { zone: "z1" }));
	settle(one);
	const counts = by(one, "contoso", "zone");
	expect(told(counts)).toEqual(["z1 1 of 5"]);
	expect(counts.keptFrom).toBe(NOW + 60_000);
	one.telemetry.configure({ ...keeping(["region"]), hash: "three" });
	settle(one);
	expect(told(by(one, "contoso", "region"))).toEqual(["eu 2 of 10"]);
});
