import { z } from "zod";
import type { SelfCheckResult, WatchdogStatus } from "./watchdog-port.ts";

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");

const Reason = z.object({
	code: z.string().describe("self-check: and the stage that failed, or what the audit found"),
	says: z.string(),
	remedy: z.string(),
});

const Stages = z.array(z.object({ stage: z.string(), ms: z.number() })).describe("in order, as far as it came");

export const WatchdogDetails = z.object({
	state: z.enum(["starting", "well", "failing", "stalled"]).describe("only well is well"),
	everyMs: z.number(),
	passedAt: Instant.nullable().describe("when a heartbeat was last earned"),
	withheldSince: Instant.nullable().describe("since when no heartbeat leaves; null: they do"),
	reasons: z.array(Reason).describe("why no heartbeat leaves"),
	notices: z.array(Reason).describe("worth knowing, and no reason to hold heartbeats back"),
	passed: z.number().describe("checks that passed since the start"),
	failed: z.number(),
	check: z
		.object({
			id: z.string(),
			startedAt: Instant,
			tookMs: z.number(),
			stages: Stages,
			failedStage: z.string().nullable(),
			detail: z.string(),
		})
		.nullable()
		.describe("the newest check from end to end; null: none has ended yet"),
	heartbeats: z.array(
		z.object({
			to: z.string().describe("host and port"),
			method: z.enum(["POST", "GET"]),
			sentAt: Instant.nullable(),
			failure: z.string().nullable(),
		}),
	),
});
export type WatchdogDetails = z.infer<typeof WatchdogDetails>;

export const SelfCheckView = z.object({
	id: z.string(),
	kind: z.literal("self-check"),
	state: z.string(),
	startedAt: Instant,
	endedAt: Instant.nullable(),
	stages: Stages,
	failedStage: z.string().nullable(),
	detail: z.string(),
});

export const HeartbeatView = z.object({
	state: z.enum(["starting", "well", "failing", "stalled"]),
	passedAt: Instant.nullable(),
	withheldSince: Instant.nullable(),
	reasons: z.array(z.string()).describe("codes of what holds heartbeats back"),
	everyMs: z.number(),
	heartbeat: z
		.object({ body: z.string(), headers: z.record(z.string(), z.string()) })
		.nullable()
		.describe(
			"the newest statement, signed: when it was earned, until when the next is due, and the head of the audit log",
		),
});

export function wireStages(stages: SelfCheckResult["stages"]): { stage: string; ms: number }[] {
	return Object.entries(stages).map(([stage, ms]) => ({ stage, ms }));
}

export function wireWatchdog(status: WatchdogStatus): WatchdogDetails {
	const { state, everyMs, check } = status;
	return {
		state,
		everyMs,
		passedAt: status.passedAt ?? null,
		withheldSince: status.withheldSince ?? null,
		reasons: status.reasons.map((each) => ({ ...each })),
		notices: status.notices.map((each) => ({ ...each })),
		...status.checks,
		check: check
			? {
					id: check.id,
					startedAt: check.startedAt,
					tookMs: check.tookMs,
					stages: wireStages(check.stages),
					failedStage: check.failure?.stage ?? null,
					detail: check.failure?.detail ?? "",
				}
			: null,
		heartbeats: status.heartbeats.map((each) => ({
			...each,
			sentAt: each.sentAt ?? null,
			failure: each.failure ?? null,
		})),
	};
}
