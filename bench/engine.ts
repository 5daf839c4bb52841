/**
 * The window engine and its detectors alone, for a harness that measures CPU per pair per round:
 * `createEngine(pairs)` → `add(slots, bad, total, n)` at the engine's present, `tick(nowSeconds)`, `evaluate()`, `bytesPerPair()`.
 * Pairs are `pairs / 10` key tenants on ten SLOs, the fleet's pairs among them; every monitor is live with all tiers.
 */
import { DAY_MS } from "@bellwether/model";
import { createDetection, type DetectionPair } from "../packages/server/src/detection/index.ts";

const SLOS = 10;

export function createEngine(pairs: number) {
	let now: number | undefined;
	const engine = createDetection({
		pairs: Array.from({ length: pairs }, (_, i) => benchPair(i)),
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

/** The harness counts from here in steps of 10 s. */
const FIRST_TICK_MS = 1.8e12;

function benchPair(i: number): DetectionPair {
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
	};
}
