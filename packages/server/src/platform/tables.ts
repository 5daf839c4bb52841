import type { Generated } from "kysely";
import type { OnCallTables } from "./tables-oncall.ts";

/**
 * The control plane's tables, one type each. Instants are integer milliseconds UTC, structured values JSON text,
 * booleans 0/1: what SQLite and PostgreSQL both hold. Every row of a tenant names it; '' is the fleet (platform).
 */
export interface ControlTables extends OnCallTables {
	meta: { key: string; value: string };
	/** The event log and the incidents' timelines: append-only, `seq` is the commit order. */
	events: {
		seq: Generated<number>;
		at: number;
		type: string;
		tenant: string;
		incident_id: string | null;
		actor: string;
		data: string;
	};
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
	/**
	 * One page to a person, or to a channel (`person` is then `channel:NAME`). `ways`: JSON of when which contacts are used;
	 * `next_way`: index of what comes next. `tenant` is '' when it names incidents of several.
	 */
	pages: {
		id: string;
		person: string;
		tenant: string;
		reason: string;
		ways: string;
		next_way: number;
		timer_id: string | null;
		state: "running" | "over";
		/** When every way had failed. */
		failed_at: number | null;
		created_at: number;
	};
	/** `dropped_at`: somebody has taken the incident, or its chain ended, so the page is not for it any more. */
	page_incidents: { page_id: string; incident_id: string; tenant: string; dropped_at: Generated<number | null> };
	page_messages: { outbox_id: string; page_id: string };
	/** What waits to go with a person's next page. `occasion` is JSON, the person as the chain knows it among it. */
	waiting_pages: { person: string; incident_id: string; tenant: string; since_at: number; occasion: string };
	page_queues: { person: string; timer_id: string };
	/** How often a step that takes turns was taken. */
	escalation_turns: { policy: string; step: number; turns: number };
	/** One-time codes of text messages. `subject`: incident, page or test page. */
	reply_codes: {
		id: string;
		person: string;
		channel: string;
		address: string;
		code_digest: string;
		purpose: "acknowledge" | "confirm-contact";
		subject: string;
		created_at: number;
		expires_at: number;
		used_at: number | null;
	};
	/** Wrong codes from one number. */
	reply_failures: { address: string; failures: number; since_at: number };
	/** What the answer to a test page names, and whether somebody said that it had arrived. */
	contact_tests: {
		subject: string;
		outbox_id: string;
		person: string;
		confirmed_at: number | null;
		confirmed_by: string | null;
	};
	/** A running chain. `policy` is the snapshot taken at its start: edits never change a running chain. */
	escalations: {
		id: string;
		incident_id: string;
		tenant: string;
		policy: string;
		/** Name of the snapshot's policy, for counting. */
		policy_name: Generated<string>;
		state: "running" | "acknowledged" | "exhausted" | "stopped";
		started_at: number;
		ended_at: number | null;
	};
	/** Durable timers, written with the state that wants them. `due_at` wall clock ms. */
	timers: {
		id: string;
		kind: string;
		tenant: string;
		incident_id: string | null;
		due_at: number;
		data: string;
		state: "pending" | "done" | "cancelled";
		created_at: number;
		fired_at: number | null;
		/** How often its handler threw, and when it is tried again; null: at `due_at`. */
		failures: Generated<number>;
		retry_at: number | null;
	};
	/** Outgoing messages, written with the state that wants them. `id` is the one id of all attempts. */
	outbox: {
		id: string;
		kind: "page" | "notice";
		delivery: "at-least-once" | "at-most-once";
		tenant: string;
		incident_id: string | null;
		channel: string;
		address: string;
		payload: string;
		state: "pending" | "sending" | "sent" | "failed" | "uncertain" | "cancelled";
		attempts: number;
		next_at: number;
		created_at: number;
		sent_at: number | null;
		last_error: string | null;
	};
	/** Every attempt to send, in order. `target_digest` is SHA-256 of the address. */
	deliveries: {
		seq: Generated<number>;
		outbox_id: string;
		kind: "page" | "notice";
		tenant: string;
		incident_id: string | null;
		attempt: number;
		channel: string;
		target_digest: string;
		started_at: number;
		ended_at: number | null;
		outcome: "sending" | "sent" | "failed" | "uncertain";
		detail: string;
	};
	notices: {
		id: string;
		incident_id: string;
		tenant: string;
		audience: "csam" | "support" | "customer";
		state: "draft" | "approved" | "sending" | "sent" | "uncertain" | "discarded";
		language: string;
		template: string;
		subject: string;
		body: string;
		/** JSON list of addresses, taken from the tenant's contacts at approval; bound by the hash. */
		recipients: string;
		recipients_hash: string;
		created_at: number;
		approved_by: string | null;
		approved_at: number | null;
		sent_at: number | null;
		version: number;
	};
	/** Messages on the console's built-in phone. */
	phone_messages: {
		id: string;
		tenant: string;
		incident_id: string | null;
		at: number;
		person: string;
		title: string;
		body: string;
	};
	tokens: {
		id: string;
		hash: string;
		name: string;
		role: string;
		one_time: number;
		/** JSON list of the tenants it may see; null: all. */
		tenants: string | null;
		created_at: number;
		expires_at: number | null;
		last_used_at: number | null;
		revoked_at: number | null;
	};
	sessions: {
		id_hash: string;
		principal: string;
		role: string;
		csrf: string;
		/** As of the token it was opened with. */
		tenants: string | null;
		/** What it was opened with; revoking that ends the session. */
		token_id: string | null;
		created_at: number;
		seen_at: number;
		expires_at: number;
	};
	/** Append-only, hash-chained: hash = SHA-256(previous hash ‖ canonical entry). */
	audit: {
		seq: Generated<number>;
		at: number;
		actor: string;
		action: string;
		tenant: string;
		subject: string;
		request_id: string;
		detail: string;
		hash: string;
	};
	config_versions: { hash: string; applied_at: number; applied_by: string; files: string; active: number };
	/** Which ids a key tenant had, from one configuration to the next; open (`until_at` null) in the one that runs. `ids`: JSON of match and aliases. */
	register_versions: {
		seq: Generated<number>;
		tenant: string;
		since_at: number;
		until_at: number | null;
		applied_by: string;
		config: string;
		ids: string;
	};
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
	/** Which changes may have brought an incident about, as it was judged last; `answer` is JSON. */
	incident_causes: { incident_id: string; judged_at: number; answer: string };
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
	/** Who else is told what happens, and where. `filter` JSON; `secret` signs what is sent there. */
	subscriptions: {
		id: string;
		/** Whose scope decides what may be told; nothing is, once the token is worth nothing. */
		token_id: string;
		owner: string;
		event: "incident.opened" | "incident.changed" | "breach.opened";
		callback_url: string;
		secret: string;
		client_state: string | null;
		filter: string;
		state: "active" | "disabled";
		/** Why it was disabled. */
		reason: string | null;
		created_at: number;
		disabled_at: number | null;
		last_at: number | null;
		last_outcome: string | null;
		/** Messages in a row that failed for good. */
		failures: number;
		deliveries: number;
	};
	/** What agents want done; `refused`: confirmed, but it could not be done. `policy`: what let it through. */
	proposals: {
		id: string;
		incident_id: string | null;
		tenant: string;
		tool: string;
		arguments: string;
		reason: string;
		/** "Copilot (for oncall-bot)". */
		agent: string;
		token_id: string;
		state: "pending" | "done" | "refused" | "rejected";
		created_at: number;
		expires_at: number;
		policy: string | null;
		decided_at: number | null;
		decided_by: string | null;
		outcome: string | null;
		version: number;
	};
	/** One row per incident and integration. `agreed`, `told`: JSON; `phase` and `sync`: see Ticket. */
	tickets: {
		id: string;
		incident_id: string;
		tenant: string;
		integration: string;
		external_key: string;
		external_id: string | null;
		external_name: string | null;
		external_alias: string | null;
		url: string | null;
		phase: "absent" | "creating" | "linked" | "gone" | "dropped";
		sync: "pending" | "sending" | "synced" | "failed";
		agreed: string;
		theirs: "open" | "acknowledged" | "mitigated" | "resolved" | null;
		note_seq: number;
		told: string;
		created_at: number;
		create_sent_at: number | null;
		synced_at: number | null;
		failures: number;
		failing_since: number | null;
		next_at: number;
		last_error: string | null;
		version: number;
	};
	/** Every exchange with a system of record, in order; `ticket_id` '' for tests of an integration. */
	ticket_attempts: {
		seq: Generated<number>;
		ticket_id: string;
		integration: string;
		tenant: string;
		incident_id: string | null;
		what: "create" | "adopt" | "update" | "note" | "look-up" | "test";
		started_at: number;
		ended_at: number | null;
		outcome: "sending" | "done" | "retry" | "uncertain" | "refused" | "gone";
		detail: string;
	};
	/** What systems of record told us; the same message again changes nothing. `note_seq`: the timeline entry it became. */
	ticket_messages: {
		seq: Generated<number>;
		integration: string;
		message_key: string;
		received_at: number;
		ticket_id: string | null;
		tenant: string;
		incident_id: string | null;
		kind: string;
		outcome: string;
		note_seq: number | null;
	};
	/** What a provider told of a message after it took it; each state once. */
	delivery_receipts: {
		seq: Generated<number>;
		outbox_id: string;
		tenant: string;
		incident_id: string | null;
		channel: string;
		state: "accepted" | "delivered" | "answered" | "read" | "undelivered";
		detail: string;
		at: number;
	};
	/** Messages that tested a way to reach a person. */
	page_tests: {
		outbox_id: string;
		person: string;
		channel: string;
		target_digest: string;
		asked_by: string;
		at: number;
	};
	/** Checks of the system by itself, the last ones; `stages` is JSON of stage to ms. Their tenants are in no catalogue. */
	self_checks: {
		id: string;
		tenant: string;
		state: "detected" | "acknowledged" | "resolved" | "failed";
		started_at: number;
		ended_at: number | null;
		stages: string;
		failed_stage: string | null;
		detail: string;
	};
	/** Who may not be woken by what, until when. `matchers`: JSON list of sets, one is enough. `tenants`: JSON of those its maker may see, null for all. */
	mutes: {
		id: string;
		matchers: string;
		owner: string;
		reason: string;
		starts_at: number;
		ends_at: number;
		tenants: string | null;
		created_by: string;
		created_at: number;
		changed_by: string | null;
		changed_at: number | null;
		ended_by: string | null;
		ended_at: number | null;
		reminded_at: number | null;
		version: number;
	};
	/** What was decided about an incident's pages, last. `lead_id`: the incident whose page names it. `decision` is JSON. */
	routed: {
		incident_id: string;
		tenant: string;
		state: "waiting" | "held" | "paging" | "sharing" | "quiet" | "telling" | "over";
		group_key: string;
		lead_id: string | null;
		page_at: number | null;
		paged_at: number | null;
		told_at: number | null;
		decided_at: number;
		decision: string;
	};
	/** Everything that ever held a page back, one row per incident and time. */
	page_holds: {
		seq: Generated<number>;
		incident_id: string;
		tenant: string;
		kind: "mute" | "maintenance" | "inhibition" | "interval";
		ref: string;
		words: string;
		since_at: number;
		until_at: number | null;
		ended_at: number | null;
	};
	/** An incident given to another party, which must take it in time. */
	hand_offs: {
		id: string;
		incident_id: string;
		tenant: string;
		party: string;
		team: string;
		policy: string;
		reason: string;
		handed_by: string;
		handed_at: number;
		take_by: number;
		state: "waiting" | "overdue" | "taken" | "over";
		taken_by: string | null;
		ended_at: number | null;
	};
}
