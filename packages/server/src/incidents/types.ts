import type { Severity } from "@bellwether/model";
import type { Evidence } from "#detection";
import type { EventBus, Ids, Principal, TenantScope } from "#platform";

/** The tenant of platform incidents, in rows and events alike. */
export const PLATFORM = "";

export type IncidentKind = "tenant" | "platform";
export type IncidentState = "detected" | "acknowledged" | "investigating" | "mitigated" | "resolved" | "reviewed";

export const VERDICTS = ["real-impact", "real-no-impact", "noise", "expected-change", "duplicate"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The record people work on. Instants ms epoch; undefined: has not happened, or (onsetAt) is not known. */
export interface Incident {
	readonly id: string;
	/** Counts up from 1001 in the order of opening; the id is `INC-` and this number. */
	readonly number: number;
	/** Empty for a platform incident. */
	readonly tenant: string;
	readonly slo: string;
	readonly workload: string;
	readonly kind: IncidentKind;
	/** The platform incident this one is part of. */
	readonly parentId: string | undefined;
	readonly severity: Severity;
	readonly state: IncidentState;
	readonly title: string;
	readonly monitor: string;
	readonly detectedBy: "monitor" | "customer";
	/** When the impact started, from the windows; undefined when it cannot be told. */
	readonly onsetAt: number | undefined;
	readonly detectedAt: number;
	readonly pagedAt: number | undefined;
	readonly acknowledgedAt: number | undefined;
	readonly acknowledgedBy: string | undefined;
	readonly firstNoticeAt: number | undefined;
	readonly signalClearedAt: number | undefined;
	readonly mitigatedAt: number | undefined;
	readonly resolvedAt: number | undefined;
	readonly verdict: Verdict | undefined;
	readonly verdictReason: string | undefined;
	readonly verdictBy: string | undefined;
	readonly verdictAt: number | undefined;
	/** What the detector saw at detection; `alsoBurning` holds only tenants of the reader's scope. */
	readonly evidence: Evidence;
	/** Rises with every change that a person makes, and when the signal's return undoes a mitigation. */
	readonly version: number;
}

export interface IncidentDeps {
	readonly ids: Ids;
	readonly bus: EventBus;
}

/**
 * What became of a breach. `opened`: a new incident; `child`: a new incident under the platform's; `attached`: it belongs
 * to an incident that is still unresolved; `already-open`: the same claim was taken before (restart, retry);
 * `shadow`: the monitor only watches, nobody is told.
 */
export type OpenOutcome =
	| { readonly status: "opened" | "child" | "attached"; readonly breachId: string; readonly incidentId: string }
	| { readonly status: "already-open"; readonly breachId: string; readonly incidentId: string | undefined }
	| { readonly status: "shadow"; readonly breachId: string };

export type CloseOutcome =
	| { readonly status: "closed"; readonly breachId: string; readonly incidentId: string | undefined }
	| { readonly status: "not-open" };

/** Who wants to change which incident. `expectedVersion` undefined: whatever its version is. */
export interface IncidentRequest {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly incidentId: string;
	readonly now: number;
	readonly expectedVersion?: number | undefined;
	/** Stands in the audit entry. */
	readonly requestId?: string | undefined;
}

/** `unchanged`: it was so already, since `at` by `by`. `not-found` also for incidents outside the scope. */
export type ChangeOutcome =
	| { readonly status: "changed"; readonly incident: Incident }
	| {
			readonly status: "unchanged";
			readonly incident: Incident;
			readonly by: string | undefined;
			readonly at: number | undefined;
	  }
	| { readonly status: "not-found" }
	| { readonly status: "conflict"; readonly incident: Incident }
	| {
			readonly status: "refused";
			readonly incident: Incident;
			readonly reason: RefusalReason;
			readonly message: string;
			readonly remedy: string;
	  };

export type RefusalReason = "already-resolved" | "signal-open" | "reason-missing" | "verdict-unknown" | "note-empty";

export interface TimelineEntry {
	readonly seq: number;
	readonly at: number;
	readonly type: string;
	readonly actor: string;
	/** One sentence for people. */
	readonly text: string;
}

export interface Breach {
	readonly id: string;
	readonly tenant: string;
	readonly slo: string;
	readonly detector: string;
	readonly monitor: string;
	readonly scope: "tenant" | "platform";
	readonly state: "open" | "closed";
	readonly openedAt: number;
	readonly closedAt: number | undefined;
	readonly evidence: Evidence;
	readonly incidentId: string | undefined;
}
