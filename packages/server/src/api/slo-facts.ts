import { DAY_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { firingCounts, type Incident, listIncidents, shadowFirings } from "#incidents";
import { inScope, type TenantScope } from "#platform";
import type { ApiContext } from "./context.ts";
import { type MonitorFacts, watchers } from "./monitor-view.ts";
import type { SloFacts } from "./slo-view.ts";

const FIRED_WITHIN_MS = 28 * DAY_MS;
const UNRESOLVED = ["detected", "acknowledged", "investigating", "mitigated"] as const;
const MAX_INCIDENTS = 500;

/** What the pages of SLOs are made of, reduced to the caller's tenants. */
export async function gatherSlos(
	context: ApiContext,
	scope: TenantScope,
): Promise<{ readonly facts: SloFacts; readonly incidents: readonly Incident[] }> {
	const catalogue = scopedCatalogue(context, scope);
	const [fleet, { items }] = await Promise.all([
		context.fleet.view(scope),
		listIncidents(context.store.db, scope, { states: UNRESOLVED, limit: MAX_INCIDENTS }),
	]);
	const watchedBy = watchers(catalogue, context.clock.now());
	return { facts: { catalogue, fleet, incidents: items, watchedBy }, incidents: items };
}

/** What the pages of monitors are made of, reduced to the caller's tenants. */
export async function gatherMonitors(context: ApiContext, scope: TenantScope): Promise<MonitorFacts> {
	const now = context.clock.now();
	const [firings, shadows] = await Promise.all([
		firingCounts(context.store.db, scope, now - FIRED_WITHIN_MS),
		shadowFirings(context.store.db, scope),
	]);
	return {
		catalogue: scopedCatalogue(context, scope),
		firings,
		shadows,
		now,
	};
}

function scopedCatalogue(context: ApiContext, scope: TenantScope): Catalogue {
	const catalogue = context.catalogue();
	if (scope.all) return catalogue;
	return { ...catalogue, tenants: catalogue.tenants.filter(({ name }) => inScope(scope, name)) };
}
