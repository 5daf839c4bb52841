import { burnRateTiers, errorRatioLimit, tierFault } from "@bellwether/model";
import {
	type Catalogue,
	effectiveMonitor,
	effectiveObjective,
	type Monitor,
	monitorFields,
	monitorsOf,
	type Slo,
} from "#catalogue";
import type { ShadowFiring } from "#detection";
import { type Breach, type FiringCount, type Incident, tenantName } from "#incidents";
import { plannedMasks } from "./monitor-planned.ts";
import { monitorSettings } from "./monitor-settings.ts";
import { firingWords, howWords, ruleWords, watchWords } from "./monitor-words.ts";
import type { Firing, MonitorDetail, MonitorLine, MonitorMode, MonitorRule } from "./schemas-monitors.ts";

export interface MonitorFacts {
	/** Reduced to the caller's tenants. */
	readonly catalogue: Catalogue;
	readonly firings: readonly FiringCount[];
	/** Of the caller's tenants, oldest first. */
	readonly shadows: readonly ShadowFiring[];
	readonly now: number;
}

/** Of the last firings, on the monitor's page. */
export const SHOWN_FIRINGS = 50;

/** Live ones first, then what would be, then what is only written; by name. */
const MODE_RANK: Readonly<Record<MonitorMode, number>> = { live: 0, paused: 1, shadow: 2, draft: 3 };

export function monitorLines(facts: MonitorFacts): MonitorLine[] {
	return facts.catalogue.monitors
		.map((monitor) => monitorLine(facts, monitor))
		.sort((a, b) => MODE_RANK[a.mode] - MODE_RANK[b.mode] || (a.name < b.name ? -1 : 1));
}

function monitorLine({ catalogue, firings, shadows, now }: MonitorFacts, monitor: Monitor): MonitorLine {
	const slos = watchedSlos(catalogue, monitor);
	const fired = firings.find((each) => each.monitor === monitor.name);
	const inShadow = shadows.filter((each) => each.monitor === monitor.name);
	const mode = modeOf(monitor, now);
	const { pause } = monitor;
	const { place } = monitorFields(catalogue, monitor).find(({ field }) => field === "detector") ?? {};
	return {
		name: monitor.name,
		displayName: monitor.name,
		detector: monitor.detector,
		mode,
		pause: mode === "paused" && pause ? { until: pause.until, reason: pause.reason, owner: pause.owner } : null,
		severity: monitor.severity,
		watches: watchWords(monitor, slos),
		slos: slos.map(({ name, displayName }) => ({ name, displayName })),
		isForAll: monitor.slos === undefined,
		place: place ?? null,
		lastFiredAt: latest(fired?.lastAt, inShadow.at(-1)?.at),
		fired: fired?.count ?? 0,
		firedInShadow: inShadow.length,
	};
}

function latest(...instants: readonly (number | undefined)[]): number | null {
	const known = instants.filter((at) => at !== undefined);
	return known.length === 0 ? null : Math.max(...known);
}

export function modeOf({ mode, pause }: Pick<Monitor, "mode" | "pause">, now: number): MonitorMode {
	return mode !== "draft" && pause !== undefined && now < pause.until ? "paused" : mode;
}

export function watchedSlos(catalogue: Catalogue, monitor: Monitor): Slo[] {
	return catalogue.slos.filter(({ name }) => monitorsOf(catalogue, name).includes(monitor));
}

/** Which monitors watch an SLO, whatever their mode, and whether one of them may open an incident now. */
export function watchers(
	catalogue: Catalogue,
	now: number,
): (slo: string) => { readonly names: string[]; readonly isLive: boolean } {
	return (slo) => {
		const monitors = monitorsOf(catalogue, slo);
		return { names: monitors.map(({ name }) => name), isLive: monitors.some((each) => modeOf(each, now) === "live") };
	};
}

