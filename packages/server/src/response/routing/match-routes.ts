import { MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { type Labels, matchesLabels, type OwnershipStep, type RouteRule, type Tell } from "#catalogue";

/** Alertmanager's, but for the wait: a first page must not be later than half a minute, and other things take time as well. */
export const GROUP_WAIT_MS = 10 * SECOND_MS;
export const GROUP_INTERVAL_MS = 5 * MINUTE_MS;
export const REPEAT_INTERVAL_MS = 4 * 60 * MINUTE_MS;
export const GROUP_BY = ["tenant", "workload"] as const;

/** A route that takes an incident, with what it has from those above it. */
export interface TakenRoute {
	readonly rule: RouteRule;
	readonly escalation: string | undefined;
	readonly pageOwnerOf: OwnershipStep | undefined;
	/** The policy is written below the root, on the route or above it. */
	readonly isOwnPolicy: boolean;
	readonly pages: boolean;
	readonly tell: readonly Tell[];
	readonly groupBy: readonly string[];
	readonly groupWaitMs: number;
	readonly groupIntervalMs: number;
	readonly repeatIntervalMs: number;
}

type Inherited = Omit<TakenRoute, "rule">;

const TOP: Inherited = {
	escalation: undefined,
	pageOwnerOf: undefined,
	isOwnPolicy: false,
	pages: true,
	tell: [],
	groupBy: GROUP_BY,
	groupWaitMs: GROUP_WAIT_MS,
	groupIntervalMs: GROUP_INTERVAL_MS,
	repeatIntervalMs: REPEAT_INTERVAL_MS,
};

/**
 * The routes that take an incident, as Alertmanager walks its tree: depth first, the first child that matches unless it
 * continues, and a route itself where none of its children match.
 */
export function matchRoutes(root: RouteRule, labels: Labels): TakenRoute[] {
	return walk(root, labels, TOP, true);
}

function walk(rule: RouteRule, labels: Labels, above: Inherited, isRoot: boolean): TakenRoute[] {
	if (!matchesLabels(rule.match, labels)) return [];
	const here = inherit(rule, above, isRoot);
	const taken: TakenRoute[] = [];
	for (const child of rule.routes) {
		const below = walk(child, labels, here, false);
		taken.push(...below);
		if (below.length > 0 && !child.continues) break;
	}
	return taken.length > 0 ? taken : [{ rule, ...here }];
}

function inherit(rule: RouteRule, above: Inherited, isRoot: boolean): Inherited {
	const hasPolicy = rule.escalation !== undefined || rule.pageOwnerOf !== undefined;
	return {
		escalation: hasPolicy ? rule.escalation : above.escalation,
		pageOwnerOf: hasPolicy ? rule.pageOwnerOf : above.pageOwnerOf,
		isOwnPolicy: above.isOwnPolicy || (hasPolicy && !isRoot),
		pages: rule.pages ?? above.pages,
		tell: rule.tell ?? above.tell,
		groupBy: rule.groupBy ?? above.groupBy,
		groupWaitMs: rule.groupWaitMs ?? above.groupWaitMs,
		groupIntervalMs: rule.groupIntervalMs ?? above.groupIntervalMs,
		repeatIntervalMs: rule.repeatIntervalMs ?? above.repeatIntervalMs,
	};
}

/**
 * The route that pages: an incident has one chain. The first that says by which policy, else the last that pages (those
 * before it continued and only tell); undefined: all of them only tell.
 */
export function pagingRoute(taken: readonly TakenRoute[]): TakenRoute | undefined {
	const paging = taken.filter((route) => route.pages);
	return paging.find((route) => route.isOwnPolicy) ?? paging.at(-1);
}
