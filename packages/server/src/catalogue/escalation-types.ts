import type { SeverityKey } from "@bellwether/model";
import type { OnCallRoleName, Weekday } from "./schedule-types.ts";

/** Somebody who can be paged. `contacts` are all the ways; `rules` say in which order they are tried. */
export interface Person {
	readonly name: string;
	readonly displayName: string;
	readonly timeZone: string;
	readonly contacts: readonly Contact[];
	/** Undefined: all contacts at once. */
	readonly rules?: Readonly<Partial<Record<ContactRuleName, readonly ContactRuleStep[]>>> | undefined;
}

/** A channel's name and the address there. `name` tells contacts of one person apart; undefined: the channel's name. */
export interface Contact {
	readonly name?: string | undefined;
	readonly channel: string;
	readonly address: string;
}

/** `important` is for steps that say so; who has no such rule is paged by all contacts at once. */
export type ContactRuleName = "default" | "important";

/** Notify by these contacts (names) at this time after the page began, ms. In the order of time. */
export interface ContactRuleStep {
	readonly afterMs: number;
	readonly contacts: readonly string[];
}

/** People who belong together: paging a team pages who is on call of its schedule, or all its people where it has none. */
export interface Team {
	readonly name: string;
	readonly displayName: string;
	readonly schedule?: string | undefined;
	readonly people: readonly string[];
}

export interface EscalationPolicy {
	readonly name: string;
	/** An unacknowledged page is sent again this often, ms. */
	readonly repeatEveryMs: number;
	readonly acknowledgeWithinMs: number;
	readonly steps: readonly EscalationStep[];
	/** The next person and the lead are paged this long after the first page. Undefined: two thirds of the deadline. */
	readonly warnAfterMs?: number | undefined;
	/** Paged before the deadline passes, and when no step reaches anybody. */
	readonly lead?: EscalationTarget | undefined;
	/** Of who acknowledged and then did nothing. Undefined: nobody asks. */
	readonly afterAcknowledge?: AfterAcknowledge | undefined;
	/** Undefined: the first page waits for nothing. */
	readonly transients?: TransientPause | undefined;
	/** Undefined: everybody is woken. */
	readonly localNight?: LocalNight | undefined;
}

/**
 * What a chain does `afterMs` after its round began. Exactly one of `notify` and `act`. `when` that does not hold leaves
 * the step out.
 */
export interface EscalationStep {
	readonly afterMs: number;
	readonly notify?: EscalationTarget | undefined;
	/** By which of a person's rules. Undefined: default. */
	readonly rule?: ContactRuleName | undefined;
	readonly act?: EscalationAct | undefined;
	readonly when?: StepCondition | undefined;
}

export type EscalationTarget =
	| { readonly schedule: string; readonly role?: OnCallRoleName | undefined }
	| { readonly person: string }
	/** All of them. */
	| { readonly persons: readonly string[] }
	/** One of them, another each time that the step is taken, over all incidents. */
	| { readonly inTurn: readonly string[] }
	| { readonly team: string }
	/** No person: a message to a channel. */
	| { readonly channel: string; readonly address: string };

export type EscalationAct =
	/** The chain begins anew, `max` times at most; after that its last page is repeated. */
	| { readonly kind: "repeat"; readonly max: number }
	/** Ends the incident with this verdict, if its signal has cleared; else the chain goes on. */
	| { readonly kind: "resolve"; readonly verdict: "real-no-impact" | "noise" | "expected-change" }
	/** Raises the severity; never lowers it. */
	| { readonly kind: "declare"; readonly severity: SeverityKey };

/** All that are written must hold when the step is due. */
export interface StepCondition {
	readonly time?: TimeCondition | undefined;
	/** So many incidents with the same policy were opened within `withinMs`, this one counted. */
	readonly count?: { readonly atLeast: number; readonly withinMs: number } | undefined;
}

/** Minutes of the local day, from ≤ time < to; `toMinute` ≤ `fromMinute` ends on the next day. Empty days: every day. */
export interface TimeCondition {
	readonly fromMinute: number;
	readonly toMinute: number;
	readonly days: readonly Weekday[];
	readonly timeZone: string;
}

/** Without a person's act for `remindAfterMs`, who acknowledged is asked; `escalateAfterMs` later the chain begins anew. */
export interface AfterAcknowledge {
	readonly remindAfterMs: number;
	readonly escalateAfterMs: number;
}

/**
 * The first page waits `waitMs` when the signal of the same tenant and SLO cleared by itself at least `afterFlaps` times
 * within the last `withinMs`. Severities 1 and 2 never wait.
 */
export interface TransientPause {
	readonly waitMs: number;
	readonly afterFlaps: number;
	readonly withinMs: number;
}

/** Pages of these severities wait for the person's local morning. Minutes of the local day. */
export interface LocalNight {
	readonly severities: readonly SeverityKey[];
	readonly fromMinute: number;
	readonly toMinute: number;
}
