import {
	budgetUnit,
	type Catalogue,
	type KeyTenant,
	type PauseHere,
	type Provenance,
	pauseOn,
	type Slo,
	type Workload,
} from "#catalogue";
import type { PairStatus } from "#detection";
import type { PlatformWord } from "#incidents";
import { FLEET, keepsLatency } from "#telemetry";
import { wireWord } from "./feed-words.ts";
import { type FailingChannel, fleetSentence } from "./fleet-sentence.ts";
import type { Cell, CellState, FleetRow, FleetView, RowIncident, SloCell } from "./schemas.ts";
import type { IngestSilence } from "./sender-status.ts";

/** An open incident as the fleet page needs it. `tenant` is FLEET for a platform incident. */
export interface FleetIncident {
	readonly id: string;
	readonly kind: "tenant" | "platform";
	readonly tenant: string;
	readonly workload: string;
	readonly slo: string;
	/** The SLI meets its objective again; the incident only waits for people. */
	readonly isCleared: boolean;
	readonly row: RowIncident;
	readonly detectedAt: number;
}

export interface FleetInputs {
	readonly catalogue: Catalogue;
	readonly effectiveObjective: (tenant: string, slo: Slo) => { readonly objective: number; readonly setBy: Provenance };
	readonly statuses: Iterable<PairStatus>;
	/** Worst state of each of the last 24 hours, oldest first, by tenant. */
	readonly strips: ReadonlyMap<string, readonly CellState[]>;
	readonly incidents: readonly FleetIncident[];
	/** Nothing comes in from anywhere. */
	readonly ingest?: IngestSilence | undefined;
	readonly failingChannels?: readonly FailingChannel[] | undefined;
	readonly lastBreach: { readonly tenantDisplayName: string; readonly closedAt: number } | undefined;
	/** What the platform itself says, by workload. */
	readonly platformWords?: ReadonlyMap<string, PlatformWord> | undefined;
	readonly now: number;
	readonly demo: boolean;
}

const STRIP_HOURS = 24;

/** Worse first. What is unknown is never better than what is known to be well. */
const STATE_RANK: Readonly<Record<CellState, number>> = {
	breach: 0,
	"at-risk": 1,
	"no-data": 2,
	muted: 3,
	healthy: 4,
	"not-in-use": 5,
};

export const STATES = Object.keys(STATE_RANK) as readonly CellState[];

/** Worst state first, then the least budget left, what is unknown after what is known; then by name. */
export function compareReadings(
	a: Pick<SloCell, "state" | "budgetRemaining"> & { readonly tenantDisplayName: string },
	b: Pick<SloCell, "state" | "budgetRemaining"> & { readonly tenantDisplayName: string },
): number {
	const left = (cell: Pick<SloCell, "budgetRemaining">) => cell.budgetRemaining ?? Number.MAX_VALUE;
	return (
		STATE_RANK[a.state] - STATE_RANK[b.state] ||
		left(a) - left(b) ||
		compareText(a.tenantDisplayName, b.tenantDisplayName)
	);
}

export function worstState(states: Iterable<CellState>): CellState {
	let worst: CellState = "not-in-use";
	for (const state of states) if (STATE_RANK[state] < STATE_RANK[worst]) worst = state;
	return worst;
}

