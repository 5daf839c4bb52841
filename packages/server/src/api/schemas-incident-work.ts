import { z } from "zod";

/** What people do with an incident, as it travels. Imports nothing of `schemas.ts`, which builds on it. */

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");
const SeverityValue = z.object({ key: z.enum(["1", "2", "2.5", "3", "4"]), rank: z.number() });

export const IncidentRole = z.enum(["commander", "communications", "scribe"]);

/** Name of the catalogue, or of who signed in; the name for people beside it. */
const Someone = { person: z.string(), personDisplayName: z.string() };

export const RoleHolder = z.object({
	role: IncidentRole,
	...Someone,
	assignedAt: Instant,
	assignedBy: z.string(),
});

export const IncidentTask = z.object({
	id: z.string(),
	incident: z.string(),
	text: z.string(),
	owner: z.string().nullable(),
	ownerDisplayName: z.string().nullable(),
	dueAt: Instant.nullable(),
	isOverdue: z.boolean(),
	createdAt: Instant,
	createdBy: z.string(),
	doneAt: Instant.nullable(),
	doneBy: z.string().nullable(),
	version: z.number().describe("send it as If-Match to change this task"),
});
export type IncidentTask = z.infer<typeof IncidentTask>;

export const RunbookItem = z.object({
	id: z.string().describe("stays as long as the item's words and heading do"),
	text: z.string().describe("plain words"),
	heading: z.string().describe("the heading it stands under; empty: none"),
	isDone: z.boolean(),
	changedAt: Instant.nullable(),
	changedBy: z.string().nullable(),
});

export const IncidentRunbook = z.object({
	name: z.string(),
	title: z.string(),
	why: z.string().describe("what links it to this incident, such as SLO policy-create"),
	html: z
		.string()
		.describe(
			'safe HTML of the text: no scripts, images or attributes but href, rel and data-item; <li data-item="ID"> is an item',
		),
	notes: z.string().nullable().describe("the same, of what is to be known about this tenant; null: nothing"),
	items: z.array(RunbookItem),
	takenAt: Instant.describe("the text is as it stood then; later edits of the catalogue change nothing here"),
});
export type IncidentRunbook = z.infer<typeof IncidentRunbook>;

export const LinkedIncident = z.object({
	kind: z.enum(["related", "duplicate-of", "has-duplicate", "merged-into", "merged-from"]),
	id: z.string(),
	title: z.string(),
	tenantDisplayName: z.string(),
	state: z.enum(["detected", "acknowledged", "investigating", "mitigated", "resolved", "reviewed"]),
	severity: SeverityValue,
});

export const SeverityDetail = z.object({
	ground: SeverityValue.describe("what its monitor is written with, or whoever declared it said"),
	derived: SeverityValue.describe(
		"from tenant tier, share of events hit, duration and criticality; never milder than the ground, and it only rises",
	),
	reasons: z.array(z.string()).describe("why the derived one is as it is, in words"),
	override: z
		.object({ severity: SeverityValue, by: z.string(), at: Instant, reason: z.string() })
		.nullable()
		.describe("what a person set; it is in force as long as it is there"),
});

/** Added to an incident's detail. */
export const IncidentWork = {
	severityDetail: SeverityDetail.describe("severity is the one in force"),
	readers: z.array(z.string()).nullable().describe("who may read it besides administrators; null: not private"),
	canReopenUntil: Instant.nullable().describe("of a resolved one: until when it can be taken up again"),
	reopenedAt: Instant.nullable(),
	reviewedAt: Instant.nullable(),
	reviewedBy: z.string().nullable(),
	mergedInto: z.string().nullable(),
	duplicateOf: z.string().nullable(),
	roles: z.array(RoleHolder).describe("who has a part now"),
	tasks: z.array(IncidentTask),
	links: z.array(LinkedIncident),
	runbooks: z.array(IncidentRunbook),
};

export const SimilarIncidents = z.object({
	items: z.array(
		z.object({
			id: z.string(),
			title: z.string(),
			tenant: z.string(),
			tenantDisplayName: z.string(),
			severity: SeverityValue,
			state: z.enum(["detected", "acknowledged", "investigating", "mitigated", "resolved", "reviewed"]),
			detectedAt: Instant,
			mitigatedAfterMs: z.number().nullable().describe("mitigation − onset; null: not known"),
			verdict: z.string().nullable(),
			verdictReason: z.string().nullable(),
			score: z.number().describe("0 to 1, the likest first"),
			reasons: z.array(z.string()).describe("what the two have in common, the weightiest first"),
		}),
	),
	looked: z.number().describe("how many past incidents were compared"),
});

const Known = z.object({
	status: z.enum(["known", "estimated", "unknown"]),
	value: z.number().nullable(),
	rule: z.string().describe("how it was made, or why it is not known"),
});

export const IncidentCost = z.object({
	until: Instant.describe("end of the impact, or now"),
	isOver: z.boolean(),
	affectedEvents: Known.describe("bad events from the onset to the end of the impact"),
	totalEvents: Known,
	userMinutes: Known,
	responderMs: Known.describe("time of all people together"),
	responders: z.array(
		z.object({ ...Someone, ms: z.number(), acts: z.number().describe("entries of the timeline that are theirs") }),
	),
});
export type IncidentCost = z.infer<typeof IncidentCost>;

export const TaskList = z.object({ items: z.array(IncidentTask.extend({ incidentTitle: z.string() })) });
