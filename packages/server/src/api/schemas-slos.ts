import { z } from "zod";
import { CellState, IncidentSummary, Instant, Ratio, SloCell } from "./schemas.ts";
import { MonitorLine } from "./schemas-monitors.ts";

/** Wire schemas of SLOs: what is promised, how each tenant stands, how a budget was spent, where the fleet lies. */

const SetBy = z.enum(["slo", "tier", "tenant"]);

export const SourcePlace = z
	.object({ file: z.string().describe("relative to the catalogue"), line: z.number(), column: z.number() })
	.describe("where it is written");

export const StateCounts = z.record(CellState, z.number()).describe("key tenants by state");

export const SloSummary = z.object({
	name: z.string(),
	displayName: z.string(),
	description: z.string(),
	workload: z.string(),
	workloadDisplayName: z.string(),
	promise: z.string().describe("what is promised to every tenant, as a sentence"),
	objective: Ratio,
	periodMs: z.number(),
	unit: z.string().describe("what the budget counts: events, or slices of time"),
	tenants: z.number().describe("key tenants that it holds for and that the caller may see"),
	states: StateCounts,
	worst: CellState,
	overspent: z.number().describe("key tenants whose budget of the period is more than spent"),
	ownObjectives: z.number().describe("key tenants whose objective is not the SLO's own"),
	platform: SloCell.nullable(),
	lowest: z
		.object({ tenant: z.string(), displayName: z.string(), remaining: z.number() })
		.nullable()
		.describe("the key tenant with the least budget left; null: nobody's is known"),
	openIncidents: z.number(),
	monitors: z.array(z.string()).describe("names of those that watch it, whatever their mode"),
	isWatchedLive: z.boolean().describe("whether any of them may open an incident now"),
	place: SourcePlace,
});
export type SloSummary = z.infer<typeof SloSummary>;

export const SloList = z.object({ items: z.array(SloSummary) });

export const TenantReading = SloCell.extend({
	tenant: z.string(),
	tenantDisplayName: z.string(),
	tier: z.string(),
	periodSli: Ratio.nullable().describe("good ÷ total of the period that the budget belongs to; null without events"),
	incident: z.string().nullable().describe("an open incident of this SLO"),
});
export type TenantReading = z.infer<typeof TenantReading>;

export const Quantiles = z
	.object({ tenants: z.number(), p5: z.number(), p50: z.number(), p95: z.number() })
	.describe("over key tenants whose value is known");

export const SloDetail = SloSummary.extend({
	definition: z.array(
		z.object({
			role: z.enum(["good", "bad", "total", "value", "heartbeat"]),
			text: z.string().describe("metric and conditions"),
		}),
	),
	objectives: z
		.array(
			z.object({
				objective: Ratio,
				setBy: SetBy,
				name: z.string().describe("of the tier or tenant; of the SLO itself"),
				displayName: z.string(),
				tenants: z.number().describe("key tenants that it holds for"),
			}),
		)
		.describe("the SLO's own first, then tiers, then tenants"),
	readings: z.array(TenantReading).describe("worst state first, then by budget left, the least first"),
	spread: z.object({
		sli: Quantiles.nullable().describe("of periodSli"),
		budget: Quantiles.nullable().describe("of budgetRemaining"),
		unknown: z.number().describe("key tenants without events in the period"),
	}),
	watchedBy: z.array(MonitorLine),
	incidents: z.array(IncidentSummary).describe("not resolved, newest first; a hundred at most"),
});
export type SloDetail = z.infer<typeof SloDetail>;

export const BudgetView = z.object({
	tenant: z.string(),
	slo: z.string(),
	objective: Ratio,
	objectiveSetBy: SetBy,
	unit: z.string(),
	from: Instant,
	to: Instant.describe("end of the last step"),
	stepMs: z.number(),
	periodMs: z.number(),
	isCalendar: z.boolean().describe("the budget begins with a period of the calendar; false: it rolls"),
	bad: z.number(),
	total: z.number(),
	allowedBad: z.number().nullable().describe("bad events that all events of the period allow; null without events"),
	remaining: z.number().nullable().describe("share of the budget left now, signed; null without events"),
	forecast: z
		.object({
			status: z.enum(["expected", "spent", "not-in-sight", "unknown"]),
			early: z.number().optional().describe("ms epoch: in nine of ten cases not before, as recent burn goes"),
			likely: z.number().optional(),
			late: z.number().optional().describe("in nine of ten cases not after; left out: perhaps not in this period"),
			explanation: z.string(),
		})
		.describe("when the budget will be spent if what burns now goes on"),
	steps: z.array(
		z.object({
			at: Instant,
			bad: z.number(),
			total: z.number(),
			remaining: z
				.number()
				.nullable()
				.describe("share of the budget left at the end of the step; null: no events in it"),
		}),
	),
});
export type BudgetView = z.infer<typeof BudgetView>;

export const SpreadView = z.object({
	slo: z.string(),
	from: Instant,
	to: Instant,
	resolutionMs: z.number(),
	keyTenants: z.number().describe("that it holds for"),
	of: z.number().describe("key tenants that were read: all, or an even sample of more than 2,000"),
	steps: z.array(
		z.object({
			at: Instant,
			tenants: z.number().describe("with events in the step"),
			p5: Ratio,
			p50: Ratio,
			p95: Ratio,
		}),
	),
});
export type SpreadView = z.infer<typeof SpreadView>;
