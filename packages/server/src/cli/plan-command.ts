import type { Catalogue } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";

export interface PlanOptions extends CommandOptions {
	/** The configuration that runs now, as the caller fetched it; undefined: nothing runs, everything is new. */
	readonly running?: Catalogue | undefined;
}

export async function runPlan(_options: PlanOptions): Promise<number> {
	return EXIT.fine;
}
