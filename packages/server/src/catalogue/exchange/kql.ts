import { burnRateTiers, errorBudgetRatio, formatDuration } from "@bellwether/model";
import { Findings } from "../finding.ts";
import { effectiveObjective } from "../objective.ts";
import type { Catalogue, Matcher, Selector, Slo } from "../types.ts";
import { whyNotSeries } from "./prometheus-names.ts";
import { type TenantId, tenantIds } from "./tenant-ids.ts";
import type { Exporter } from "./types.ts";

/**
 * Commands for Azure Data Explorer: tables of tenants, their ids and objectives, the SLIs' events by an update policy
 * over `OTELMetrics` (the table of the Collector's Azure Data Explorer exporter, deltas), one row per SLO, tenant and
 * minute by a materialized view, and functions for counts and burn rates. Run each command by itself, in order.
 */
export const exportKql: Exporter = (catalogue) => {
	const findings = new Findings();
	const slos = catalogue.slos.filter((slo) => {
		const reason = whyNotSeries(slo);
		if (reason !== undefined) {
			const remedy = "Its windows are kept in Bellwether alone.";
			findings.error(slo.place, `The SLO "${slo.name}" ${reason}, which these functions cannot say.`, remedy);
		}
		return reason === undefined;
	});
	const ids = tenantIds(catalogue, findings);
	const commands = [
		tenantsTable(catalogue),
		idsTable(ids),
		objectivesTable(catalogue, slos),
		...eventCommands(slos),
		...views(slos),
	];
	const text = `${HEADER}${commands.join("\n\n")}\n`;
	return { files: [{ path: "bellwether.kql", text }], findings: findings.sorted() };
};

const HEADER = `// Written by bellwether export kql. Change the catalogue, not this file.
// For a database that the Collector's azuredataexplorer exporter writes OTELMetrics to. Counters must arrive as deltas
// (processor cumulativetodelta): an update policy sees new rows only, not the value before.
// Blank lines separate the commands.

`;

function tenantsTable(catalogue: Catalogue): string {
	const rows = catalogue.tenants.map(({ name, displayName, tier, workloads }) =>
		[kql(name), kql(displayName), kql(tier), `dynamic(${JSON.stringify(workloads)})`].join(", "),
	);
	return replaceTable(
		"BellwetherTenant",
		"Tenant: string, DisplayName: string, Tier: string, Workloads: dynamic",
		rows,
	);
}

function idsTable(ids: readonly TenantId[]): string {
	const rows = ids.map(({ tenant, attribute, kind, text, workload, from, until }) =>
		[
			kql(attribute),
			kql(kind),
			kql(text),
			kql(tenant),
			kql(workload),
			instant(from, "1970-01-01"),
			instant(until, "9999-12-31"),
		].join(", "),
	);
	const columns =
		"Attribute: string, Kind: string, Value: string, Tenant: string, Workload: string, ValidFrom: datetime, ValidUntil: datetime";
	return replaceTable("BellwetherTenantId", columns, rows);
}

function objectivesTable(catalogue: Catalogue, slos: readonly Slo[]): string {
	const rows = slos.flatMap((slo) => {
		const row = (tenant: string, objective: number) =>
			[kql(slo.name), kql(tenant), `real(${objective})`, `real(${errorBudgetRatio(objective)})`].join(", ");
		const own = catalogue.tenants.flatMap((tenant) => {
			const { objective, setBy } = effectiveObjective(catalogue, slo, tenant);
			return setBy === "slo" ? [] : [row(tenant.name, objective)];
		});
		return [row("", slo.objective), ...own];
	});
	return replaceTable("BellwetherObjective", "Slo: string, Tenant: string, Objective: real, ErrorBudget: real", rows);
}

function replaceTable(name: string, columns: string, rows: readonly string[]): string {
	if (rows.length === 0) return `.create-merge table ${name} (${columns})`;
	return `.set-or-replace ${name} <|\n  datatable (${columns}) [\n${rows.map((row) => `    ${row}`).join(",\n")}\n  ]`;
}

const EVENT_COLUMNS = "Timestamp: datetime, Slo: string, Tenant: string, Bad: real, Total: real";

