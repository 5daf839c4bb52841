import type { SeverityKey } from "@bellwether/model";

/** Systems of record that incidents are carried to. */
export type IntegrationKind = "pagerduty" | "servicenow" | "jira" | "azure-devops" | "icm";

/** How a system's own messages prove where they come from. */
export type InboundAuth = "pagerduty" | "hub-signature" | "standard-webhooks" | "bearer" | "basic";

export type TicketState = "open" | "acknowledged" | "mitigated" | "resolved";

/** A system of record: which incidents go there, how we sign in, and how their words are written in its words. */
export interface Integration {
	readonly name: string;
	readonly displayName: string;
	readonly kind: IntegrationKind;
	/** Address of the system, without a slash at the end. */
	readonly url: string;
	readonly auth: IntegrationAuth;
	/** Jira: key of the project; Azure DevOps: organisation/project; else empty. */
	readonly project: string;
	/** Issue type, work item type or table. */
	readonly type: string;
	readonly when: IntegrationFilter;
	/** Theirs for ours; a severity that is not named has the system's default. */
	readonly severities: Readonly<Partial<Record<SeverityKey, string>>>;
	readonly states: Readonly<Partial<Record<TicketState, string>>>;
	/** Their field → Liquid text over INTEGRATION_FACTS. */
	readonly fields: Readonly<Record<string, string>>;
	/** Where ICM's receiver writes what, as paths with dots. */
	readonly answer: Readonly<Partial<Record<AnswerField, string>>>;
	/** Undefined: messages from there are not taken. */
	readonly inbound?: { readonly auth: InboundAuth; readonly secretRef: string } | undefined;
	/** For one request, ms. */
	readonly timeoutMs: number;
}

export type AnswerField = "items" | "id" | "name" | "url" | "status";

/** Secret references, never secrets. */
export type IntegrationAuth =
	| { readonly kind: "none" }
	| { readonly kind: "bearer"; readonly tokenRef: string }
	| { readonly kind: "basic"; readonly user: string; readonly passwordRef: string }
	/** PagerDuty: the routing key of an Events v2 integration, and with `tokenRef` the REST API as `from`. */
	| {
			readonly kind: "pagerduty";
			readonly routingKeyRef: string;
			readonly tokenRef?: string | undefined;
			readonly from?: string | undefined;
			readonly apiUrl: string;
	  };

/** Lists that are empty let everything through. */
export interface IntegrationFilter {
	/** This severity or worse. */
	readonly severity: SeverityKey;
	readonly workloads: readonly string[];
	readonly tenants: readonly string[];
}

/** What a field template of an integration may name; all of them texts. */
export const INTEGRATION_FACTS = [
	"key",
	"incident",
	"title",
	"text",
	"link",
	"organisation",
	"tenant",
	"tenantName",
	"workload",
	"workloadName",
	"slo",
	"monitor",
	"severity",
	"theirSeverity",
	"state",
	"theirState",
	"detectedAt",
] as const;
export type IntegrationFact = (typeof INTEGRATION_FACTS)[number];
