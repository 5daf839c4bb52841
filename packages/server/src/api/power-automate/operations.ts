import type { TOLD } from "../schemas-subscriptions.ts";

/** What a flow can do, each a route of the API. */
export interface Operation {
	readonly id: string;
	readonly method: "get" | "post" | "put" | "delete";
	readonly path: string;
	/** At most 80 characters, without a full stop: a card of the designer shows it. */
	readonly summary: string;
	readonly description: string;
	/** Whose trigger it is. */
	readonly trigger?: keyof typeof TOLD;
	readonly hint?: string;
	readonly visibility?: "important" | "advanced" | "internal";
	readonly isAgents?: true;
	/** Parameters and fields of the body that a flow sees at once; the others are under "advanced". */
	readonly important?: readonly string[];
	/** Fields of the answer; all when left out. A designer lists each of them, so it is a choice. */
	readonly answers?: readonly string[];
}

const INCIDENT_FIELDS = [
	"id",
	"title",
	"kind",
	"tenant",
	"tenantDisplayName",
	"workload",
	"workloadDisplayName",
	"slo",
	"severity",
	"state",
	"parent",
	"onsetAt",
	"detectedAt",
	"acknowledgedAt",
	"acknowledgedBy",
	"acknowledgeDueAt",
	"signalClearedAt",
	"mitigatedAt",
	"resolvedAt",
	"verdict",
	"version",
	"sentence",
	"owner",
	"alsoAffected",
	"notices",
] as const;

const FILTERS = ["severities", "tenants", "workloads"];

export const OPERATIONS: readonly Operation[] = [
	{
		id: "OnIncidentOpened",
		method: "post",
		path: "/api/v1/triggers/incident-opened",
		summary: "When an incident opens",
		description: "Starts a flow when an incident opens, once for each; it may come again with the same id.",
		trigger: "incident.opened",
		hint: "To see it work now, let a monitor be tested: bellwether test-monitor, with tests included.",
		visibility: "important",
		important: FILTERS,
	},
	{
		id: "OnIncidentChanged",
		method: "post",
		path: "/api/v1/triggers/incident-changed",
		summary: "When an incident changes",
		description: "Starts a flow when somebody acts on an incident, or when its signal clears or returns.",
		trigger: "incident.changed",
		hint: "To see it work now, acknowledge an incident.",
		important: FILTERS,
	},
	{
		id: "OnBreachOpened",
		method: "post",
		path: "/api/v1/triggers/breach-opened",
		summary: "When a breach opens",
		description: "Starts a flow when a detector claims that a tenant gets less than was promised.",
		trigger: "breach.opened",
		hint: "It starts with the next breach that a live monitor claims.",
		important: FILTERS,
	},
	{
		id: "EndSubscription",
		method: "delete",
		path: "/api/v1/subscriptions/{id}",
		summary: "End a subscription",
		description: "What the platform calls when a flow is turned off.",
		visibility: "internal",
	},
	{
		id: "ListIncidents",
		method: "get",
		path: "/api/v1/incidents",
		summary: "List incidents",
		description: "Incidents, newest first, a page at a time.",
		important: ["state", "tenant"],
	},
	{
		id: "GetIncident",
		method: "get",
		path: "/api/v1/incidents/{id}",
		summary: "Get an incident",
		description: "One incident with its notices.",
		important: ["id"],
		answers: INCIDENT_FIELDS,
	},
	{
		id: "CreateIncident",
		method: "post",
		path: "/api/v1/incidents",
		summary: "Create an incident",
		description: "Opens an incident that a person or a customer reports; it pages like any other.",
		visibility: "important",
		answers: INCIDENT_FIELDS,
	},
	...(
		[
			["AcknowledgeIncident", "acknowledge", "Acknowledge an incident", "Takes the incident; paging stops."],
			["AddNote", "notes", "Add a note to an incident", "Adds a note to the timeline."],
			["MitigateIncident", "mitigate", "Mark an incident as mitigated", "Says that the impact ended."],
			["ResolveIncident", "resolve", "Resolve an incident", "Ends the incident with a verdict."],
		] as const
	).map(
		([id, verb, summary, description]): Operation => ({
			id,
			method: "post",
			path: `/api/v1/incidents/{id}/${verb}`,
			summary,
			description,
			important: ["id", "text", "verdict", "reason"],
			answers: INCIDENT_FIELDS,
		}),
	),
	{
		id: "GetNotice",
		method: "get",
		path: "/api/v1/notices/{id}",
		summary: "Get a notice",
		description: "One notice with its words, recipients and state.",
		important: ["id"],
	},
	{
		id: "EditNotice",
		method: "put",
		path: "/api/v1/notices/{id}",
		summary: "Write the words of a notice",
		description: "Changes the draft of a notice; nothing is sent.",
		important: ["id", "subject", "body"],
	},
	{
		id: "SendNotice",
		method: "post",
		path: "/api/v1/notices/{id}/approve",
		summary: "Send a notice",
		description:
			"Approves a draft, which sends it to the tenant's own contacts. Let a person approve in the flow before a customer's notice.",
		important: ["id"],
	},
	{
		id: "InvokeMCP",
		method: "post",
		path: "/mcp",
		summary: "Bellwether for agents",
		description: "Model Context Protocol: reading tools, and proposals that people confirm.",
		isAgents: true,
	},
];
