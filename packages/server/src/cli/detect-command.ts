import type { SeriesOptions } from "#detection";
import { EXIT } from "./command-options.ts";

/**
 * `bellwether detect`: the product's own detectors over data from standard input, so that anyone can score them on data of
 * their own. `series` is here; each further stream has a file of its own.
 */
export interface DetectOptions {
	readonly input: AsyncIterable<string | Uint8Array>;
	readonly out: (text: string) => void;
	readonly err: (text: string) => void;
}

export type { SeriesOptions };

export async function runDetectSeries(options: DetectOptions): Promise<number> {
	options.err("bellwether detect series: not written yet.\n");
	return EXIT.findings;
}
