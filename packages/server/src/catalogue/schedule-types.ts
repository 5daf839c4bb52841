/** What somebody on call is there for: the primary is paged first, a shadow learns and is never paged. */
export const ON_CALL_ROLES = ["primary", "secondary", "shadow"] as const;
export type OnCallRoleName = (typeof ON_CALL_ROLES)[number];

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A layer with this priority wins over all others; those of people are 0 to 9. Overrides made by hand win over it. */
export const OVERRIDE_PRIORITY = 10;

/**
 * Who is on call, and when. Of the layers of a role that have somebody at an instant, those with the highest priority
 * are on call, together when there are several.
 */
export interface ScheduleLayer {
	readonly name: string;
	readonly role: OnCallRoleName;
	/** 0 to 9, or OVERRIDE_PRIORITY. */
	readonly priority: number;
	/** Of `times`, and of the rotation's local times. */
	readonly timeZone: string;
	readonly turns: LayerTurns;
	/** The layer has somebody only then; empty: always. */
	readonly times: readonly DutyTime[];
}

export type LayerTurns =
	| ({ readonly kind: "rotation" } & Rotation)
	| { readonly kind: "shifts"; readonly shifts: readonly FixedShift[] }
	/** Pulled; who its titles name is state, not catalogue. `urlRef` is an address or a secret reference. */
	| { readonly kind: "calendar"; readonly urlRef: string; readonly everyMs: number };

/**
 * People take turns. A turn begins at each occurrence of the rule and lasts until the next one.
 *
 * Days, weeks and months count on the wall clock of the layer's zone: 09:00 stays 09:00. A local time that is skipped
 * is the next that exists, one that comes twice counts once, the first time. Hours are as long as they say.
 */
export interface Rotation {
	readonly every: "hour" | "day" | "week" | "month";
	readonly interval: number;
	/** Local date and time of the first turn, `2026-01-05T09:00`; nobody is on call before, unless `isEndless`. */
	readonly startsAt: string;
	/** Local date and time; nobody is on call from then on. */
	readonly until?: string | undefined;
	/** Of day and week: turns begin on these days only. Empty: every day; of week, the weekday of the start. */
	readonly days: readonly Weekday[];
	/** Of month: turns begin on these; −1 is the last, and a day that a month does not have is its last. Empty: that of the start. */
	readonly monthDays: readonly number[];
	/** Who takes turn 0, 1, 2 … and again; several take a turn together. */
	readonly people: readonly (readonly string[])[];
	/** Turns go back before the start as well. */
	readonly isEndless?: boolean | undefined;
}

/** From ≤ time < to, ms epoch. */
export interface FixedShift {
	readonly from: number;
	readonly to: number;
	readonly people: readonly string[];
}

/** A window of duty that begins on these days. Minutes of the local day; `toMinute` ≤ `fromMinute` ends on the next day. */
export interface DutyTime {
	/** Empty: every day. */
	readonly days: readonly Weekday[];
	readonly fromMinute: number;
	readonly toMinute: number;
}
