import { useCallback } from "react";
import type UPlot from "uplot";
import { isolated, type Line, type Series } from "./series.ts";
import { type PlotStyle, usePlot } from "./use-plot.ts";

const HEIGHT = 240;

/** A word at an instant; null: it has not happened. */
export type Mark = readonly [at: number | null, word: string];

/** Lower and upper edge at each instant of the series; null: unknown. */
export interface Band {
	readonly low: Line;
	readonly high: Line;
}

export interface PlotProps {
	readonly series: Series;
	readonly floor: number;
	readonly objective: number;
	readonly resolutionMs: number;
	readonly marks: readonly Mark[];
	/** Both ends of the time axis, ms; undefined: where the data begin and end. */
	readonly span?: readonly [from: number, to: number] | undefined;
	/** Windows that late data changed. */
	readonly revisedAt?: readonly number[] | undefined;
	/** Where most key tenants lie, behind the lines. */
	readonly band?: Band | undefined;
	/** What stands at a place of the time axis. */
	readonly label: (at: number) => string;
	readonly height?: number | undefined;
}

/** One or two lines (own solid, platform dashed) and the objective over time, before a band. Gaps stay gaps. */
export function Plot({ height = HEIGHT, ...props }: PlotProps) {
	const { series, floor, objective, resolutionMs, marks, span, revisedAt, band, label } = props;
	const make = useCallback(
		(style: PlotStyle) =>
			chartOf({ series, floor, objective, resolutionMs, marks, span, revisedAt, band, label }, style),
		[series, floor, objective, resolutionMs, marks, span, revisedAt, band, label],
	);
	const box = usePlot(height, make);
	return <div className="chart" style={{ minHeight: height }} ref={box} />;
}

function chartOf(
	{ series, floor, objective, resolutionMs, marks, span, revisedAt, band, label }: PlotProps,
	{ colour, font, axis }: PlotStyle,
) {
	// A window between two gaps has no line: it is a dot.
	const points = (line: number, stroke: string) => ({
		show: true,
		size: 5,
		fill: stroke,
		filter: () => isolated(series.lines[line] ?? []),
	});
	const edge = { stroke: colour("--band-line"), width: 1, points: { show: false } };
	const own = { stroke: colour("--breach-line"), width: 2, points: points(0, colour("--breach-line")) };
	const platform = {
		stroke: colour("--healthy-line"),
		width: 1.5,
		dash: [6, 4],
		points: points(series.lines.length - 1, colour("--healthy-line")),
	};
	const options: Omit<UPlot.Options, "width" | "height"> = {
		legend: { show: false },
		cursor: { show: false },
		scales: {
			x: {
				time: true,
				range: (_, from, to) => (span ? [span[0] / 1000, span[1] / 1000] : [from, to + resolutionMs / 1000]),
			},
			y: { range: [floor, 1 + (1 - floor) * 0.04] },
		},
		axes: [
			{ ...axis, values: (_, ticks) => ticks.map((s) => label(s * 1000)), space: 64, size: 32 },
			{
				...axis,
				size: 64,
				values: (_, ticks) => ticks.map((v) => (v > 1 ? "" : `${Number((v * 100).toFixed(4))}%`)),
			},
		],
		...(band === undefined ? {} : { bands: [{ series: [1, 2] as [number, number], fill: colour("--band-fill") }] }),
		series: [
			{},
			...(band === undefined ? [] : [edge, edge]),
			...(series.lines.length > 1 ? [own] : []),
			platform,
			{ stroke: colour("--text"), width: 1, dash: [1, 4], points: { show: false } },
		],
		hooks: {
			draw: [
				(plot) => drawMarks(plot, marks, colour("--text"), font),
				(plot) => drawRevised(plot, revisedAt ?? [], resolutionMs, colour("--text")),
			],
		},
	};
	const data = [
		series.at.map((at) => at / 1000),
		...(band === undefined ? [] : [band.high, band.low]),
		...series.lines,
		series.at.map(() => objective),
	];
	return { options, data };
}
/** A vertical line with its word for each thing that happened; words that would touch go one line down. */
function drawMarks(plot: UPlot, marks: readonly Mark[], colour: string, font: string): void {
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
		line = (line + 1) % 8;
	}
	ctx.restore();
}

/** A small triangle at the upper edge over each window that late data changed. */
function drawRevised(plot: UPlot, revisedAt: readonly number[], resolutionMs: number, colour: string): void {
	const { ctx, bbox } = plot;
	// Neighbours must not grow into a bar.
	const step = plot.valToPos(resolutionMs / 1000, "x", true) - plot.valToPos(0, "x", true);
	const size = Math.min(4 * devicePixelRatio, Math.max(devicePixelRatio, step * 0.35));
	ctx.save();
	ctx.fillStyle = colour;
	for (const at of revisedAt) {
		const x = plot.valToPos((at + resolutionMs / 2) / 1000, "x", true);
		if (x < bbox.left || x > bbox.left + bbox.width) continue;
		ctx.beginPath();
		ctx.moveTo(x - size, bbox.top);
		ctx.lineTo(x + size, bbox.top);
		ctx.lineTo(x, bbox.top + 1.5 * size);
		ctx.fill();
	}
	ctx.restore();
}
