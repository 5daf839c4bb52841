/**
 * The window engine and its detectors alone, for a harness that measures CPU per pair per round:
 * `createEngine(pairs)` → `add(slots, bad, total, n)` at the engine's present, `tick(nowSeconds)`, `evaluate()`, `bytesPerPair()`.
 * Pairs are `pairs / 10` key tenants on ten SLOs, the fleet's pairs among them; every monitor is live with all tiers.
 */
import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { createDetection, type DetectionPair } from "../packages/server/src/detection/index.ts";

const SLOS = 10;

export function createEngine(pairs: number, withEveryDetector = false) {
	let now: number | undefined;
	const engine = createDetection({
		pairs: Array.from({ length: pairs }, (_, i) => benchPair(i, withEveryDetector ? EVERY_OTHER : undefined)),
		futureMs: 300_000,
		confirmMs: 300,
		openBreaches: [],
		now: FIRST_TICK_MS - 10_000,
	});
	return {
		add(slots: Int32Array, bad: Float64Array, total: Float64Array, n: number): void {
			const at = now ?? FIRST_TICK_MS - 10_000;
			for (let i = 0; i < n; i++) engine.add(slots[i] as number, at, bad[i] as number, total[i] as number);
		},
		tick(nowSeconds: number): void {
			now = nowSeconds * 1000;
			engine.tick(now);
		},
		evaluate: (): number => engine.evaluate(now ?? FIRST_TICK_MS).length,
		bytesPerPair: () => engine.bytesPerPair(),
		engine,
	};
}

/** What may watch a pair besides burn rate, all at once. */
const EVERY_OTHER: DetectionPair["also"] = [
	{
		name: "limit",
		mode: "live",
		threshold: {
			measure: "bad-ratio",
			is: "above",
			value: 0.05,
			lookMs: 5 * MINUTE_MS,
			minutes: 3,
			clear: 0.02,
			clearMs: 5 * MINUTE_MS,
		},
	},
	{ name: "gone", mode: "live", absence: { quietHours: true } },
	{ name: "usual", mode: "live", seasonal: { measure: "bad-ratio", direction: "up", clock: (at) => at } },
	{
		name: "red",
		mode: "live",
		radar: {
			watches: ["errors", "volume"],
			falsePagesPerTenantWeek: 0.01,
			workload: "mail",
			utcOffsetMinutes: 0,
		},
	},
];

/** The harness counts from here in steps of 10 s. */
const FIRST_TICK_MS = 1.8e12;

function benchPair(i: number, also: DetectionPair["also"]): DetectionPair {
	const slo = i % SLOS;
	return {
		tenant: i < SLOS ? "" : `tenant-${Math.floor(i / SLOS)}`,
		slo: `slo-${slo}`,
		objective: 0.999,
		periodMs: 30 * DAY_MS,
		fleetPair: slo,
		monitor: {
			name: "burn",
			mode: "live",
			evidenceP: 1e-4,
			tiers: ["page-quick", "page-slow", "ticket-quick", "ticket-slow"],
		},
		...(also && { also }),
	};
}
