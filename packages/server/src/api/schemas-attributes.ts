import { z } from "zod";

const ShareOfBad = z.number().nullable().describe("of the bad events of the range; null: there are none");

export const AttributesView = z.object({
	tenant: z.string(),
	slo: z.string(),
	from: z.number(),
	to: z.number(),
	kept: z.array(z.string()).describe("attributes that the SLO keeps"),
	where: z
		.object({
			answer: z.enum(["culprit", "whole-tenant", "unknown"]),
			explanation: z.string(),
			culprits: z.array(
				z.object({
					values: z.record(z.string(), z.string()).describe("attribute and value; all of them together"),
					bad: z.number(),
					total: z.number(),
					expectedBad: z.number().describe("bad events that were usual for it the day before"),
					coverage: z.number().describe("share of the bad events beyond what is usual"),
					lift: z.number().nullable().describe("its error ratio by that of the rest; null: nothing else fails"),
				}),
			),
		})
		.nullable()
		.describe("which values explain the bad events, beside the day before; null: not asked, or no attribute can tell"),
	attributes: z.array(
		z.object({
			by: z.array(z.string()),
			keptFrom: z.number().describe("nothing older is known by this attribute"),
			until: z.number().describe("everything that came until then is counted here"),
			good: z.number(),
			bad: z.number(),
			total: z.number(),
			items: z.array(
				z.object({
					values: z.array(z.string()).describe("in the order of by; empty text: the attribute was missing"),
					good: z.number(),
					bad: z.number(),
					total: z.number(),
					shareOfBad: ShareOfBad,
					isExact: z.boolean().describe("none of its events in the range is among the others"),
					since: z.number().nullable().describe("exact from then on; null: always, or its place was taken"),
				}),
			),
			more: z.number().describe("values left out of items by limit"),
			other: z.object({ good: z.number(), bad: z.number(), total: z.number(), shareOfBad: ShareOfBad }),
		}),
	),
});
