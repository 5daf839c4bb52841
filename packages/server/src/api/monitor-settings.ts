import { type Catalogue, DEFAULT_ESCALATION, type Monitor, monitorFields, overridesOf, type Slo } from "#catalogue";
import { valueWords } from "./monitor-words.ts";
import type { MonitorSetting } from "./schemas-monitors.ts";

/** Every value of a monitor with who set it: its own first, then what workloads, tiers and tenants set otherwise. */
export function monitorSettings(catalogue: Catalogue, monitor: Monitor, slos: readonly Slo[]): MonitorSetting[] {
	const own = monitorFields(catalogue, monitor).map(({ field, value, place }): MonitorSetting => {
		const setBy = place === undefined ? "default" : "monitor";
		return { field, value: valueWords(field, value), setBy, name: "", holdsFor: "", place: place ?? null };
	});
	const others = overridesOf(catalogue, monitor.name).map(({ field, value, setBy, name, place }) => ({
		field,
		value: valueWords(field, value),
		setBy,
		name,
		holdsFor: name,
		place: place ?? null,
	}));
	return [
		...own,
		...(monitor.detector === "burn-rate" && monitor.tiers === undefined ? [ALL_TIERS] : []),
		...(monitor.escalation === undefined ? escalations(catalogue, slos) : []),
		...others,
	];
}

const ALL_TIERS: MonitorSetting = {
	field: "tiers",
	value: "all four",
	setBy: "default",
	name: "",
	holdsFor: "",
	place: null,
};

/** Where a monitor names no policy, its workloads' holds, else the one called `default`. */
function escalations(catalogue: Catalogue, slos: readonly Slo[]): MonitorSetting[] {
	const workloads = catalogue.workloads.filter(({ name }) => slos.some(({ workload }) => workload === name));
	const policies = Map.groupBy(workloads, ({ escalation }) => escalation ?? "");
	return [...policies].map(([policy, of]) => {
		const names = of.map(({ displayName }) => displayName).join(", ");
		return {
			field: "escalation",
			value: policy || DEFAULT_ESCALATION,
			setBy: policy === "" ? "default" : "workload",
			name: policy === "" ? "" : names,
			holdsFor: policies.size === 1 ? "" : names,
			place: null,
		};
	});
}
