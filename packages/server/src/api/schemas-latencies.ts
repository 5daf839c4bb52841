import { z } from "zod";
import { Instant } from "./schemas.ts";

export const Percentile = z.object({
	ratio: z.number().describe("0.99 is the p99"),
	low: z.number().nullable().describe("it is above this; null: not known"),
	high: z.number().nullable().describe("it is at most this; null: not known, or the source's last bucket has no bound"),
	estimate: z.number().nullable().describe("the value within that is least wrong; null where a side is open"),
	errorRatio: z
		.number()
		.nullable()
		.describe("by how much of itself the true value may differ from the estimate, at most"),
});
export type Percentile = z.infer<typeof Percentile>;

const Figures = {
	known: z.number().describe("events whose latency is known: percentiles are theirs"),
	total: z.number().describe("all events"),
	percentiles: z.array(Percentile),
};

export const LatenciesView = z.object({
	tenant: z.string(),
	slo: z.string(),
	unit: z.string().nullable().describe("of all latencies; null: the source's, as in the SLI's le"),
	resolutionMs: z.number(),
	...Figures,
	windows: z.array(z.object({ at: Instant, ...Figures })).describe("windows with events"),
});
