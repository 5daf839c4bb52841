/**
 * P(X ≥ k) for X ~ Binomial(n, p): how surprising k bad of n events are if the objective were just met (p = 1 − objective).
 * Counts are whole numbers. Sums the upper tail from k, term by term; above the mean each term is smaller than the one
 * before. Relative error below 1e-12 up to n = 1e9.
 */
export function binomialTail(k: number, n: number, p: number): number {
	if (k <= 0) return 1;
	if (k > n || p <= 0) return 0;
	if (p >= 1) return 1;
	// Up to the mean the tail is the larger part: sum the lower side instead.
	if (k <= n * p) return 1 - sumDown(k - 1, n, p);
	return Math.min(1, sumUp(k, n, p));
}

function sumUp(k: number, n: number, p: number): number {
	const odds = p / (1 - p);
	let term = binomialTerm(k, n, p);
	let sum = term;
	for (let i = k; i < n && term > sum * 1e-17; i++) {
		term *= ((n - i) / (i + 1)) * odds;
		sum += term;
	}
	return sum;
}

function sumDown(k: number, n: number, p: number): number {
	const odds = (1 - p) / p;
	let term = binomialTerm(k, n, p);
	let sum = term;
	for (let i = k; i > 0 && term > sum * 1e-17; i--) {
		term *= (i / (n - i + 1)) * odds;
		sum += term;
	}
	return sum;
}

/**
 * P(X = k), in the saddle-point form of C. Loader, "Fast and accurate computation of binomial probabilities" (2000):
 * differences of ln n! lose every digit at large n, deviances do not.
 */
function binomialTerm(k: number, n: number, p: number): number {
	if (k === 0) return Math.exp(n * Math.log1p(-p));
	if (k === n) return Math.exp(n * Math.log(p));
	const misses = n - k;
	const exponent =
		stirlingError(n) - stirlingError(k) - stirlingError(misses) - deviance(k, n * p) - deviance(misses, n * (1 - p));
	return Math.sqrt(n / (2 * Math.PI * k * misses)) * Math.exp(exponent);
}

/** x ln(x/mean) + mean − x, by its series where the logarithm would cancel. */
function deviance(x: number, mean: number): number {
	const v = (x - mean) / (x + mean);
	if (Math.abs(v) > 0.1) return x * Math.log(x / mean) + mean - x;
	let sum = (x - mean) * v;
	let power = 2 * x * v;
	for (let j = 3; ; j += 2) {
		power *= v * v;
		const next = sum + power / j;
		if (next === sum) return sum;
		sum = next;
	}
}

/** ln n! − ln(√(2πn) (n/e)ⁿ): exact sums of logarithms below 16, the Stirling series above. */
function stirlingError(n: number): number {
	if (n < STIRLING_ERRORS.length) return STIRLING_ERRORS[n] as number;
	const n2 = n * n;
	return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / n2) / n2) / n2) / n2) / n;
}

const STIRLING_ERRORS: readonly number[] = Array.from({ length: 16 }, (_, n) => {
	if (n === 0) return 0;
	let factorial = 1;
	for (let i = 2; i <= n; i++) factorial *= i;
	return Math.log(factorial) - 0.5 * Math.log(2 * Math.PI * n) - n * Math.log(n) + n;
});
