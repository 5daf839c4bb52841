import { type Catalogue, labelOf, type Tell } from "#catalogue";
import { choosePolicy } from "./choose-policy.ts";
import { holdsOn } from "./holds.ts";
import { matchRoutes, pagingRoute, REPEAT_INTERVAL_MS, type TakenRoute } from "./match-routes.ts";
import type { Decision, IncidentFacts, MuteFacts, OpenGroup, OpenIncident } from "./types.ts";
import { span, utc } from "./words.ts";

export interface DecisionInput {
	readonly incident: IncidentFacts;
	readonly catalogue: Catalogue;
	readonly mutes: readonly MuteFacts[];
	/** Unresolved and burning, in the order of opening; the incident itself may be among them. */
	readonly open: readonly OpenIncident[];
	readonly groups: readonly OpenGroup[];
	readonly now: number;
}

/**
 * What happens with an incident that stands by itself. Pure: the same facts give the same answer. Whatever holds it back
 * comes first; then its group; an incident that no Route speaks of pages at once and by itself.
 */
export function decide(input: DecisionInput): Decision {
	const { incident, catalogue, now } = input;
	const { taken, route, policy, because } = routeOf(catalogue, incident);
	const tell = distinctTells(taken);
	const pages = route !== undefined || taken.length === 0;
	const names = taken.toSorted((a, b) => Number(b === route) - Number(a === route)).map(({ rule }) => rule.name);
	const common = {
		routes: names,
		policy,
		holds: [],
		pageAt: undefined,
		joins: undefined,
		tell,
		repeatIntervalMs: Math.min(...taken.map((each) => each.repeatIntervalMs), REPEAT_INTERVAL_MS),
	};
	const why = [
		...taken.map((each) => routeWords(each, each === route)),
		...(pages ? [`Escalation policy ${policy.name} pages: ${because}.`] : ["Nobody is paged."]),
		...(tell.length > 0 ? [`Told without being woken: ${tell.map(tellWords).join(", ")}.`] : []),
	];
	if (incident.isDrill && pages) {
		const explanation = [...why, "A test pages at once and by itself: nothing holds it back."];
		return { ...common, action: "page", groupKey: `test ${incident.id}`, pageAt: now, explanation };
	}
	if (!pages) return { ...common, action: "tell", groupKey: "", explanation: why };
	const groupKey = groupKeyOf(route, policy.name, incident);
	const holds = holdsOn(input, route);
	if (holds.length > 0) {
		const explanation = [...why, ...holds.map((hold) => hold.words), "It pages when that ends and it still burns."];
		return { ...common, action: "hold", groupKey, holds, explanation };
	}
	const place = placeInGroup(input, route, groupKey);
	const explanation = [...why, place.words];
	return { ...common, action: place.pageAt > now ? "wait" : "page", groupKey, ...place.outcome, explanation };
}

/** The routes that take an incident, the one of them that pages (undefined: none does), and by which policy. */
export function routeOf(catalogue: Catalogue, incident: IncidentFacts) {
	const root = catalogue.routing?.root;
	const taken = root ? matchRoutes(root, incident.labels) : [];
	const route = pagingRoute(taken);
	return { taken, route, ...choosePolicy(catalogue, route, incident) };
}

/** Incidents share a page only where the same route and policy page them. */
export function groupKeyOf(route: TakenRoute | undefined, policy: string, incident: IncidentFacts): string {
	if (!route || route.groupBy[0] === "...") return `alone ${incident.id}`;
	const labels = route.groupBy.map((label) => `${label}=${JSON.stringify(labelOf(incident.labels, label))}`);
	return `${route.rule.name} ${policy} {${labels.join(", ")}}`;
}

function placeInGroup({ groups, now }: DecisionInput, route: TakenRoute | undefined, key: string) {
	const at = (pageAt: number, words: string, joins?: string) => ({ pageAt, outcome: { pageAt, joins }, words });
	if (!route || route.groupBy[0] === "...") return at(now, "It pages at once and by itself.");
	const group = groups.find((each) => each.key === key);
	const by = `Grouped by ${route.groupBy.join(" and ")}`;
	if (group?.pageAt !== undefined) {
		const pageAt = Math.min(Math.max(now, group.pageAt), now + Math.max(route.groupIntervalMs, route.groupWaitMs));
		return at(pageAt, `${by}: others of its group wait already; one page names them all at ${utc(pageAt)}.`);
	}
	if (group?.pagedAt === undefined) {
		if (route.groupWaitMs === 0) return at(now, `${by}: the first of its group, it pages at once.`);
		return at(now + route.groupWaitMs, `${by}: the first of its group waits ${span(route.groupWaitMs)} for others.`);
	}
	const soonest = now + Math.min(route.groupWaitMs, route.groupIntervalMs);
	// A clock that was set back since the last page must not hold this one up.
	const pageAt = Math.min(
		Math.max(group.pagedAt + route.groupIntervalMs, soonest),
		now + Math.max(route.groupIntervalMs, route.groupWaitMs),
	);
	const joined = group.leadId === undefined ? "its group" : `the page of ${group.leadId}`;
	const words = `${by}: it joins ${joined} at ${utc(pageAt)}, ${span(route.groupIntervalMs)} after the last page at the earliest.`;
	return at(pageAt, words, group.leadId);
}

function distinctTells(taken: readonly TakenRoute[]): Tell[] {
	const all = taken.flatMap((route) => route.tell);
	return [...new Map(all.map((tell) => [JSON.stringify(tell), tell])).values()];
}

function routeWords({ rule, pages }: TakenRoute, isPaging: boolean): string {
	const does = isPaging ? "takes it" : pages ? "takes it as well and tells" : "takes it and only tells";
	return `Route ${rule.name} (${rule.place}) ${does}.`;
}

export function tellWords(tell: Tell): string {
	return "integration" in tell ? `integration ${tell.integration}` : `${tell.address} by ${tell.channel}`;
}
