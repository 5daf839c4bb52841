import { z } from "zod";

/** Wire schemas of the ways out: how each fares, and test pages. */

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");
const ReceiptState = z.enum(["accepted", "delivered", "answered", "read", "undelivered"]);

export const ChannelView = z.object({
	name: z.string(),
	kind: z.enum(["webhook", "mail", "teams", "slack", "sms", "voice", "phone-panel"]),
	state: z
		.enum(["well", "shaky", "failing", "unknown"])
		.describe("unknown: nothing was ever sent by it; shaky: the last attempt failed; failing: for ten minutes or more"),
	fault: z.string().nullable().describe("why nothing could leave by it now, such as a secret that is missing"),
	lastSent: z
		.object({
			at: Instant,
			detail: z.string().describe("what the receiver answered"),
			receipt: z
				.object({ state: ReceiptState, at: Instant })
				.nullable()
				.describe("what the provider told afterwards; null: nothing, or not yet"),
		})
		.nullable(),
	lastFailure: z.object({ at: Instant, detail: z.string() }).nullable(),
	failingSince: Instant.nullable(),
	failuresSince: z.number().int(),
	days: z
		.array(z.object({ at: Instant, sent: z.number(), failed: z.number(), uncertain: z.number() }))
		.describe("attempts of the last two weeks by day (UTC), oldest first"),
	queue: z.number().int().describe("messages that wait"),
	queueAgeMs: z.number().describe("how long the oldest of them has waited"),
	undelivered: z.number().int().describe("messages that a provider took and could not deliver, in the last 24 h"),
	people: z.array(z.object({ name: z.string(), displayName: z.string() })).describe("who is reached by it"),
	hasOwnAddress: z.boolean().describe("it can be tested without a person"),
});
export type ChannelView = z.infer<typeof ChannelView>;

export const ChannelsView = z.object({ at: Instant, items: z.array(ChannelView) });

export const PageTest = z.object({
	messageId: z.string(),
	channel: z.string(),
	status: z
		.enum(["sent", "waiting", "failed", "uncertain"])
		.describe("waiting: not tried yet, or to be tried again, for two minutes at most"),
	attempts: z.number().int(),
	detail: z.string().describe("what the receiver said last"),
	receipts: z.array(z.object({ state: ReceiptState, detail: z.string(), at: Instant })).describe("the last first"),
	tookMs: z.number().nullable().describe("from asking to the receiver's answer; null: not sent yet"),
});
export type PageTest = z.infer<typeof PageTest>;

export const PageTestAsked = z.object({
	person: z.string().describe("empty: the channel's own address"),
	displayName: z.string(),
	items: z.array(PageTest),
});
