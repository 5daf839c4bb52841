import type { Catalogue, Feed } from "#catalogue";

/** The workloads of a component: the first of its names that the feed's map knows; without a map, that is a workload's. */
export function workloadsOf(feed: Feed, catalogue: Catalogue, component: readonly string[]): readonly string[] {
	const isMapped = Object.keys(feed.components).length > 0;
	for (const name of component) {
		const lower = name.trim().toLowerCase();
		// A name from outside, such as `constructor`, must find nothing that nobody wrote.
		const mapped = Object.hasOwn(feed.components, lower) ? feed.components[lower] : undefined;
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

/** The key tenant that a source calls so at an instant, if it is exactly one. */
export type TenantOf = (named: string, at: number) => string | undefined;

/**
 * Key tenants by what sources may call them, whatever the case: name, name for people, and each id that telemetry tells
 * them by at that time (patterns are for telemetry alone). A text that two of them have is nobody's; but what the register
 * itself calls a tenant is never somebody else's.
 */
export function tenantNames(catalogue: Catalogue): TenantOf {
	const own = new Set(catalogue.tenants.map((tenant) => tenant.name));
	const claims = new Map<string, { readonly tenant: string; readonly from: number; readonly until: number }[]>();
	const claim = (text: string, tenant: string, from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY) => {
		const key = text.trim().toLowerCase();
		const list = claims.get(key);
		if (list) list.push({ tenant, from, until });
		else claims.set(key, [{ tenant, from, until }]);
	};
	for (const tenant of catalogue.tenants) {
		claim(tenant.displayName, tenant.name);
		for (const value of Object.values(tenant.match).flat()) claim(value, tenant.name);
		for (const { values, from, until } of tenant.aliases ?? [])
			for (const value of values) claim(value, tenant.name, from, until);
	}
	return (named, at) => {
		const key = named.trim().toLowerCase();
		if (own.has(key)) return key;
		const holders = (claims.get(key) ?? []).filter((each) => each.from <= at && at < each.until);
		const tenants = new Set(holders.map((each) => each.tenant));
		return tenants.size === 1 ? holders[0]?.tenant : undefined;
	};
}
