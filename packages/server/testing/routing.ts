import type { Catalogue, Inhibition, Maintenance, Matcher, RouteRule, RoutingRules } from "#catalogue";
import { NO_ROUTING, parseMatchers } from "#catalogue";
import { exampleCatalogue, exampleSlo, exampleTenant } from "./catalogue.ts";

export function matchersOf(text: string): readonly Matcher[] {
	const reading = parseMatchers(text);
	if (reading.status === "invalid") throw new Error(`${text} ${reading.message}`);
	return reading.matchers;
}

export function route(name: string, match: string, overrides: Partial<RouteRule> = {}): RouteRule {
	return {
		name,
		place: "routing/routes.yaml:1",
		match: match === "" ? [] : matchersOf(match),
		continues: false,
		activeIntervals: [],
		muteIntervals: [],
		routes: [],
		...overrides,
	};
}

export function inhibition(name: string, source: string, target: string, equal: readonly string[]): Inhibition {
	return {
		name,
		place: "routing/inhibitions.yaml:1",
		source: matchersOf(source),
		target: matchersOf(target),
		equal,
	};
}

export function maintenance(overrides: Partial<Maintenance>): Maintenance {
	return {
		name: "upgrade",
		displayName: "Upgrade",
		place: "routing/maintenance.yaml:1",
		tenants: [],
		workloads: [],
		windows: [],
		during: [],
		owner: "Policy team",
		text: "Policies may be slow.",
		...overrides,
	};
}

/** Two tenants, two workloads with two SLOs each, and whatever rules a test writes. */
export function routedCatalogue(routing: Partial<RoutingRules>, overrides: Partial<Catalogue> = {}): Catalogue {
	const workloads = ["policy", "mail"];
	const slos = workloads.flatMap((workload) =>
		["create", "read"].map((verb) =>
			exampleSlo(`${workload}-${verb}`, { workload, displayName: `${workload} ${verb}` }),
		),
	);
	return exampleCatalogue({
		workloads: workloads.map((name) => ({ name, displayName: name, owner: `${name} team`, runbook: [] })),
		slos,
		tenants: [
			exampleTenant("woodgrove", "Woodgrove Bank", { workloads, labels: { region: "emea" } }),
			exampleTenant("city-power", "City Power", { workloads, labels: { region: "amer" } }),
		],
		routing: { ...NO_ROUTING, ...routing },
		...overrides,
	});
}
