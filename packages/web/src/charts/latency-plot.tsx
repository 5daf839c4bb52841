import { useCallback } from "react";
import type UPlot from "uplot";
import type { LatencyLines } from "./latency.ts";
import { isolated } from "./series.ts";
import { type PlotStyle, usePlot } from "./use-plot.ts";

const HEIGHT = 200;

export interface LatencyPlotProps {
	readonly lines: LatencyLines;
	readonly unit: string | null;
	readonly span: readonly [from: number, to: number];
	readonly label: (at: number) => string;
}

/** Three percentiles over time (the highest solid, before where it certainly lies), in the source's unit from 0 on. */
export function LatencyPlot({ lines, unit, span, label }: LatencyPlotProps) {
	const make = useCallback(
		(style: PlotStyle) => chartOf({ lines, unit, span, label }, style),
		[lines, unit, span, label],
	);
	const box = usePlot(HEIGHT, make);
	return <div className="chart" style={{ minHeight: HEIGHT }} ref={box} />;
}

function chartOf({ lines, unit, span, label }: LatencyPlotProps, { colour, axis }: PlotStyle) {
	const count = lines.lines.length;
	const looks = [
		{ stroke: colour("--text"), width: 1.5, dash: [2, 3] },
		{ stroke: colour("--healthy-line"), width: 1.5, dash: [6, 4] },
		{ stroke: colour("--breach-line"), width: 2 },
	];
	const seriesOf = (k: number): UPlot.Series => {
		const look = looks[looks.length - count + k] as (typeof looks)[number];
		const filter = () => isolated(lines.lines[k] ?? []);
		return { ...look, points: { show: true, size: 5, fill: look.stroke, filter } };
	};
	const options: Omit<UPlot.Options, "width" | "height"> = {
		legend: { show: false },
		cursor: { show: false },
		scales: {
			x: { time: true, range: [span[0] / 1000, span[1] / 1000] },
			y: { range: [0, (lines.highest ?? 1) * 1.06] },
		},
		axes: [
			{ ...axis, values: (_, ticks) => ticks.map((s) => label(s * 1000)), space: 64, size: 32 },
			{
				...axis,
				size: 64,
				values: (_, ticks) => ticks.map((v) => `${v.toLocaleString("en")}${unit === null ? "" : ` ${unit}`}`),
			},
		],
		bands: [{ series: [count, count + 1], fill: colour("--band-fill") }],
		series: [{}, ...lines.lines.map((_, k) => seriesOf(k)), { stroke: "transparent", points: { show: false } }],
	};
	return { options, data: [lines.at.map((at) => at / 1000), ...lines.lines, lines.low] };
}
