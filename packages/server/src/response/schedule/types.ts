import type { Catalogue, OnCallRoleName } from "#catalogue";

/** As much of a catalogue, or of a snapshot of one, as tells who is on call. */
export type OnCallCatalogue = Pick<Catalogue, "schedules"> & Partial<Pick<Catalogue, "people">>;

/** What people and pulled calendars changed about schedules; from control.db, see `loadOnCallState`. */
export interface OnCallState {
	readonly overrides: readonly Override[];
	readonly unavailable: readonly Unavailability[];
	readonly events: readonly CalendarEvent[];
}

export const NO_ON_CALL_STATE: OnCallState = { overrides: [], unavailable: [], events: [] };

/** `people` are on call from ≤ time < to, whatever the layers say; of several the one made last. */
export interface Override {
	readonly id: string;
	readonly schedule: string;
	readonly role: OnCallRoleName;
	readonly from: number;
	readonly to: number;
	readonly people: readonly string[];
	/** They stand in for this person only, where that person would be on call; undefined: for everybody. */
	readonly replaces?: string | undefined;
	/** Orders overrides, the later wins. */
	readonly madeAt: number;
}

/** The person is passed over in every schedule: the layer's turn goes to the next in its order. */
export interface Unavailability {
	readonly person: string;
	readonly from: number;
	readonly to: number;
	/** An override made after it puts the person on call all the same; undefined: none does. */
	readonly madeAt?: number | undefined;
}

/** One expanded event of a layer's calendar. */
export interface CalendarEvent {
	readonly schedule: string;
	readonly layer: string;
	readonly person: string;
	/** From `[L3]` in its title; undefined: the layer's. */
	readonly priority?: number | undefined;
	readonly from: number;
	readonly to: number;
}

/** Who has one role of a schedule at an instant. */
export interface OnCallRole {
	readonly role: OnCallRoleName;
	/** Names of people, never empty: a role that nobody has is left out. */
	readonly people: readonly string[];
	/** Layers, or ids of overrides, that put them there. */
	readonly by: readonly string[];
}
