import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { spreadQuery, why, windowsQuery } from "../api.ts";
import type { FleetRow, SloCell, WindowsView } from "../api-types.ts";
import { type Band, type Mark, Plot } from "../charts/plot.tsx";
import { axisFloor, bandOf, type Series, seriesOf } from "../charts/series.ts";
import { formatDuration, formatObjective, formatSli } from "../format.ts";
import { useNow } from "../live.ts";
import { formatCount } from "../operations/words.ts";
import { useIsDark } from "../preferences.ts";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { clockLabel, dayLabel } from "./axis-labels.ts";
import { RANGES, type Range, spanOf } from "./ranges.ts";

interface ChartProps {
	readonly tenant: FleetRow;
	readonly slo: SloCell;
	readonly range: Range;
	readonly marks: readonly Mark[];
	readonly height?: number;
}

/** One SLO of the tenant beside all customers and before the band of most key tenants. A window without events is a gap; one that late data changed is marked. */
export function WindowChart({ tenant, slo, range, marks, height }: ChartProps) {
	const t = useText();
	const now = useNow(60_000);
	// The chart reads its colours when it is made.
	const isDark = useIsDark();
	const { spanMs, resolutionMs } = RANGES[range];
	const own = useQuery(windowsQuery(tenant.name, slo.slo, spanMs, resolutionMs));
	const fleet = useQuery(windowsQuery("", slo.slo, spanMs, resolutionMs));
	const { allTenants } = useSigned().session;
	// The spread tells of every key tenant, so it is only for who sees them all.
	const spread = useQuery({ ...spreadQuery(slo.slo, spanMs, resolutionMs), enabled: allTenants });
	const series = useMemo(
		() => seriesOf(own.data === undefined ? [] : [own.data, ...(fleet.data ? [fleet.data] : [])], resolutionMs),
		[own.data, fleet.data, resolutionMs],
	);
	const band = useMemo(
		() => (spread.data?.steps.length ? bandOf(spread.data.steps, series.at) : undefined),
		[spread.data, series.at],
	);
	const revisedAt = useMemo(
		() => (own.data?.windows ?? []).filter(({ revision }) => revision > 0).map(({ at }) => at),
		[own.data],
	);
	const span = useMemo(() => spanOf(range, now), [range, now]);
	const floor = axisFloor(lowestOf([series.lowest, ...(band?.low ?? [])]), slo.objective);
	const error = own.error ?? fleet.error;
	const values = (series.lines[0] ?? []).filter((value) => value !== null);
	const label = t("tenant.chartLabel", {
		name: tenant.displayName,
		slo: slo.displayName,
		now: formatSli(values.at(-1) ?? null, slo.objective),
		lowest: formatSli(values.length === 0 ? null : Math.min(...values), slo.objective),
		objective: formatObjective(slo.objective),
		gaps: series.at.length - values.length,
		count: series.at.length,
	});
	return (
		<>
			<h3>
				{t("tenant.chart", { slo: slo.displayName })}{" "}
				<small className="soft">
					{t("tenant.chartSpan", {
						range: t(`tenant.range.${range}`),
						resolution: formatDuration(resolutionMs),
						from: `${Number((floor * 100).toFixed(4))}%`,
					})}
				</small>
			</h3>
			{error === null ? null : <p className="failure">{t("chart.failed", { why: error.message })}</p>}
			{spread.error === null ? null : <p className="failure">{t("band.failed", { why: why(spread.error) })}</p>}
			{series.at.length === 0 ? (
				<p className="chart soft">{own.isLoading || error !== null ? "" : t("tenant.chartNone")}</p>
			) : (
				<>
					<div role="img" aria-label={label}>
						<Plot
							key={String(isDark)}
							series={series}
							floor={floor}
							objective={slo.objective}
							resolutionMs={resolutionMs}
							marks={marks}
							span={span}
							revisedAt={revisedAt}
							band={band}
							height={height}
							label={range === "28d" ? dayLabel : clockLabel}
						/>
					</div>
					<p className="chart-key">
						<span>{tenant.displayName}</span>
						<span className="key-platform">{t("tenant.fleet")}</span>
						<span className="key-objective">{t("chart.objective", { objective: formatObjective(slo.objective) })}</span>
						{band === undefined || spread.data === undefined ? null : (
							<span className="key-band">
								{t("band.key")}
								{spread.data.of < spread.data.keyTenants
									? `, ${t("band.sample", { of: spread.data.of, all: spread.data.keyTenants })}`
									: ""}
							</span>
						)}
						{revisedAt.length === 0 ? null : <span className="key-word">{t("tenant.revised")}</span>}
						{marks.length === 0 ? null : <span className="key-word">{t("tenant.changeKey")}</span>}
					</p>
					<ChartTable tenant={tenant} slo={slo} series={series} band={band} own={own.data} now={now} />
				</>
			)}
		</>
	);
}

function ChartTable({
	tenant,
	slo,
	series,
	band,
	own,
	now,
}: {
	readonly tenant: FleetRow;
	readonly slo: SloCell;
	readonly series: Series;
	readonly band: Band | undefined;
	readonly own: WindowsView | undefined;
	readonly now: number;
}) {
	const t = useText();
	const windows = new Map(own?.windows.map((window) => [window.at, window]));
	return (
		<details className="no-print">
			<summary>{t("chart.table")}</summary>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<section className="chart-table" tabIndex={0} aria-label={`${t("chart.table")}: ${slo.displayName}`}>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{t("chart.time")}</th>
							<th scope="col">{tenant.displayName}</th>
							<th scope="col">{t("tenant.events")}</th>
							<th scope="col">{t("tenant.fleet")}</th>
							{band === undefined ? null : (
								<>
									<th scope="col">{t("band.low")}</th>
									<th scope="col">{t("band.high")}</th>
								</>
							)}
							<th scope="col">{t("tenant.revision")}</th>
						</tr>
					</thead>
					<tbody>
						{series.at.map((at, i) => {
							const window = windows.get(at);
							return (
								<tr key={at}>
									<th scope="row">{times.at(at, now)}</th>
									<td>{formatSli(series.lines[0]?.[i] ?? null, slo.objective)}</td>
									<td>{window === undefined ? "–" : formatCount(window.total)}</td>
									<td>{formatSli(series.lines[1]?.[i] ?? null, slo.objective)}</td>
									{band === undefined ? null : (
										<>
											<td>{formatSli(band.low[i] ?? null, slo.objective)}</td>
											<td>{formatSli(band.high[i] ?? null, slo.objective)}</td>
										</>
									)}
									<td>
										{window === undefined || window.revision === 0
											? t("tenant.noRevision")
											: t("tenant.revisionText", { revision: window.revision, late: formatCount(window.late) })}
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			</section>
		</details>
	);
}

function lowestOf(values: readonly (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 ? null : Math.min(...known);
}
