import { burnRateTiers, errorRatioLimit, tierFault } from "@bellwether/model";
import { type Catalogue, effectiveObjective, escalationFor, type Monitor, type Slo } from "#catalogue";
import { type Breach, type FiringCount, type Incident, tenantName } from "#incidents";
import { firingWords, howWords, watchWords } from "./monitor-words.ts";
import type {
	Firing,
	MonitorDetail,
	MonitorLine,
	MonitorMode,
	MonitorRule,
	MonitorSetting,
} from "./schemas-monitors.ts";

export interface MonitorFacts {
	readonly catalogue: Catalogue;
	readonly firings: readonly FiringCount[];
	readonly now: number;
}

/** Live ones first, then what would be, then what is only written; by name. */
const MODE_RANK: Readonly<Record<MonitorMode, number>> = { live: 0, paused: 1, shadow: 2, draft: 3 };

export function monitorLines(facts: MonitorFacts): MonitorLine[] {
	return facts.catalogue.monitors
		.map((monitor) => monitorLine(facts, monitor))
		.sort((a, b) => MODE_RANK[a.mode] - MODE_RANK[b.mode] || (a.name < b.name ? -1 : 1));
}

function monitorLine({ catalogue, firings, now }: MonitorFacts, monitor: Monitor): MonitorLine {
	const slos = watchedSlos(catalogue, monitor);
	const fired = firings.find((each) => each.monitor === monitor.name);
	return {
		name: monitor.name,
		displayName: monitor.name,
		detector: monitor.detector,
		mode: modeOf(monitor, now),
		pausedUntil: null,
		severity: monitor.severity,
		watches: watchWords(monitor, slos),
		slos: slos.map(({ name, displayName }) => ({ name, displayName })),
		isForAll: monitor.slos === undefined,
		isBuiltIn: false,
		lastFiredAt: fired?.lastAt ?? null,
		fired: fired?.count ?? 0,
	};
}

function modeOf(monitor: Monitor, _now: number): MonitorMode {
	return monitor.mode;
}

/** Those that it names; one that names none takes what no other live one of its sort names, or, while it is not live, all. */
export function watchedSlos(catalogue: Catalogue, monitor: Monitor): Slo[] {
	if (monitor.slos) return catalogue.slos.filter(({ name }) => monitor.slos?.includes(name));
	if (monitor.mode !== "live") return [...catalogue.slos];
	const others = catalogue.monitors.filter(
		(each) => each !== monitor && each.mode === "live" && each.detector === monitor.detector,
	);
	return catalogue.slos.filter(({ name }) => !others.some(({ slos }) => slos?.includes(name)));
}

/** Which monitors watch an SLO, whatever their mode, and whether one of them may open an incident. */
export function watchers(
	catalogue: Catalogue,
): (slo: string) => { readonly names: string[]; readonly isLive: boolean } {
	const watched = catalogue.monitors.map((monitor) => ({
		monitor,
		slos: new Set(watchedSlos(catalogue, monitor).map(({ name }) => name)),
	}));
	return (slo) => {
		const on = watched.filter(({ slos }) => slos.has(slo)).map(({ monitor }) => monitor);
		return { names: on.map(({ name }) => name), isLive: on.some(({ mode }) => mode === "live") };
	};
}

export function monitorDetail(
	facts: MonitorFacts,
	monitor: Monitor,
	breaches: readonly Breach[],
	incidents: readonly Incident[],
): MonitorDetail {
	const { catalogue } = facts;
	const slos = watchedSlos(catalogue, monitor);
	return {
		...monitorLine(facts, monitor),
		how: howWords(monitor),
		settings: settingsOf(catalogue, monitor, slos),
		rules: slos.flatMap((slo) => rulesOf(catalogue, monitor, slo)),
		firings: breaches.map((breach) => firingOf(catalogue, breach, incidents)),
	};
}

/** One rule for each objective that holds for somebody: factors are the period's, what they mean is the objective's. */
function rulesOf(catalogue: Catalogue, monitor: Monitor, slo: Slo): MonitorRule[] {
	const users = catalogue.tenants.filter(({ workloads }) => workloads.includes(slo.workload));
	const tenants = new Map([[slo.objective, 0]]);
	for (const tenant of users) {
		const { objective } = effectiveObjective(catalogue, slo, tenant);
		tenants.set(objective, (tenants.get(objective) ?? 0) + 1);
	}
	return [...tenants].map(([objective, count]) => ({
		slo: slo.name,
		sloDisplayName: slo.displayName,
		objective,
		tenants: count,
		periodMs: slo.periodMs,
		tiers: burnRateTiers(slo.periodMs).map((tier) => ({
			key: tier.key,
			response: tier.response,
			budgetPercent: tier.budgetPercent,
			factor: tier.factor,
			longMs: tier.longMs,
			shortMs: tier.shortMs,
			errorRatio: Math.min(1, errorRatioLimit(tier.factor, objective)),
			state:
				monitor.tiers && !monitor.tiers.includes(tier.key) ? ("off" as const) : (tierFault(tier, objective) ?? "runs"),
		})),
	}));
}

function settingsOf(catalogue: Catalogue, monitor: Monitor, slos: readonly Slo[]): MonitorSetting[] {
	const here = "this monitor";
	const byDefault = "default";
	const everywhere = { holdsFor: "" };
	const workloads = catalogue.workloads.filter(({ name }) => slos.some(({ workload }) => workload === name));
	const escalations = monitor.escalation
		? [{ key: "escalation", value: monitor.escalation, ...everywhere, setBy: here }]
		: joined(
				workloads.map((workload) => ({
					key: "escalation",
					value: escalationFor(catalogue, { workload: workload.name } as Slo, undefined).name,
					holdsFor: workload.displayName,
					setBy: workload.escalation ? `workload ${workload.displayName}` : byDefault,
				})),
			);
	return [
		{ key: "mode", value: monitor.mode, ...everywhere, setBy: here },
		{ key: "severity", value: monitor.severity, ...everywhere, setBy: here },
		{
			key: "tiers",
			value: monitor.tiers?.join(", ") ?? "all four",
			...everywhere,
			setBy: monitor.tiers ? here : byDefault,
		},
		{ key: "evidenceP", value: String(monitor.evidenceP), ...everywhere, setBy: here },
		...escalations,
	];
}

/** Equal values of the same origin as one, with all that they hold for; one that is alone holds for everything. */
function joined(settings: readonly MonitorSetting[]): MonitorSetting[] {
	const groups = Map.groupBy(settings, ({ key, value, setBy }) => [key, value, setBy].join("\n"));
	return [...groups.values()].map((group) => ({
		...(group[0] as MonitorSetting),
		holdsFor: groups.size === 1 ? "" : group.map(({ holdsFor }) => holdsFor).join(", "),
	}));
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
		endedAt: breach.closedAt ?? null,
		incident: incident?.id ?? null,
		incidentState: incident?.state ?? null,
		verdict: incident?.verdict ?? null,
		says: firingWords(breach, slo),
	};
}
