import "uplot/dist/uPlot.min.css";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import UPlot from "uplot";
import { windowsQuery } from "../api.ts";
import type { IncidentDetail } from "../api-types.ts";
import { formatObjective, formatSli } from "../format.ts";
import { useNow } from "../live.ts";
import { useIsDark } from "../preferences.ts";
import { times, useText } from "../text.ts";
import { objectiveOf } from "./incident.ts";
import { axisFloor, type Series, seriesOf } from "./series.ts";

const SPAN_MS = 6 * 3_600_000;
const RESOLUTION_MS = 300_000;
const HEIGHT = 240;

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
						<Plot key={String(isDark)} series={series} floor={floor} objective={objective} incident={incident} />
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

function Plot({
	series,
	floor,
	objective,
	incident,
}: {
	readonly series: Series;
	readonly floor: number;
	readonly objective: number;
	readonly incident: IncidentDetail;
}) {
	const t = useText();
	const box = useRef<HTMLDivElement>(null);
	const { onsetAt, detectedAt, acknowledgedAt, mitigatedAt } = incident;
	useEffect(() => {
		const element = box.current;
		if (element === null) return;
		const style = getComputedStyle(document.documentElement);
		const colour = (name: string) => style.getPropertyValue(name).trim();
		const font = `12px ${getComputedStyle(document.body).fontFamily}`;
		const axis = {
			stroke: colour("--soft"),
			font,
			grid: { stroke: colour("--line"), width: 1 },
			ticks: { show: false },
		};
		const own = { stroke: colour("--breach-line"), width: 2, points: { show: false } };
		const platform = { stroke: colour("--healthy-line"), width: 1.5, dash: [6, 4], points: { show: false } };
		const marks: readonly (readonly [number | null, string])[] = [
			[onsetAt, t("chart.start")],
			[detectedAt, t("chart.detected")],
			[acknowledgedAt, t("chart.acknowledged")],
			[mitigatedAt, t("chart.mitigated")],
		];
		const options: UPlot.Options = {
			width: element.clientWidth,
			height: HEIGHT,
			legend: { show: false },
			cursor: { show: false },
			scales: {
				x: { time: true, range: (_, from, to) => [from, to + RESOLUTION_MS / 1000] },
				y: { range: [floor, 1 + (1 - floor) * 0.04] },
			},
			axes: [
				{ ...axis, values: (_, ticks) => ticks.map((s) => times.short(s * 1000, s * 1000)), space: 64 },
				{
					...axis,
					size: 64,
					values: (_, ticks) => ticks.map((v) => (v > 1 ? "" : `${Number((v * 100).toFixed(4))}%`)),
				},
			],
			series: [
				{},
				...(series.lines.length > 1 ? [own] : []),
				platform,
				{ stroke: colour("--text"), width: 1, dash: [1, 4], points: { show: false } },
			],
			hooks: { draw: [(plot) => drawMarks(plot, marks, colour("--text"), font)] },
		};
		const data = [series.at.map((at) => at / 1000), ...series.lines, series.at.map(() => objective)];
		const plot = new UPlot(options, data as UPlot.AlignedData, element);
		const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
		observer.observe(element);
		return () => {
			observer.disconnect();
			plot.destroy();
		};
	}, [series, floor, objective, onsetAt, detectedAt, acknowledgedAt, mitigatedAt, t]);
	return <div className="chart" ref={box} />;
}

/** A vertical line with its word for each thing that happened; words that would touch go one line down. */
function drawMarks(
	plot: UPlot,
	marks: readonly (readonly [number | null, string])[],
	colour: string,
	font: string,
): void {
	const { ctx, bbox } = plot;
	const scale = devicePixelRatio;
	ctx.save();
	ctx.strokeStyle = colour;
	ctx.fillStyle = colour;
	ctx.lineWidth = scale;
	ctx.font = font.replace(/^(\d+)px/, (_, size: string) => `${Number(size) * scale}px`);
	ctx.textBaseline = "bottom";
	let line = 0;
	for (const [at, word] of marks) {
		if (at === null) continue;
		const x = plot.valToPos(at / 1000, "x", true);
		if (x < bbox.left || x > bbox.left + bbox.width) continue;
		ctx.beginPath();
		ctx.setLineDash([2 * scale, 3 * scale]);
		ctx.moveTo(x, bbox.top);
		ctx.lineTo(x, bbox.top + bbox.height);
		ctx.stroke();
		const isRight = x > bbox.left + bbox.width / 2;
		ctx.textAlign = isRight ? "right" : "left";
		ctx.fillText(word, x + (isRight ? -4 : 4) * scale, bbox.top + bbox.height - 4 * scale - line * 16 * scale);
		line += 1;
	}
	ctx.restore();
}
