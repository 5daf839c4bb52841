import { z } from "zod";
import { Change } from "./schemas-feeds.ts";

/** Wire schemas of what may have brought an incident about, and of how severe it may be called. */

const Share = z.number().min(0).max(1);

export const Causes = z.object({
	judgedAt: z.number().int(),
	says: z.string().describe("the answer in a sentence"),
	ranked: z
		.array(
			z.object({
				change: Change,
				says: z.string().describe('such as "deployed build b104 to westeurope 4 min before the onset"'),
				probability: Share,
				leadMs: z.number().describe("onset − start of the change; 0 when it is not before"),
				reasons: z.array(z.string()).describe("the strongest first"),
				isBlamed: z.boolean().describe("likely enough to say that it was this one; false of all: none fits"),
			}),
		)
		.describe("the likeliest first, at most 3, of those that the caller may see"),
	none: Share.describe("probability that it was none of the changes that are known"),
	unseen: Share.describe("probability of changes that the caller may not see"),
	silentFeeds: z.array(z.string()).describe("feeds of changes that were silent: what they would tell is not known"),
});
export type Causes = z.infer<typeof Causes>;

export const SeveritySuggestion = z.object({
	severity: z.object({ key: z.string(), rank: z.number() }),
	reasons: z.array(z.string()).describe("one for each thing that was looked at, also where it is not known"),
});
export type SeveritySuggestion = z.infer<typeof SeveritySuggestion>;
