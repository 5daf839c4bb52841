import { formatDuration } from "@bellwether/model";
import { effectiveObjective } from "./objective.ts";
import { overThreshold } from "./threshold-terms.ts";
import type { Catalogue, KeyTenant, Monitor, MonitorOverride, MonitorPause, Slo } from "./types.ts";

/** Who set a value, strongest last. */
export type SetBy = "default" | "monitor" | "slo" | "workload" | "tier" | "tenant";

/** One value that holds for a tenant and an SLO, and where it comes from. */
export interface EffectiveValue {
	/** As it is written: `severity`, `threshold.value`; `objective` of the SLO. */
	readonly field: string;
	/** Undefined: of the SLO, whatever the monitor. */
	readonly monitor?: string | undefined;
	readonly value: unknown;
	readonly setBy: SetBy;
	/** Of the workload, tier, tenant, SLO or monitor that set it. */
	readonly name: string;
	/** `file:line`; undefined for defaults. */
	readonly place?: string | undefined;
}

type Sources = Pick<Catalogue, "tiers" | "workloads">;

interface Layer {
	readonly setBy: "workload" | "tier" | "tenant";
	readonly name: string;
	readonly key: string;
	readonly terms: MonitorOverride;
}

/**
 * A monitor as it holds for a tenant (undefined: the fleet) on an SLO: its own values, over them the workload's, over these
 * the tier's, over these the tenant's. Of `threshold` and `absence` field by field.
 */
export function effectiveMonitor(
	catalogue: Sources,
	monitor: Monitor,
	slo: Slo,
	tenant: KeyTenant | undefined,
): Monitor {
	const layers = layersOf(catalogue, monitor.name, slo, tenant);
	return layers.length === 0 ? monitor : layers.reduce((below, { terms }) => laid(below, terms), monitor);
}

/** The same, by names; undefined: there is no such monitor. `tenant` empty: the fleet. */
export function heldMonitor(catalogue: Catalogue, monitor: string, slo: string, tenant: string): Monitor | undefined {
	const known = catalogue.monitors.find(({ name }) => name === monitor);
	const on = catalogue.slos.find(({ name }) => name === slo);
	if (!known || !on) return known;
	return effectiveMonitor(
		catalogue,
		known,
		on,
		catalogue.tenants.find(({ name }) => name === tenant),
	);
}

function laid(below: Monitor, { threshold, absence, ...terms }: MonitorOverride): Monitor {
	return {
		...below,
		...terms,
		...(threshold && below.threshold ? { threshold: overThreshold(below.threshold, threshold) } : {}),
		...(absence && below.absence ? { absence: { ...below.absence, ...absence } } : {}),
	};
}

function layersOf(catalogue: Sources, monitor: string, slo: Slo, tenant: KeyTenant | undefined): Layer[] {
	const workload = catalogue.workloads.find(({ name }) => name === slo.workload);
	const tier = tenant && catalogue.tiers.find(({ name }) => name === tenant.tier);
	const owners = [
		{ setBy: "workload" as const, kind: "Workload", owner: workload },
		{ setBy: "tier" as const, kind: "Tier", owner: tier },
		{ setBy: "tenant" as const, kind: "KeyTenant", owner: tenant },
	];
	return owners.flatMap(({ setBy, kind, owner }): Layer[] => {
		const held = owner?.monitors;
		// After a copy between threads the record has a prototype, and with it names of its own.
		if (!owner || !held || !Object.hasOwn(held, monitor)) return [];
		const key = `${kind}/${owner.name}/monitors/${monitor}`;
		return [{ setBy, name: owner.name, key, terms: held[monitor] as MonitorOverride }];
	});
}

/** The monitors of an SLO, whatever their mode: those that name it, and those for every SLO that no other of their kind names. */
export function monitorsOf(catalogue: Pick<Catalogue, "monitors">, slo: string): Monitor[] {
	const applying = catalogue.monitors.filter(({ slos }) => !slos || slos.includes(slo));
	return applying.filter(
		(monitor) =>
			monitor.slos !== undefined ||
			!applying.some((other) => other.detector === monitor.detector && other.slos && other.mode === "live"),
	);
}

/** A monitor's own values, those that are left out with their defaults. */
export function monitorFields(catalogue: Catalogue, monitor: Monitor): EffectiveValue[] {
	return [...termFields(monitor)].map(([field, value]) => ownValue(catalogue, monitor, field, value));
}

/** A value that a workload, tier or tenant has written for itself; `name` is the owner's for people. */
export type OverrideValue = Pick<EffectiveValue, "field" | "value" | "name" | "place"> & {
	readonly setBy: "workload" | "tier" | "tenant";
};

