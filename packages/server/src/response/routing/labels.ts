import { isOwnName } from "@bellwether/model";
import type { Catalogue, KeyTenant, Labels, Monitor, Slo, Workload } from "#catalogue";
import type { Incident } from "#incidents";
import type { IncidentFacts } from "./types.ts";

type Told = Pick<Incident, "tenant" | "slo" | "workload" | "monitor" | "kind"> & {
	readonly severity: { readonly key: string };
};

interface Index {
	readonly tenants: ReadonlyMap<string, KeyTenant>;
	readonly slos: ReadonlyMap<string, Slo>;
	readonly workloads: ReadonlyMap<string, Workload>;
	readonly monitors: ReadonlyMap<string, Monitor>;
}

/** A decision may look at a thousand incidents; their names are looked up, not searched for. */
const indexes = new WeakMap<Catalogue, Index>();

function indexOf(catalogue: Catalogue): Index {
	let index = indexes.get(catalogue);
	if (!index) {
		const named = <T extends { readonly name: string }>(list: readonly T[]) =>
			new Map(list.map((each) => [each.name, each]));
		index = {
			tenants: named(catalogue.tenants),
			slos: named(catalogue.slos),
			workloads: named(catalogue.workloads),
			monitors: named(catalogue.monitors),
		};
		indexes.set(catalogue, index);
	}
	return index;
}

/** The labels that matchers see. Those of the tenant come from the register, the others from the incident. */
export function labelsOf(catalogue: Catalogue, incident: Told): Labels {
	const { tenants, slos, workloads, monitors } = indexOf(catalogue);
	const tenant = tenants.get(incident.tenant);
	return {
		...tenant?.labels,
		tenant: incident.tenant,
		tier: tenant?.tier ?? "",
		scope: incident.kind,
		workload: incident.workload,
		owner: workloads.get(incident.workload)?.owner ?? "",
		slo: incident.slo,
		sli_kind: slos.get(incident.slo)?.sliKind ?? "",
		severity: incident.severity.key,
		monitor: incident.monitor,
		detector: monitors.get(incident.monitor)?.detector ?? "",
	};
}

export function factsOf(catalogue: Catalogue, incident: Incident): IncidentFacts {
	return {
		id: incident.id,
		tenant: incident.tenant,
		workload: incident.workload,
		slo: incident.slo,
		monitor: incident.monitor,
		labels: labelsOf(catalogue, incident),
		isDrill: incident.evidence.drill !== undefined || isOwnName(incident.tenant),
	};
}
