import { z } from "zod";

/** Wire schemas of the side feeds. Instants: ms epoch UTC. */

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");

export const PlatformState = z.enum(["operational", "maintenance", "degraded", "outage", "unknown"]);
export type PlatformState = z.infer<typeof PlatformState>;

/** What the platform itself says of a workload, beside what we measure. */
export const PlatformWord = z.object({
	workload: z.string(),
	state: PlatformState,
	why: z
		.enum(["said", "no-problem-open", "stale", "never-heard", "not-mentioned"])
		.describe("what the state rests on; a stale or silent feed is unknown, never healthy"),
	feed: z.string(),
	feedDisplayName: z.string(),
	since: Instant.nullable(),
	title: z.string().nullable(),
	link: z.string().nullable(),
	sourceStatus: z.string().nullable().describe("the source's own word"),
	heardAt: Instant.nullable().describe("the feed's last message"),
});
export type PlatformWord = z.infer<typeof PlatformWord>;

export const PlatformStatement = z.object({
	feed: z.string(),
	id: z.string(),
	component: z.array(z.string()).describe("as the source names it, the most precise first"),
	workloads: z.array(z.string()),
	state: PlatformState,
	sourceStatus: z.string(),
	title: z.string(),
	link: z.string().nullable(),
	startedAt: Instant,
	endedAt: Instant.nullable().describe("null: still so"),
	revisedAt: Instant,
});

export const Change = z.object({
	feed: z.string(),
	id: z.string(),
	tenant: z.string().describe("empty: not of single tenants"),
	workload: z.string().describe("empty: the source does not tell"),
	kind: z.enum(["deployment", "release", "workflow", "flag", "policy", "other"]),
	state: z.enum(["planned", "running", "succeeded", "failed", "cancelled", "unknown"]),
	title: z.string(),
	ring: z.string().nullable(),
	region: z.string().nullable(),
	build: z.string().nullable(),
	actor: z.string().nullable(),
	link: z.string().nullable(),
	startedAt: Instant,
	endedAt: Instant.nullable(),
	revisedAt: Instant,
});
export type Change = z.infer<typeof Change>;

export const Case = z.object({
	feed: z.string(),
	id: z.string(),
	tenant: z.string().describe("empty: no key tenant's"),
	tenantNamed: z.string().describe("as the source names it"),
	workload: z.string().describe("empty: the source does not tell"),
	kind: z.enum(["support-case", "customer-report"]),
	severity: z.string().nullable().describe("the source's own word"),
	title: z.string(),
	link: z.string().nullable(),
	escalated: z.boolean(),
	openedAt: Instant,
	closedAt: Instant.nullable(),
	revisedAt: Instant,
});
export type Case = z.infer<typeof Case>;

export const JudgedCase = Case.extend({
	detection: z
		.enum(["detected", "customer-first", "missed", "pending", "not-judged"])
		.describe("detected: an incident was open before; missed: none was, nor within an hour"),
	incident: z.string().nullable(),
});

/** A change before an incident's onset. No word of a cause. */
export const ChangeBefore = Change.extend({
	beforeOnsetMs: z.number().describe("onset − start of the change; negative: it started after the onset"),
});
export type ChangeBefore = z.infer<typeof ChangeBefore>;

export const FeedTaken = z.object({
	status: z.enum(["taken", "duplicate"]),
	new: z.number(),
	changed: z.number(),
	same: z.number(),
	older: z.number().describe("a later version is held already"),
	leftOut: z.number().describe("objects that the feed's own rules leave out"),
	unmapped: z.array(z.string()).describe("names that no tenant and no workload of the catalogue has"),
	faults: z.array(z.object({ place: z.string(), message: z.string() })),
});

export const FeedStateView = z.object({
	name: z.string(),
	displayName: z.string(),
	kind: z.string(),
	gives: z.enum(["platform-health", "changes", "cases"]),
	state: z.enum(["waiting", "live", "stale"]).describe("waiting: never heard; stale: silent for longer than expected"),
	lastMessageAt: Instant.nullable(),
	expectEveryMs: z.number().nullable(),
	staleSince: Instant.nullable(),
	messages: z.number(),
	duplicates: z.number(),
	facts: z.number(),
	leftOut: z.number(),
	faults: z.number(),
	lastFault: z.object({ at: Instant, text: z.string() }).nullable(),
	unmapped: z.array(z.string()),
	pull: z
		.object({
			state: z.enum(["starting", "ok", "failing"]),
			lastAttemptAt: Instant.nullable(),
			lastSuccessAt: Instant.nullable().describe("asked then, answered whole, and kept"),
			nextAt: Instant.nullable(),
			requests: z.number().describe("since start"),
			unchanged: z.number().describe("answers that the system said to be as before"),
			misses: z.number().describe("failures since the last success"),
			failures: z.record(z.string(), z.number()).describe("since start, by reason"),
			error: z.object({ at: Instant, reason: z.string(), message: z.string(), remedy: z.string() }).nullable(),
		})
		.nullable()
		.describe("how it fares when it is asked; null: it only sends"),
});
