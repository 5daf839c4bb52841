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
	/** The one in force: what a person set, else what was derived. */
	readonly severity: Severity;
	/** What its monitor, or whoever declared it, says: the derived one is never milder. */
	readonly groundSeverity: Severity;
	/** From tenant tier, share of events hit, duration and criticality; it only ever rises. */
	readonly derivedSeverity: Severity;
	/** Why the derived one is as it is, in words. */
	readonly severityReasons: readonly string[];
	readonly severityOverride: SeverityOverride | undefined;
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
	readonly reviewedAt: number | undefined;
	readonly reviewedBy: string | undefined;
	/** When it was last taken up again after its resolution. */
	readonly reopenedAt: number | undefined;
	/** The page and its acknowledgement before the first reopening: response is measured by these. */
	readonly firstResponse: { readonly pagedAt: number | null; readonly acknowledgedAt: number | null } | undefined;
	/** It is part of that incident of the same tenant, which has its breaches and its signal. */
	readonly mergedInto: string | undefined;
	readonly duplicateOf: string | undefined;
	/** Names of those who may read it besides administrators; undefined: everybody who may see its tenant. */
	readonly readers: readonly string[] | undefined;
	/** What the detector saw at detection; `alsoBurning` holds only tenants of the reader's scope. */
	readonly evidence: Evidence;
	/** Rises with every change that a person makes, and when the signal's return undoes a mitigation. */
	readonly version: number;
}

/** What a person set instead of the derived severity. */
export interface SeverityOverride {
	readonly severity: Severity;
	readonly by: string;
	readonly at: number;
	readonly reason: string;
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

export type RefusalReason =
	| "already-resolved"
	| "signal-open"
	| "reason-missing"
	| "verdict-unknown"
	| "note-empty"
	| "note-repeated"
	| "not-resolved"
	| "reviewed"
	| "merged"
	| "cool-down-over"
	| "other-tenant"
	| "same-incident"
	| "target-unfit"
	| "person-unknown"
	| "text-unfit"
	| "too-many"
	| "item-unknown"
	| "severity-unknown"
	| "slo-unknown";

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
	/** Undefined: nobody was told, its monitor only watches. Empty: one that the reader may not see. */
	readonly incidentId: string | undefined;
}
