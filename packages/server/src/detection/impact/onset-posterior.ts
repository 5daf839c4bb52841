import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { chainCurve } from "./chain.ts";
import { Counts, clampRatio, type OnsetBucket, roughStep, spreadBefore } from "./counts.ts";
import { type Curve, massBefore } from "./curve.ts";
import { type Axis, type Point, sampleGrid } from "./quadrature.ts";
import { coarseFor, rampCurve } from "./ramp.ts";

export type Shape = "step" | "ramp" | "intermittent";

/** `quick` takes a quarter of the time and is a little less sure of its interval. */
export type Effort = "full" | "quick";

const GRIDS: Readonly<Record<Effort, { readonly levels: number; readonly points: Readonly<Record<Shape, number>> }>> = {
	full: { levels: 4, points: { step: 5, ramp: 4, intermittent: 3 } },
	quick: { levels: 4, points: { step: 3, ramp: 3, intermittent: 2 } },
};

export interface OnsetPosterior {
	/** Nats by which an onset explains the counts better than none. */
	readonly evidence: number;
	/** Probability that it began before the first bucket. */
	readonly openMass: number;
	readonly shape: Shape;
	/** Probability of that shape among the three. */
	readonly shapeMass: number;
	readonly usualErrorRatio: number;
	readonly errorRatio: number;
	/** Instant before which this much of the probability lies, 0-1, ms epoch. */
	quantile(share: number): number;
}

const SHAPES: Readonly<Record<Shape, number>> = { step: 0.4, ramp: 0.35, intermittent: 0.25 };
/** A step stays, all but surely; what recovers is off again. */
const STAYS_MS = 2 * DAY_MS;
const RECOVERS_MS = 20 * MINUTE_MS;
/** Rise of the error ratio that is a trouble at all, as a factor. */
const LEAST_RISE = 1.5;
const RATIOS = { low: Math.log(1e-6), high: Math.log(0.99) };
const RAMPS = { low: Math.log(4 * MINUTE_MS), high: Math.log(8 * HOUR_MS) };
/** Mean times ill and well of what comes and goes: well for an hour or two, the next is another trouble. */
const ON = { low: Math.log(2 * MINUTE_MS), high: Math.log(90 * MINUTE_MS) };
const OFF = { low: Math.log(2 * MINUTE_MS), high: Math.log(30 * MINUTE_MS) };

/** A shape that is so many nats worse than another after a first look is not looked at closer. */
const HOPELESS = 15;

type Found = Point<{ readonly curve: Curve; readonly counts: Counts }> & { readonly shape: Shape };

