/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/** Wilson's score interval for `hits` of `n` at 95 %. Source: E. B. Wilson, JASA 22 (1927). Undefined without a sample. */
export function wilsonInterval(hits: number, n: number): { readonly low: number; readonly high: number } | undefined {
	if (!(n > 0)) return undefined;
	const p = hits / n;
	const middle = p + (Z * Z) / (2 * n);
	const spread = Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
	const scale = 1 + (Z * Z) / n;
	return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}

/** The middle value; the mean of the two middle ones of an even number. Undefined without values. */
export function median(values: readonly number[]): number | undefined {
	const sorted = [...values].sort((a, b) => a - b);
	const upper = sorted[Math.floor(sorted.length / 2)];
	const lower = sorted[Math.ceil(sorted.length / 2) - 1];
	return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}
