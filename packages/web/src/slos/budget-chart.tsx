import { useQuery } from "@tanstack/react-query";
import { useCallback, useId, useMemo } from "react";
import type UPlot from "uplot";
import { budgetQuery, why } from "../api.ts";
import type { BudgetView, SloDetail } from "../api-types.ts";
import { isolated } from "../charts/series.ts";
import { type PlotStyle, usePlot } from "../charts/use-plot.ts";
import { formatBudget, formatBurn, formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { formatCount } from "../operations/words.ts";
import { useIsDark } from "../preferences.ts";
import { type Text, times, useText } from "../text.ts";

const HEIGHT = 220;

interface BudgetChartProps {
	readonly slo: SloDetail;
	/** Empty: the platform. */
	readonly tenant: string;
	readonly choose: (tenant: string) => void;
}

/** How the budget of one key tenant, or of the platform, was spent over its period. Steps without events are gaps. */
export function BudgetChart({ slo, tenant, choose }: BudgetChartProps) {
	const t = useText();
	const now = useNow(60_000);
	const isDark = useIsDark();
	const id = useId();
	const query = useQuery(budgetQuery(tenant, slo.name));
	const budget = query.data;
	const names = useMemo(
		() =>
			slo.readings
				.map((each) => [each.tenant, each.tenantDisplayName] as const)
				.sort(([, a], [, b]) => (a < b ? -1 : 1)),
		[slo.readings],
	);
	const name = names.find(([each]) => each === tenant)?.[1] ?? t("fleet.platform");
	return (
		<section className="card wide" aria-label={t("budget.title", { tenant: name })}>
			<header className="card-head">
				<h2>{t("budget.title", { tenant: name })}</h2>
				{budget === undefined ? null : (
					<small className="soft">
						{t("budget.span", { from: times.at(budget.from, now), step: formatDuration(budget.stepMs) })}
					</small>
				)}
			</header>
			<p className="choice no-print">
				<label htmlFor={id}>{t("budget.choose")}</label>
				<select id={id} className="field" value={tenant} onChange={(event) => choose(event.target.value)}>
					<option value="">{t("budget.platform")}</option>
					{names.map(([value, text]) => (
						<option key={value} value={value}>
							{text}
						</option>
					))}
				</select>
			</p>
			{query.error === null ? null : <p className="failure">{t("budget.failed", { why: why(query.error) })}</p>}
			{budget === undefined ? (
				<p className="chart soft" />
			) : (
				<>
					<p>{budgetWords(t, budget)}</p>
					{budget.forecast.status === "expected" ? <p>{budget.forecast.explanation}</p> : null}
					{budget.remaining === null ? null : (
						<>
							<div role="img" aria-label={labelOf(t, budget, name)}>
								<BurnDownPlot key={String(isDark)} budget={budget} />
							</div>
							<p className="chart-key">
								<span className="key-text">{t("budget.keyLeft")}</span>
								<span className="key-objective">{t("budget.keyZero")}</span>
							</p>
							{gapsOf(budget) === 0 ? null : <p className="soft">{t("budget.gaps", { gaps: gapsOf(budget) })}</p>}
							<BudgetTable budget={budget} name={name} now={now} />
						</>
					)}
				</>
			)}
		</section>
	);
}

function gapsOf({ steps }: BudgetView): number {
	return steps.filter(({ remaining }) => remaining === null).length;
}

export function budgetWords(t: Text, { remaining, allowedBad, bad, unit }: BudgetView): string {
	if (remaining === null || allowedBad === null) return t("budget.unknown");
	const counts = { bad: formatCount(bad), allowed: formatCount(allowedBad), unit };
	if (remaining <= -1) return t("budget.times", { ...counts, times: formatBurn(1 - remaining) });
	if (remaining < 0) return t("budget.over", { ...counts, over: formatBudget(remaining).slice(1) });
	return t("budget.left", { ...counts, left: formatBudget(remaining) });
}

function labelOf(t: Text, budget: BudgetView, tenant: string): string {
	return t("budget.label", {
		tenant,
		now: formatBudget(budget.remaining),
		gaps: gapsOf(budget),
		count: budget.steps.length,
	});
}

function BurnDownPlot({ budget }: { readonly budget: BudgetView }) {
	const make = useCallback((style: PlotStyle) => chartOf(budget, style), [budget]);
	const box = usePlot(HEIGHT, make);
	return <div className="chart" style={{ minHeight: HEIGHT }} ref={box} />;
}

function chartOf({ steps, from, to, stepMs }: BudgetView, { colour, axis }: PlotStyle) {
	const left = steps.map(({ remaining }) => remaining);
	const lowest = Math.min(0, ...left.filter((value) => value !== null));
	const line = colour("--text");
	const options: Omit<UPlot.Options, "width" | "height"> = {
		legend: { show: false },
		cursor: { show: false },
		scales: {
			x: { time: true, range: [from / 1000, to / 1000] },
			y: { range: [lowest < 0 ? lowest * 1.1 : 0, 1.04] },
		},
		axes: [
			{ ...axis, values: (_, ticks) => ticks.map((s) => times.short(s * 1000, 0)), space: 64, size: 32 },
			{ ...axis, size: 64, values: (_, ticks) => ticks.map((v) => (v > 1 ? "" : formatBudget(v))) },
		],
		series: [
			{},
			{
				stroke: line,
				width: 2,
				fill: colour("--band-fill"),
				points: { show: true, size: 5, fill: line, filter: () => isolated(left) },
			},
			{ stroke: line, width: 1, dash: [1, 4], points: { show: false } },
		],
	};
	// What is left is known at the end of a step.
	return { options, data: [steps.map(({ at }) => (at + stepMs) / 1000), left, steps.map(() => 0)] };
}

function BudgetTable({
	budget,
	name,
	now,
}: {
	readonly budget: BudgetView;
	readonly name: string;
	readonly now: number;
}) {
	const t = useText();
	return (
		<details className="no-print">
			<summary>{t("chart.table")}</summary>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<section className="chart-table" tabIndex={0} aria-label={`${t("chart.table")}: ${name}`}>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{t("budget.col.time")}</th>
							<th scope="col">{t("budget.col.bad")}</th>
							<th scope="col">{t("budget.col.total")}</th>
							<th scope="col">{t("budget.col.left")}</th>
						</tr>
					</thead>
					<tbody>
						{budget.steps.map(({ at, bad, total, remaining }) => (
							<tr key={at}>
								<th scope="row">{times.at(at, now)}</th>
								<td>{total > 0 ? formatCount(bad) : "–"}</td>
								<td>{total > 0 ? formatCount(total) : "–"}</td>
								<td>{remaining === null ? t("budget.noEvents") : formatBudget(remaining)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</details>
	);
}
