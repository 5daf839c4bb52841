import type { Generated } from "kysely";

/** Who is paged, by what chain and what way, and what holds a page back. */
export interface ResponseTables {
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
	/** How often a step that takes turns was taken. */
	escalation_turns: { policy: string; step: number; turns: number };
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
	/** Messages that tested a way to reach a person. */
	page_tests: {
		outbox_id: string;
		person: string;
		channel: string;
		target_digest: string;
		asked_by: string;
		at: number;
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