/** Probability over the instants at which the trouble may have begun: all shapes, ratios and lengths weighed together. */
export function posterior(buckets: readonly OnsetBucket[], given: number | undefined, effort: Effort): OnsetPosterior {
	const { levels, points } = GRIDS[effort];
	const plain = new Counts(buckets);
	const rough = roughStep(plain, given);
	const counts = new Counts(buckets, spreadBefore(plain, rough));
	const usualAxis: Axis = {
		centre: Math.log(rough.usual),
		halfWidth: 1,
		...RATIOS,
		...(given === undefined
			? {}
			: { prior: (x: number) => -0.5 * ((x - Math.log(given)) / 0.7) ** 2 - Math.log(1.75) }),
	};
	const ratioAxis: Axis = { centre: Math.log(rough.ratio) + 0.3, halfWidth: 1.2, ...RATIOS };
	const terms = (at: readonly number[]) => ({
		usual: clampRatio(Math.exp(at[0] as number)),
		ratio: clampRatio(Math.exp(at[1] as number)),
	});
	const isRise = (at: readonly number[]) => (at[1] as number) - (at[0] as number) >= Math.log(LEAST_RISE);
	const none = {
		log: Number.NEGATIVE_INFINITY,
		value: { curve: { top: 0, open: 0, cells: new Float64Array(0), evidence: 0 }, counts },
	};
	const found: Found[] = [];
	// What comes and goes has about the ratios that a step which may recover has: four unknowns leave few points for each.
	const narrowed = (axis: Axis, k: number): Axis => {
		const steps = found.filter(({ shape }) => shape === "step");
		const top = Math.max(...steps.map(({ weight }) => weight));
		const [sum, all] = steps.reduce(
			([one, other], { weight, at }) => [
				one + Math.exp(weight - top) * (at[k] as number),
				other + Math.exp(weight - top),
			],
			[0, 0],
		);
		return all > 0 ? { ...axis, centre: sum / all, halfWidth: 0.4 } : axis;
	};
	let floor = Number.NEGATIVE_INFINITY;
	const collect = (shape: Shape, points: readonly Point<{ readonly curve: Curve; readonly counts: Counts }>[]) => {
		for (const point of points)
			if (point.weight > Number.NEGATIVE_INFINITY)
				found.push({ ...point, shape, weight: point.weight + Math.log(SHAPES[shape]) });
		const top = Math.max(...points.map(({ weight }) => weight));
		floor = Math.max(floor, top - HOPELESS);
	};
	collect(
		"step",
		sampleGrid([usualAxis, ratioAxis], { levels, pointsPerAxis: points.step }, (at) => {
			if (!isRise(at)) return none;
			const curve = chainCurve(counts, { ...terms(at), onMs: STAYS_MS, offMs: RECOVERS_MS });
			return { log: curve.evidence, value: { curve, counts } };
		}),
	);
	const coarse = new Map<number, Counts>();
	const length: Axis = { centre: (RAMPS.low + RAMPS.high) / 2, halfWidth: 3, ...RAMPS };
	collect(
		"ramp",
		sampleGrid(
			[usualAxis, ratioAxis, length],
			{ levels, pointsPerAxis: points.ramp },
			(at) => {
				if (!isRise(at)) return none;
				const rampMs = Math.exp(at[2] as number);
				// Halves of an octave share their buckets.
				const octave = Math.floor((at[2] as number) / 0.35);
				const merged = coarse.get(octave) ?? coarseFor(counts, Math.exp(0.35 * octave));
				coarse.set(octave, merged);
				const curve = rampCurve(merged, { ...terms(at), rampMs });
				return { log: curve.evidence, value: { curve, counts: merged } };
			},
			floor,
		),
	);
	const on: Axis = { centre: (ON.low + ON.high) / 2, halfWidth: 2, ...ON };
	const off: Axis = { centre: (OFF.low + OFF.high) / 2, halfWidth: 1.4, ...OFF };
	collect(
		"intermittent",
		sampleGrid(
			[narrowed(usualAxis, 0), narrowed(ratioAxis, 1), on, off],
			{ levels, pointsPerAxis: points.intermittent },
			(at) => {
				if (!isRise(at)) return none;
				const [onMs, offMs] = [Math.exp(at[2] as number), Math.exp(at[3] as number)];
				const curve = chainCurve(counts, { ...terms(at), onMs, offMs });
				return { log: curve.evidence, value: { curve, counts } };
			},
			floor,
		),
	);
	return summarise(counts, found, given);
}

function summarise(counts: Counts, found: readonly Found[], given: number | undefined): OnsetPosterior {
	const top = Math.max(...found.map(({ weight }) => weight));
	const kept = found.map((one) => ({ ...one, mass: Math.exp(one.weight - top) })).filter(({ mass }) => mass > 1e-4);
	const all = kept.reduce((sum, { mass }) => sum + mass, 0);
	const shapes: Record<Shape, number> = { step: 0, ramp: 0, intermittent: 0 };
	let [open, usual, ratio] = [0, 0, 0];
	const parts = kept.map(({ mass, value: { curve, counts: own }, shape, at }) => {
		const share = mass / all;
		const weight = share / Math.exp(curve.evidence - curve.top);
		shapes[shape] += share;
		open += curve.open * weight;
		usual += share * (at[0] as number);
		ratio += share * (at[1] as number);
		return { curve, counts: own, weight };
	});
	const shape = (Object.keys(shapes) as Shape[]).reduce((best, one) => (shapes[one] > shapes[best] ? one : best));
	return {
		evidence: top + Math.log(all) - counts.quietLikelihood(given),
		openMass: open,
		shape,
		shapeMass: shapes[shape],
		usualErrorRatio: Math.exp(usual),
		errorRatio: Math.exp(ratio),
		quantile: (share) => mixedQuantile(parts, share),
	};
}

interface Part {
	readonly curve: Curve;
	readonly counts: Counts;
	readonly weight: number;
}

/** Quantile of a mixture of curves over different buckets, by halving: each curve's share before an instant is summed. */
function mixedQuantile(parts: readonly Part[], share: number): number {
	let low = Math.min(...parts.map(({ counts }) => counts.starts[0] as number));
	let high = Math.max(...parts.map(({ counts }) => counts.ends[counts.length - 1] as number));
	if (parts.reduce((sum, part) => sum + part.weight * part.curve.open, 0) >= share) return low;
	while (high - low > 500) {
		const middle = (low + high) / 2;
		if (parts.reduce((sum, part) => sum + part.weight * massBefore(part.counts, part.curve, middle), 0) < share)
			low = middle;
		else high = middle;
	}
	return (low + high) / 2;
}
