import type { OnsetBucket } from "./counts.ts";
import { type Effort, posterior } from "./onset-posterior.ts";

export interface OnsetInput {
	/** Start of the first bucket, ms epoch. */
	readonly startAt: number;
	readonly bucketMs: number;
	/** Events by bucket, oldest first. */
	readonly bad: readonly number[];
	readonly total: readonly number[];
	/** Error ratio in healthy times, if it is known; else it is learnt from the beginning of the series. */
	readonly usualErrorRatio?: number | undefined;
	/** Default: full, tens of milliseconds for some hundred buckets. */
	readonly effort?: Effort;
}

export type OnsetEstimate =
	| {
			readonly status: "estimated";
			/** The middle of what is likely, ms epoch. */
			readonly at: number;
			/** 90 % interval, ms epoch. */
			readonly from: number;
			readonly to: number;
			readonly shape: "step" | "ramp" | "intermittent";
			/** Error ratio before, and of the trouble itself (of a ramp: at its height). */
			readonly usualErrorRatio: number;
			readonly errorRatio: number;
			/** It may have begun before the series does: `from` is only where knowledge begins. */
			readonly isOpen: boolean;
			readonly explanation: string;
	  }
	| {
			readonly status: "unknown";
			readonly reason: "no-events" | "no-change" | "always-bad";
			readonly explanation: string;
	  };

/** Nats by which "it began at some time" may be worse than "nothing began": whoever asks has seen that something did. */
const LEAST_EVIDENCE = -4;
const MIDDLE = 0.5;
/**
 * Real series wander, and rise in other ways than the three shapes, which the counts do not tell: so nine of ten are held
 * by a little more than 90 % of the probability, and by nearly all of it where the shape is uncertain.
 */
const TAIL = { sure: 0.03, unsure: 0.01 };
const SURE_OF_SHAPE = 0.9;
const OPEN = 0.05;
/** More of it than this before the series: when it began is not known. */
const ALWAYS = 0.95;
const MIN_USUAL_RATIO = 1e-6;

/**
 * When the error ratio began to be raised: change point of counts by bucket, with the interval that holds it in nine of ten
 * cases. Steps, ramps and troubles that come and go are weighed against each other; earlier short blips are told apart.
 * Throws a RangeError where the columns differ in length.
 */
export function estimateOnset(input: OnsetInput): OnsetEstimate {
	const { bad, total, startAt, bucketMs } = input;
	if (bad.length !== total.length)
		throw new RangeError(`impact: ${bad.length} buckets of bad and ${total.length} of total; give as many of both`);
	return estimateOnsetInBuckets(
		bad.map((each, k) => ({
			startAt: startAt + k * bucketMs,
			widthMs: bucketMs,
			bad: each,
			total: total[k] as number,
		})),
		input,
	);
}

/** The same for buckets of any widths, oldest first, each instant once. */
export function estimateOnsetInBuckets(
	buckets: readonly OnsetBucket[],
	{
		usualErrorRatio,
		effort = "full",
	}: { readonly usualErrorRatio?: number | undefined; readonly effort?: Effort } = {},
): OnsetEstimate {
	const heard = buckets.filter(({ total }) => total > 0);
	const first = heard[0];
	if (!first) return { status: "unknown", reason: "no-events", explanation: "There are no events: nothing is known." };
	const found = posterior(
		heard,
		usualErrorRatio === undefined ? undefined : Math.max(MIN_USUAL_RATIO, usualErrorRatio),
		effort,
	);
	if (found.evidence < LEAST_EVIDENCE)
		return {
			status: "unknown",
			reason: "no-change",
			explanation: "The error ratio did not change in the time that is known.",
		};
	if (found.openMass > ALWAYS)
		return {
			status: "unknown",
			reason: "always-bad",
			explanation: "It was bad in all of the time that is known: when it began is not known.",
		};
	const isOpen = found.openMass > OPEN;
	const at = found.quantile(MIDDLE);
	const tail = found.shapeMass >= SURE_OF_SHAPE ? TAIL.sure : TAIL.unsure;
	const from = found.quantile(tail);
	const to = found.quantile(1 - tail);
	const { shape, errorRatio } = found;
	return {
		status: "estimated",
		at,
		from: isOpen ? first.startAt : from,
		to,
		shape,
		usualErrorRatio: found.usualErrorRatio,
		errorRatio,
		isOpen,
		explanation: explain(shape, found.usualErrorRatio, errorRatio, isOpen),
	};
}

function explain(shape: "step" | "ramp" | "intermittent", usual: number, ratio: number, isOpen: boolean): string {
	const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
	const how = { step: "rose at once", ramp: "rose slowly", intermittent: "comes and goes" }[shape];
	const since = isOpen ? " It may have begun before the time that is known." : "";
	return `The error ratio ${how}: ${percent(usual)} before, ${percent(ratio)} since.${since}`;
}
