import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialTail } from "./index.ts";

/** Σ from k of C(n, i) pⁱ (1−p)ⁿ⁻ⁱ in whole numbers, for p = numerator / denominator. */
function exactTails(n: number, numerator: bigint, denominator: bigint): number[] {
	const misses = denominator - numerator;
	const whole = denominator ** BigInt(n);
	const digits = 10n ** 320n;
	let choose = 1n;
	const terms = Array.from({ length: n + 1 }, (_, k) => {
		const term = choose * numerator ** BigInt(k) * misses ** BigInt(n - k);
		choose = (choose * BigInt(n - k)) / BigInt(k + 1);
		return term;
	});
	let tail = 0n;
	const tails = new Array<number>(n + 1).fill(0);
	for (let k = n; k >= 0; k--) {
		tail += terms[k] as bigint;
		const scaled = ((tail * digits) / whole).toString().padStart(321, "0");
		tails[k] = Number(`${scaled.slice(0, -320)}.${scaled.slice(-320)}`);
	}
	return tails;
}

/** P(X ≥ k) for Poisson with the mean, summed from k. */
function poissonTail(k: number, mean: number): number {
	let term = Math.exp(-mean);
	for (let i = 1; i <= k; i++) term *= mean / i;
	let sum = 0;
	for (let i = k; term > sum * 1e-18; i++) {
		sum += term;
		term *= mean / (i + 1);
	}
	return sum;
}

describe("binomial tail", () => {
	it("equals exact rational sums for every k of every n up to 60", () => {
		let worst = 0;
		for (const [numerator, denominator] of [
			[1n, 1000n],
			[1n, 100n],
			[5n, 100n],
			[1n, 2n],
			[7n, 10n],
			[999n, 1000n],
			[1n, 100_000n],
		] as const) {
			const p = Number(numerator) / Number(denominator);
			for (let n = 1; n <= 60; n++) {
				for (const [k, exact] of exactTails(n, numerator, denominator).entries()) {
					if (exact < 1e-300) continue;
					const error = Math.abs(binomialTail(k, n, p) - exact);
					// Relative above the mean, where evidence is judged; absolute below it, where the tail is near 1.
					worst = Math.max(worst, k > n * p ? error / exact : error);
				}
			}
		}
		expect(worst).toBeLessThanOrEqual(1e-10);
	});

	it("approaches the Poisson tail as n grows and p shrinks", () => {
		// Le Cam: the two differ by at most n p².
		for (const mean of [0.3, 1, 2, 10, 100]) {
			const n = 1e13;
			for (const k of [1, 2, 3, 5, 12, 40, 130]) {
				expect(Math.abs(binomialTail(k, n, mean / n) - poissonTail(k, mean))).toBeLessThanOrEqual(1e-10);
			}
		}
	});

	it("is symmetric: k or more bad is the opposite of n − k + 1 or more good", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
				const k = 1 + Math.floor(share * (n - 1));
				for (const p of [0.001, 0.3]) {
					expect(Math.abs(binomialTail(k, n, p) + binomialTail(n - k + 1, n, 1 - p) - 1)).toBeLessThanOrEqual(1e-10);
				}
			}),
			{ numRuns: 200 },
		);
	});

	it("follows the recurrence of n at large counts, relatively", () => {
		// P(X ≥ k | n+1) = P(X ≥ k | n) + p · P(X = k−1 | n): an identity that no limit theorem blurs.
		for (const [n, p] of [
			[100_000, 0.001],
			[1_000_000, 0.001],
			[5_000_000, 0.0001],
		] as const) {
			for (const factor of [1.05, 1.2, 2]) {
				const k = Math.ceil(n * p * factor);
				const atPoint = binomialTail(k - 1, n, p) - binomialTail(k, n, p);
				const tail = binomialTail(k, n + 1, p);
				expect(Math.abs(binomialTail(k, n, p) + p * atPoint - tail) / tail).toBeLessThanOrEqual(1e-10);
			}
		}
	});

	it("never grows with k and stays within 0 and 1", () => {
		for (const [n, p] of [
			[30, 0.001],
			[500, 0.01],
			[20_000, 0.0005],
		] as const) {
			let before = 1;
			for (let k = 0; k <= 60; k++) {
				const tail = binomialTail(k, n, p);
				expect(tail).toBeLessThanOrEqual(before);
				expect(tail).toBeGreaterThanOrEqual(0);
				before = tail;
			}
		}
	});

	it("answers the edges: nothing asked is certain, more than all is impossible", () => {
		expect(binomialTail(0, 10, 0.001)).toBe(1);
		expect(binomialTail(0, 0, 0.001)).toBe(1);
		expect(binomialTail(1, 0, 0.001)).toBe(0);
		expect(binomialTail(11, 10, 0.001)).toBe(0);
		expect(binomialTail(3, 10, 0)).toBe(0);
		expect(binomialTail(3, 10, 1)).toBe(1);
		expect(binomialTail(10, 10, 0.5)).toBe(1 / 1024);
	});
});
