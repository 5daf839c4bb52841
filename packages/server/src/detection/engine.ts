import type { DetectionEngine, DetectionOptions } from "./types.ts";

export function createDetection(options: DetectionOptions): DetectionEngine {
	throw new Error(`detection: ${options.pairs.length} pairs given, the engine is being written`);
}
