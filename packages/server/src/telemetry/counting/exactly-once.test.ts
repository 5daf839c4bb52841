import { ManualClock } from "@bellwether/model";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Slo } from "#catalogue";
import { StoreFailure } from "../telemetry.ts";
import {
	catalogue,
	cumulative,
	delta,
	histogram,
	keyTenant,
	NOW,
	otlpBytes,
	point,
	type Rig,
	request,
	rig,
	SLOS,
	slo,
} from "../telemetry-fixture.ts";
import { Reference } from "./reference.ts";
import { named, ROLES, requestOf, type TrafficStep, traffic } from "./traffic.ts";

// Hundreds of random cases each: on a busy machine they take longer.
vi.setConfig({ testTimeout: 30_000 });

const LIMITS = { latenessMs: 3 * 3_600_000, futureMs: 300_000 };
const QUERY = { from: NOW - 4 * 3_600_000, to: NOW + 3_600_000, resolutionMs: 10_000 };

function feed(into: Rig, step: TrafficStep): void {
	into.clock.advance(step.waitMs);
	expect(into.send(requestOf(step.points), step.protocol).status).toBe("accepted");
}

function fates(into: Rig): Record<string, number> {
	const sums: Record<string, number> = {};
	for (const { received, counted, duplicate, rejected } of into.telemetry.accounting()) {
		const parts = { counted, duplicate, ...rejected };
		expect(received).toBe(Object.values(parts).reduce((a, b) => a + b, 0));
		for (const [fate, count] of Object.entries(parts)) if (count > 0) sums[fate] = (sums[fate] ?? 0) + count;
	}
	return sums;
}

function state(into: Rig): unknown {
	const windows = ["", "contoso", "fabrikam"].map((tenant) =>
		into.telemetry.windows({ tenant, slo: "requests", ...QUERY }),
	);
	const { lastSampleAt, samplesTotal, streams } = into.telemetry.counters();
	// Old history is fed in coarser steps than it came in: sums, not buckets, are what windows hold of it.
	const sums = ["", "contoso", "fabrikam"].map((tenant) => into.sink().sum(tenant, "requests"));
	return { sums, accounting: into.telemetry.accounting(), windows, lastSampleAt, samplesTotal, streams };
}

test("windows and accounts of random traffic are those of the plain rules", () => {
	fc.assert(
		fc.property(traffic, (steps) => {
			const real = rig();
			const reference = new Reference((metric) => ROLES[metric] ?? [], LIMITS);
			for (const step of steps) {
				feed(real, step);
				for (const point of step.points) reference.take(named(point), real.clock.now());
			}
			expect(real.sink().report()).toEqual(reference.report());
			expect(fates(real)).toEqual(reference.fates);
		}),
		{ numRuns: 300 },
	);
});

test("everything sent again, whole and in any order, counts nothing", () => {
	fc.assert(
		fc.property(traffic, fc.infiniteStream(fc.nat()), (steps, order) => {
			const real = rig();
			for (const step of steps) feed(real, step);
			const before = real.sink().report();
			const again = steps.map((step) => ({ step, rank: order.next().value })).sort((a, b) => a.rank - b.rank);
			for (const { step } of again) feed(real, { ...step, waitMs: 0, points: step.points.filter(isSafeToRepeat) });
			expect(real.sink().report()).toEqual(before);
		}),
		{ numRuns: 100 },
	);
	// A point that was refused for the future may count later, and a cumulative one at another time is a new statement.
	function isSafeToRepeat(each: { kind: string; time: number }): boolean {
		return each.kind === "delta" && each.time <= (NOW + LIMITS.futureMs) * 1000;
	}
});

test("a process killed after any commit finds exactly what it had", () => {
	fc.assert(
		fc.property(traffic, fc.nat(40), (steps, foldAfter) => {
			const live = rig();
			steps.forEach((step, k) => {
				feed(live, step);
				if (k === foldAfter % steps.length) live.telemetry.fold();
				const restarted = rig({ store: live.store.copy(), clock: new ManualClock(live.clock.now()) });
				expect(state(restarted)).toEqual(state(live));
			});
		}),
		{ numRuns: 60 },
	);
});

