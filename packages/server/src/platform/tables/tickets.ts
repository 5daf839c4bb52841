import type { Generated } from "kysely";

/** Incidents in systems of record. */
export interface TicketTables {
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
}