/** The fleet page's data, from state alone: the same inputs give the same view, the order never depends on noise. */
export function fleetView(inputs: FleetInputs): FleetView {
	const { catalogue, now } = inputs;
	const statuses = new Map<string, PairStatus>();
	let lastSampleAt: number | null = null;
	for (const status of inputs.statuses) {
		statuses.set(pairKey(status.tenant, status.slo), status);
		if (status.lastAt !== undefined) lastSampleAt = Math.max(lastSampleAt ?? 0, status.lastAt);
	}
	const slosOf = new Map(
		catalogue.workloads.map((w) => [w.name, catalogue.slos.filter((slo) => slo.workload === w.name)]),
	);
	const context: RowContext = { inputs, statuses, slosOf, incidents: incidentsByTenant(inputs.incidents) };
	const platform = platformRow(context);
	const isPlatformHealthy = new Map(platform.cells.map((cell) => [cell.workload, cell.state === "healthy"]));
	const tierRank = new Map(catalogue.tiers.map((tier) => [tier.name, tier.rank]));
	const tenants = catalogue.tenants
		.map((tenant) => ({
			row: tenantRow(context, tenant, isPlatformHealthy),
			rank: tierRank.get(tenant.tier) ?? Number.MAX_SAFE_INTEGER,
		}))
		.sort((a, b) => STATE_RANK[a.row.worst] - STATE_RANK[b.row.worst] || a.rank - b.rank || compareNames(a.row, b.row))
		.map(({ row }) => row);
	return {
		at: now,
		organisation: catalogue.settings.organisation,
		demo: inputs.demo,
		sentence: fleetSentence({
			platform,
			tenants,
			workloads: catalogue.workloads,
			platformIncidents: inputs.incidents.filter((incident) => incident.kind === "platform"),
			lastBreach: inputs.lastBreach,
			ingest: inputs.ingest,
			failingChannels: inputs.failingChannels,
			now,
		}),
		workloads: catalogue.workloads.map(({ name, displayName }) => ({ name, displayName })),
		platform,
		tenants,
		needNoAction: tenants.filter((row) => STATE_RANK[row.worst] >= STATE_RANK.muted).length,
		lastSampleAt,
	};
}

interface RowContext {
	readonly inputs: FleetInputs;
	readonly statuses: ReadonlyMap<string, PairStatus>;
	readonly slosOf: ReadonlyMap<string, readonly Slo[]>;
	readonly incidents: ReadonlyMap<string, readonly FleetIncident[]>;
}

function platformRow(context: RowContext): FleetRow {
	const cells = context.inputs.catalogue.workloads.map((workload): Cell => {
		const slos = sloCells(context, FLEET, workload).map((cell) =>
			isClaimed(context, cell.slo) ? { ...cell, state: "breach" as const } : cell,
		);
		// The state is of all the workload's SLOs, the value of the lead one: a bad second SLO must not look green.
		const lead = slos.find((cell) => cell.slo === workload.leadSlo) ?? slos[0] ?? null;
		return {
			workload: workload.name,
			state: worstState(slos.map((cell) => cell.state)),
			ring: false,
			lead,
			slos,
			incident: incidentOf(context, FLEET, workload),
			...platformSays(context, workload.name),
		};
	});
	return row(context, { name: FLEET, displayName: "Platform", tier: null, cells });
}

/** Beside our own measure, never instead of it: the platform's word changes no state. */
function platformSays(context: RowContext, workload: string): Pick<Cell, "platformSays"> {
	const word = context.inputs.platformWords?.get(workload);
	return word ? { platformSays: wireWord(word) } : {};
}

/**
 * Whether an open platform incident says that the platform itself fails this SLO. It is known from many tenants at once,
 * before the platform's own windows show it: until then a green platform cell would call the tenants' breaches their own.
 */
function isClaimed(context: RowContext, slo: string): boolean {
	return context.inputs.incidents.some(
		(incident) => incident.kind === "platform" && incident.slo === slo && !incident.isCleared,
	);
}

function tenantRow(context: RowContext, tenant: KeyTenant, isPlatformHealthy: ReadonlyMap<string, boolean>): FleetRow {
	const { tiers, workloads } = context.inputs.catalogue;
	const cells = workloads.map((workload): Cell => {
		if (!tenant.workloads.includes(workload.name)) {
			return { workload: workload.name, state: "not-in-use", ring: false, lead: null, slos: [], incident: null };
		}
		const slos = sloCells(context, tenant.name, workload);
		const state = worstState(slos.map((cell) => cell.state));
		const ring = state === "breach" && isPlatformHealthy.get(workload.name) === true;
		return {
			workload: workload.name,
			state,
			ring,
			lead: worstCell(slos, workload),
			slos,
			incident: incidentOf(context, tenant.name, workload),
		};
	});
	const tier = tiers.find((candidate) => candidate.name === tenant.tier);
	return row(context, {
		name: tenant.name,
		displayName: tenant.displayName,
		tier: tier ? { name: tier.name, displayName: tier.displayName } : { name: tenant.tier, displayName: tenant.tier },
		cells,
	});
}

