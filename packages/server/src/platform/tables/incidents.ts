import type { Generated } from "kysely";

/** Claims, the incidents that people work on, and the work. */
export interface IncidentTables {
	/** At most one open row per (tenant, slo, detector): a partial unique index holds it. */
	breaches: {
		id: string;
		tenant: string;
		slo: string;
		detector: string;
		monitor: string;
		scope: string;
		state: "open" | "closed";
		opened_at: number;
		closed_at: number | null;
		evidence: string;
		incident_id: string | null;
	};
	/** What monitors in shadow would have claimed. */
	shadow_firings: {
		seq: Generated<number>;
		monitor: string;
		tenant: string;
		slo: string;
		at: number;
		says: string;
	};
	incidents: {
		id: string;
		number: number;
		tenant: string;
		slo: string;
		workload: string;
		kind: "tenant" | "platform";
		parent_id: string | null;
		severity_key: string;
		severity_rank: number;
		state: "detected" | "acknowledged" | "investigating" | "mitigated" | "resolved" | "reviewed";
		title: string;
		monitor: string;
		detected_by: "monitor" | "customer";
		onset_at: number | null;
		detected_at: number;
		paged_at: number | null;
		acknowledged_at: number | null;
		acknowledged_by: string | null;
		first_notice_at: number | null;
		signal_cleared_at: number | null;
		mitigated_at: number | null;
		resolved_at: number | null;
		verdict: string | null;
		verdict_reason: string | null;
		verdict_by: string | null;
		verdict_at: number | null;
		evidence: string;
		version: number;
		/** JSON list of names; null: not private. */
		readers: Generated<string | null>;
		/** What its monitor says; the severity derived from the facts, why (JSON list), and what a person set instead (JSON). */
		severity_ground: Generated<string | null>;
		derived_severity_key: Generated<string | null>;
		severity_reasons: Generated<string | null>;
		severity_override: Generated<string | null>;
		merged_into: Generated<string | null>;
		duplicate_of: Generated<string | null>;
		reviewed_at: Generated<number | null>;
		reviewed_by: Generated<string | null>;
		reopened_at: Generated<number | null>;
		/** JSON of pagedAt and acknowledgedAt before the first reopening. */
		first_response: Generated<string | null>;
		/** Under which key somebody declared it: the same key again is the same incident. */
		declared_key: Generated<string | null>;
	};
	/** Who holds, or held, a part in the work; `ended_at` null: still. */
	incident_roles: {
		id: string;
		incident_id: string;
		tenant: string;
		role: "commander" | "communications" | "scribe";
		person: string;
		assigned_at: number;
		assigned_by: string;
		ended_at: number | null;
	};
	incident_tasks: {
		id: string;
		incident_id: string;
		tenant: string;
		text: string;
		owner: string | null;
		due_at: number | null;
		created_at: number;
		created_by: string;
		done_at: number | null;
		done_by: string | null;
		overdue_at: number | null;
		timer_id: string | null;
		/** Idempotency-Key of the request that made it. */
		request_key: string | null;
		version: number;
	};
	/** `kind` related: read from both sides. One row per pair, the smaller id first. */
	incident_links: {
		incident_id: string;
		other_id: string;
		tenant: string;
		kind: "related";
		created_at: number;
		created_by: string;
	};
	/** A runbook as it stood when the incident opened; `document` is JSON. */
	incident_runbooks: {
		incident_id: string;
		tenant: string;
		position: number;
		name: string;
		taken_at: number;
		document: string;
	};
	/** A row for each item that somebody ticked or unticked. */
	incident_runbook_items: {
		incident_id: string;
		tenant: string;
		item_id: string;
		done: number;
		changed_at: number;
		changed_by: string;
	};
	/** Values of attributes that explained the bad events, as they were found last. */
	incident_culprits: { incident_id: string; tenant: string; attribute: string; value: string };
	/** Which changes may have brought an incident about, as it was judged last; `answer` is JSON. */
	incident_causes: { incident_id: string; judged_at: number; answer: string };
}
