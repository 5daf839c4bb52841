import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { windowsQuery } from "../api.ts";
import type { IncidentDetail } from "../api-types.ts";
import { type Mark, Plot } from "../charts/plot.tsx";
import { axisFloor, seriesOf } from "../charts/series.ts";
import { formatObjective, formatSli } from "../format.ts";
import { useNow } from "../live.ts";
import { useIsDark } from "../preferences.ts";
import { times, useText } from "../text.ts";
import { objectiveOf } from "./incident.ts";

const SPAN_MS = 6 * 3_600_000;
const RESOLUTION_MS = 300_000;

/** The SLI of the tenant and of the platform over the last hours, with what happened when. */
export function Chart({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const now = useNow(60_000);
	// The chart reads its colours when it is made.
	const isDark = useIsDark();
	const isTenant = incident.kind === "tenant";
	const tenant = useQuery({
		...windowsQuery(incident.tenant, incident.slo, SPAN_MS, RESOLUTION_MS),
		enabled: isTenant,
	});
	const fleet = useQuery(windowsQuery("", incident.slo, SPAN_MS, RESOLUTION_MS));
	const series = useMemo(
		() =>
			seriesOf(
				// The first line is the incident's own: without it another would stand under its name.
				(isTenant ? (tenant.data === undefined ? [] : [tenant.data, fleet.data]) : [fleet.data]).filter(
					(view) => view !== undefined,
				),
				RESOLUTION_MS,
			),
		[isTenant, tenant.data, fleet.data],
	);
	const { onsetAt, detectedAt, acknowledgedAt, mitigatedAt } = incident;
	const marks = useMemo<readonly Mark[]>(
		() => [
			[onsetAt, t("chart.start")],
			[detectedAt, t("chart.detected")],
			[acknowledgedAt, t("chart.acknowledged")],
			[mitigatedAt, t("chart.mitigated")],
		],
		[onsetAt, detectedAt, acknowledgedAt, mitigatedAt, t],
	);
	const objective = objectiveOf(incident);
	const floor = axisFloor(series.lowest, objective);
	const name = isTenant ? incident.tenantDisplayName : t("fleet.platform");
	const error = tenant.error ?? fleet.error;
	const own = series.lines[0]?.findLast((value) => value !== null) ?? null;
	const lowest = series.lines[0]?.reduce((low, v) => (v !== null && (low === null || v < low) ? v : low), null) ?? null;
	const label = t("chart.label", {
		name,
		now: formatSli(own, objective),
		lowest: formatSli(lowest, objective),
		objective: formatObjective(objective),
	});
	return (
		<>
			<h2>
				{t(isTenant ? "chart.titleTenant" : "chart.titlePlatform")}{" "}
				<small className="soft">{t("chart.span", { from: `${Number((floor * 100).toFixed(4))}%` })}</small>
			</h2>
			{error === null ? null : <p className="failure">{t("chart.failed", { why: error.message })}</p>}
			{series.at.length === 0 ? (
				<p className="chart soft">{tenant.isLoading || fleet.isLoading || error !== null ? "" : t("chart.none")}</p>
			) : (
				<>
					<div role="img" aria-label={label}>
						<Plot
							key={String(isDark)}
							series={series}
							floor={floor}
							objective={objective}
							resolutionMs={RESOLUTION_MS}
							marks={marks}
							label={clockLabel}
						/>
					</div>
					<p className="chart-key">
						{isTenant ? <span>{name}</span> : null}
						<span className="key-platform">{t("fleet.platform")}</span>
						<span className="key-objective">{t("chart.objective", { objective: formatObjective(objective) })}</span>
					</p>
					<details className="no-print">
						<summary>{t("chart.table")}</summary>
						{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
						<section className="chart-table" tabIndex={0} aria-label={t("chart.table")}>
							<table className="plain-table">
								<thead>
									<tr>
										<th scope="col">{t("chart.time")}</th>
										{isTenant ? <th scope="col">{name}</th> : null}
										<th scope="col">{t("fleet.platform")}</th>
									</tr>
								</thead>
								<tbody>
									{series.at.map((at, i) => (
										<tr key={at}>
											<th scope="row">{times.at(at, now)}</th>
											{series.lines.map((line, column) => (
												// biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
												<td key={column}>{formatSli(line[i] ?? null, objective)}</td>
											))}
										</tr>
									))}
								</tbody>
							</table>
						</section>
					</details>
				</>
			)}
		</>
	);
}

function clockLabel(at: number): string {
	return times.short(at, at);
}