export function monitorDetail(
	facts: MonitorFacts,
	monitor: Monitor,
	breaches: readonly Breach[],
	incidents: readonly Incident[],
): MonitorDetail {
	const { catalogue, now } = facts;
	const slos = watchedSlos(catalogue, monitor);
	return {
		...monitorLine(facts, monitor),
		how: howWords(monitor),
		settings: monitorSettings(catalogue, monitor, slos),
		rules: slos.flatMap((slo) => rulesOf(catalogue, monitor, slo, now)),
		firings: [
			...breaches.map((breach) => firingOf(catalogue, breach, incidents)),
			...facts.shadows.filter((each) => each.monitor === monitor.name).map((each) => shadowOf(catalogue, each)),
		]
			.sort((a, b) => b.at - a.at)
			.slice(0, SHOWN_FIRINGS),
		planned: plannedMasks(catalogue, monitor, slos, now),
	};
}

/** One rule for all key tenants for whom the same holds; that of the platform first, then by how many have it. */
function rulesOf(catalogue: Catalogue, monitor: Monitor, slo: Slo, now: number): MonitorRule[] {
	const rules = new Map<string, { rule: MonitorRule; tenants: string[] }>();
	const users = catalogue.tenants.filter(({ workloads }) => workloads.includes(slo.workload));
	for (const tenant of [undefined, ...users]) {
		const held = effectiveMonitor(catalogue, monitor, slo, tenant);
		const { objective } = effectiveObjective(catalogue, slo, tenant);
		const terms = [
			objective,
			held.mode,
			held.pause?.until,
			held.tiers,
			held.threshold,
			held.absence,
			held.seasonal,
			held.radar,
		];
		const key = JSON.stringify(held.detector === "burn-rate" ? terms : terms.slice(1));
		const known = rules.get(key) ?? { rule: ruleOf(held, slo, objective, now), tenants: [] };
		rules.set(key, known);
		if (tenant) known.tenants.push(tenant.displayName);
	}
	return [...rules.values()].map(({ rule, tenants }, k) => ({
		...rule,
		tenants: tenants.length,
		names: k > 0 && tenants.length <= NAMED ? tenants : [],
	}));
}

/** A rule that so few key tenants have is theirs by name. */
const NAMED = 3;

function ruleOf(monitor: Monitor, slo: Slo, objective: number, now: number): MonitorRule {
	return {
		slo: slo.name,
		sloDisplayName: slo.displayName,
		objective,
		tenants: 0,
		names: [],
		mode: modeOf(monitor, now),
		periodMs: slo.periodMs,
		says: ruleWords(monitor, slo.unit),
		tiers: monitor.detector !== "burn-rate" ? [] : tiersOf(monitor, slo, objective),
	};
}

function tiersOf(monitor: Monitor, slo: Slo, objective: number): MonitorRule["tiers"] {
	return burnRateTiers(slo.periodMs).map((tier) => ({
		key: tier.key,
		response: tier.response,
		budgetPercent: tier.budgetPercent,
		factor: tier.factor,
		longMs: tier.longMs,
		shortMs: tier.shortMs,
		errorRatio: Math.min(1, errorRatioLimit(tier.factor, objective)),
		state: monitor.tiers && !monitor.tiers.includes(tier.key) ? "off" : (tierFault(tier, objective) ?? "runs"),
	}));
}

function shadowOf(catalogue: Catalogue, { at, tenant, slo, says }: ShadowFiring): Firing {
	return {
		at,
		tenant,
		tenantDisplayName: tenantName(catalogue, tenant),
		slo,
		sloDisplayName: catalogue.slos.find(({ name }) => name === slo)?.displayName ?? slo,
		isShadow: true,
		endedAt: null,
		incident: null,
		incidentState: null,
		verdict: null,
		says,
	};
}

function firingOf(catalogue: Catalogue, breach: Breach, incidents: readonly Incident[]): Firing {
	const incident = incidents.find(({ id }) => id === breach.incidentId);
	const slo = catalogue.slos.find(({ name }) => name === breach.slo);
	return {
		at: breach.openedAt,
		tenant: breach.tenant,
		tenantDisplayName: tenantName(catalogue, breach.tenant),
		slo: breach.slo,
		sloDisplayName: slo?.displayName ?? breach.slo,
		isShadow: breach.incidentId === undefined,
		endedAt: breach.closedAt ?? null,
		incident: incident?.id ?? null,
		incidentState: incident?.state ?? null,
		verdict: incident?.verdict ?? null,
		says: firingWords(breach, slo),
	};
}