test("what a restarted process then counts is what the old one would have counted", () => {
	fc.assert(
		fc.property(traffic, traffic, fc.boolean(), (before, after, isFolded) => {
			const live = rig();
			for (const step of before) feed(live, step);
			if (isFolded) live.telemetry.fold();
			const restarted = rig({ store: live.store.copy(), clock: new ManualClock(live.clock.now()) });
			for (const step of after) {
				feed(live, step);
				feed(restarted, step);
			}
			expect(state(restarted)).toEqual(state(live));
		}),
		{ numRuns: 200 },
	);
});

test.each([
	["the journal", false],
	["the fold", true],
])("start times come back from %s: a reset is seen although the value rose", (_, isFolded) => {
	const first = rig();
	const sent = (start: number, at: number, value: number): object =>
		request([cumulative("request.count", point({ start, at, value }))]);
	first.send(sent(NOW - 60_000, NOW - 40_000, 5));
	if (isFolded) first.telemetry.fold();
	const second = rig({ store: first.store.copy() });
	second.send(sent(NOW - 30_000, NOW - 20_000, 8));
	expect(second.sink().sum("", "requests")).toBe("0 of 13");
});

test.each(["before", "after"] as const)(
	"a commit that fails %s it is stored: the sender repeats, each point counts once",
	(when) => {
		const { send, telemetry, store, sink, accounts } = rig();
		const body = request([
			delta("request.count", point({ start: NOW - 20_000, at: NOW - 10_000, value: 5 })),
			cumulative("request.errors", point({ start: NOW - 20_000, at: NOW - 10_000, value: 2 })),
		]);
		store.failNext = when;
		expect(() => send(body)).toThrow(StoreFailure);
		telemetry.rebuild();
		expect(send(body)).toMatchObject({ status: "accepted", points: 2, rejected: 0 });
		expect(sink().sum("", "requests")).toBe("2 of 5");
		expect(accounts("")).toMatchObject({ counted: 2 });
	},
);

test("a process that ends after a failed commit stores nothing of it", () => {
	const first = rig();
	const sent = (at: number, value: number) =>
		request([cumulative("request.count", point({ start: NOW - 60_000, at, value }))]);
	first.send(sent(NOW - 40_000, 5));
	first.store.failNext = "before";
	const refused = sent(NOW - 20_000, 9);
	expect(() => first.send(refused)).toThrow(StoreFailure);
	first.telemetry.close();
	const second = rig({ store: first.store.copy() });
	expect(second.sink().sum("", "requests")).toBe("0 of 5");
	second.send(refused);
	expect(second.sink().sum("", "requests")).toBe("0 of 9");
	expect(second.accounts("")).toEqual({ received: 2, counted: 2 });
});

test("a fold that fails leaves everything as it was", () => {
	const { send, telemetry, store, sink } = rig();
	send(request([delta("request.count", point({ at: NOW, value: 5 }))]));
	for (const when of ["before", "after"] as const) {
		store.failNext = when;
		expect(() => telemetry.fold()).toThrow(StoreFailure);
		// For a while nothing tries again: ingest goes on meanwhile.
		store.failNext = "before";
		telemetry.tick();
		store.failNext = undefined;
		telemetry.rebuild();
		expect(sink().sum("", "requests")).toBe("0 of 5");
		expect(telemetry.windows({ tenant: "", slo: "requests", ...QUERY })).toMatchObject([{ total: 5 }]);
	}
});

test("requests that arrived together are one commit, and a malformed one among them takes nothing with it", () => {
	const { telemetry, store, sink } = rig();
	const body = (value: number): Uint8Array =>
		otlpBytes(request([delta("request.count", point({ at: NOW - value * 1000, value }))]));
	const bodies = [body(1), body(2).slice(0, -3), body(4)];
	const outcomes = telemetry.ingest(
		bodies.map((each) => ({ protocol: "otlp-protobuf", encoding: undefined, body: each })),
	);
	expect(outcomes.map((each) => each.status)).toEqual(["accepted", "malformed", "accepted"]);
	expect(store.journalSize().rows).toBe(1);
	expect(sink().sum("", "requests")).toBe("0 of 5");
});

