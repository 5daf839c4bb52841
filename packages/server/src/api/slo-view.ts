import { errorBudgetRatio } from "@bellwether/model";
import { budgetUnit, type Catalogue, definitionWords, effectiveObjective, promiseWords, type Slo } from "#catalogue";
import { compareReadings, STATES, worstState } from "./fleet-view.ts";
import type { CellState, FleetRow, FleetView, SloCell } from "./schemas.ts";
import type { SloDetail, SloSummary, TenantReading } from "./schemas-slos.ts";
import { quantile } from "./sli-spread.ts";

/** An unresolved incident of an SLO, as far as its pages need it. */
export interface OpenIncident {
	readonly id: string;
	readonly tenant: string;
	readonly slo: string;
}

export interface SloFacts {
	/** Reduced to the caller's tenants. */
	readonly catalogue: Catalogue;
	readonly fleet: FleetView;
	readonly incidents: readonly OpenIncident[];
	readonly watchedBy: (slo: string) => { readonly names: readonly string[]; readonly isLive: boolean };
}

/** Every SLO in the order of the catalogue, from what the fleet page shows. */
export function sloSummaries(facts: SloFacts): SloSummary[] {
	return facts.catalogue.slos.map((slo) => sloSummary(facts, slo, readingsOf(facts, slo)));
}

function sloSummary(facts: SloFacts, slo: Slo, readings: readonly TenantReading[]): SloSummary {
	const { catalogue, fleet } = facts;
	const states = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<CellState, number>;
	for (const { state } of readings) states[state]++;
	const lowest = readings.reduce<TenantReading | undefined>(
		(low, each) => (lower(each.budgetRemaining, low?.budgetRemaining) ? each : low),
		undefined,
	);
	const watched = facts.watchedBy(slo.name);
	return {
		name: slo.name,
		displayName: slo.displayName,
		description: slo.description,
		workload: slo.workload,
		workloadDisplayName: catalogue.workloads.find(({ name }) => name === slo.workload)?.displayName ?? slo.workload,
		promise: promiseWords(slo),
		objective: slo.objective,
		periodMs: slo.periodMs,
		unit: budgetUnit(slo),
		tenants: readings.length,
		states,
		worst: worstState(readings.map(({ state }) => state)),
		overspent: readings.filter(({ budgetRemaining }) => budgetRemaining !== null && budgetRemaining < 0).length,
		ownObjectives: readings.filter(({ objectiveSetBy }) => objectiveSetBy !== "slo").length,
		platform: cellOf(fleet.platform, slo),
		lowest:
			lowest === undefined
				? null
				: {
						tenant: lowest.tenant,
						displayName: lowest.tenantDisplayName,
						remaining: lowest.budgetRemaining as number,
					},
		openIncidents: facts.incidents.filter((incident) => incident.slo === slo.name).length,
		monitors: [...watched.names],
		isWatchedLive: watched.isLive,
		place: slo.place,
	};
}

function lower(remaining: number | null, than: number | null | undefined): boolean {
	return remaining !== null && (than === null || than === undefined || remaining < than);
}

/** One SLO: its definition, whose objective differs, and how every key tenant stands. */
export function sloDetail(facts: SloFacts, slo: Slo): Omit<SloDetail, "watchedBy" | "incidents"> {
	const readings = readingsOf(facts, slo);
	const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
	return {
		...sloSummary(facts, slo, readings),
		definition: definitionWords(slo),
		objectives: objectivesOf(facts.catalogue, slo, readings),
		readings,
		spread: {
			sli: quantilesOf(known(readings.map(({ periodSli }) => periodSli))),
			budget: quantilesOf(known(readings.map(({ budgetRemaining }) => budgetRemaining))),
			unknown: readings.filter(({ budgetRemaining }) => budgetRemaining === null).length,
		},
	};
}

function readingsOf({ fleet, incidents }: SloFacts, slo: Slo): TenantReading[] {
	const open = new Map(incidents.filter((each) => each.slo === slo.name).map(({ tenant, id }) => [tenant, id]));
	return fleet.tenants
		.flatMap((row) => {
			const cell = cellOf(row, slo);
			if (cell === null) return [];
			return [
				{
					...cell,
					tenant: row.name,
					tenantDisplayName: row.displayName,
					tier: row.tier?.displayName ?? "",
					periodSli: periodSli(cell),
					incident: open.get(row.name) ?? null,
				},
			];
		})
		.sort(compareReadings);
}

function cellOf(row: FleetRow, slo: Slo): SloCell | null {
	const cell = row.cells.find(({ workload }) => workload === slo.workload);
	return cell?.slos.find((each) => each.slo === slo.name) ?? null;
}

/** What the budget that is left says of the SLI: remaining = 1 − bad ÷ ((1 − objective) × total). */
function periodSli({ budgetRemaining, objective }: SloCell): number | null {
	return budgetRemaining === null ? null : 1 - (1 - budgetRemaining) * errorBudgetRatio(objective);
}

function objectivesOf(catalogue: Catalogue, slo: Slo, readings: readonly TenantReading[]): SloDetail["objectives"] {
	const by = new Map(readings.map((reading) => [reading.tenant, reading]));
	const tenants = catalogue.tenants.filter(({ name }) => by.has(name));
	const own = { objective: slo.objective, setBy: "slo" as const, name: slo.name, displayName: slo.displayName };
	const countOf = (test: (tenant: (typeof tenants)[number]) => boolean) => tenants.filter(test).length;
	const setBy = (tenant: (typeof tenants)[number]) => effectiveObjective(catalogue, slo, tenant).setBy;
	const tiers = catalogue.tiers
		.filter((tier) => Object.hasOwn(tier.objectives, slo.name))
		.map((tier) => ({
			objective: tier.objectives[slo.name] as number,
			setBy: "tier" as const,
			name: tier.name,
			displayName: tier.displayName,
			tenants: countOf((tenant) => tenant.tier === tier.name && setBy(tenant) === "tier"),
		}));
	const single = tenants
		.filter((tenant) => setBy(tenant) === "tenant")
		.map((tenant) => ({
			objective: tenant.objectives[slo.name] as number,
			setBy: "tenant" as const,
			name: tenant.name,
			displayName: tenant.displayName,
			tenants: 1,
		}));
	return [{ ...own, tenants: countOf((tenant) => setBy(tenant) === "slo") }, ...tiers, ...single];
}

function quantilesOf(values: readonly number[]): SloDetail["spread"]["sli"] {
	if (values.length === 0) return null;
	const sorted = values.toSorted((a, b) => a - b);
	return {
		tenants: sorted.length,
		p5: quantile(sorted, 0.05),
		p50: quantile(sorted, 0.5),
		p95: quantile(sorted, 0.95),
	};
}
