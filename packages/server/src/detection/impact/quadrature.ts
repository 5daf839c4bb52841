/** One unknown of a model, on a logarithmic scale. */
export interface Axis {
	readonly centre: number;
	readonly halfWidth: number;
	readonly low: number;
	readonly high: number;
	/** Log of its density beforehand; default: even between low and high. */
	readonly prior?: ((x: number) => number) | undefined;
}

export interface Point<T> {
	/** Log of prior × likelihood × the volume that the point stands for. */
	readonly weight: number;
	readonly at: readonly number[];
	readonly value: T;
}

/** Half-width of the next grid, in standard deviations of what this one found. */
const NEXT = 2.2;
/** A grid never becomes finer than this: one point would stand for all. */
const MIN_HALF_WIDTH = 0.01;

/**
 * Points that stand for all values of a few unknowns: a grid, then again around where the weight of the one before lies,
 * as wide as that is. `log` of a point's value is its likelihood; what stays below `floor` in all is not looked at closer.
 */
export function sampleGrid<T>(
	axes: readonly Axis[],
	{ pointsPerAxis, levels }: { readonly pointsPerAxis: number; readonly levels: number },
	evaluate: (at: readonly number[]) => { readonly log: number; readonly value: T },
	floor = Number.NEGATIVE_INFINITY,
): Point<T>[] {
	let grid = axes;
	let points: Point<T>[] = [];
	for (let level = 0; level < levels; level++) {
		const lines = grid.map(({ centre, halfWidth, low, high }) => {
			const from = Math.max(low, centre - halfWidth);
			const to = Math.min(high, centre + halfWidth);
			const step = (to - from) / pointsPerAxis;
			return { step, values: Array.from({ length: pointsPerAxis }, (_, k) => from + (k + 0.5) * step) };
		});
		const volume = lines.reduce((sum, { step }) => sum + Math.log(step), 0);
		points = [];
		const visit = (at: readonly number[]) => {
			const line = lines[at.length];
			if (line) {
				for (const value of line.values) visit([...at, value]);
				return;
			}
			const { log, value } = evaluate(at);
			const prior = grid.reduce(
				(sum, axis, k) => sum + (axis.prior ? axis.prior(at[k] as number) : -Math.log(axis.high - axis.low)),
				0,
			);
			points.push({ weight: log + prior + volume, at, value });
		};
		visit([]);
		if (level === levels - 1) break;
		const top = Math.max(...points.map(({ weight }) => weight));
		const all = points.reduce((sum, { weight }) => sum + Math.exp(weight - top), 0);
		if (level > 0 && top + Math.log(all) < floor) break;
		grid = grid.map((axis, k) => {
			let mean = 0;
			let square = 0;
			for (const { weight, at } of points) {
				const share = Math.exp(weight - top) / all;
				mean += share * (at[k] as number);
				square += share * (at[k] as number) ** 2;
			}
			const deviation = Math.sqrt(Math.max(0, square - mean * mean) + (lines[k] as { step: number }).step ** 2 / 12);
			const halfWidth = Math.min(axis.halfWidth, Math.max(MIN_HALF_WIDTH, NEXT * deviation));
			return { ...axis, centre: mean, halfWidth };
		});
	}
	return points;
}
