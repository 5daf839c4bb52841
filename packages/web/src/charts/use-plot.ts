import "uplot/dist/uPlot.min.css";
import { type RefObject, useEffect, useRef } from "react";
import UPlot from "uplot";

/** Colours and type of the page, as a chart needs them: it reads them when it is made. */
export interface PlotStyle {
	readonly colour: (name: string) => string;
	readonly font: string;
	readonly axis: UPlot.Axis;
}

function styleNow(): PlotStyle {
	const style = getComputedStyle(document.documentElement);
	const colour = (name: string) => style.getPropertyValue(name).trim();
	const font = `12px ${getComputedStyle(document.body).fontFamily}`;
	return {
		colour,
		font,
		axis: {
			stroke: colour("--soft"),
			font,
			grid: { stroke: colour("--line"), width: 1 },
			ticks: { show: false },
		},
	};
}

/**
 * A chart as wide as its box, made anew whenever `make` changes; without `make` (nothing to show) there is none.
 * `make` gives the options without the size, and the data.
 */
export function usePlot(
	height: number,
	make: (style: PlotStyle) => { readonly options: Omit<UPlot.Options, "width" | "height">; readonly data: unknown[] },
): RefObject<HTMLDivElement | null> {
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const element = box.current;
		if (element === null) return;
		const { options, data } = make(styleNow());
		const size = () => ({ width: element.clientWidth, height });
		const plot = new UPlot({ ...options, ...size() }, data as UPlot.AlignedData, element);
		const observer = new ResizeObserver(() => plot.setSize(size()));
		observer.observe(element);
		return () => {
			observer.disconnect();
			plot.destroy();
		};
	}, [make, height]);
	return box;
}
