import type { Matcher } from "./matcher-types.ts";

/** What decides whom an incident pages and who is told, beside its workload's and monitor's own policy. */
export interface RoutingRules {
	/** Undefined: every incident pages at once and by itself, by its monitor's or its workload's policy. */
	readonly root?: RouteRule | undefined;
	readonly inhibitions: readonly Inhibition[];
	readonly intervals: readonly TimeInterval[];
	readonly maintenance: readonly Maintenance[];
	readonly ownership: readonly Ownership[];
}

/** One node of the tree. What is undefined is inherited from the parent; intervals and `match` are not. */
export interface RouteRule {
	/** Names from the root down, such as `default/gold/2`. */
	readonly name: string;
	/** `file:line`. */
	readonly place: string;
	/** All must hold. Empty: every incident. */
	readonly match: readonly Matcher[];
	/** Siblings after it are looked at as well. */
	readonly continues: boolean;
	readonly escalation?: string | undefined;
	/** The policy of who is accountable for this step of the workload. */
	readonly pageOwnerOf?: OwnershipStep | undefined;
	/** False: nobody is paged by it. */
	readonly pages?: boolean | undefined;
	readonly tell?: readonly Tell[] | undefined;
	/** Labels, in order; `...` alone: every incident is a group of its own. */
	readonly groupBy?: readonly string[] | undefined;
	readonly groupWaitMs?: number | undefined;
	readonly groupIntervalMs?: number | undefined;
	/** Of `tell`. */
	readonly repeatIntervalMs?: number | undefined;
	readonly activeIntervals: readonly string[];
	readonly muteIntervals: readonly string[];
	readonly routes: readonly RouteRule[];
}

/** Who hears of an incident without being woken by it. */
export type Tell = { readonly channel: string; readonly address: string } | { readonly integration: string };

/** While an incident matches `source`, those that match `target` and have the same `equal` labels do not page. */
export interface Inhibition {
	readonly name: string;
	readonly place: string;
	readonly source: readonly Matcher[];
	readonly target: readonly Matcher[];
	/** A label that is missing equals "". */
	readonly equal: readonly string[];
}

/** Holds when one of its parts does. */
export interface TimeInterval {
	readonly name: string;
	readonly parts: readonly TimeIntervalPart[];
}

/** Both ends belong to it. */
export interface Range {
	readonly from: number;
	readonly to: number;
}

/** All that is defined must hold at the local time of `timeZone`. */
export interface TimeIntervalPart {
	/** Minutes of the day, from 0 to 1440; `to` no longer belongs to it. */
	readonly times?: readonly Range[] | undefined;
	/** 0 is Sunday. */
	readonly weekdays?: readonly Range[] | undefined;
	/** 1 to 31, or -1 (the last day) to -31. */
	readonly daysOfMonth?: readonly Range[] | undefined;
	readonly months?: readonly Range[] | undefined;
	readonly years?: readonly Range[] | undefined;
	readonly timeZone: string;
}

/** Work that was planned: incidents of these tenants and workloads open and are recorded, and do not page meanwhile. */
export interface Maintenance {
	readonly name: string;
	readonly displayName: string;
	readonly place: string;
	/** Empty: of all tenants, the platform too. */
	readonly tenants: readonly string[];
	/** Empty: of all workloads. */
	readonly workloads: readonly string[];
	/** From ≤ time < until, ms epoch. */
	readonly windows: readonly { readonly from: number; readonly until: number }[];
	/** Recurs: names of time intervals. */
	readonly during: readonly string[];
	readonly owner: string;
	/** What a customer may read. */
	readonly text: string;
}

export const OWNERSHIP_STEPS = ["define", "augment", "detect", "open", "respond", "engage", "learn"] as const;
export type OwnershipStep = (typeof OWNERSHIP_STEPS)[number];

export const PARTIES = ["Engineering", "CxE", "CARE", "CRE", "Operations"] as const;
export type PartyName = (typeof PARTIES)[number];

/** Who does what for a workload. */
export interface Ownership {
	readonly name: string;
	readonly place: string;
	readonly workload: string;
	/** Team that owns the workload, for people. */
	readonly team: string;
	readonly parties: readonly Party[];
	readonly steps: readonly { readonly step: OwnershipStep; readonly parts: readonly PartyPart[] }[];
}

export interface Party {
	readonly name: PartyName;
	readonly team: string;
	/** How it is paged; undefined: it cannot be. */
	readonly escalation?: string | undefined;
	/** What is handed to it must be taken within this time. */
	readonly takeWithinMs: number;
}

/** R does it, A answers for it, C is asked, I is told; RA both. */
export interface PartyPart {
	readonly party: PartyName;
	readonly part: "R" | "A" | "C" | "I" | "RA";
}

export const NO_ROUTING: RoutingRules = { inhibitions: [], intervals: [], maintenance: [], ownership: [] };

/** The rules without where they stand in their files, which is no part of what they say. */
export function withoutPlaces(rules: RoutingRules): object {
	const route = ({ place: _, routes, ...rest }: RouteRule): object => ({ ...rest, routes: routes.map(route) });
	const bare = ({ place: _, ...rest }: { readonly place: string }): object => rest;
	return {
		...rules,
		...(rules.root && { root: route(rules.root) }),
		inhibitions: rules.inhibitions.map(bare),
		maintenance: rules.maintenance.map(bare),
		ownership: rules.ownership.map(bare),
	};
}
