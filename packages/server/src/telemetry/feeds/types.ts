/** Facts that side feeds tell, as pure data. Instants ms epoch UTC; undefined: the source does not say. */

/**
 * The platform's word about one component. `operational` needs to be said; `unknown` is a state that the source gave and
 * we do not know, or that says nothing (never better than what is known to be well).
 */
export type PlatformState = "operational" | "maintenance" | "degraded" | "outage" | "unknown";

interface Fact {
	/** The source's own id: with the feed's name it identifies the fact, however often it is told. */
	readonly externalId: string;
	/** The source's time of this version. Of two versions the later one holds; equal ones are decided by `rank`. */
	readonly revisedAt: number;
	/** Order of versions of one instant: an end is later than a start. */
	readonly rank: number;
	/** Only http and https. */
	readonly link?: string | undefined;
	readonly title: string;
}

export interface PlatformHealthFact extends Fact {
	/** Names under which the component is known, the most precise first. */
	readonly component: readonly string[];
	readonly state: PlatformState;
	/** The source's own word. */
	readonly sourceStatus: string;
	readonly startedAt: number;
	/** False: `startedAt` is only when the source said so; while the state stays, the first time counts. */
	readonly isStartKnown: boolean;
	/** Undefined: still so. */
	readonly endedAt?: number | undefined;
}

export type ChangeKind = "deployment" | "release" | "workflow" | "flag" | "policy" | "other";
export type ChangeState = "planned" | "running" | "succeeded" | "failed" | "cancelled" | "unknown";

export interface ChangeFact extends Fact {
	readonly kind: ChangeKind;
	readonly state: ChangeState;
	readonly component: readonly string[];
	/** As the source names them; empty: the change is not of single tenants. */
	readonly tenants: readonly string[];
	readonly ring?: string | undefined;
	readonly region?: string | undefined;
	readonly build?: string | undefined;
	readonly actor?: string | undefined;
	readonly startedAt: number;
	readonly endedAt?: number | undefined;
}

export interface CaseFact extends Fact {
	readonly kind: "support-case" | "customer-report";
	/** As the source names it. */
	readonly tenant: string;
	readonly component: readonly string[];
	/** The source's own word. */
	readonly severity?: string | undefined;
	readonly isEscalated: boolean;
	readonly openedAt: number;
	readonly closedAt?: number | undefined;
}

/** Facts of one message. `left`: objects that `only` or their own type leaves out. */
export type FeedFacts =
	| {
			readonly gives: "platform-health";
			readonly facts: readonly PlatformHealthFact[];
			/**
			 * Set when the message lists all that is open under ids with this prefix at `at`: what it does not name has ended.
			 */
			readonly complete?: { readonly prefix: string; readonly at: number } | undefined;
	  }
	| { readonly gives: "changes"; readonly facts: readonly ChangeFact[] }
	| { readonly gives: "cases"; readonly facts: readonly CaseFact[] };

export interface FeedFault {
	/** Where in the message, such as `alerts.3`. */
	readonly place: string;
	readonly message: string;
}

/** `malformed`: nothing of it can be used. Objects that cannot be used beside good ones are `faults`. */
export type ParsedFeed =
	| (FeedFacts & { readonly status: "parsed"; readonly left: number; readonly faults: readonly FeedFault[] })
	| { readonly status: "malformed"; readonly message: string };

export interface FeedMessage {
	/** Names in lower case. What was pulled has none, but for those that tell its kind. */
	readonly headers: Readonly<Record<string, string | undefined>>;
	/** Parsed JSON. */
	readonly body: unknown;
	readonly receivedAt: number;
}
