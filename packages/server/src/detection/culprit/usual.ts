import type { Columns } from "./columns.ts";

/** Expected bad events that a leaf's own history must hold to count as much as what its attributes suggest. */
const TRUST_BAD = 4;
/** The same for a value of one attribute beside the whole. */
const TRUST_VALUE_BAD = 2;
const MAX_RATIO = 0.9;

/**
 * Usual error ratio of every leaf: its own history, drawn to what the values of its attributes suggest (each value's own
 * ratio beside the whole, multiplied) the less of it there is. So a new build is judged by its region and operation.
 * Without any history all leaves have the given ratio.
 */
export function usualRatios(
	columns: Columns,
	{ usualBad, usualTotal }: { readonly usualBad: Float64Array; readonly usualTotal: Float64Array },
	given: number | undefined,
): Float64Array {
	const { length, codes, values } = columns;
	const ratios = new Float64Array(length);
	const total = sum(usualTotal);
	if (total <= 0) return ratios.fill(clampRatio(given ?? 0));
	const overall = Math.max(sum(usualBad), given === undefined ? 0.5 : 0) / total || given || 0;
	const factors = codes.map((code, a) => {
		const bad = new Float64Array((values[a] as readonly string[]).length);
		const all = new Float64Array(bad.length);
		for (let leaf = 0; leaf < length; leaf++) {
			const at = code[leaf] as number;
			bad[at] = (bad[at] as number) + (usualBad[leaf] as number);
			all[at] = (all[at] as number) + (usualTotal[leaf] as number);
		}
		return bad.map((each, at) => (each + TRUST_VALUE_BAD) / ((all[at] as number) * overall + TRUST_VALUE_BAD));
	});
	for (let leaf = 0; leaf < length; leaf++) {
		let suggested = overall;
		for (let a = 0; a < codes.length; a++)
			suggested *= (factors[a] as Float64Array)[(codes[a] as Int32Array)[leaf] as number] as number;
		suggested = clampRatio(suggested);
		const own = usualTotal[leaf] as number;
		ratios[leaf] = clampRatio(
			((usualBad[leaf] as number) + TRUST_BAD) / (own + TRUST_BAD / Math.max(suggested, Number.MIN_VALUE)),
		);
	}
	return ratios;
}

export function sum(column: Float64Array): number {
	let total = 0;
	for (let i = 0; i < column.length; i++) total += column[i] as number;
	return total;
}

/** A usual ratio of 0 would make a single bad event infinite evidence. */
function clampRatio(ratio: number): number {
	return Math.min(MAX_RATIO, Math.max(1e-9, ratio));
}