test("the fold empties the journal by time and by size, never the windows", () => {
	const { send, telemetry, clock, store } = rig();
	const foldInSlices = (): void => {
		telemetry.tick();
		while (telemetry.hasWork) telemetry.work();
	};
	send(request([delta("request.count", point({ at: NOW, value: 5 }))]));
	foldInSlices();
	expect(store.journalSize().rows).toBe(0);
	clock.advance(1_000);
	send(request([delta("request.count", point({ at: NOW + 1_000, value: 5 }))]));
	telemetry.tick();
	expect(store.journalSize().rows).toBe(1);
	clock.advance(5 * 60_000);
	foldInSlices();
	expect(store.journalSize().rows).toBe(0);
	expect(telemetry.windows({ tenant: "", slo: "requests", ...QUERY })).toMatchObject([{ total: 10 }]);
});

test("a process killed after any slice of a fold, with requests between them, finds exactly what it had", () => {
	fc.assert(
		fc.property(traffic, traffic, (before, during) => {
			const live = rig();
			for (const step of before) feed(live, step);
			live.clock.advance(5 * 60_000);
			live.telemetry.tick();
			for (let k = 0; live.telemetry.hasWork; k++) {
				live.telemetry.work();
				const step = during[k];
				if (step) feed(live, { ...step, waitMs: 0 });
				const restarted = rig({ store: live.store.copy(), clock: new ManualClock(live.clock.now()) });
				expect(state(restarted)).toEqual(state(live));
				// And its own fold neither repeats nor forgets what the cut one did.
				restarted.telemetry.fold();
				expect(state(restarted)).toEqual(state(live));
			}
		}),
		{ numRuns: 25 },
	);
});

test.each(["before", "after"] as const)("a slice that fails %s it is stored loses and doubles nothing", (when) => {
	fc.assert(
		fc.property(traffic, fc.nat(5), (steps, failAt) => {
			const live = rig();
			for (const step of steps) feed(live, step);
			live.clock.advance(5 * 60_000);
			const sums = JSON.stringify(state(live));
			live.telemetry.tick();
			for (let k = 0; live.telemetry.hasWork; k++) {
				if (k === failAt) live.store.failNext = when;
				try {
					live.telemetry.work();
				} catch (error) {
					expect(error).toBeInstanceOf(StoreFailure);
					live.telemetry.rebuild();
					live.telemetry.fold();
				}
				expect(JSON.stringify(state(live))).toBe(sums);
			}
		}),
		{ numRuns: 25 },
	);
});

test("a stream without points for a day is forgotten; when it returns, it begins with a base line", () => {
	const real = rig();
	const sent = (at: number, value: number): object =>
		request([cumulative("request.count", point({ start: NOW - 1_000, at, value }))]);
	real.send(sent(NOW, 5));
	real.clock.advance(25 * 3_600_000);
	real.telemetry.fold();
	expect(real.telemetry.counters().streams).toBe(0);
	real.send(sent(real.clock.now() - 10, 100));
	real.send(sent(real.clock.now(), 103));
	expect(real.telemetry.counters().samplesTotal).toBe(3);
	expect(
		real.telemetry
			.windows({ ...QUERY, tenant: "", slo: "requests", to: NOW + 48 * 3_600_000 })
			?.map(({ total }) => total),
	).toEqual([5, 3]);
});

test("another catalogue keeps the history of pairs that stay and gives streams to new ones", () => {
	const real = rig();
	const sent = (at: number, value: number): object =>
		request([cumulative("request.count", point({ tenant: "contoso-id", start: NOW - 60_000, at, value }))]);
	real.send(sent(NOW - 20_000, 5));
	const more = slo("volume", {
		kind: "ratio",
		numerator: "bad",
		part: { metric: "request.lost", where: [] },
		total: { metric: "request.count", where: [] },
	});
	real.telemetry.configure(
		catalogue({ hash: "two", slos: [more, ...SLOS], tenants: [keyTenant("adatum"), keyTenant("contoso")] }),
	);
	real.send(sent(NOW - 10_000, 8));
	expect(real.sink().sum("contoso", "requests")).toBe("0 of 8");
	expect(real.sink().sum("contoso", "volume")).toBe("0 of 3");
	expect(real.telemetry.windows({ tenant: "contoso", slo: "requests", ...QUERY })?.map(({ total }) => total)).toEqual([
		5, 3,
	]);
	expect(real.telemetry.windows({ tenant: "fabrikam", slo: "requests", ...QUERY })).toBeUndefined();
});

