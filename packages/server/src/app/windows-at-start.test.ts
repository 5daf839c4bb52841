import { ManualClock, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import type { Catalogue, Slo } from "#catalogue";
import { createDetection, type DetectionEngine, type DetectionPair } from "#detection";
import { FLEET, MemoryTelemetryStore, type Pair, Telemetry, type WindowSink } from "#telemetry";
import { bareCatalogue, MAIL, mailSlo } from "../../testing/bare-catalogue.ts";

/**
 * Windows at a start: taken as they were stored, with the journal behind them, they are to the last bit what the roll-ups
 * and the journal give, and what the process that was killed had.
 */
const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PERIOD_MS = 28 * 24 * HOUR_MS;
const WINDOWS_MS = [5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS];
const TENANTS = ["acme", "bravo", "corto"];

const slo = (name: string, more: Partial<Slo> = {}) => mailSlo(name, `${name}.count`, `${name}.errors`, more);

const SLICED = slo("sliced", { slicing: { sliceMs: MINUTE_MS, target: 0.95, kind: "time-slices" } as never });
const CALENDAR = slo("monthly", {
	calendar: { unit: "month", count: 1, startsAt: Date.UTC(2026, 0, 1), timeZone: "UTC" } as never,
});

function catalogue(slos: readonly Slo[], hash = "one"): Catalogue {
	return bareCatalogue({
		hash,
		tenants: TENANTS.map((name) => ({
			name,
			displayName: name,
			match: { "tenant.id": [name] },
			workloads: ["mail"],
			objectives: {},
			place: { file: "t.yaml", line: 1, column: 1 },
		})) as never,
		workloads: [MAIL],
		slos,
	});
}

interface Running {
	readonly telemetry: Telemetry;
	engine(): DetectionEngine;
	readonly pairs: () => readonly Pair[];
}

/** `takes`: windows as they were stored; else the sink wants to be fed. */
function start(store: MemoryTelemetryStore, clock: ManualClock, of: Catalogue, takes = true): Running {
	let engine: DetectionEngine | undefined;
	let pairs: readonly Pair[] = [];
	const telemetry = new Telemetry({
		openStore: () => store,
		catalogue: of,
		clock,
		seed: 7,
		openWindows: (all): WindowSink => {
			pairs = all;
			const fleetPair = (slo: string) => all.findIndex((pair) => pair.tenant === FLEET && pair.slo === slo);
			const judged = all.map(
				(pair): DetectionPair =>
					({
						...pair,
						fleetPair: fleetPair(pair.slo),
						calendar: of.slos.find(({ name }) => name === pair.slo)?.calendar,
						sliceMs: undefined,
						monitor: undefined,
					}) as DetectionPair,
			);
			const made = createDetection({
				pairs: judged,
				futureMs: 5 * MINUTE_MS,
				confirmMs: 300,
				openBreaches: [],
				now: clock.now(),
			});
			engine = made;
			return takes ? made : { add: (pair, at, bad, total) => made.add(pair, at, bad, total) };
		},
	});
	return { telemetry, engine: () => engine as DetectionEngine, pairs: () => pairs };
}

/** Every window of every pair. */
function sums({ engine, pairs }: Running, now: number): Record<string, string> {
	engine().tick(now);
	return Object.fromEntries(
		pairs().flatMap(({ tenant, slo }, pair) =>
			[...WINDOWS_MS, PERIOD_MS].map((windowMs) => {
				const { bad, total } = engine().sums(pair, windowMs);
				return [`${tenant || "fleet"} ${slo} ${windowMs / MINUTE_MS}m`, `${bad} of ${total}`];
			}),
		),
	);
}

function body(slo: string, tenant: string, at: number, bad: number, total: number): Uint8Array {
	const dataPoints = (value: number) => [
		{
			startTimeUnixNano: `${at - 1}000000`,
			timeUnixNano: `${at}000000`,
			...(Number.isInteger(value) ? { asInt: String(value) } : { asDouble: value }),
			attributes: [{ key: "tenant.id", value: { stringValue: tenant } }],
		},
	];
	const sum = (value: number) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints: dataPoints(value) });
	const metrics = [
		{ name: `${slo}.count`, sum: sum(total) },
		{ name: `${slo}.errors`, sum: sum(bad) },
	];
	return new TextEncoder().encode(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
}

const hasWindows = (store: MemoryTelemetryStore): boolean => /"form":"\w/.test(store.meta("windows") ?? "");

