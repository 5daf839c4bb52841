import { ManualClock } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { Catalogue } from "#catalogue";
import { type BreachOpened, createDetection, type DetectionEngine } from "#detection";
import { MemoryTelemetryStore, Telemetry } from "#telemetry";
import { bareCatalogue, MAIL, mailSlo } from "../../testing/bare-catalogue.ts";
import { ripeness } from "./ripeness.ts";

const START = Date.UTC(2026, 10, 23, 12, 0, 0);
const S = 1_000;
const MINUTE = 60 * S;
const PERIOD_MS = 30 * 86_400_000;
const REQUESTS = mailSlo("requests", "request.count", "request.errors", { periodMs: PERIOD_MS });
const CATALOGUE = bareCatalogue({ workloads: [MAIL], slos: [REQUESTS] });

interface Delivery {
	readonly arrivesAt: number;
	readonly source: string;
	readonly at: number;
	readonly sinceMs: number;
	readonly errors?: number;
	readonly count?: number;
}

/** Delivers everything in the order of its arrival, with an evaluation each second, and says when it was paged first. */
function pagedAt(deliveries: readonly Delivery[], untilMs: number, isRipenessAsked = true): number | undefined {
	const clock = new ManualClock(START);
	let engine: DetectionEngine | undefined;
	const telemetry = new Telemetry({
		openStore: () => new MemoryTelemetryStore(),
		catalogue: CATALOGUE,
		clock,
		seed: 7,
		openWindows: (pairs) => {
			const monitor = { name: "burn", mode: "live" as const, evidenceP: 1e-4, tiers: ["page-quick" as const] };
			engine = createDetection({
				pairs: pairs.map((pair) => ({ ...pair, fleetPair: 0, monitor })),
				futureMs: 300_000,
				confirmMs: 300,
				...(isRipenessAsked ? { completeUntil: ripeness(CATALOGUE, pairs, () => telemetry) } : {}),
				openBreaches: [],
				now: START,
			});
			return engine;
		},
	});
	const waiting = [...deliveries].sort((a, b) => a.arrivesAt - b.arrivesAt);
	for (let now = START; now <= START + untilMs; now += S) {
		clock.advance(now - clock.now());
		while (waiting[0] && waiting[0].arrivesAt <= now) {
			const delivery = waiting.shift() as Delivery;
			const { source } = delivery;
			const [outcome] = telemetry.ingest([
				{ protocol: "otlp-json", encoding: undefined, body: bodyOf(delivery), source },
			]);
			expect(outcome).toMatchObject({ status: "accepted", rejected: 0 });
		}
		const opened = engine?.evaluate(now).find((event): event is BreachOpened => event.type === "breach.opened");
		if (opened) return opened.detectedAt - START;
	}
	return undefined;
}

function bodyOf({ at, sinceMs, source, errors, count }: Delivery): Uint8Array {
	const metric = (name: string, value: number | undefined) => {
		const time = { startTimeUnixNano: `${at - sinceMs}000000`, timeUnixNano: `${at}000000` };
		const dataPoints = [{ ...time, asInt: String(value) }];
		return value === undefined ? [] : [{ name, sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } }];
	};
	const metrics = [...metric("request.errors", errors), ...metric("request.count", count)];
	const attributes = [{ key: "service.name", value: { stringValue: source } }];
	return new TextEncoder().encode(
		JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }),
	);
}

/** 0 ≤ x < 1, the same for the same seed. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const SEEDS = [1, 2, 3, 4, 5];

describe("a sender that delivers its errors 20 s before its totals", () => {
	/** Five requests a minute, then a rush: 2,000 a minute of which `share` fail. */
	function deliveries(seed: number, share: number): Delivery[] {
		const random = randomOf(seed);
		return Array.from({ length: 60 }, (_, k): Delivery[] => {
			const at = START + (k + 1) * MINUTE;
			const count = k < 40 ? 10 : 2_000;
			const errors = k < 40 ? 0 : Math.round(count * share);
			const arrivesAt = at + random() * 2 * S;
			const common = { source: "gateway", at, sinceMs: MINUTE };
			return [
				{ ...common, arrivesAt, errors },
				{ ...common, arrivesAt: arrivesAt + 18 * S + random() * 2 * S, count },
			];
		}).flat();
	}

	test.each(SEEDS)("does not page for a rush with few errors (seed %d)", (seed) => {
		expect(pagedAt(deliveries(seed, 0.004), 60 * MINUTE)).toBeUndefined();
	});
	test("would page for it if the totals were not waited for", () => {
		expect(pagedAt(deliveries(1, 0.004), 60 * MINUTE, false)).toBeGreaterThan(40 * MINUTE);
	});
	test.each(SEEDS)("pages for a real outage once the totals are here (seed %d)", (seed) => {
		const at = pagedAt(deliveries(seed, 0.5), 60 * MINUTE) as number;
		expect(at).toBeGreaterThan(41 * MINUTE + 15 * S);
		expect(at).toBeLessThan(41 * MINUTE + 30 * S);
	});
});

