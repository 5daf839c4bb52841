import { z } from "zod";
import type { IncidentSummary, SloCell } from "../schemas.ts";
import { at, Time, type ToolCall } from "./tool.ts";
import { Untrusted, untrusted } from "./untrusted.ts";

/** Shapes that several tools answer with. */

export const IncidentShape = z.object({
	id: z.string(),
	url: z.string(),
	title: Untrusted,
	kind: z.enum(["tenant", "platform"]),
	tenant: z.string().describe("empty for a platform incident"),
	workload: z.string(),
	slo: z.string(),
	severity: z.string(),
	state: z.string(),
	parent: z.string().nullable().describe("platform incident that it is part of"),
	onsetAt: Time,
	detectedAt: Time,
	acknowledgedAt: Time,
	acknowledgedBy: Untrusted.nullable().describe("agents choose their names themselves"),
	acknowledgeDueAt: Time,
	mitigatedAt: Time,
	resolvedAt: Time,
	verdict: z.string().nullable(),
});

export function incidentShape(call: ToolCall, incident: IncidentSummary): z.infer<typeof IncidentShape> {
	return {
		id: incident.id,
		url: call.link(`/incidents/${incident.id}`),
		title: untrusted(incident.title, 200),
		kind: incident.kind,
		tenant: incident.tenant,
		workload: incident.workload,
		slo: incident.slo,
		severity: incident.severity.key,
		state: incident.state,
		parent: incident.parent,
		onsetAt: at(incident.onsetAt),
		detectedAt: at(incident.detectedAt),
		acknowledgedAt: at(incident.acknowledgedAt),
		acknowledgedBy: incident.acknowledgedBy === null ? null : untrusted(incident.acknowledgedBy, 200),
		acknowledgeDueAt: at(incident.acknowledgeDueAt),
		mitigatedAt: at(incident.mitigatedAt),
		resolvedAt: at(incident.resolvedAt),
		verdict: incident.verdict,
	};
}

export function citeIncident(call: ToolCall, incident: { readonly id: string }) {
	return { id: incident.id, url: call.link(`/incidents/${incident.id}`) };
}

export const SloShape = z.object({
	slo: z.string(),
	state: z.string(),
	sli: z.number().nullable().describe("good ÷ total of the last hour; null: no events"),
	objective: z.number(),
	burnRate: z.number().nullable().describe("1 spends the error budget exactly over the period"),
	events1h: z.number(),
	budgetRemaining: z
		.number()
		.nullable()
		.describe("share of the period's error budget that is left; below 0: overspent"),
	lastAt: Time,
});

export function sloShape(cell: SloCell): z.infer<typeof SloShape> {
	return {
		slo: cell.slo,
		state: cell.state,
		sli: cell.sli,
		objective: cell.objective,
		burnRate: cell.burn,
		events1h: cell.total1h,
		budgetRemaining: cell.budgetRemaining,
		lastAt: at(cell.lastAt),
	};
}
