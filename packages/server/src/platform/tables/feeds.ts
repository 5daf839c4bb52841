import type { Generated } from "kysely";

/** What side feeds told: health of platforms, changes, cases. */
export interface FeedTables {
	/** One row per feed that was ever heard: what came, and when. `unmapped`: JSON list of components that nothing maps. */
	feeds: {
		feed: string;
		first_message_at: number;
		last_message_at: number;
		messages: number;
		duplicates: number;
		facts: number;
		left_out: number;
		faults: number;
		last_fault: string | null;
		last_fault_at: number | null;
		unmapped: string;
	};
	/** Messages that were taken, so that the same one again changes nothing. */
	feed_messages: { feed: string; message_key: string; received_at: number };
	/** What a platform says of its components; `component` is a JSON list of names, the most precise first. */
	platform_health: {
		seq: Generated<number>;
		feed: string;
		external_id: string;
		component: string;
		state: "operational" | "maintenance" | "degraded" | "outage" | "unknown";
		source_status: string;
		title: string;
		link: string | null;
		started_at: number;
		ended_at: number | null;
		revised_at: number;
		revision_rank: number;
		digest: string;
		received_at: number;
	};
	/** One row per change, tenant and workload; '' stands for "not of a single one". */
	changes: {
		seq: Generated<number>;
		feed: string;
		external_id: string;
		tenant: string;
		workload: string;
		kind: string;
		state: string;
		title: string;
		ring: string | null;
		region: string | null;
		build: string | null;
		actor: string | null;
		link: string | null;
		started_at: number;
		ended_at: number | null;
		revised_at: number;
		revision_rank: number;
		digest: string;
		received_at: number;
	};
	/** `tenant` is '' when `tenant_named` is no key tenant. */
	cases: {
		seq: Generated<number>;
		feed: string;
		external_id: string;
		tenant: string;
		tenant_named: string;
		workload: string;
		kind: "support-case" | "customer-report";
		severity: string | null;
		title: string;
		link: string | null;
		escalated: number;
		opened_at: number;
		closed_at: number | null;
		revised_at: number;
		revision_rank: number;
		digest: string;
		received_at: number;
	};
}
