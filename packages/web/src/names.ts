import { useQuery } from "@tanstack/react-query";
import { fleetQuery } from "./api.ts";
import type { FleetView } from "./api-types.ts";

/** What people call tenants and workloads; a name that the reader's fleet does not have stays as it is. */
export interface Names {
	readonly tenant: (name: string) => string;
	readonly workload: (name: string) => string;
}

export function useNames(): Names {
	return namesOf(useQuery({ ...fleetQuery, staleTime: 60_000 }).data);
}

export function namesOf(fleet: Pick<FleetView, "tenants" | "workloads"> | undefined): Names {
	const tenants = new Map(fleet?.tenants.map(({ name, displayName }) => [name, displayName]));
	const workloads = new Map(fleet?.workloads.map(({ name, displayName }) => [name, displayName]));
	return {
		tenant: (name) => tenants.get(name) ?? name,
		workload: (name) => workloads.get(name) ?? name,
	};
}

/** Whom a set of matchers names, in words: `tenant=~"woodgrove|contoso"` gives "Woodgrove Bank, Contoso"; "" where nothing is to add. */
export function matchedNames(matchers: string, names: Names): string {
	return [...matchers.matchAll(/\b(tenant|workload)\s*=~?\s*"([^"]*)"/g)]
		.flatMap(([, label, values = ""]) =>
			values.split("|").map((value) => [value, label === "tenant" ? names.tenant(value) : names.workload(value)]),
		)
		.flatMap(([value, name]) => (name === value ? [] : [name]))
		.join(", ");
}
