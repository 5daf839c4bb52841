/** ln Γ(x) for x > 0, Lanczos approximation (g = 7, 9 terms), relative error below 1e-13. */
function lnGamma(x: number): number {
	const c = [
		0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
		12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
	];
	const z = x - 1;
	let sum = c[0] as number;
	for (let i = 1; i < 9; i++) sum += (c[i] as number) / (z + i);
	const t = z + 7.5;
	return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * P(X ≥ k) for X ~ Binomial(n, p): how surprising k bad of n events are if the objective were just met (p = 1 − objective).
 * Sums the upper tail from k, term by term; terms shrink by at least the ratio of the first two once past the mean.
 */
export function binomialTail(k: number, n: number, p: number): number {
	if (k <= 0) return 1;
	if (k > n || p <= 0) return 0;
	if (p >= 1) return 1;
	// Below the mean the tail is the larger part: sum the lower side instead, it has fewer significant terms.
	if (k <= n * p) return 1 - binomialTail(n - k + 1, n, 1 - p);
	const lnTerm = lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p);
	let term = Math.exp(lnTerm);
	let sum = term;
	const odds = p / (1 - p);
	for (let i = k; i < n; i++) {
		term *= ((n - i) / (i + 1)) * odds;
		sum += term;
		if (term < sum * 1e-17) break;
	}
	return Math.min(1, sum);
}
