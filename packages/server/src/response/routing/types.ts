import type { EscalationPolicy, Labels, Matcher, Tell } from "#catalogue";
import type { Incident } from "#incidents";
import type { Tx } from "#platform";

/** What routing does to chains. The escalation side implements it; routing decides when. All run in the caller's transaction. */
export interface Chains {
	/** Starts the incident's chain with this policy: its first page (with `lead` before its sentence), its timers. */
	start(tx: Tx, incident: Incident, policy: EscalationPolicy, now: number, lead?: string): Promise<void>;
	/** Ends the chain that runs, its timers and its unsent pages. */
	stop(tx: Tx, incident: Incident, now: number): Promise<void>;
	/** One page to whom the policy's first reachable step means, without a chain; `lead` stands before the sentence. */
	pageOnce(tx: Tx, incident: Incident, policy: EscalationPolicy, lead: string, now: number): Promise<void>;
}

/** What the decision needs to know of an incident. */
export interface IncidentFacts {
	/** Empty: not opened yet. */
	readonly id: string;
	readonly tenant: string;
	readonly workload: string;
	readonly slo: string;
	readonly monitor: string;
	readonly labels: Labels;
	/** A test that somebody asked for: it pages at once, by itself, and nothing holds it back. */
	readonly isDrill: boolean;
}

/** An incident that is not resolved and still burns. */
export interface OpenIncident {
	readonly id: string;
	readonly labels: Labels;
	/** Ids of the incidents that hold its page back. */
	readonly inhibitedBy: readonly string[];
}

/** A mute that was not ended early. It holds from `startsAt` until before `endsAt`, ms epoch. */
export interface MuteFacts {
	readonly id: string;
	/** One set is enough; in a set all must hold. */
	readonly matchers: readonly (readonly Matcher[])[];
	readonly owner: string;
	readonly reason: string;
	readonly startsAt: number;
	readonly endsAt: number;
}

/** Incidents that share a page: what is paged, and what waits to be. */
export interface OpenGroup {
	readonly key: string;
	/** The incident whose chain pages for the group; undefined: none does now. */
	readonly leadId: string | undefined;
	/** When the group was paged last. */
	readonly pagedAt: number | undefined;
	/** When those that wait will be paged. */
	readonly pageAt: number | undefined;
}

export type HoldKind = "mute" | "maintenance" | "inhibition" | "interval";

/** Why an incident does not page now. */
export interface Hold {
	readonly kind: HoldKind;
	/** Id of the mute or of the inhibiting incident, or name of the maintenance or the route. */
	readonly ref: string;
	/** When it ends by itself, ms epoch; undefined: when the other incident does, or nobody knows. */
	readonly until: number | undefined;
	readonly words: string;
}

/** `page`: now; `wait`: with its group, at `pageAt`; `hold`: not while one of `holds` lasts; `tell`: it pages nobody. */
export interface Decision {
	readonly action: "page" | "wait" | "hold" | "tell";
	/** Names of the routes that take it; the first is the one that pages. Empty without a Route. */
	readonly routes: readonly string[];
	readonly policy: EscalationPolicy;
	readonly groupKey: string;
	readonly pageAt: number | undefined;
	/** Whose page it joins. */
	readonly joins: string | undefined;
	readonly holds: readonly Hold[];
	readonly tell: readonly Tell[];
	/** How often `tell` hears again, ms. */
	readonly repeatIntervalMs: number;
	/** Sentences, for people. */
	readonly explanation: readonly string[];
}
