import { effectiveMonitor, monitorsOf } from "./effective-monitor.ts";
import { thresholdFault } from "./monitor-terms.ts";
import type { Context } from "./references.ts";
import type { Catalogue, KeyTenant } from "./types.ts";

/** Thresholds that only what a workload, a tier and a tenant set together makes impossible: each alone may be right. */
export function checkCombined(
	context: Context,
	content: Pick<Catalogue, "monitors" | "slos" | "tenants" | "tiers" | "workloads">,
): void {
	const told = new Set<string>();
	for (const slo of content.slos)
		for (const monitor of monitorsOf(content, slo.name)) {
			if (!monitor.threshold) continue;
			for (const tenant of onePerLayers(content.tenants, monitor.name)) {
				const { threshold } = effectiveMonitor(content, monitor, slo, tenant);
				const fault = threshold && thresholdFault(threshold);
				const place = fault && strongestPlace(context, monitor.name, tenant, slo.workload);
				if (!place || told.has(`${place.file}:${place.line}`)) continue;
				told.add(`${place.file}:${place.line}`);
				const message = `The threshold of ${monitor.name} for ${tenant.name} on ${slo.name}, with what its tier and workload set, ${fault.says}.`;
				context.findings.error(place, message, fault.remedy);
			}
		}
}

/** Tenants that set something of the monitor, and the first of each tier of those that do not. */
function onePerLayers(tenants: readonly KeyTenant[], monitor: string): KeyTenant[] {
	const tiers = new Set<string>();
	return tenants.filter((tenant) => {
		if (tenant.monitors && Object.hasOwn(tenant.monitors, monitor)) return true;
		if (tiers.has(tenant.tier)) return false;
		tiers.add(tenant.tier);
		return true;
	});
}

function strongestPlace(context: Context, monitor: string, tenant: KeyTenant, workload: string) {
	const owners = [`KeyTenant/${tenant.name}`, `Tier/${tenant.tier}`, `Workload/${workload}`];
	for (const owner of owners) {
		const start = `${owner}/monitors/${monitor}/threshold.`;
		const found = [...context.places].find(([key]) => key.startsWith(start))?.[1];
		const [, file, line] = found?.match(/^(.*):(\d+)$/) ?? [];
		if (file) return { file, line: Number(line), column: 1 };
	}
	return undefined;
}
