import { SEVERITIES } from "@bellwether/model";
import { type Labels, labelOf, matchesLabels } from "./label-matchers.ts";
import type { Catalogue, Matcher } from "./types.ts";

type Known = Pick<Catalogue, "tenants" | "workloads" | "slos" | "monitors">;

/** Labels that go together: every incident takes one element of each dimension. */
export interface Domain {
	readonly dimensions: readonly (readonly Labels[])[];
	/** Label → its dimension. */
	readonly labels: ReadonlyMap<string, number>;
}

/** Which elements of each dimension satisfy some matchers; undefined: all. */
export type Box = readonly (ReadonlySet<number> | undefined)[];

/** Every label that an incident can carry, with the values that this catalogue gives it. */
export function domainOf({ tenants, workloads, slos, monitors }: Known): Domain {
	const owners = new Map(workloads.map((workload) => [workload.name, workload.owner]));
	const own = new Set(tenants.flatMap((tenant) => Object.keys(tenant.labels ?? {})));
	const noLabels = Object.fromEntries([...own].map((label) => [label, ""]));
	const dimensions: Labels[][] = [
		[
			{ ...noLabels, tenant: "", tier: "", scope: "platform" },
			...tenants.map((each) => ({
				...noLabels,
				...each.labels,
				tenant: each.name,
				tier: each.tier,
				scope: "tenant",
			})),
		],
		slos.map((slo) => ({
			slo: slo.name,
			workload: slo.workload,
			owner: owners.get(slo.workload) ?? "",
			sli_kind: slo.sliKind,
		})),
		Object.keys(SEVERITIES).map((severity) => ({ severity })),
		monitors.map((monitor) => ({ monitor: monitor.name, detector: monitor.detector })),
	];
	const always = [
		["tenant", "tier", "scope", ...own],
		["slo", "workload", "owner", "sli_kind"],
		["severity"],
		["monitor", "detector"],
	];
	return { dimensions, labels: new Map(always.flatMap((names, k) => names.map((name) => [name, k] as const))) };
}

/** The elements for which all matchers hold. Matchers on labels that do not exist are left out. */
export function boxOf(domain: Domain, matchers: readonly Matcher[]): Box {
	return domain.dimensions.map((elements, k) => {
		const here = matchers.filter((matcher) => domain.labels.get(matcher.name) === k);
		if (here.length === 0) return undefined;
		return new Set([...elements.keys()].filter((at) => matchesLabels(here, elements[at] as Labels)));
	});
}

export function isEmpty(box: Box): boolean {
	return box.some((set) => set?.size === 0);
}

export function intersect(a: Box, b: Box): Box {
	return a.map((set, k) => {
		const other = b[k];
		if (!set || !other) return set ?? other;
		return new Set([...set].filter((at) => other.has(at)));
	});
}

/** True when everything of `box` lies in the others together, as far as one dimension at a time can tell. */
export function isCovered(domain: Domain, box: Box, others: readonly Box[]): boolean {
	return box.some((set, k) => {
		const beside = others.filter((other) => other.every((each, j) => j === k || contains(each, box[j])));
		if (beside.some((other) => contains(other[k], set))) return true;
		const elements = set ?? domain.dimensions[k]?.keys() ?? [];
		return beside.length > 0 && [...elements].every((at) => beside.some((other) => other[k]?.has(at)));
	});
}

function contains(outer: ReadonlySet<number> | undefined, inner: ReadonlySet<number> | undefined): boolean {
	if (!outer) return true;
	if (!inner) return false;
	return [...inner].every((at) => outer.has(at));
}

/** The values that a label has anywhere, without "". */
export function valuesOf(domain: Domain, label: string): string[] {
	const elements = domain.dimensions[domain.labels.get(label) ?? -1] ?? [];
	return [...new Set(elements.map((each) => labelOf(each, label)))].filter((value) => value !== "").toSorted();
}
