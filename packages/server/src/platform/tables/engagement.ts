/** What customers, subscribers and agents are told or want done. */
export interface EngagementTables {
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
}
