import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { latenciesQuery, why } from "../api.ts";
import type { FleetRow, LatenciesView, Percentile, SloCell } from "../api-types.ts";
import { latencyLines, latencyText, percentileName } from "../charts/latency.ts";
import { LatencyPlot } from "../charts/latency-plot.tsx";
import { formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { formatCount } from "../operations/words.ts";
import { useIsDark } from "../preferences.ts";
import { type Text, times, useText } from "../text.ts";
import { clockLabel, dayLabel } from "./axis-labels.ts";
import { RANGES, type Range, spanOf } from "./ranges.ts";

interface LatencyChartProps {
	readonly tenant: Pick<FleetRow, "name" | "displayName">;
	readonly slo: Pick<SloCell, "slo" | "displayName">;
	readonly range: Range;
}

/** How long the tenant's events took: p50, p90 and p99 over time, and of the whole range, each as where it certainly lies. */
export function LatencyChart({ tenant, slo, range }: LatencyChartProps) {
	const t = useText();
	const now = useNow(60_000);
	// The chart reads its colours when it is made.
	const isDark = useIsDark();
	const { spanMs, resolutionMs } = RANGES[range];
	const query = useQuery(latenciesQuery(tenant.name, slo.slo, spanMs, resolutionMs));
	const { data } = query;
	const lines = useMemo(() => data && latencyLines(data), [data]);
	const span = useMemo(() => spanOf(range, now), [range, now]);
	return (
		<>
			<h3>
				{t("latency.chart", { slo: slo.displayName })}{" "}
				<small className="soft">
					{t("latency.span", { range: t(`tenant.range.${range}`), resolution: formatDuration(resolutionMs) })}
				</small>
			</h3>
			{query.error === null ? null : <p className="failure">{t("chart.failed", { why: why(query.error) })}</p>}
			{data === undefined || lines === undefined ? null : data.known === 0 ? (
				<p className="soft">{t(data.total === 0 ? "tenant.chartNone" : "latency.none")}</p>
			) : (
				<>
					<p>{wholeSentence(t, data)}</p>
					<div role="img" aria-label={`${tenant.displayName}, ${slo.displayName}: ${wholeSentence(t, data)}`}>
						<LatencyPlot
							key={String(isDark)}
							lines={lines}
							unit={data.unit}
							span={span}
							label={range === "28d" ? dayLabel : clockLabel}
						/>
					</div>
					<p className="chart-key">
						<span>{t("latency.key", { name: percentileName(0.99) })}</span>
						<span className="key-platform">{t("latency.key", { name: percentileName(0.9) })}</span>
						<span className="key-objective">{t("latency.key", { name: percentileName(0.5) })}</span>
						<span className="key-band">{t("latency.band", { name: percentileName(0.99) })}</span>
					</p>
					<LatencyTable data={data} at={lines.at} slo={slo.displayName} now={now} />
				</>
			)}
		</>
	);
}

function LatencyTable({
	data,
	at,
	slo,
	now,
}: {
	readonly data: LatenciesView;
	readonly at: readonly number[];
	readonly slo: string;
	readonly now: number;
}) {
	const t = useText();
	const windows = new Map(data.windows.map((window) => [window.at, window]));
	return (
		<details className="no-print">
			<summary>{t("chart.table")}</summary>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<section className="chart-table" tabIndex={0} aria-label={`${t("chart.table")}: ${t("latency.chart", { slo })}`}>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{t("chart.time")}</th>
							{data.percentiles.map(({ ratio }) => (
								<th key={ratio} scope="col">
									{percentileName(ratio)}
								</th>
							))}
							<th scope="col">{t("latency.known")}</th>
						</tr>
					</thead>
					<tbody>
						{at.map((start) => {
							const window = windows.get(start);
							return (
								<tr key={start}>
									<th scope="row">{times.at(start, now)}</th>
									{data.percentiles.map(({ ratio }, k) => (
										<td key={ratio}>{textOf(t, window?.percentiles[k], data.unit)}</td>
									))}
									<td>
										{window === undefined
											? "–"
											: t("latency.knownOf", { known: formatCount(window.known), total: formatCount(window.total) })}
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

function wholeSentence(t: Text, { percentiles, known, total, unit }: LatenciesView): string {
	const each = percentiles.map((percentile) => `${percentileName(percentile.ratio)} ${textOf(t, percentile, unit)}`);
	const of = { known: formatCount(known), total: formatCount(total) };
	return `${each.join(", ")}. ${known === total ? t("latency.ofAll", of) : t("latency.ofSome", of)}`;
}

function textOf(t: Text, percentile: Percentile | undefined, unit: string | null): string {
	return (percentile && latencyText(percentile, unit)) ?? t("latency.unknown");
}
