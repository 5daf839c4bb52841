import { z } from "zod";
import { FeedStateView } from "./schemas-feeds.ts";
import { WatchdogDetails } from "./schemas-watchdog.ts";

/** Wire schemas of what operators look at: sources, ids in the telemetry, and how this system itself fares. */

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");

/** Points that did not count, by reason, in words for whoever can do something about it. */
export const RejectionView = z.object({
	reason: z.string(),
	count: z.number(),
	isFault: z.boolean().describe("false: nothing is wrong with them, no SLO needs them"),
	meaning: z.string(),
	remedy: z.string(),
});
export type RejectionView = z.infer<typeof RejectionView>;

export const SourceView = z.object({
	name: z.string(),
	displayName: z.string(),
	kind: z.string(),
	how: z.enum(["pull", "push"]),
	declared: z.boolean().describe("false: nobody declared it, but it sends"),
	state: z
		.enum(["starting", "ok", "behind", "failing", "silent", "late", "down"])
		.describe(
			"behind: catching up; silent: nothing was ever sent; late: no request for three usual intervals or longer than expectEvery; down: for three times as long",
		),
	slos: z.array(z.string()).describe("what it is asked for"),
	lastAttemptAt: Instant.nullable(),
	lastSuccessAt: Instant.nullable().describe("pull: last answer; push: last request taken"),
	nextAt: Instant.nullable(),
	watermarkAt: Instant.nullable().describe("its data are complete up to here; null: unknown"),
	lagMs: z.number().nullable().describe("now − watermarkAt; null: unknown"),
	usualLatenessMs: z.number().nullable().describe("how long after it has shown a time it still sends older data"),
	usualIntervalMs: z.number().nullable().describe("between two requests; null: unknown"),
	isOverLimit: z.boolean().describe("requests were refused for its limits within the last minute"),
	refusedRequests: z.number().describe("refused for its limits since start; nothing of them was taken"),
	queue: z.number().describe("queries that are due"),
	queries: z.number(),
	rows: z.number().describe("pull: rows or samples since start; push: points ever"),
	rejected: z.number(),
	counted: z.number().nullable().describe("points ever; null: not told apart for this source"),
	duplicate: z.number().nullable(),
	rejectedBy: z.array(RejectionView).describe("rejected points by reason, in words; empty: none, or not told apart"),
	revised: z.number().describe("counts that a later answer replaced"),
	vanished: z.number().describe("counts that a later answer no longer had; they stay"),
	skippedMs: z.number().describe("time before the catch-up limit that is not asked for"),
	failures: z.record(z.string(), z.number()),
	error: z
		.object({ at: Instant, slo: z.string(), reason: z.string(), message: z.string(), remedy: z.string() })
		.nullable(),
	note: z.string(),
});
export type SourceView = z.infer<typeof SourceView>;

export const SourcesView = z.object({
	items: z.array(SourceView),
	feeds: z.array(FeedStateView).describe("side feeds: the platform's own health, changes, cases"),
});

export const Trial = z.object({
	slo: z.string(),
	from: Instant,
	to: Instant,
	tookMs: z.number(),
	rows: z.number(),
	sample: z.array(z.record(z.string(), z.unknown())).describe("the first rows as the source gave them"),
	error: z.object({ reason: z.string(), message: z.string(), remedy: z.string() }).nullable(),
});

const SeenValue = z.object({
	attribute: z.string(),
	value: z.string(),
	source: z.string().describe("bellwether.source, service.name or job of the streams"),
	tenant: z.string().nullable().describe("key tenant that the value belongs to"),
	streams: z.number(),
	points: z.number().describe("since the configuration was loaded"),
	isEstimate: z.boolean().describe("from samples, because streams of other customers are folded"),
	lastSampleAt: Instant.nullable().describe("time of the newest point"),
});

const Choice = z.object({ name: z.string(), displayName: z.string() });

export const MatchView = z.object({
	items: z.array(SeenValue).describe("unmatched first, each by points"),
	total: z.number(),
	unmatched: z.number(),
	nextCursor: z.string().nullable(),
	rest: z
		.object({ values: z.number(), streams: z.number(), points: z.number() })
		.describe("light values that are no longer listed"),
	choices: z
		.object({ tiers: z.array(Choice), workloads: z.array(Choice) })
		.describe("what a new key tenant may be given"),
});

export const MadeTenant = z.object({
	status: z.enum(["applied", "unchanged"]),
	hash: z.string(),
	tenant: z.string(),
	file: z.object({ path: z.string(), text: z.string() }),
});

