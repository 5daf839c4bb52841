import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAY_MS, HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Catalogue, DEFAULT_RETENTION, parseCatalogue, starterFiles } from "#catalogue";
import { type BreachClosed, type BreachOpened, createDetection, type DetectionEngine } from "#detection";
import { type Pair, Telemetry, type TelemetryOptions } from "#telemetry";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { backtest } from "./backtest.ts";
import { detectionPairs } from "./detection-pairs.ts";

const START = Date.UTC(2026, 2, 2, 9);
const LEARNT_MS = 26 * HOUR_MS;
/** A backtest begins three days before what it is asked for, so the live engine does as well. */
const FAULT_AT = START + 3 * DAY_MS + HOUR_MS;
const FAULT_UNTIL = FAULT_AT + HOUR_MS;
const END = FAULT_UNTIL + HOUR_MS;
const EVERY_MS = 5 * MINUTE_MS;

const FINE = Array.from({ length: 60 }, (_, k) => Math.round(20 * 1.12 ** k));
const WIDE = [100, 1_000, 10_000];

interface Customer {
	readonly events: number;
	readonly bounds: readonly number[];
	/** By how much it is slower than usual at this time. */
	readonly slowness: (at: number) => number;
}

const isFault = (at: number) => at >= FAULT_AT && at < FAULT_UNTIL;
/** The same time on the day of the fault. */
const dayOfFault = (at: number) => FAULT_AT + ((((at - FAULT_AT) % DAY_MS) + DAY_MS) % DAY_MS);
const CUSTOMERS: Readonly<Record<string, Customer>> = {
	slowed: { events: 60, bounds: FINE, slowness: (at) => (isFault(at) ? 4 : 1) },
	steady: { events: 200, bounds: FINE, slowness: () => 1 },
	// A job of an hour, each day when the fault comes to another.
	nightly: { events: 60, bounds: FINE, slowness: (at) => (isFault(dayOfFault(at)) ? 3 : 1) },
	// One slow client for five minutes, again and again.
	blips: { events: 60, bounds: FINE, slowness: (at) => (at >= START && (at / EVERY_MS) % 37 === 0 ? 5 : 1) },
	// Too few to tell a p90, however slow they are.
	few: { events: 6, bounds: FINE, slowness: (at) => (isFault(at) ? 4 : 1) },
	// From 400 to 950 ms is the same bucket.
	wide: { events: 60, bounds: WIDE, slowness: (at) => (isFault(at) ? 2.2 : 1) },
};

const FILES = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: open-latency
  displayName: Open latency
  annotations: { bellwether.dev/per-tenant: "true", bellwether.dev/sli-kind: latency, bellwether.dev/value-unit: ms }
