import { type Counted, expectedOf, type Raise } from "./fit.ts";
import type { Model } from "./search.ts";

/** Leaves with fewer expected events say more about luck than about each other. */
const MIN_EXPECTED = 5;
const MIN_LEAVES = 12;
/** Where too few leaves can tell: leaves that should be alike differ by a twentieth. */
const ASSUMED = 0.05;
/** Below this there is nothing to weigh down. */
const NONE = 0.01;
const MAX = 2;
/** Median of a squared standard normal deviate. */
const MEDIAN_SQUARE = 0.4549;

/**
 * Weights that make counts as telling as plain luck would have them: 1 ÷ (1 + spread² × expected), where the spread is how
 * unlike leaves are that the model takes for alike, beyond luck, as a share of what is expected of them. Undefined: there is
 * no spread.
 */
export function spreadWeights(
	{ kind, seen, total, usual }: Counted,
	{ raises, group }: Model,
): Float64Array | undefined {
	const fitted = seen.map((_, leaf) =>
		expectedOf(raises[group[leaf] as number] as Raise, usual[leaf] as number, total[leaf] as number),
	);
	const odd: { readonly square: number; readonly fit: number; readonly variance: number }[] = [];
	for (let leaf = 0; leaf < seen.length; leaf++) {
		const fit = fitted[leaf] as number;
		if (fit < MIN_EXPECTED) continue;
		const off = (seen[leaf] as number) - fit;
		const ratio = kind === "errors" ? fit / (total[leaf] as number) : 0;
		odd.push({ square: off * off, fit, variance: Math.max(fit * (1 - ratio), 1e-9) });
	}
	const spread = odd.length < MIN_LEAVES ? ASSUMED : solve(odd);
	return spread < NONE ? undefined : fitted.map((fit) => 1 / (1 + spread * spread * fit));
}

/** The spread at which the median squared deviation is what luck and it together make; few odd leaves do not move it. */
function solve(odd: readonly { square: number; fit: number; variance: number }[]): number {
	const medianAt = (spread: number) => {
		const scaled = Float64Array.from(
			odd,
			({ square, fit, variance }) => square / (variance + spread * spread * fit * fit),
		).sort();
		return scaled[scaled.length >> 1] as number;
	};
	if (medianAt(0) <= MEDIAN_SQUARE) return 0;
	let [low, high] = [0, MAX];
	for (let step = 0; step < 12; step++) {
		const middle = (low + high) / 2;
		if (medianAt(middle) > MEDIAN_SQUARE) low = middle;
		else high = middle;
	}
	return high;
}