export const RegisterIds = z.object({
	attribute: z.string(),
	values: z.array(z.string()),
	patterns: z.array(z.string()),
	workload: z.string().nullable(),
	source: z.string().nullable(),
	from: Instant.nullable(),
	until: Instant.nullable(),
	isEffective: z.boolean().describe("holds for points of the time asked for"),
});
export const RegisterVersion = z.object({
	since: Instant,
	until: Instant.nullable(),
	appliedBy: z.string(),
	config: z.string(),
});
export const SeenId = z.object({
	attribute: z.string(),
	value: z.string(),
	source: z.string(),
	points: z.number(),
	lastSampleAt: Instant.nullable(),
});
export const RegisterView = z.object({
	tenant: z.string(),
	at: Instant,
	version: RegisterVersion.nullable().describe("null: the tenant was not in the configuration that ran then"),
	ids: z.array(RegisterIds),
	seen: z
		.array(SeenId)
		.describe("ids of the tenant that telemetry had since the configuration was loaded, the last first"),
	versions: z.array(RegisterVersion).describe("newest first, at most 100"),
});

export const PART_STATES = ["failing", "attention", "unknown", "well"] as const;
export type PartState = (typeof PART_STATES)[number];

export const PART_KEYS = [
	"self-check",
	"telemetry",
	"last-sample",
	"lag",
	"accounting",
	"tenants",
	"slos",
	"sources",
	"feeds",
	"pages",
	"deliveries",
	"channels",
	"integrations",
	"queues",
	"journal",
	"disk",
	"event-loop",
	"configuration",
] as const;
export type PartKey = (typeof PART_KEYS)[number];

const tier = z.enum(["ten-seconds", "minutes", "ten-minutes", "hours"]);

export const HealthDetails = z.object({
	at: Instant,
	version: z.string(),
	parts: z
		.array(
			z.object({
				key: z.enum(PART_KEYS),
				state: z.enum(PART_STATES).describe("unknown is not well"),
				says: z.string(),
				remedy: z.string().describe("what to do; empty: nothing"),
			}),
		)
		.describe("each part of this system in a sentence"),
	checks: z.array(
		z.object({ name: z.string(), ok: z.boolean(), level: z.enum(["error", "warning"]), reason: z.string() }),
	),
	books: z
		.array(
			z.object({
				protocol: z.string(),
				received: z.number(),
				counted: z.number(),
				duplicate: z.number(),
				rejected: z.array(RejectionView),
			}),
		)
		.nullable()
		.describe("received = counted + duplicate + rejected, of all tenants together; null: not known"),
	uncovered: z
		.array(
			z.object({
				slo: z.string(),
				displayName: z.string(),
				workload: z.string(),
				waitsFor: z.array(z.string()),
				seenInstead: z.array(z.string()),
			}),
		)
		.describe("SLOs that never saw data, and what came that looks like what they wait for"),
	eventLoop: z
		.object({ p99Ms: z.number(), maxMs: z.number() })
		.nullable()
		.describe("how late timers of the last minutes were"),
	queues: z.object({ outbox: z.number(), outboxLateMs: z.number(), timersLateMs: z.number() }),
	diskFreeBytes: z.number().nullable(),
	watchdog: WatchdogDetails.nullable().describe("the system's watch over itself; null: nothing watches"),
	telemetry: z
		.object({
			state: z.string(),
			failure: z.string().nullable(),
			lastSampleAt: Instant.nullable(),
			streams: z.number(),
			pairs: z.number(),
			journal: z.object({
				rows: z.number(),
				bytes: z.number(),
				foldedAt: Instant.nullable(),
				isFolding: z.boolean(),
				commits: z.number(),
				commitFailures: z.number(),
			}),
		})
		.nullable()
		.describe("null: the telemetry thread does not answer"),
	storage: z
		.object({
			fileBytes: z.number(),
			usedBytes: z.number().describe("Without what is free inside the file."),
			logBytes: z.number(),
			limitBytes: z.number(),
			growthBytesPerDay: z.number().nullable(),
			daysLeft: z
				.number()
				.nullable()
				.describe("Until the limit, at the present growth; null: it does not grow, or is not known yet."),
			shortenings: z.number().describe("How often retention was shortened for want of room; 0: as configured."),
			isOverfull: z.boolean().describe("The shortest retention does not fit either."),
			tiers: z.array(
				z.object({
					class: z.enum(["tenants", "fleet"]),
					tier,
					rows: z.number(),
					bytes: z.number(),
					from: Instant,
					keptMs: z.number(),
					configuredMs: z.number(),
				}),
			),
			damaged: z.array(
				z.object({
					what: z
						.enum(["counts", "attributes", "latencies"])
						.describe("counts of windows, counts by attribute, or latencies"),
					tenant: z.string(),
					slo: z.string(),
					tier,
					from: Instant.nullable().describe("null with to, tenant and slo empty: what lay there is not known"),
					to: Instant.nullable(),
				}),
			),
		})
		.nullable(),
});
export type HealthDetails = z.infer<typeof HealthDetails>;