/** What workloads, tiers and tenants have written for themselves over a monitor. */
export function overridesOf(catalogue: Catalogue, monitor: string): OverrideValue[] {
	const owners = [
		...catalogue.workloads.map((owner) => ({ kind: "Workload", setBy: "workload" as const, owner })),
		...catalogue.tiers.map((owner) => ({ kind: "Tier", setBy: "tier" as const, owner })),
		...catalogue.tenants.map((owner) => ({ kind: "KeyTenant", setBy: "tenant" as const, owner })),
	];
	return owners.flatMap(({ kind, setBy, owner }) => {
		const held = owner.monitors;
		if (!held || !Object.hasOwn(held, monitor)) return [];
		return [...termFields(held[monitor] as MonitorOverride)].map(([field, value]) => ({
			setBy,
			name: owner.displayName,
			field,
			value,
			place: placeOf(catalogue, `${kind}/${owner.name}/monitors/${monitor}/${field}`),
		}));
	});
}

/** A value as people write it. */
export function describeSetting(field: string, value: unknown): string {
	if (typeof value === "number" && /\.(?:for|clearFor|after)$/.test(field)) return formatDuration(value);
	if (Array.isArray(value)) return value.join(", ");
	if (field === "pause" && typeof value === "object" && value !== null) {
		const { until, reason, owner } = value as MonitorPause;
		return `until ${new Date(until).toISOString()}: ${reason} (${owner})`;
	}
	return String(value);
}

/** Every effective value of a tenant (undefined: the fleet) on an SLO, its objective first, then by monitor. */
export function explainPair(catalogue: Catalogue, slo: Slo, tenant: KeyTenant | undefined): EffectiveValue[] {
	const { objective, setBy } = effectiveObjective(catalogue, slo, tenant);
	const owner =
		setBy === "slo" ? `SLO/${slo.name}` : setBy === "tier" ? `Tier/${tenant?.tier}` : `KeyTenant/${tenant?.name}`;
	const name = setBy === "slo" ? slo.name : setBy === "tier" ? (tenant?.tier as string) : (tenant?.name as string);
	const place = placeOf(catalogue, setBy === "slo" ? `${owner}/objective` : `${owner}/objectives/${slo.name}`);
	return [
		{ field: "objective", value: objective, setBy, name, place },
		...monitorsOf(catalogue, slo.name).flatMap((monitor) => explainMonitor(catalogue, monitor, slo, tenant)),
	];
}

function explainMonitor(
	catalogue: Catalogue,
	monitor: Monitor,
	slo: Slo,
	tenant: KeyTenant | undefined,
): EffectiveValue[] {
	const layers = layersOf(catalogue, monitor.name, slo, tenant);
	const whole = effectiveMonitor(catalogue, monitor, slo, tenant);
	return [...termFields(whole)].map(([field, value]): EffectiveValue => {
		const layer = layers.findLast(({ terms }) => [...termFields(terms)].some(([written]) => written === field));
		if (layer) {
			const { setBy, name, key } = layer;
			return { field, monitor: monitor.name, value, setBy, name, place: placeOf(catalogue, `${key}/${field}`) };
		}
		return ownValue(catalogue, monitor, field, value);
	});
}

function ownValue(catalogue: Catalogue, monitor: Monitor, field: string, value: unknown): EffectiveValue {
	const place = placeOf(catalogue, `Monitor/${monitor.name}/${field}`);
	const setBy = place === undefined ? "default" : "monitor";
	return { field, monitor: monitor.name, value, setBy, name: place === undefined ? "" : monitor.name, place };
}

const OWN_FIELDS = ["detector", "mode", "severity", "tiers", "evidenceP", "escalation", "pause"] as const;
/** Catalogue fields to the words they are written with. */
const WRITTEN: Readonly<Record<string, string>> = { lookMs: "for", clearMs: "clearFor", afterMs: "after" };

/** What is set, by the words that it is written with: `severity`, `threshold.for`. */
function* termFields(
	terms: MonitorOverride & Partial<Pick<Monitor, "detector" | "radar" | "seasonal">>,
): Generator<readonly [string, unknown]> {
	for (const field of OWN_FIELDS) {
		if (terms.detector !== undefined && terms.detector !== "burn-rate" && (field === "tiers" || field === "evidenceP"))
			continue;
		if (terms[field] !== undefined) yield [field, terms[field]];
	}
	for (const group of ["threshold", "absence", "seasonal", "radar"] as const)
		for (const [field, value] of Object.entries(terms[group] ?? {}))
			yield [`${group}.${WRITTEN[field] ?? field}`, value];
}

function placeOf(catalogue: Catalogue, key: string): string | undefined {
	const { places } = catalogue;
	return places && Object.hasOwn(places, key) ? places[key] : undefined;
}