/** What the SLIs count, row by row, by an update policy. */
function eventCommands(slos: readonly Slo[]): string[] {
	const parts = slos.map((slo) => `  (points\n${sloPart(slo)})`);
	const rows = parts.length > 0 ? `union\n${parts.join(",\n")}` : "print x = 1 | take 0";
	const metrics = [...new Set(slos.flatMap((slo) => rowsOf(slo).map((each) => each.metric)))].toSorted();
	const names = metrics.map(kql).join(", ");
	return [
		`.create-merge table BellwetherSliEvent (${EVENT_COLUMNS})`,
		`.create-or-alter function with (folder = "Bellwether", docstring = "Whose a point is: the key tenants that its attributes name.") BellwetherTenantsOf(T: (Timestamp: datetime, Attributes: dynamic, Workload: string, Row: guid)) {
  let named = T
    | mv-expand Attribute = bag_keys(Attributes) to typeof(string)
    | extend Value = tostring(Attributes[Attribute]);
  let byValue = named
    | join kind = inner (BellwetherTenantId | where Kind == "value") on Attribute, Value;
  let byPattern = named
    | join kind = inner (BellwetherTenantId | where Kind == "pattern" | project-rename Pattern = Value) on Attribute
    | where Value matches regex strcat("^(?:", Pattern, ")$");
  union (byValue | project Row, Tenant, Timestamp, Workload, For = Workload1, ValidFrom, ValidUntil),
    (byPattern | project Row, Tenant, Timestamp, Workload, For = Workload1, ValidFrom, ValidUntil)
  | where (isempty(For) or For == Workload) and Timestamp >= ValidFrom and Timestamp < ValidUntil
  | summarize Tenants = make_set(Tenant, 2) by Row
  | where array_length(Tenants) == 1
  | project Row, Tenant = tostring(Tenants[0])
}`,
		`.create-or-alter function with (folder = "Bellwether", docstring = "Events of the SLIs in new points.") BellwetherSliEvents() {
  let points = OTELMetrics
    | where MetricName in (${names})
    | extend Attributes = bag_merge(MetricAttributes, ResourceAttributes);
  let counted = ${rows}
    | extend Row = new_guid();
  let tenants = BellwetherTenantsOf(counted | project Timestamp, Attributes, Workload, Row);
  union
    (counted | project Timestamp, Slo, Tenant = "", Bad, Total),
    (counted | join kind = inner tenants on Row
      | join kind = inner (BellwetherTenant | mv-expand Workload = Workloads to typeof(string) | project Tenant, Workload) on Tenant, Workload
      | project Timestamp, Slo, Tenant, Bad, Total)
}`,
		`.alter table BellwetherSliEvent policy update @'[{"IsEnabled": true, "Source": "OTELMetrics", "Query": "BellwetherSliEvents()", "IsTransactional": false, "PropagateIngestionProperties": false}]'`,
	];
}

/** One SLO's rows: each point adds to bad, to total, or to both. */
function sloPart(slo: Slo): string {
	const { indicator } = slo;
	const end = `    | project Timestamp, Attributes, Workload = ${kql(slo.workload)}, Slo = ${kql(slo.name)}, Bad, Total`;
	if (indicator.kind === "threshold") {
		const compare = { lt: "<", lte: "<=", gt: ">", gte: ">=" }[indicator.op];
		return `    | where ${condition(rowOf(indicator.metric, false))}
    | extend Bad = iff(MetricValue ${compare} ${indicator.value}, 0.0, 1.0), Total = 1.0\n${end}`;
	}
	const [part, total] = rowsOf(slo).map(condition);
	const isGood = indicator.kind === "ratio" && indicator.numerator === "good";
	const bad = isGood
		? `iff(${total}, MetricValue, 0.0) - iff(${part}, MetricValue, 0.0)`
		: `iff(${part}, MetricValue, 0.0)`;
	return `    | where (${part}) or (${total})
    | extend Bad = ${bad}, Total = iff(${total}, MetricValue, 0.0)\n${end}`;
}

interface Row {
	readonly metric: string;
	readonly where: readonly Matcher[];
}

