/** Whom a change touched; a part that is left out: all of them. Values of one part are alternatives. */
export interface ChangeScope {
	readonly tenant?: string | readonly string[] | undefined;
	readonly ring?: string | readonly string[] | undefined;
	readonly region?: string | readonly string[] | undefined;
	readonly build?: string | readonly string[] | undefined;
	readonly workload?: string | readonly string[] | undefined;
}

export interface Change {
	readonly id: string;
	/** When it began to take effect, ms epoch. */
	readonly at: number;
	/** When its roll-out was complete, ms epoch; left out: unknown. */
	readonly until?: number | undefined;
	readonly kind: "deploy" | "flag" | "config" | "policy" | (string & {});
	readonly scope: ChangeScope;
}

/** What is ill, and since when. */
export interface Ailing {
	readonly tenant: string;
	readonly workload: string;
	readonly ring?: string | undefined;
	/** Where the tenant has its events: share by region, 0-1. Left out: unknown. */
	readonly regions?: Readonly<Record<string, number>> | undefined;
	/** Share of the tenant's events by build in the window of the incident, 0-1. Left out: unknown. */
	readonly builds?: Readonly<Record<string, number>> | undefined;
	/** ms epoch, with its 90 % interval. */
	readonly onset: { readonly at: number; readonly from: number; readonly to: number };
	/** The culprit's values by what they mean; left out: none is known. `isWholeTenant`: everything is raised alike. */
	readonly culprit?:
		| {
				readonly region?: string | undefined;
				readonly build?: string | undefined;
				/** It names some other attribute (operation, client). */
				readonly hasOther?: boolean | undefined;
		  }
		| undefined;
	readonly isWholeTenant?: boolean | undefined;
}

/** Another tenant of the same workload at the same time. */
export interface Peer {
	readonly tenant: string;
	readonly ring?: string | undefined;
	readonly regions?: Readonly<Record<string, number>> | undefined;
	readonly builds?: Readonly<Record<string, number>> | undefined;
	/** Undefined: it has too few events to tell. */
	readonly isIll: boolean | undefined;
}

export interface CauseInput {
	readonly ailing: Ailing;
	/** Any order; those after the onset's interval are passed over. */
	readonly changes: readonly Change[];
	/** The other tenants of the workload; left out: nothing is known of them. */
	readonly peers?: readonly Peer[] | undefined;
	/** Chance that an incident has no change among its causes; default 0.5. */
	readonly noneRatio?: number | undefined;
}

export interface CandidateCause {
	readonly id: string;
	/** 0-1 */
	readonly probability: number;
	/** From the change to the onset, ms. */
	readonly leadMs: number;
	/** In words, the strongest first. */
	readonly reasons: readonly string[];
}

export interface Causes {
	/** By probability; those below 1 % are left out. */
	readonly ranked: readonly CandidateCause[];
	/** Probability that none of the changes is the cause. */
	readonly none: number;
	/** The change that may be blamed: the first, when it is at least 75 % likely. Else undefined: "none fits". */
	readonly blamed: CandidateCause | undefined;
	readonly explanation: string;
}