function row(context: RowContext, base: Pick<FleetRow, "name" | "displayName" | "tier" | "cells">): FleetRow {
	const known = context.inputs.strips.get(base.name) ?? [];
	const padding = Array<CellState>(Math.max(0, STRIP_HOURS - known.length)).fill("no-data");
	return {
		...base,
		worst: worstState(base.cells.map((cell) => cell.state)),
		strip: [...padding, ...known.slice(-STRIP_HOURS)],
		incident: context.incidents.get(base.name)?.[0]?.row ?? null,
	};
}

function sloCells(context: RowContext, tenant: string, workload: Workload): SloCell[] {
	return (context.slosOf.get(workload.name) ?? []).map((slo) => {
		const status = context.statuses.get(pairKey(tenant, slo.name));
		const { catalogue, effectiveObjective, now } = context.inputs;
		return sloCell(slo, tenant, effectiveObjective, status, pauseOn(catalogue, slo, tenant, now));
	});
}

/** One SLO of one tenant now. A pair that nothing is known of is "no data", never zero. */
export function sloCell(
	slo: Slo,
	tenant: string,
	effectiveObjective: FleetInputs["effectiveObjective"],
	status: PairStatus | undefined,
	paused?: PauseHere | undefined,
): SloCell {
	const { objective, setBy } = effectiveObjective(tenant, slo);
	const state = status?.state ?? "no-data";
	return {
		slo: slo.name,
		displayName: slo.displayName,
		state: paused?.isAlone && state === "healthy" ? "muted" : state,
		sli: status?.sli ?? null,
		objective: status?.objective ?? objective,
		objectiveSetBy: setBy,
		burn: status?.burn ?? null,
		total1h: status?.total1h ?? 0,
		budgetRemaining: status?.budgetRemaining ?? null,
		periodMs: slo.periodMs,
		...(status?.period ? { period: status.period } : {}),
		...(keepsLatency(slo) ? { hasLatencies: true } : {}),
		unit: budgetUnit(slo),
		lastAt: status?.lastAt ?? null,
		breachSince: status?.breachSince ?? null,
		...(paused && { paused: { ...paused } }),
	};
}

/** The worst by state, then by burn; among equals the workload's lead, then the order of the catalogue. */
function worstCell(cells: readonly SloCell[], workload: Workload): SloCell | null {
	let worst: SloCell | null = null;
	for (const cell of cells) if (worst === null || isWorse(cell, worst, workload)) worst = cell;
	return worst;
}

function isWorse(a: SloCell, b: SloCell, workload: Workload): boolean {
	if (a.state !== b.state) return STATE_RANK[a.state] < STATE_RANK[b.state];
	// Burn decides only where it is shown: the lead of healthy cells must not jump with noise.
	if (a.state === "breach" || a.state === "at-risk") return (a.burn ?? 0) > (b.burn ?? 0);
	return a.slo === workload.leadSlo;
}

function incidentsByTenant(incidents: readonly FleetIncident[]): Map<string, FleetIncident[]> {
	const byTenant = new Map<string, FleetIncident[]>();
	for (const incident of incidents) {
		const list = byTenant.get(incident.tenant) ?? [];
		list.push(incident);
		byTenant.set(incident.tenant, list);
	}
	for (const list of byTenant.values()) {
		list.sort(
			(a, b) => a.row.severity.rank - b.row.severity.rank || a.detectedAt - b.detectedAt || compareText(a.id, b.id),
		);
	}
	return byTenant;
}

function incidentOf(context: RowContext, tenant: string, workload: Workload): string | null {
	return context.incidents.get(tenant)?.find((incident) => incident.workload === workload.name)?.id ?? null;
}

function pairKey(tenant: string, slo: string): string {
	return `${tenant}\n${slo}`;
}

function compareNames(a: FleetRow, b: FleetRow): number {
	return compareText(a.displayName, b.displayName) || compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
