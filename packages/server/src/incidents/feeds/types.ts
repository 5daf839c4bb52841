import type { FeedGives, FeedKind } from "#catalogue";
import type { ChangeKind, ChangeState, PlatformState } from "#telemetry";

/** What a platform says of its component, as it is held. */
export interface PlatformHealthRecord {
	readonly seq: number;
	readonly feed: string;
	readonly id: string;
	readonly component: readonly string[];
	/** By the catalogue as it is now. */
	readonly workloads: readonly string[];
	readonly state: PlatformState;
	readonly sourceStatus: string;
	readonly title: string;
	readonly link: string | undefined;
	readonly startedAt: number;
	readonly endedAt: number | undefined;
	readonly revisedAt: number;
}

/**
 * The platform's own word on one workload: the worst that its feeds say now. `unknown` comes with the reason: the feed is
 * stale, was never heard, does not speak of the workload, or said so itself.
 */
export interface PlatformWord {
	readonly workload: string;
	readonly state: PlatformState;
	readonly why: "said" | "no-problem-open" | "stale" | "never-heard" | "not-mentioned";
	readonly feed: string;
	readonly feedDisplayName: string;
	readonly since: number | undefined;
	readonly title: string | undefined;
	readonly link: string | undefined;
	readonly sourceStatus: string | undefined;
	/** The feed's last message. */
	readonly heardAt: number | undefined;
}

export interface ChangeRecord {
	readonly seq: number;
	readonly feed: string;
	readonly id: string;
	/** Empty: not of single tenants. */
	readonly tenant: string;
	/** Empty: the source does not tell. */
	readonly workload: string;
	readonly kind: ChangeKind;
	readonly state: ChangeState;
	readonly title: string;
	readonly ring: string | undefined;
	readonly region: string | undefined;
	readonly build: string | undefined;
	readonly actor: string | undefined;
	readonly link: string | undefined;
	readonly startedAt: number;
	readonly endedAt: number | undefined;
	readonly revisedAt: number;
}

export interface CaseRecord {
	readonly seq: number;
	readonly feed: string;
	readonly id: string;
	/** Empty: not a key tenant's. */
	readonly tenant: string;
	/** As the source names it. */
	readonly tenantNamed: string;
	/** Empty: the source does not tell. */
	readonly workload: string;
	readonly kind: "support-case" | "customer-report";
	readonly severity: string | undefined;
	readonly title: string;
	readonly link: string | undefined;
	readonly isEscalated: boolean;
	readonly openedAt: number;
	readonly closedAt: number | undefined;
	readonly revisedAt: number;
}

/**
 * What a case says about our detection. `detected`: an incident had been opened before; `customer-first`: one was opened
 * after it; `missed`: there is none; `pending`: one may still be opened; `not-judged`: no key tenant, no workload, or
 * older than the feed.
 */
export type CaseVerdict =
	| { readonly status: "detected" | "customer-first"; readonly incidentId: string }
	| { readonly status: "missed" | "pending" | "not-judged"; readonly incidentId: undefined };

/** `waiting`: never heard; `live`: heard, and not late; `stale`: silent for longer than `expectEveryMs`. */
export interface FeedState {
	readonly name: string;
	readonly displayName: string;
	readonly kind: FeedKind;
	readonly gives: FeedGives;
	readonly state: "waiting" | "live" | "stale";
	readonly lastMessageAt: number | undefined;
	readonly expectEveryMs: number | undefined;
	/** When it became stale. */
	readonly staleSince: number | undefined;
	readonly messages: number;
	readonly duplicates: number;
	/** New and changed facts. */
	readonly facts: number;
	/** Objects that the feed's own rules leave out. */
	readonly leftOut: number;
	/** Objects that could not be used. */
	readonly faults: number;
	readonly lastFault: { readonly at: number; readonly text: string } | undefined;
	/** Names that no key tenant and no workload of the catalogue has; at most 20, the newest last. */
	readonly unmapped: readonly string[];
}

export interface Page<Item> {
	readonly items: readonly Item[];
	/** Undefined: there are no more now. */
	readonly next: string | undefined;
}
