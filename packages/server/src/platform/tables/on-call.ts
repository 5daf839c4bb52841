import type { Generated } from "kysely";

type Role = "primary" | "secondary" | "shadow";

/** What people change about schedules; nothing of it is a tenant's. `request_key` makes a repeated request the same act. */
export interface OnCallTables {
	/** `people` and `replaces` are names of people; `people` is a JSON list. */
	oncall_overrides: {
		id: string;
		schedule: string;
		role: Role;
		from_at: number;
		to_at: number;
		people: string;
		replaces: string | null;
		reason: string;
		made_by: string;
		made_at: number;
		cancelled_by: string | null;
		cancelled_at: number | null;
		swap_id: string | null;
		request_key: string | null;
	};
	oncall_absences: {
		id: string;
		person: string;
		from_at: number;
		to_at: number;
		reason: string;
		made_by: string;
		made_at: number;
		cancelled_by: string | null;
		cancelled_at: number | null;
		request_key: string | null;
	};
	oncall_swaps: {
		id: string;
		schedule: string;
		role: Role;
		person: string;
		from_at: number;
		to_at: number;
		reason: string;
		state: "open" | "taken" | "past-due" | "cancelled";
		requested_by: string;
		requested_at: number;
		taken_by: string | null;
		changed_by: string;
		changed_at: number;
		version: number;
		request_key: string | null;
	};
	oncall_notes: {
		seq: Generated<number>;
		schedule: string;
		at: number;
		by: string;
		text: string;
		request_key: string | null;
	};
	/** The last reading of a layer's calendar. `unknown` is a JSON list of titles that name nobody. */
	oncall_calendars: {
		schedule: string;
		layer: string;
		asked_at: number;
		read_at: number | null;
		until_at: number | null;
		events: number;
		unknown: string;
		fault: string | null;
		digest: string | null;
	};
	oncall_calendar_events: {
		seq: Generated<number>;
		schedule: string;
		layer: string;
		person: string;
		priority: number | null;
		from_at: number;
		to_at: number;
	};
	/** Private calendar feeds, of a schedule or a person. `digest`: SHA-256 of the secret in the address. */
	oncall_feeds: {
		id: string;
		digest: string;
		schedule: string | null;
		person: string | null;
		made_by: string;
		made_at: number;
		revoked_by: string | null;
		revoked_at: number | null;
		used_at: number | null;
	};
}
