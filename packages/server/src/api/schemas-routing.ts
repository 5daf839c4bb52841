import { z } from "zod";
import { CellState, IncidentState, Instant, Severity } from "./schemas.ts";
import { SloSummary } from "./schemas-slos.ts";

/** Wire schemas of mutes, of what holds pages back, of hand-offs, and of a workload with its owners. */

export const MuteView = z.object({
	id: z.string(),
	matchers: z.array(z.string()).describe("sets of matchers in PromQL; one set is enough"),
	owner: z.string(),
	reason: z.string(),
	state: z.enum(["pending", "active", "over"]),
	startsAt: Instant,
	endsAt: Instant,
	createdBy: z.string(),
	createdAt: Instant,
	changedBy: z.string().nullable(),
	changedAt: Instant.nullable(),
	endedBy: z.string().nullable().describe("who ended it early"),
	endedAt: Instant.nullable(),
	remindedAt: Instant.nullable().describe("when its owner was reminded of its end"),
	heldCount: z.number().describe("incidents of the caller's tenants whose page it ever held back"),
	holding: z.array(z.string()).describe("those that it holds back now"),
	version: z.number(),
});
export type MuteView = z.infer<typeof MuteView>;

export const MaintenanceView = z.object({
	name: z.string(),
	displayName: z.string(),
	owner: z.string(),
	text: z.string().describe("what customers may read of it"),
	tenants: z.array(z.string()).describe("empty: all"),
	workloads: z.array(z.string()).describe("empty: all"),
	isOn: z.boolean(),
	until: Instant.nullable().describe("of one that is on"),
	nextAt: Instant.nullable().describe("when it begins next, within two years"),
	place: z.string(),
});
export type MaintenanceView = z.infer<typeof MaintenanceView>;

export const MuteList = z.object({
	items: z.array(MuteView),
	maintenance: z.array(MaintenanceView),
	held: z
		.array(z.object({ incident: z.string(), title: z.string(), kind: z.string(), until: Instant.nullable() }))
		.describe("every incident whose page is held back now, by whatever"),
	longestMs: z.number().describe("how long a mute may last"),
});

const MatcherSets = z
	.array(z.string().min(1).max(4_096))
	.min(1)
	.max(20)
	.describe('sets of matchers in PromQL, such as tenant="woodgrove", workload=~"mail|files"');

export const NewMuteBody = z.strictObject({
	matchers: MatcherSets,
	reason: z.string().max(500),
	owner: z.string().max(200).optional().describe("who answers for it; the caller when left out"),
	startsAt: Instant.optional().describe("now when left out"),
	endsAt: Instant.describe("required: at most 30 days after it begins"),
});

export const MuteChangeBody = z.strictObject({
	reason: z.string().max(500).optional(),
	owner: z.string().max(200).optional(),
	endsAt: Instant.optional(),
});

export const MutePreview = z.object({
	tenants: z.number().describe("key tenants of the caller that it could match"),
	slos: z.number(),
	open: z.array(z.object({ id: z.string(), title: z.string() })).describe("open incidents that it would hold back now"),
});

export const HandOffView = z.object({
	id: z.string(),
	party: z.string(),
	team: z.string(),
	reason: z.string(),
	handedBy: z.string(),
	handedAt: Instant,
	takeBy: Instant,
	state: z.enum(["waiting", "overdue", "taken", "over"]),
	takenBy: z.string().nullable(),
	endedAt: Instant.nullable(),
});

export const IncidentRouting = z.object({
	state: z.enum(["waiting", "held", "paging", "sharing", "quiet", "telling", "over"]).nullable(),
	routes: z.array(z.string()).describe("names of the routes that took it; the first pages"),
	policy: z.string().nullable(),
	lead: z.string().nullable().describe("the incident whose page names it"),
	names: z.array(z.string()).describe("incidents that its page names"),
	pageAt: Instant.nullable(),
	explanation: z.array(z.string()).describe("empty for callers who may see some tenants only"),
	holds: z.array(
		z.object({
			kind: z.enum(["mute", "maintenance", "inhibition", "interval"]),
			ref: z.string(),
			words: z.string(),
			since: Instant,
			until: Instant.nullable(),
			endedAt: Instant.nullable().describe("null: it still holds"),
		}),
	),
	matchers: z.string().describe("a set that mutes what is like this incident"),
	handOffs: z.array(HandOffView),
	receivers: z
		.array(
			z.object({ party: z.string(), team: z.string(), takeWithinMs: z.number(), accountableFor: z.array(z.string()) }),
		)
		.describe("whom it can be handed to"),
});
export type IncidentRouting = z.infer<typeof IncidentRouting>;

export const WorkloadSummary = z.object({
	name: z.string(),
	displayName: z.string(),
	owner: z.string(),
	slos: z.number(),
	tenants: z.number(),
	worst: CellState,
	openIncidents: z.number(),
	gaps: z.number().describe("steps without an accountable party that can be told"),
});

export type WorkloadSummary = z.infer<typeof WorkloadSummary>;

export const WorkloadDetail = WorkloadSummary.extend({
	runbook: z.array(z.string()),
	slosInDetail: z.array(SloSummary),
	tenantsInDetail: z.array(
		z.object({
			name: z.string(),
			displayName: z.string(),
			tier: z.string(),
			state: CellState,
			incident: z.string().nullable(),
		}),
	),
	incidents: z.array(
		z.object({ id: z.string(), title: z.string(), severity: Severity, state: IncidentState, held: z.boolean() }),
	),
	parties: z.array(
		z.object({
			name: z.string(),
			team: z.string(),
			policy: z.string().nullable(),
			takeWithinMs: z.number().nullable(),
		}),
	),
	raci: z.array(
		z.object({ step: z.string(), parts: z.record(z.string(), z.string()), accountable: z.string().nullable() }),
	),
	gapsInDetail: z.array(z.string()),
	ownershipPlace: z.string().nullable(),
	noise: z
		.object({
			days: z.number(),
			incidents: z.number(),
			pages: z.number().describe("incidents that paged by themselves"),
			held: z.number().describe("incidents whose page was held back at some time"),
			real: z.number(),
			noise: z.number(),
			unjudged: z.number(),
		})
		.describe("of the caller's tenants"),
	maintenance: z.array(MaintenanceView),
});
export type WorkloadDetail = z.infer<typeof WorkloadDetail>;
