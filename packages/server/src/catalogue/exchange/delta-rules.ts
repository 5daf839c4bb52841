import { formatDuration, HOUR_MS } from "@bellwether/model";
import type { Catalogue, Slo } from "../types.ts";
import { countsByBound, labelName, promqlString, type Series, seriesOf } from "./prometheus-names.ts";
import { attributesOf, type TenantId } from "./tenant-ids.ts";

/** How far back the sample before a gap is looked for. */
const GAP_MS = HOUR_MS;

export interface RuleTimes {
	readonly intervalMs: number;
	/**
	 * Evaluations look this far back: a scrape has the time at which it began, and what is not there yet when its time is
	 * looked at would be taken for the value before, and lost.
	 */
	readonly lagMs: number;
}

const COMPLEMENT = { lt: ">=", lte: ">", gt: "<=", gte: "<" } as const;

/** Recording rules of what happened since the last evaluation: all events and bad events, by tenant and for the fleet. */
export function deltaRules(
	catalogue: Catalogue,
	slo: Slo,
	ids: readonly TenantId[],
	{ intervalMs, lagMs }: RuleTimes,
): { readonly record: string; readonly expr: string }[] {
	const byTenant = (expr: string) => tenantsAndFleet(catalogue, slo, ids, expr);
	const rules = (total: string, bad: string) => [
		{ record: "bellwether:sli_total:delta", expr: total },
		{ record: "bellwether:sli_bad:delta", expr: bad },
	];
	const { indicator } = slo;
	if (indicator.kind === "threshold") {
		const text = `${seriesOf(indicator.metric, false, false).text}${offset(lagMs)}`;
		// Each sample is one event, at the evaluation that sees it first.
		const fresh = `timestamp(${text}) > time() - ${(intervalMs + lagMs) / 1000}`;
		const isBad = `${text} ${COMPLEMENT[indicator.op]} ${indicator.value}`;
		const bad = `${byTenant(`((${isBad}) and (${fresh})) * 0 + 1`)}`;
		return rules(byTenant(`(${fresh}) * 0 + 1`), zeroUnless(bad, "bellwether:sli_total:delta", slo));
	}
	if (indicator.kind === "heartbeat") return [];
	const isHistogram = countsByBound(indicator);
	const total = byTenant(increase(seriesOf(indicator.total, isHistogram, true), { intervalMs, lagMs }));
	const part = byTenant(increase(seriesOf(indicator.part, isHistogram, true), { intervalMs, lagMs }));
	if (indicator.numerator === "bad") return rules(total, zeroUnless(part, "bellwether:sli_total:delta", slo));
	const recorded = totalOf("bellwether:sli_total:delta", slo);
	return rules(
		total,
		`${recorded}\n- on (bellwether_tenant)\n(${zeroUnless(part, "bellwether:sli_total:delta", slo)})`,
	);
}

function totalOf(record: string, slo: Slo): string {
	return `sum by (bellwether_tenant) (${record}{bellwether_slo=${promqlString(slo.name)}})`;
}

/** No series of this part means none of its events, as long as there are events at all. */
function zeroUnless(expr: string, record: string, slo: Slo): string {
	return `(${expr})\nor\n${totalOf(record, slo)} * 0`;
}

/**
 * What a counter grew by since the evaluation before: the difference to its last sample then, the whole value after a
 * reset, nothing at its first sample. Unlike increase() it neither extrapolates nor loses what lies between two ranges.
 */
function increase({ text }: Series, { intervalMs, lagMs }: RuleTimes): string {
	const now = `${text}${offset(lagMs)}`;
	const before = `last_over_time(${text}[${formatDuration(GAP_MS)}]${offset(lagMs + intervalMs)})`;
	return `(${now} - ${before} >= 0 or ${now} < ${before})`;
}

function offset(ms: number): string {
	return ms === 0 ? "" : ` offset ${formatDuration(ms)}`;
}

/** Sums a vector by key tenant, and over everything for the fleet, whose sum has no tenant label. */
function tenantsAndFleet(catalogue: Catalogue, slo: Slo, ids: readonly TenantId[], expr: string): string {
	const own = ids.filter((id) => id.workload === "" || id.workload === slo.workload);
	const joined: string[] = [];
	let rest = expr;
	for (const attribute of attributesOf(own)) {
		const label = labelName(attribute);
		const here = own.filter((id) => id.attribute === attribute);
		if (here.some((id) => id.kind === "value")) {
			const matchers = `bellwether_attribute=${promqlString(attribute)},bellwether_workload=~${promqlString(`|${slo.workload}`)}`;
			const values = `group by (${label}, bellwether_tenant) (bellwether:tenant:id{${matchers}})`;
			joined.push(`(${rest}) * on (${label}) group_left (bellwether_tenant) ${values}`);
			rest = `(${rest}) unless on (${label}) ${values}`;
		}
		const patterns = here.filter((id) => id.kind === "pattern");
		if (patterns.length === 0) continue;
		const tagged = patterns.reduce(
			(inner, id) =>
				`label_replace(${inner}, "bellwether_tenant", ${promqlString(id.tenant)}, ${promqlString(label)}, ${promqlString(id.text)})`,
			rest,
		);
		joined.push(`(${tagged}) and on (bellwether_tenant) bellwether:tenant:info`);
		rest = `(${rest}) unless ignoring (bellwether_tenant) (${tagged} and on (bellwether_tenant) bellwether:tenant:info)`;
	}
	const fleet = `sum(${expr})`;
	if (joined.length === 0) return fleet;
	const byTenant = `sum by (bellwether_tenant) (\n${joined.join("\nor\n")}\n)`;
	const usesIt = catalogue.tenants.every((tenant) => tenant.workloads.includes(slo.workload))
		? ""
		: `\nand on (bellwether_tenant) bellwether:tenant:info{bellwether_workloads=~${promqlString(`.*,${slo.workload},.*`)}}`;
	return `${byTenant}${usesIt}\nor\n${fleet}`;
}
