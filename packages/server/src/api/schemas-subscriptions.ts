import { z } from "zod";
import { Instant } from "./schemas.ts";

/** Wire schemas of subscriptions: what other systems ask to be told, and what they are sent. */

export const SubscriptionEvent = z.enum(["incident.opened", "incident.changed", "breach.opened"]);
export const SeverityKey = z.enum(["1", "2", "2.5", "3", "4"]);

const names = z.array(z.string().min(1).max(63)).min(1).max(200);

/** What a subscriber says about what it wants; a trigger of a flow says the same without the event. */
export const Subscribing = z.strictObject({
	callbackUrl: z.string().min(1).max(2048).describe("address that is posted to; https"),
	severities: z
		.array(SeverityKey)
		.min(1)
		.optional()
		.describe("all when left out; breaches have that of their incident"),
	tenants: names.optional().describe("key tenants; all that the token may see when left out"),
	workloads: names.optional().describe("all when left out"),
	includeTests: z.boolean().optional().describe("tests of the paging as well; false when left out"),
	includeParts: z
		.boolean()
		.optional()
		.describe("incidents that are part of a platform incident; when left out: only if the token cannot see that one"),
	clientState: z
		.string()
		.max(255)
		.optional()
		.describe("comes back in each message as clientstate, for receivers that check no signature"),
});
export const SubscriptionRequest = Subscribing.extend({ event: SubscriptionEvent });

export const SubscriptionView = z.object({
	id: z.string(),
	event: SubscriptionEvent,
	owner: z.string().describe("name of the token that made it"),
	receiver: z.string().describe("host of the address; the rest of it is the receiver's secret"),
	filter: z.object({
		severities: z.array(z.string()).nullable(),
		tenants: z.array(z.string()).nullable(),
		workloads: z.array(z.string()).nullable(),
		includeTests: z.boolean(),
		includeParts: z.boolean(),
	}),
	state: z.enum(["active", "disabled"]),
	reason: z.string().nullable().describe("why it was disabled"),
	createdAt: Instant,
	disabledAt: Instant.nullable(),
	lastAt: Instant.nullable().describe("of the last attempt to tell it something"),
	lastOutcome: z.string().nullable(),
	failures: z.number().describe("messages in a row that failed for good"),
	deliveries: z.number().describe("messages that arrived"),
	waiting: z.number().describe("messages that wait to be sent"),
});
export type SubscriptionView = z.infer<typeof SubscriptionView>;
export const SubscriptionMade = SubscriptionView.extend({
	secret: z.string().describe("whsec_…: checks webhook-signature, as Standard Webhooks do"),
});

const DateTime = z.iso.datetime();

/** Of an incident as subscribers are sent it; what is not known is left out. */
export const ToldIncident = z.object({
	id: z.string().describe("Incident"),
	number: z.number().int().describe("Number"),
	title: z.string().describe("Title"),
	sentence: z.string().describe("What, who, since when, how bad"),
	kind: z.enum(["tenant", "platform"]).describe("Of a tenant or of the platform"),
	tenant: z.string().describe("Tenant, empty for the platform"),
	tenantDisplayName: z.string().describe("Tenant's name"),
	workload: z.string().describe("Workload"),
	workloadDisplayName: z.string().describe("Workload's name"),
	slo: z.string().describe("SLO"),
	severity: SeverityKey.describe("Severity"),
	severityRank: z.number().describe("Severity's rank, 1 is the worst"),
	state: z.string().describe("State"),
	detectedBy: z.string().describe("Detected by monitor or customer"),
	isTest: z.boolean().describe("A test: nothing is wrong"),
	parent: z.string().optional().describe("Platform incident that it is part of"),
	onsetAt: DateTime.optional().describe("When the impact began"),
	detectedAt: DateTime.describe("When it was detected"),
	acknowledgedAt: DateTime.optional().describe("When it was acknowledged"),
	acknowledgedBy: z.string().optional().describe("Who acknowledged it"),
	mitigatedAt: DateTime.optional().describe("When it was mitigated"),
	resolvedAt: DateTime.optional().describe("When it was resolved"),
	verdict: z.string().optional().describe("Verdict"),
	version: z.number().int().describe("Version"),
	url: z.string().describe("Link to the incident"),
	acknowledgeUrl: z.string().describe("Link to the page with the button"),
});
export const ToldChange = z.object({
	type: z.string().describe("What happened, such as incident.acknowledged"),
	by: z.string().describe("Who did it"),
	text: z.string().describe("What happened, in a sentence"),
});
export const ToldBreach = z.object({
	id: z.string().describe("Breach"),
	tenant: z.string().describe("Tenant, empty for the platform"),
	tenantDisplayName: z.string().describe("Tenant's name"),
	workload: z.string().describe("Workload"),
	slo: z.string().describe("SLO"),
	detector: z.string().describe("Detector"),
	monitor: z.string().describe("Monitor"),
	scope: z.enum(["tenant", "platform"]).describe("Of a tenant or of the platform"),
	objective: z.number().describe("Objective, a ratio"),
	detectedAt: DateTime.describe("When it was detected"),
	bad: z.number().describe("Bad events since it began"),
	total: z.number().describe("Events since it began"),
	burnRate: z.number().optional().describe("How fast the error budget burns"),
	incident: z.string().optional().describe("Incident"),
	severity: SeverityKey.optional().describe("Severity of the incident"),
	url: z.string().optional().describe("Link to the incident"),
});

const told = <Data extends z.ZodType>(data: Data) =>
	z.object({
		specversion: z.literal("1.0").describe("Version of CloudEvents"),
		id: z.string().describe("Id, the same when it is sent again"),
		type: z.string().describe("Type"),
		source: z.string().describe("Address of the Bellwether that sent it"),
		subject: z.string().describe("What it is about"),
		time: DateTime.describe("When it happened"),
		datacontenttype: z.literal("application/json").describe("Kind of the data"),
		clientstate: z.string().optional().describe("What the subscriber asked to get back"),
		data,
	});

/** What is posted for each kind of event. */
export const TOLD = {
	"incident.opened": told(ToldIncident),
	"incident.changed": told(ToldIncident.extend({ change: ToldChange })),
	"breach.opened": told(ToldBreach),
} as const;