test("a journal is read under the catalogue that it was written under, even when the next start brings another", () => {
	const first = rig();
	first.send(request([delta("request.count", point({ tenant: "contoso-id", at: NOW, value: 5 }))]));
	const renamed = catalogue({ hash: "two", tenants: [keyTenant("fabrikam", ["contoso-id"])] });
	const second = rig({ store: first.store.copy(), catalogue: renamed });
	expect(second.accounts("contoso")).toEqual({ received: 1, counted: 1 });
	expect(second.sink().sum("fabrikam", "requests")).toBe("0 of 0");
	expect(second.sink().sum("", "requests")).toBe("0 of 5");
	const third = rig({ store: second.store.copy(), catalogue: catalogue({ hash: "three" }) });
	expect(third.sink().sum("contoso", "requests")).toBe("0 of 5");
});

test("a histogram whose bounds matter differently under another catalogue begins with a base line, live and restarted", () => {
	const first = rig();
	const sent = (at: number, counts: readonly number[]): object => {
		const count = counts.reduce((a, b) => a + b, 0);
		const more = { count, bucketCounts: counts, explicitBounds: [0.1, 0.5] };
		return request([histogram("request.duration", 2, point({ start: NOW - 60_000, at, more }))]);
	};
	first.send(sent(NOW - 40_000, [1, 2, 3]));
	expect(first.sink().sum("", "fast")).toBe("3 of 6");
	const [requests, , fast] = SLOS as [Slo, Slo, Slo];
	const part = { metric: "request.duration", where: [], le: 0.1 };
	const faster: Slo = {
		...fast,
		indicator: { kind: "ratio", numerator: "good", part, total: { ...part, le: undefined } },
	};
	first.telemetry.configure(catalogue({ hash: "two", slos: [requests, faster] }));
	const second = rig({ store: first.store.copy(), catalogue: catalogue({ hash: "two", slos: [requests, faster] }) });
	for (const each of [first, second]) {
		each.send(sent(NOW - 30_000, [2, 4, 6]));
		each.send(sent(NOW - 20_000, [3, 4, 7]));
		expect(each.sink().sum("", "fast")).toBe("4 of 8");
	}
	const third = rig({ store: second.store.copy(), catalogue: catalogue({ hash: "two", slos: [requests, faster] }) });
	third.send(sent(NOW - 10_000, [4, 4, 7]));
	expect(third.sink().sum("", "fast")).toBe("4 of 9");
});

test("streams that no SLO selects any more are dropped, and start anew when one does again", () => {
	const first = rig();
	first.send(request([cumulative("request.count", point({ start: NOW - 60_000, at: NOW - 30_000, value: 5 }))]));
	first.telemetry.configure(catalogue({ hash: "two", slos: SLOS.slice(1) }));
	expect(first.telemetry.counters().streams).toBe(0);
	expect([...first.store.streams()]).toEqual([]);
	first.telemetry.configure(catalogue({ hash: "three" }));
	expect(first.sink().sum("", "requests")).toBe("0 of 5");
});

test("a stream that comes back while a fold forgets it is kept", () => {
	const real = rig();
	const sent = (at: number, value: number): object =>
		request([cumulative("request.count", point({ start: NOW - 1_000, at, value }))]);
	real.send(sent(NOW, 5));
	real.telemetry.fold();
	real.clock.advance(25 * 3_600_000);
	// Something to fold, of another stream.
	real.send(request([delta("request.count", point({ tenant: "contoso-id", at: real.clock.now(), value: 1 }))]));
	real.telemetry.tick();
	real.send(sent(real.clock.now(), 9));
	while (real.telemetry.hasWork) real.telemetry.work();
	const next = rig({ store: real.store.copy(), clock: real.clock });
	next.send(sent(real.clock.now() + 10, 12));
	expect(next.sink().sum("", "requests")).toBe("0 of 13");
});
