import { z } from "zod";
import { IncidentState, Instant, Ratio, Verdict } from "./schemas.ts";

/** Wire schemas of monitors: what each watches, by which rules, and when it fired or would have. */

/** `paused`: written live or shadow, but it does nothing until its pause ends. */
export const MonitorMode = z.enum(["live", "shadow", "draft", "paused"]);
export type MonitorMode = z.infer<typeof MonitorMode>;

export const MonitorLine = z.object({
	name: z.string(),
	displayName: z.string(),
	detector: z.string(),
	mode: MonitorMode,
	pause: z
		.object({ until: Instant, reason: z.string(), owner: z.string() })
		.nullable()
		.describe("of a paused one: until when, why, and who answers for it"),
	severity: z.string(),
	watches: z.string().describe("what it watches and how it decides, as a sentence"),
	slos: z.array(z.object({ name: z.string(), displayName: z.string() })).describe("those that it watches now"),
	isForAll: z.boolean().describe("it watches every SLO that no other monitor of its kind names"),
	place: z.string().nullable().describe("file and line that declare it; null: it is built in, because none is written"),
	lastFiredAt: Instant.nullable().describe("the last claim, of shadow monitors too; null: none is known"),
	fired: z.number().describe("claims in the last 28 days"),
	firedInShadow: z.number().describe("claims of which nobody was told: the last 200 of four weeks"),
});
export type MonitorLine = z.infer<typeof MonitorLine>;

export const MonitorList = z.object({ items: z.array(MonitorLine) });

export const MonitorTier = z.object({
	key: z.enum(["page-quick", "page-slow", "ticket-quick", "ticket-slow"]),
	response: z.enum(["page", "ticket"]),
	budgetPercent: z.number(),
	factor: z.number().describe("burn rate; both windows must burn strictly faster"),
	longMs: z.number(),
	shortMs: z.number(),
	errorRatio: Ratio.describe("share of bad events above which a window burns faster than the factor"),
	state: z.enum(["runs", "off", "never-fires", "fires-within-budget"]).describe("off: the monitor leaves it out"),
});
export type MonitorTier = z.infer<typeof MonitorTier>;

export const MonitorRule = z.object({
	slo: z.string(),
	sloDisplayName: z.string(),
	objective: Ratio,
	tenants: z.number().describe("key tenants for whom it holds, with this objective"),
	names: z.array(z.string()).describe("their names for people, where few have a rule of their own"),
	mode: MonitorMode.describe("a workload, tier or tenant may set another than the monitor's"),
	periodMs: z.number(),
	says: z.string().describe("when it fires, as a sentence; empty for burn rate"),
	tiers: z.array(MonitorTier).describe("of burn rate; empty for other detectors"),
});
export type MonitorRule = z.infer<typeof MonitorRule>;

export const MonitorSetting = z.object({
	field: z.string().describe("as it is written in the file"),
	value: z.string().describe("for people"),
	holdsFor: z.string().describe("names for people; empty: everything that it watches"),
	setBy: z.enum(["default", "monitor", "workload", "tier", "tenant"]),
	name: z.string().describe("of the workload, tier or tenant that set it, for people"),
	place: z.string().nullable().describe("file and line; null for defaults"),
});
export type MonitorSetting = z.infer<typeof MonitorSetting>;

export const Firing = z.object({
	at: Instant,
	tenant: z.string().describe("empty: the platform"),
	tenantDisplayName: z.string(),
	slo: z.string(),
	sloDisplayName: z.string(),
	isShadow: z.boolean().describe("nobody was told"),
	endedAt: Instant.nullable().describe("null: it is still on, or (in shadow) not known"),
	incident: z.string().nullable().describe("null: nobody was told"),
	incidentState: IncidentState.nullable(),
	verdict: Verdict.nullable(),
	says: z.string().describe("what it saw"),
});
export type Firing = z.infer<typeof Firing>;

export const PlannedMask = z.object({
	name: z.string().describe("of the maintenance, for people"),
	owner: z.string(),
	tenants: z.array(z.string()).describe("names for people; empty: all"),
	workloads: z.array(z.string()).describe("those of them that the monitor watches"),
	from: Instant,
	until: Instant.nullable().describe("null: no end is in sight"),
});
export type PlannedMask = z.infer<typeof PlannedMask>;

export const MonitorDetail = MonitorLine.extend({
	how: z.array(z.string()).describe("how it decides, one sentence each"),
	settings: z.array(MonitorSetting),
	rules: z.array(MonitorRule).describe("one for each SLO and group of key tenants for whom the same holds"),
	firings: z.array(Firing).describe("newest first, fifty at most"),
	planned: z
		.array(PlannedMask)
		.describe("planned maintenance of the last day and the next in which a radar judges nothing; newest first"),
});
export type MonitorDetail = z.infer<typeof MonitorDetail>;
