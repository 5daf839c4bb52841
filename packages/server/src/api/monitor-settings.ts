import {
	type Catalogue,
	DEFAULT_ESCALATION,
	type Monitor,
	type MonitorOverride,
	type Slo,
	termFields,
} from "#catalogue";
import { valueWords } from "./monitor-words.ts";
import type { MonitorSetting } from "./schemas-monitors.ts";

/** Every value of a monitor with who set it: its own first, then what workloads, tiers and tenants set otherwise. */
export function monitorSettings(catalogue: Catalogue, monitor: Monitor, slos: readonly Slo[]): MonitorSetting[] {
	const own = [...termFields(monitor)].map(([field, value]): MonitorSetting => {
		const place = placeAt(catalogue, `Monitor/${monitor.name}/${field}`);
		const setBy = place === undefined ? "default" : "monitor";
		return { field, value: valueWords(field, value), setBy, name: "", holdsFor: "", place: place ?? null };
	});
	const tiers =
		monitor.detector === "burn-rate" && monitor.tiers === undefined
			? [{ field: "tiers", value: "all four", setBy: "default" as const, name: "", holdsFor: "", place: null }]
			: [];
	return [
		...own,
		...tiers,
		...(monitor.escalation === undefined ? escalations(catalogue, slos) : []),
		...overrides(catalogue, monitor),
	];
}

/** Where a monitor names no policy, its workloads' holds, else the one called `default`. */
function escalations(catalogue: Catalogue, slos: readonly Slo[]): MonitorSetting[] {
	const workloads = catalogue.workloads.filter(({ name }) => slos.some(({ workload }) => workload === name));
	const policies = Map.groupBy(workloads, ({ escalation }) => escalation ?? "");
	return [...policies].map(([policy, of]) => ({
		field: "escalation",
		value: policy || DEFAULT_ESCALATION,
		setBy: policy === "" ? ("default" as const) : ("workload" as const),
		name: policy === "" ? "" : of.map(({ displayName }) => displayName).join(", "),
		holdsFor: policies.size === 1 ? "" : of.map(({ displayName }) => displayName).join(", "),
		place: null,
	}));
}

interface Owner {
	readonly name: string;
	readonly displayName: string;
	readonly monitors?: Readonly<Record<string, MonitorOverride>> | undefined;
}

function overrides(catalogue: Catalogue, monitor: Monitor): MonitorSetting[] {
	const of = (setBy: "workload" | "tier" | "tenant", kind: string, owners: readonly Owner[]): MonitorSetting[] =>
		owners.flatMap(({ name, displayName, monitors }) => {
			if (!monitors || !Object.hasOwn(monitors, monitor.name)) return [];
			return [...termFields(monitors[monitor.name] as MonitorOverride)].map(([field, value]) => ({
				field,
				value: valueWords(field, value),
				setBy,
				name: displayName,
				holdsFor: displayName,
				place: placeAt(catalogue, `${kind}/${name}/monitors/${monitor.name}/${field}`) ?? null,
			}));
		});
	return [
		...of("workload", "Workload", catalogue.workloads),
		...of("tier", "Tier", catalogue.tiers),
		...of("tenant", "KeyTenant", catalogue.tenants),
	];
}

/** `file:line` of the monitor; undefined: no file declares it. */
export function placeOfMonitor(catalogue: Catalogue, monitor: string): string | undefined {
	return placeAt(catalogue, `Monitor/${monitor}/detector`);
}

function placeAt({ places }: Catalogue, key: string): string | undefined {
	return places && Object.hasOwn(places, key) ? places[key] : undefined;
}
