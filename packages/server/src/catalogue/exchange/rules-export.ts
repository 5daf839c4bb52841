import {
	type BurnRateTier,
	burnRateTiers,
	errorBudgetRatio,
	formatDuration,
	HOUR_MS,
	MINUTE_MS,
	SECOND_MS,
	tierFault,
} from "@bellwether/model";
import { stringify } from "yaml";
import { monitorFor } from "../choose.ts";
import { Findings } from "../finding.ts";
import { effectiveObjective } from "../objective.ts";
import type { Catalogue, Slo } from "../types.ts";
import { deltaRules, type RuleTimes } from "./delta-rules.ts";
import { evidenceExpr } from "./evidence-rule.ts";
import { labelName, promqlString, whyNotSeries } from "./prometheus-names.ts";
import { type TenantId, tenantIds } from "./tenant-ids.ts";
import type { Exporter } from "./types.ts";

interface Rule {
	readonly record?: string;
	readonly alert?: string;
	readonly expr: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
}

/** Names of everything that the rules write. */
export const RECORDED = {
	tenant: "bellwether:tenant:info",
	id: "bellwether:tenant:id",
	override: "bellwether:slo:error_budget_override",
	budget: "bellwether:slo:error_budget",
	totalDelta: "bellwether:sli_total:delta",
	badDelta: "bellwether:sli_bad:delta",
	/** Of windows, by the label bellwether_window. */
	totalSum: "bellwether:sli_total:sum",
	badSum: "bellwether:sli_bad:sum",
	goodSum: "bellwether:sli_good:sum",
	evidence: "bellwether:evidence:ln_p",
} as const;

const DEFAULT_INTERVAL_MS = MINUTE_MS;
/** Prometheus' own default of scrape_timeout. */
const DEFAULT_LAG_MS = 10 * SECOND_MS;
/** Beyond it, sums are made of five-minute sums: 72 h of every evaluation would be read each time. */
const MAX_PLAIN_WINDOW_MS = 6 * HOUR_MS;
const COARSE_MS = 5 * MINUTE_MS;

/**
 * Rules that judge as the live monitors do: per key tenant and for the fleet, the same windows, factors and strict
 * comparison, the same counts (each sample's increase once, whole after a reset), and the evidence of a page. The number
 * of rules per SLO does not depend on the number of tenants; tenants themselves are one group of constants.
 */