describe("a Prometheus with two shards of which one lags two minutes", () => {
	/** A scrape every 15 s; the errors come by the quick shard, the totals by the slow one. */
	function deliveries(seed: number, share: (minute: number) => number): Delivery[] {
		const random = randomOf(seed);
		return Array.from({ length: 160 }, (_, k): Delivery[] => {
			const at = START + (k + 1) * 15 * S;
			const errors = Math.round(1_000 * share(((k + 1) * 15) / 60));
			const common = { source: "prometheus", at, sinceMs: 15 * S };
			return [
				{ ...common, arrivesAt: at + random() * 2 * S, errors },
				{ ...common, arrivesAt: at + 118 * S + random() * 4 * S, count: 1_000 },
			];
		}).flat();
	}

	test.each(SEEDS)("does not page for what the slow shard would have shown to be little (seed %d)", (seed) => {
		expect(
			pagedAt(
				deliveries(seed, () => 0.012),
				40 * MINUTE,
			),
		).toBeUndefined();
	});
	test("would page for it if the slow shard were not waited for", () => {
		expect(
			pagedAt(
				deliveries(1, () => 0.012),
				40 * MINUTE,
				false,
			),
		).toBeLessThan(20 * MINUTE);
	});
	test.each(SEEDS)("pages for a real outage within four minutes (seed %d)", (seed) => {
		const at = pagedAt(
			deliveries(seed, (minute) => (minute > 20 ? 0.5 : 0)),
			40 * MINUTE,
		) as number;
		expect(at).toBeGreaterThan(20 * MINUTE);
		expect(at).toBeLessThan(24 * MINUTE);
	});
});

describe("an hourly exporter", () => {
	const hourly = (errors: number): Delivery[] =>
		[1, 2].map((hour) => {
			const at = START + hour * 60 * MINUTE;
			return {
				arrivesAt: at + S,
				source: "batch",
				at,
				sinceMs: 60 * MINUTE,
				errors: hour === 2 ? errors : 0,
				count: 9_000,
			};
		});
	/** A source of the same SLO that fails from 95 minutes on, between two exports. */
	const live = (): Delivery[] =>
		Array.from({ length: 720 }, (_, k) => {
			const at = START + (k + 1) * 10 * S;
			return { arrivesAt: at, source: "live", at, sinceMs: 10 * S, errors: k >= 570 ? 50 : 0, count: 50 };
		});

	test("pages as soon as its hour has come", () => {
		expect(pagedAt(hourly(4_000), 130 * MINUTE)).toBeLessThan(120 * MINUTE + 5 * S);
	});
	test("does not hold back a page on what another source shows between two exports", () => {
		const deliveries = [...hourly(0), ...live()];
		const at = pagedAt(deliveries, 120 * MINUTE) as number;
		expect(at).toBe(pagedAt(deliveries, 120 * MINUTE, false));
		expect(at).toBeLessThan(120 * MINUTE);
	});
});

describe("two sources of one SLO, one with the errors and one with the totals", () => {
	function deliveries(options: { share: number; totalsEndAtMs?: number }): Delivery[] {
		return Array.from({ length: 90 }, (_, k): Delivery[] => {
			const at = START + (k + 1) * MINUTE;
			const count = k < 40 ? 10 : 2_000;
			const common = { at, sinceMs: MINUTE };
			const errors = k < 40 ? 0 : Math.round(count * options.share);
			const hasTotals = at - START <= (options.totalsEndAtMs ?? Number.POSITIVE_INFINITY);
			return [
				{ ...common, arrivesAt: at + S, source: "errors", errors },
				...(hasTotals ? [{ ...common, arrivesAt: at + 30 * S, source: "totals", count }] : []),
			];
		}).flat();
	}

	test("a bucket waits for the other one", () => {
		expect(pagedAt(deliveries({ share: 0.004 }), 60 * MINUTE)).toBeUndefined();
		expect(pagedAt(deliveries({ share: 0.004 }), 60 * MINUTE, false)).toBeGreaterThan(40 * MINUTE);
	});
	test("one that died is waited for during three of its intervals, then pages go out without it", () => {
		const at = pagedAt(deliveries({ share: 0.5, totalsEndAtMs: 40 * MINUTE }), 60 * MINUTE) as number;
		expect(at).toBeGreaterThan(41 * MINUTE + 2 * S);
		expect(at).toBeLessThan(45 * MINUTE);
	});
});

test("a heartbeat that is missing waits for no source: nothing of it could still come", () => {
	const [slo] = CATALOGUE.slos as [Catalogue["slos"][number]];
	const metric = { metric: "job.done", where: [] };
	const beat = { ...slo, name: "beat", indicator: { kind: "heartbeat" as const, metric, everyMs: MINUTE, atLeast: 1 } };
	const pairs = ["requests", "beat"].map((name) => ({ tenant: "", slo: name, objective: 0.999, periodMs: PERIOD_MS }));
	const asked = ripeness({ ...CATALOGUE, slos: [slo, beat] }, pairs, () => ({ completeUntil: () => START }));
	expect([asked(0, START), asked(1, START)]).toEqual([START, Number.POSITIVE_INFINITY]);
});