spec:
  service: files
  indicator:
    metadata: { name: open-latency }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: otlp, spec: { metric: open.duration, le: 1000 } } }
        total: { metricSource: { metricSourceRef: otlp, spec: { metric: open.duration } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.9 }]
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: slower-than-usual }
spec: { detector: seasonal, slos: [open-latency], seasonal: { measure: latency } }
${Object.keys(CUSTOMERS)
	.map(
		(name) => `---
apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: ${name}, displayName: ${name} }
spec: { tier: strategic, match: { tenant.id: [${name}] } }
`,
	)
	.join("")}`;

/** Durations are log-normal: a median of 180 ms, a p90 of 390 ms. */
function bucketsOf({ events, bounds, slowness }: Customer, seed: number, at: number): number[] {
	const random = seededRandom(seed);
	const counts = new Array<number>(bounds.length + 1).fill(0);
	for (let k = 0; k < events; k++) {
		const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
		const duration = 180 * Math.exp(0.6 * normal) * slowness(at);
		const found = bounds.findIndex((bound) => duration <= bound);
		const place = found < 0 ? bounds.length : found;
		counts[place] = (counts[place] as number) + 1;
	}
	return counts;
}

/** Five minutes of everybody; the events stand in the third of them. */
function requestAt(at: number): Buffer {
	const time = at + 2 * MINUTE_MS;
	const dataPoints = Object.entries(CUSTOMERS).map(([name, customer], k) => ({
		attributes: [{ key: "tenant.id", value: { stringValue: name } }],
		startTimeUnixNano: String((time - 10_000) * 1e6),
		timeUnixNano: String(time * 1e6),
		count: String(customer.events),
		bucketCounts: bucketsOf(customer, at / EVERY_MS + k * 7_919, at).map(String),
		explicitBounds: customer.bounds,
	}));
	const metrics = [{ name: "open.duration", histogram: { aggregationTemporality: 1, dataPoints } }];
	return Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
}

let dir: string;
let catalogue: Catalogue;
const news: (BreachOpened | BreachClosed)[] = [];
/** Claims of an engine that starts in the middle of the fault, knowing what is open. */
const afterRestart: (BreachOpened | BreachClosed)[] = [];

function openTelemetry(clock: ManualClock, openWindows: TelemetryOptions["openWindows"]): Telemetry {
	const openStore = () => openTelemetryStore(join(dir, "telemetry.db"));
	return new Telemetry({ openStore, catalogue, clock, seed: 7, openWindows });
}

function engineOf(telemetry: Telemetry, pairs: readonly Pair[], now: number): DetectionEngine {
	const engine = createDetection({
		pairs: detectionPairs(catalogue, pairs, now),
		futureMs: 300_000,
		confirmMs: 0,
		openBreaches: news.flatMap((one) => (one.type === "breach.opened" ? [{ ...one, openedAt: one.detectedAt }] : [])),
		now,
		history: (slo, tenants, from, to) => telemetry.columns({ slo, tenants, from, to, resolutionMs: MINUTE_MS }),
		percentiles: (query) => telemetry.percentiles(query),
	});
	while (engine.work());
	return engine;
}

beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-latency-"));
	const parsed = parseCatalogue([...starterFiles(), { path: "more.yaml", text: FILES }]);
	if (!parsed.catalogue) throw new Error(JSON.stringify(parsed.findings));
	const { settings } = parsed.catalogue;
	// What a live engine learnt by the minute is still there by the minute when the backtest reads it.
	const byMinute = { ...DEFAULT_RETENTION.tenants, "ten-seconds": 7 * DAY_MS };
	const retention = { ...DEFAULT_RETENTION, tenants: byMinute, fleet: byMinute };
	catalogue = { ...parsed.catalogue, settings: { ...settings, telemetry: { ...settings.telemetry, retention } } };
	const clock = new ManualClock(START - LEARNT_MS);
	let pairs: readonly Pair[] = [];
	let engine: DetectionEngine | undefined;
	let restarted: DetectionEngine | undefined;
	const telemetry = openTelemetry(clock, (opened) => {
		pairs = opened;
		return {
			add(...counts) {
				engine?.add(...counts);
				restarted?.add(...counts);
			},
		};
	});
	for (let at = START - LEARNT_MS; at < END; at += EVERY_MS) {
		if (at === START) engine = engineOf(telemetry, pairs, START);
		if (at === FAULT_AT + 30 * MINUTE_MS) restarted = engineOf(telemetry, pairs, at);
		const everyMs = at < START + 3 * DAY_MS ? MINUTE_MS : 10 * SECOND_MS;
		for (let step = at + everyMs; step <= at + EVERY_MS; step += everyMs) {
			clock.advance(everyMs);
			if (step === at + 3 * MINUTE_MS) {
				const body = requestAt(at);
				const [outcome] = telemetry.ingest([{ protocol: "otlp-json", encoding: undefined, body }]);
				expect(outcome?.status).toBe("accepted");
			}
			news.push(...(engine?.evaluate(step) ?? []));
			afterRestart.push(...(restarted?.evaluate(step) ?? []));
		}
		if (at % HOUR_MS !== 0) continue;
		telemetry.tick();
		while (telemetry.hasWork) telemetry.work();
	}
	telemetry.close();
}, 60_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

const isOpened = (one: BreachOpened | BreachClosed): one is BreachOpened => one.type === "breach.opened";
const ofSeasons = (all: readonly (BreachOpened | BreachClosed)[]) =>
	all.filter(({ detector }) => detector === "seasonal");

describe("a seasonal monitor of latency", () => {
	test("claims a tenant that is slower than usual within a quarter of an hour, says what it saw, and tells its end", () => {
		const [claim, end, ...more] = ofSeasons(news);
		expect(more).toEqual([]);
		expect([claim?.tenant, claim?.type, end?.tenant, end?.type]).toEqual([
			"slowed",
			"breach.opened",
			"slowed",
			"breach.closed",
		]);
		const { detectedAt, evidence } = claim as BreachOpened;
		expect(detectedAt).toBeGreaterThan(FAULT_AT);
		expect(detectedAt - FAULT_AT).toBeLessThanOrEqual(15 * MINUTE_MS);
		expect(evidence.says).toMatch(
			/^p90 of open latency in five minutes: expected \d+-\d+ ms at .*, saw 1,\d+-1,\d+ ms/,
		);
		expect((end as BreachClosed).closedAt).toBeGreaterThan(FAULT_UNTIL);
	});

	test("claims neither who is always slow at that hour, nor five minutes alone, nor a few events, nor what stays in one bucket of the source", () => {
		const claimed = new Set(ofSeasons(news).map(({ tenant }) => tenant));
		for (const tenant of ["", "steady", "nightly", "blips", "few", "wide"]) expect(claimed).not.toContain(tenant);
	});

	test("that starts again while a claim stands does not claim it twice, and tells its end", () => {
		expect(ofSeasons(afterRestart).map(({ tenant, type }) => `${tenant} ${type}`)).toEqual(["slowed breach.closed"]);
	});

	test("claims in a backtest what it claimed live, to the last bit", async () => {
		const from = START + 3 * DAY_MS;
		const replayed = await backtest({ catalogue, dataDir: dir, from, to: END, now: END });
		const told = replayed.claims.filter(({ detector }) => detector === "seasonal");
		expect(told.map(({ endedAt: _, ...claim }) => JSON.stringify(claim))).toEqual(
			ofSeasons(news)
				.filter(isOpened)
				.map((one) => JSON.stringify(one)),
		);
		expect(told.map(({ endedAt }) => endedAt)).toEqual(
			ofSeasons(news).flatMap((one) => (isOpened(one) ? [] : [one.closedAt])),
		);
	});
});
