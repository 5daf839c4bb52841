import { z } from "zod";
import * as f from "./fields.ts";

/** Fields that a monitor has and that a workload, tier or tenant may set otherwise for itself. */

const number = (about: string) =>
	f.worded(z.number().describe(about), "is not a number", "Write a number such as 0.05 or 200.");

export const MONITOR_TIERS = ["page-quick", "page-slow", "ticket-quick", "ticket-slow"] as const;

const threshold = z.strictObject({
	measure: f
		.choice(
			["bad-ratio", "bad-events", "events"],
			"What of each minute is compared: the ratio of bad events, their number, or the number of all. Default: bad-ratio.",
		)
		.optional(),
	is: f.choice(["above", "below"], "Side of the value on which a minute counts. Default: above.").optional(),
	value: number("Value that each minute is compared with, strictly.").optional(),
	for: f.duration("How far back whole minutes are looked at, 1m to 1h. Default: 5m.").optional(),
	minutes: f.wholeNumber("How many of those minutes must count. Default: all.", 1, 60).optional(),
	clear: number("Value that a minute must come back across, so that it does not flap. Default: the value.").optional(),
	clearFor: f.duration("For how long, without a minute on the wrong side. Default: as long as `for`.").optional(),
});

const absence = z.strictObject({
	after: f
		.duration("Silence that is told. Default: what cannot be chance at the tenant's own rhythm, 15m at least.")
		.optional(),
	quietHours: z
		.boolean()
		.describe("Hours without events on the days before, or a week ago, are its habit and not told. Default: true.")
		.optional(),
});

const radar = z.strictObject({
	watches: z
		.array(f.choice(["errors", "volume"], "What of the SLO's events."))
		.min(1)
		.max(2)
		.describe("Whether the ratio of bad events, and the number of all, are as they use to be. Default: errors, volume.")
		.optional(),
	falsePagesPerTenantWeek: f
		.worded(
			z.number().min(0.001).max(10).describe("Pages of a tenant in a week that noise may cause. Default: 0.01."),
			"is not a number from 0.001 to 10",
			"Write a number such as 0.01.",
		)
		.optional(),
});

const pause = z.strictObject({
	until: f.localTime(
		"It claims nothing before this time, UTC or with an offset.",
		"Write its end, such as 2026-12-01T08:00Z or 2026-12-01T09:00+01:00.",
	),
	reason: f.text("Why; shown wherever the monitor is.", 200),
	owner: f.text("Who answers for it.", 120),
});

export const monitorTerms = {
	mode: f
		.choice(["live", "shadow", "draft"], "live pages, shadow records only, draft does nothing. Default: live.")
		.optional(),
	severity: f.severity("Severity of its incidents. Default: 2.5.").optional(),
	tiers: z
		.array(f.choice(MONITOR_TIERS, "Tier."))
		.min(1)
		.max(4)
		.describe("Burn-rate tiers to run. Default: all four.")
		.optional(),
	evidenceP: f.probability("A page needs this improbability of the errors being chance. Default: 0.0001.").optional(),
	escalation: f.name("Escalation policy. Default: the workload's.").optional(),
	threshold: threshold.describe("Of detector threshold.").optional(),
	absence: absence.describe("Of detector absence.").optional(),
	pause: pause.describe("Planned pause; it stays visible.").optional(),
};

const seasonal = z.strictObject({
	measure: f
		.choice(
			["events", "bad-ratio", "latency"],
			"What of each five minutes: the number of events, the ratio of bad ones, or a percentile of their latencies. Default: events.",
		)
		.optional(),
	percentile: f.wholeNumber("Of measure latency: 90 is the p90. Default: 90.", 50, 99).optional(),
	direction: f
		.choice(
			["up", "down", "both"],
			"Which deviations count. Default: both of events, up of the others; latency has up or down.",
		)
		.optional(),
});

/** What is learnt, and the one line of the radar, are the monitor's: nobody has these for itself. */
export const ownTerms = {
	seasonal: seasonal.describe("Of detector seasonal.").optional(),
	radar: radar.describe("Of detector radar.").optional(),
};

/** In a workload, a tier or a tenant: monitor → what holds there instead. */
export const monitorOverrides = z
	.record(f.name("Monitor."), z.strictObject(monitorTerms))
	.describe(
		"Monitor to fields that hold here instead. A tenant's are stronger than its tier's, these than the workload's.",
	);