describe("windows at a start", () => {
	it.each([1, 2, 3])(
		"are what the roll-ups give and what the killed process had, whenever it was killed (seed %i)",
		(seed) => {
			const random = seededRandom(seed);
			const clock = new ManualClock(NOW);
			const of = catalogue([slo("requests"), SLICED, CALENDAR]);
			let store = new MemoryTelemetryStore();
			let running = start(store, clock, of);
			let next = 0;
			let stored = 0;
			for (let step = 0; step < 160; step++) {
				const what = random();
				const [name, tenant] = [
					["requests", "requests", "sliced", "monthly"][Math.floor(random() * 4)] as string,
					[...TENANTS, "nobody"][Math.floor(random() * 4)] as string,
				];
				if (what < 0.55) {
					const late = random() < 0.3 ? random() * 2.5 * HOUR_MS : random() * MINUTE_MS;
					const total = Math.floor(random() * 300);
					// Some counts do not fit a byte, some no 32 bits, some are no whole numbers.
					const scale = random() < 0.05 ? 1e9 : random() < 0.05 ? 0.25 : 1;
					const at = Math.floor(clock.now() - late + (random() < 0.1 ? 2 * MINUTE_MS : 0)) - (next++ % 1000);
					const [bad, all] = [Math.floor(total * random() * 0.2) * scale, total * scale];
					running.telemetry.ingest([
						{ protocol: "otlp-json", encoding: undefined, body: body(name, tenant, at, bad, all) },
					]);
				} else if (what < 0.65) {
					const at = new Date(clock.now() - random() * 40 * 24 * HOUR_MS).toISOString();
					const line = JSON.stringify({ tenant, slo: name, at, good: Math.floor(random() * 90), total: 100 });
					running.telemetry.importEvents(`key-${step}`, new TextEncoder().encode(line));
				} else if (what < 0.8) {
					// Part of a fold, or more than all of it.
					running.telemetry.tick();
					for (let slice = Math.floor(random() * 14); slice > 0 && running.telemetry.hasWork; slice--)
						running.telemetry.work();
				} else {
					clock.advance(Math.floor(random() ** 3 * 8 * HOUR_MS));
					running.engine().tick(clock.now());
				}
				if (step % 8 !== 7) continue;
				// Slices are judged once a second.
				running.telemetry.tick();
				const [taken, fed] = [start(store.copy(), clock, of), start(store.copy(), clock, of, false)];
				const now = clock.now();
				expect(sums(taken, now)).toEqual(sums(fed, now));
				expect(sums(running, now)).toEqual(sums(fed, now));
				if (hasWindows(store)) stored++;
				// Every third time it is killed for good.
				if (step % 24 !== 23) continue;
				store = store.copy();
				running = start(store, clock, of);
			}
			expect(stored).toBeGreaterThan(5);
		},
	);

	function folded(slos: readonly Slo[] = [slo("requests")]) {
		const clock = new ManualClock(NOW);
		const store = new MemoryTelemetryStore();
		const running = start(store, clock, catalogue(slos));
		running.telemetry.ingest([
			{ protocol: "otlp-json", encoding: undefined, body: body("requests", "acme", NOW - 5_000, 3, 100) },
		]);
		running.telemetry.fold();
		return { clock, store, running };
	}
	const read = (store: MemoryTelemetryStore, clock: ManualClock, of = catalogue([slo("requests")])) =>
		sums(start(store, clock, of), clock.now());

	it("need no roll-up once they are stored", () => {
		const { clock, store } = folded();
		const before = read(store, clock);
		expect(before["acme requests 5m"]).toBe("3 of 100");
		const ids = store.pairs().map(({ id }) => id);
		store.fold((writer) => {
			for (const id of ids)
				for (const [tier, blockMs] of [
					["ten-seconds", HOUR_MS],
					["hours", 168 * HOUR_MS],
				] as const)
					writer.removeRollUp(tier, id, Math.floor((NOW - 5_000) / blockMs));
		});
		expect(read(store, clock)).toEqual(before);
	});

	it("are read from the roll-ups where a piece is missing or damaged, and stored anew by the next fold", () => {
		const { clock, store } = folded();
		const before = read(store, clock);
		const [first, ...others] = store.windows.pieces(0, 1_000);
		for (const packed of [new Uint8Array([7]), first?.packed?.slice(1), new Uint8Array(0)]) {
			const copy = store.copy();
			copy.fold((writer) =>
				writer.windows.write(1, { ring: 0, bucket: 0, part: 0, packed: packed ?? new Uint8Array(1) }),
			);
			expect(read(copy, clock)).toEqual(before);
		}
		expect(others.length).toBeGreaterThan(0);
		const empty = store.copy();
		empty.fold((writer) => writer.windows.dropAfter(0));
		const running = start(empty, clock, catalogue([slo("requests")]));
		expect(sums(running, clock.now())).toEqual(before);
		running.telemetry.tick();
		while (running.telemetry.hasWork) running.telemetry.work();
		expect([...empty.windows.pieces(0, 1_000)].length).toBeGreaterThan(others.length);
		expect(read(empty, clock)).toEqual(before);
	});

	it("of other pairs are not taken", () => {
		const { clock, store } = folded();
		const of = catalogue([slo("other"), slo("requests")], "two");
		expect(read(store, clock, of)["acme requests 5m"]).toBe("3 of 100");
		expect(read(store, clock, of)["acme other 5m"]).toBe("0 of 0");
	});

	it.each([
		["in slices from now on", slo("requests"), slo("requests", { slicing: SLICED.slicing })],
		["by events from now on", slo("requests", { slicing: SLICED.slicing }), slo("requests")],
	])("of an SLO that is counted %s are made anew of its events", (_, before, after) => {
		const { clock, store, running } = folded([before]);
		clock.advance(5 * MINUTE_MS);
		running.telemetry.tick();
		running.telemetry.fold();
		const of = catalogue([after], "two");
		expect(sums(start(store.copy(), clock, of), clock.now())).toEqual(
			sums(start(store.copy(), clock, of, false), clock.now()),
		);
	});

	it("grow out of use: what no start will read is removed", () => {
		const { clock, store, running } = folded();
		for (let round = 0; round < 12; round++) {
			clock.advance(10 * MINUTE_MS);
			const at = clock.now() - 5_000;
			running.telemetry.ingest([
				{ protocol: "otlp-json", encoding: undefined, body: body("requests", "acme", at, 1, 10) },
			]);
			running.telemetry.fold();
			while (running.telemetry.hasWork) running.telemetry.work();
		}
		const kept = [...store.windows.pieces(0, 1_000)].filter(({ ring }) => ring === 0);
		expect(kept.length).toBeLessThan(5);
		expect(read(store, clock)).toEqual(sums(running, clock.now()));
	});
});