export const exportRules: Exporter = (catalogue, options) => {
	const findings = new Findings();
	const intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
	const times = { intervalMs, lagMs: options.lagMs ?? Math.min(DEFAULT_LAG_MS, intervalMs / 2) };
	const ids = tenantIds(catalogue, findings);
	const slos = catalogue.slos.filter((slo) => {
		const reason = whyNotSeries(slo);
		if (reason !== undefined) {
			const message = `The SLO "${slo.name}" ${reason}, which Prometheus rules cannot say.`;
			findings.error(slo.place, message, "Its windows are kept here alone.");
		}
		return reason === undefined;
	});
	const interval = formatDuration(intervalMs);
	const groups = [
		{ name: "bellwether-tenants", interval, rules: tenantRules(catalogue, ids, slos) },
		...slos.map((slo) => ({
			name: `bellwether-${slo.name}`,
			interval,
			rules: sloRules(catalogue, slo, ids, times, findings),
		})),
	];
	const text = `${header(times)}${stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
	return { files: [{ path: "bellwether.rules.yaml", text }], findings: findings.sorted() };
};

function header({ intervalMs, lagMs }: RuleTimes): string {
	return `# Written by bellwether export prometheus-rules. Change the catalogue, not this file.
# Equal to the monitors when the scrape interval is ${formatDuration(intervalMs)} (--interval): each sample's increase is recorded once,
# ${formatDuration(lagMs)} after its time (--lag: no scrape may take longer).
# Windows slide here; Bellwether's move by buckets of 10 s (5m), 1 min (30m, 1h), 5 min (2h, 6h) and 1 h (1d, 3d).
# An alert here ends when its expression does; a breach there stays open while its short window has no events.
`;
}

/** What the rules of all SLOs join with: a constant per tenant, per id and per objective of its own. */
function tenantRules(catalogue: Catalogue, ids: readonly TenantId[], slos: readonly Slo[]): Rule[] {
	const tenants = catalogue.tenants.map(
		(tenant): Rule => ({
			record: RECORDED.tenant,
			expr: "vector(1)",
			labels: {
				bellwether_tenant: tenant.name,
				bellwether_tenant_name: tenant.displayName,
				bellwether_tier: tenant.tier,
				// Between commas, so that a pattern finds a whole name.
				bellwether_workloads: `,${tenant.workloads.join(",")},`,
			},
		}),
	);
	const values = ids.filter((id) => id.kind === "value");
	const own = slos.flatMap((slo) =>
		catalogue.tenants.flatMap((tenant): Rule[] => {
			const { objective, setBy } = effectiveObjective(catalogue, slo, tenant);
			if (setBy !== "tenant") return [];
			const labels = { bellwether_slo: slo.name, bellwether_tenant: tenant.name };
			return [{ record: RECORDED.override, expr: `vector(${errorBudgetRatio(objective)})`, labels }];
		}),
	);
	return [
		...tenants,
		...values.map(
			(id): Rule => ({
				record: RECORDED.id,
				expr: datedOne(id),
				labels: {
					[labelName(id.attribute)]: id.text,
					bellwether_attribute: id.attribute,
					bellwether_tenant: id.tenant,
					...(id.workload === "" ? {} : { bellwether_workload: id.workload }),
				},
			}),
		),
		...own,
	];
}

/** 1 while an id is in effect. */
function datedOne({ from, until }: TenantId): string {
	const conditions = [
		...(from === undefined ? [] : [`vector(time()) >= ${from / 1000}`]),
		...(until === undefined ? [] : [`vector(time()) < ${until / 1000}`]),
	];
	return ["vector(1)", ...conditions].join(" and ");
}

function sloRules(
	catalogue: Catalogue,
	slo: Slo,
	ids: readonly TenantId[],
	times: RuleTimes,
	findings: Findings,
): Rule[] {
	const labels = { bellwether_slo: slo.name, bellwether_workload: slo.workload };
	const monitor = monitorFor(catalogue, slo.name);
	const all = burnRateTiers(slo.periodMs);
	const tiers = all.filter((tier) => tierFault(tier, 1) === undefined && (monitor?.tiers?.includes(tier.key) ?? true));
	const windows = new Set([COARSE_MS, ...tiers.flatMap((tier) => [tier.shortMs, tier.longMs])]);
	const sums = [...windows]
		.toSorted((a, b) => a - b)
		.flatMap((windowMs) => sumRules(slo, labels, windowMs, times.intervalMs));
	if (!monitor) {
		const message = `No live monitor watches the SLO "${slo.name}", so it has recordings and no alerts.`;
		findings.warn(slo.place, message, "Name it in a live monitor.");
	}
	const evidence = monitor && tiers.length > 0 ? evidenceRules(slo, labels, tiers) : [];
	const alerts = monitor ? tiers.map((tier) => alertRule(catalogue, slo, tier, monitor.evidenceP, labels)) : [];
	return [
		{ record: RECORDED.budget, expr: budgetExpr(catalogue, slo), labels },
		...deltaRules(catalogue, slo, ids, times).map((rule) => ({ ...rule, labels })),
		...sums,
		...evidence,
		...alerts,
	];
}

/** Every tenant's error budget: its own, else its tier's, else the SLO's; the fleet's has no tenant. */
function budgetExpr(catalogue: Catalogue, slo: Slo): string {
	const of = (matchers: string) => `group by (bellwether_tenant) (${RECORDED.tenant}${matchers})`;
	const tiers = catalogue.tiers
		.filter((tier) => Object.hasOwn(tier.objectives, slo.name))
		.map((tier) => {
			const budget = errorBudgetRatio(tier.objectives[slo.name] as number);
			return `${of(`{bellwether_tier=${promqlString(tier.name)}}`)} * ${budget}`;
		});
	return [
		`max by (bellwether_tenant) (${RECORDED.override}{bellwether_slo=${promqlString(slo.name)}})`,
		...tiers,
		`${of("")} * ${errorBudgetRatio(slo.objective)}`,
		`vector(${errorBudgetRatio(slo.objective)})`,
	].join("\nor\n");
}

function sumRules(slo: Slo, labels: Readonly<Record<string, string>>, windowMs: number, intervalMs: number): Rule[] {
	const isPlain = windowMs <= MAX_PLAIN_WINDOW_MS;
	// Half an interval less, so that a window has the same number of samples whether its older end counts or not.
	const step = isPlain ? intervalMs : COARSE_MS;
	const length = formatDuration(Math.max(step, windowMs - step / 2));
	const rule = (record: string, delta: string): Rule => ({
		record,
		expr: isPlain
			? `sum_over_time(${delta}${of(slo)}[${length}])`
			: `sum_over_time(${record}${of(slo, COARSE_MS)}[${length}:${formatDuration(COARSE_MS)}])`,
		labels: { ...labels, bellwether_window: formatDuration(windowMs) },
	});
	return [rule(RECORDED.totalSum, RECORDED.totalDelta), rule(RECORDED.badSum, RECORDED.badDelta)];
}

/** Matchers of an SLO's recordings, and of one window of them. */
function of(slo: Slo, windowMs?: number): string {
	const window = windowMs === undefined ? "" : `,bellwether_window=${promqlString(formatDuration(windowMs))}`;
	return `{bellwether_slo=${promqlString(slo.name)}${window}}`;
}

/** How improbable the long windows of all tiers would be if their objective were just met. */
function evidenceRules(slo: Slo, labels: Readonly<Record<string, string>>, tiers: readonly BurnRateTier[]): Rule[] {
	const windows = tiers.map((tier) => formatDuration(tier.longMs)).join("|");
	const long = `{bellwether_slo=${promqlString(slo.name)},bellwether_window=~${promqlString(windows)}}`;
	const [bad, good, total] = [RECORDED.badSum, RECORDED.goodSum, RECORDED.totalSum].map((name) => `${name}${long}`) as [
		string,
		string,
		string,
	];
	return [
		{ record: RECORDED.goodSum, expr: `${total} - ${bad}`, labels },
		{
			record: RECORDED.evidence,
			expr: evidenceExpr({ bad, good, total, budget: `${RECORDED.budget}${of(slo)}` }),
			labels,
		},
	];
}

function alertRule(
	catalogue: Catalogue,
	slo: Slo,
	tier: BurnRateTier,
	evidenceP: number,
	labels: Readonly<Record<string, string>>,
): Rule {
	// Strictly more than the factor; the last digits are the rounding that the monitors forgive too. Without events
	// both sides are 0, and nothing is more.
	const burns = (windowMs: number) =>
		`${RECORDED.badSum}${of(slo, windowMs)} > on (bellwether_tenant) ${tier.factor} * 1.000000000001 * ${RECORDED.totalSum}${of(slo, windowMs)} * on (bellwether_tenant) ${RECORDED.budget}${of(slo)}`;
	const conditions = [
		burns(tier.shortMs),
		burns(tier.longMs),
		`${RECORDED.evidence}${of(slo, tier.longMs)} < ${Math.log(evidenceP)}`,
	];
	const workload = catalogue.workloads.find((each) => each.name === slo.workload);
	const whose = "{{ if $labels.bellwether_tenant }}{{ $labels.bellwether_tenant }}{{ else }}The platform{{ end }}";
	return {
		alert: tier.response === "page" ? "BellwetherBurnPage" : "BellwetherBurnTicket",
		expr: conditions.join("\nand on (bellwether_tenant)\n"),
		labels: { ...labels, bellwether_burn: tier.key, severity: tier.response },
		annotations: {
			summary: `${whose}: ${slo.displayName} burns its error budget more than ${round(tier.factor)} times too fast over ${formatDuration(tier.longMs)} and ${formatDuration(tier.shortMs)}.`,
			description: `Objective ${round(100 * slo.objective)} % over ${formatDuration(slo.periodMs)} unless the tenant or its tier has its own. Owner: ${workload?.owner ?? slo.workload}.`,
		},
	};
}

function round(value: number): number {
	return Number(value.toPrecision(6));
}
