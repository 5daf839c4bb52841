import type { Generated } from "kysely";

/** What the platform itself keeps: the event log, timers, outgoing messages, who may come in, and what was done. */
export interface OwnTables {
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
}