function rowsOf({ indicator }: Slo): Row[] {
	if (indicator.kind !== "ratio") return [rowOf(indicator.metric, false)];
	const isHistogram = indicator.part.le !== undefined || indicator.total.le !== undefined;
	return [rowOf(indicator.part, isHistogram), rowOf(indicator.total, isHistogram)];
}

/** The exporter writes a histogram as rows of `_count` and of `_bucket` with the attribute le. */
function rowOf({ metric, where, le }: Selector, isHistogram: boolean): Row {
	if (!isHistogram) return { metric, where };
	if (le === undefined) return { metric: `${metric}_count`, where };
	return { metric: `${metric}_bucket`, where: [...where, { name: "le", op: "=", values: [String(le)] }] };
}

function condition({ metric, where }: Row): string {
	return [`MetricName == ${kql(metric)}`, ...where.map(matcherText)].join(" and ");
}

function matcherText({ name, op, values }: Matcher): string {
	const value = `tostring(Attributes[${kql(name)}])`;
	const list = values.map(kql).join(", ");
	if (op === "=") return values.length === 1 ? `${value} == ${list}` : `${value} in (${list})`;
	if (op === "!=") return values.length === 1 ? `${value} != ${list}` : `${value} !in (${list})`;
	const fits = values.map((pattern) => `${value} matches regex ${kql(`^(?:${pattern})$`)}`).join(" or ");
	return op === "=~" ? `(${fits})` : `not(${fits})`;
}

/** Counts per minute, and what the monitors ask of them. */
function views(slos: readonly Slo[]): string[] {
	const rows = slos.flatMap((slo) =>
		burnRateTiers(slo.periodMs).map(({ key, shortMs, longMs, factor }) =>
			[
				kql(slo.name),
				kql(key),
				`time(${formatDuration(shortMs)})`,
				`time(${formatDuration(longMs)})`,
				`real(${factor})`,
			].join(", "),
		),
	);
	return [
		`.create ifnotexists materialized-view BellwetherSliMinute on table BellwetherSliEvent {
  BellwetherSliEvent
  | summarize Bad = sum(Bad), Total = sum(Total) by Slo, Tenant, Minute = bin(Timestamp, 1m)
}`,
		replaceTable(
			"BellwetherBurnTier",
			"Slo: string, Tier: string, Short: timespan, Long: timespan, Factor: real",
			rows,
		),
		`.create-or-alter function with (folder = "Bellwether", docstring = "Bad and total of a window that ends now; the fleet's tenant is empty.") BellwetherWindow(length: timespan) {
  BellwetherSliMinute
  | where Minute > ago(length)
  | summarize Bad = sum(Bad), Total = sum(Total) by Slo, Tenant
}`,
		`.create-or-alter function with (folder = "Bellwether", docstring = "Tiers whose two windows burn strictly faster than their factor. Bellwether asks a page for evidence too.") BellwetherBurning() {
  let tiers = BellwetherBurnTier;
  BellwetherSliMinute
  | where Minute > ago(3d)
  | join kind = inner tiers on Slo
  | summarize ShortBad = sumif(Bad, Minute > now() - Short), ShortTotal = sumif(Total, Minute > now() - Short),
      LongBad = sumif(Bad, Minute > now() - Long), LongTotal = sumif(Total, Minute > now() - Long) by Slo, Tenant, Tier, Factor
  | join kind = leftouter (BellwetherObjective | project Slo, Tenant, Own = ErrorBudget) on Slo, Tenant
  | join kind = inner (BellwetherObjective | where Tenant == "" | project Slo, Shared = ErrorBudget) on Slo
  | extend Limit = Factor * coalesce(Own, Shared)
  | where ShortBad > Limit * ShortTotal and LongBad > Limit * LongTotal
  | project Slo, Tenant, Tier, ShortBad, ShortTotal, LongBad, LongTotal
}`,
	];
}

function instant(ms: number | undefined, missing: string): string {
	return `datetime(${ms === undefined ? missing : new Date(ms).toISOString()})`;
}

/** A string of KQL, whose escapes are those of JSON. */
function kql(text: string): string {
	return JSON.stringify(text);
}
