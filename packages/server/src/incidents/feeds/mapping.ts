import type { Catalogue, Feed } from "#catalogue";

/** The workloads of a component: the first of its names that the feed's map knows; without a map, that is a workload's. */
export function workloadsOf(feed: Feed, catalogue: Catalogue, component: readonly string[]): readonly string[] {
	const isMapped = Object.keys(feed.components).length > 0;
	for (const name of component) {
		const lower = name.trim().toLowerCase();
		const mapped = feed.components[lower];
		if (mapped) return mapped;
		if (isMapped) continue;
		const workload = catalogue.workloads.find(
			(each) => each.name === lower || each.displayName.toLowerCase() === lower,
		);
		if (workload) return [workload.name];
	}
	return [];
}

/** Whether the feed speaks of the workload at all. */
export function speaksOf(feed: Feed, workload: string): boolean {
	const mapped = Object.values(feed.components);
	return mapped.length === 0 || mapped.some((workloads) => workloads.includes(workload));
}

/**
 * Key tenants by what sources may call them, in lower case: name, name for people, and each value that telemetry tells
 * them by. A text that two of them have is nobody's.
 */
export function tenantNames(catalogue: Catalogue): ReadonlyMap<string, string> {
	const result = new Map<string, string>();
	const taken = new Set<string>();
	const add = (text: string, tenant: string) => {
		const key = text.trim().toLowerCase();
		if (taken.has(key) && result.get(key) !== tenant) result.delete(key);
		else {
			taken.add(key);
			result.set(key, tenant);
		}
	};
	for (const tenant of catalogue.tenants) {
		add(tenant.displayName, tenant.name);
		for (const value of Object.values(tenant.match).flat()) add(value, tenant.name);
	}
	// What the register itself calls a tenant is never somebody else's name.
	for (const tenant of catalogue.tenants) {
		taken.add(tenant.name);
		result.set(tenant.name, tenant.name);
	}
	return result;
}
