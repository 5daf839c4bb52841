export interface OnsetInput {
	/** Start of the first bucket, ms epoch. */
	readonly startAt: number;
	readonly bucketMs: number;
	/** Events by bucket. A bucket whose total is 0 says nothing: nothing is taken for healthy. */
	readonly bad: readonly number[];
	readonly total: readonly number[];
	/** Error ratio in healthy times, if it is known; else it is learnt from the beginning of the series. */
	readonly usualErrorRatio?: number | undefined;
}

export type OnsetEstimate =
	| {
			readonly status: "estimated";
			/** ms epoch */
			readonly at: number;
			/** 90 % interval, ms epoch. */
			readonly from: number;
			readonly to: number;
			readonly shape: "step" | "ramp" | "intermittent";
			/** It may have begun before the series does: `from` is only a bound of what is known. */
			readonly isOpen: boolean;
			readonly explanation: string;
	  }
	| {
			readonly status: "unknown";
			readonly reason: "no-events" | "no-change" | "always-bad";
			readonly explanation: string;
	  };

/** When the error ratio began to be raised. */
export function estimateOnset(_input: OnsetInput): OnsetEstimate {
	return { status: "unknown", reason: "no-events", explanation: "There are no events." };
}
