import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { seededRandom } from "@bellwether/model";
import { createEngine } from "./engine.ts";

export interface EvaluationResult {
	readonly tenants: number;
	readonly slos: number;
	readonly pairs: number;
	/** Burn rate alone, or with threshold, absence, seasonal and radar on every pair. */
	readonly detectors: "burn-rate" | "every";
	/** CPU for one 10 s step of event time: windows moved, every pair evaluated with all windows. */
	readonly roundCpuMs: number;
	readonly worstRoundCpuMs: number;
	readonly cpuUsPerPair: number;
	readonly addNsPerCount: number;
	/** What the windows and the verdicts take. */
	readonly bytesPerPair: number;
	/** What the process holds more than before, each detector's state included. */
	readonly heldBytesPerPair: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heldBytes(): number {
	// What the run before held goes with the second.
	collect();
	collect();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

const cpuMs = () => {
	const used = process.cpuUsage();
	return (used.user + used.system) / 1000;
};

/** The product's own engine, every pair receiving counts each round, as live traffic does. */
export function benchEvaluation(
	tenants: number,
	slos: number,
	detectors: EvaluationResult["detectors"],
): EvaluationResult {
	const pairs = tenants * slos;
	const before = heldBytes();
	const engine = createEngine(pairs, detectors === "every");
	const random = seededRandom(1);
	const slots = Int32Array.from({ length: pairs }, (_, i) => i);
	const total = Float64Array.from({ length: pairs }, () => 90 + Math.floor(20 * random()));
	const bad = Float64Array.from({ length: pairs }, () => (random() < 0.03 ? 1 : 0));
	const rounds = Math.max(60, Math.min(1000, Math.round(3e6 / pairs)));
	let add = 0;
	let round = 0;
	let worst = 0;
	for (let k = 0; k < rounds + 10; k++) {
		const a = cpuMs();
		engine.add(slots, bad, total, pairs);
		const b = cpuMs();
		engine.tick(1.8e9 + k * 10);
		engine.evaluate();
		const c = cpuMs();
		if (k < 10) continue;
		add += b - a;
		round += c - b;
		worst = Math.max(worst, c - b);
	}
	return {
		tenants,
		slos,
		pairs,
		detectors,
		roundCpuMs: round / rounds,
		worstRoundCpuMs: worst,
		cpuUsPerPair: ((round / rounds) * 1000) / pairs,
		addNsPerCount: (add * 1e6) / rounds / pairs,
		bytesPerPair: engine.bytesPerPair(),
		heldBytesPerPair: Math.round((heldBytes() - before) / pairs),
	};
}
