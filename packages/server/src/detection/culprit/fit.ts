import type { Element } from "./cuboids.ts";

/** Counts by leaf, weighed. For a loss `seen` is what came and `total` what was expected, like `usual`. */
export interface Counted {
	readonly kind: "errors" | "loss";
	readonly seen: Float64Array;
	readonly total: Float64Array;
	/** What of `seen` is usual. */
	readonly usual: Float64Array;
}

export interface Group {
	readonly seen: number;
	readonly total: number;
	readonly usual: number;
}

/** What a group is raised by: expected = factor × usual + added × (total − usual). */
export interface Raise {
	readonly factor: number;
	readonly added: number;
}

const ROUNDS = 2;
/** Nothing is expected to be impossible. */
const LEAST = 1e-12;

export function expectedOf({ factor, added }: Raise, usual: number, total: number): number {
	return Math.min(factor * usual + added * (total - usual), total * (1 - LEAST)) + total * LEAST;
}

/**
 * The raise that fits the leaves marked free best: what always failed most fails more (the factor), and everything fails
 * as often besides (added). Iterated least squares; neither is below zero.
 */
export function fitRest({ kind, seen, total, usual }: Counted, rest: Group, isFree: Uint8Array): Raise {
	if (rest.usual <= 0) return { factor: 1, added: rest.total > 0 ? rest.seen / rest.total : 0 };
	if (kind === "loss") return { factor: rest.seen / rest.usual, added: 0 };
	let raise: Raise = { factor: 1, added: Math.max(0, (rest.seen - rest.usual) / (rest.total - rest.usual)) };
	for (let round = 0; round < ROUNDS; round++) {
		const { factor, added } = raise;
		let [uu, ur, rr, us, rs] = [0, 0, 0, 0, 0];
		for (let leaf = 0; leaf < seen.length; leaf++) {
			if (isFree[leaf] === 0) continue;
			const u = usual[leaf] as number;
			const n = total[leaf] as number;
			const r = n - u;
			const mean = factor * u + added * r;
			const weight = n / ((mean + 1e-9 * n) * Math.max(n - mean, 1e-3 * n));
			const s = seen[leaf] as number;
			uu += weight * u * u;
			ur += weight * u * r;
			rr += weight * r * r;
			us += weight * u * s;
			rs += weight * r * s;
		}
		const det = uu * rr - ur * ur;
		if (det > 1e-6 * uu * rr) {
			const f = (us * rr - rs * ur) / det;
			const a = (rs * uu - us * ur) / det;
			raise =
				f >= 0 && a >= 0
					? { factor: f, added: a }
					: f < 0
						? { factor: 0, added: rs / rr }
						: { factor: us / uu, added: 0 };
		} else {
			// All leaves are usually alike: factor and added are one thing.
			raise =
				rest.seen >= rest.usual
					? { factor: 1, added: (rest.seen - rest.usual) / (rest.total - rest.usual) }
					: { factor: rest.seen / rest.usual, added: 0 };
		}
	}
	return raise;
}

/** What a chosen set is raised by, beside a rest with this raise. */
export function fitSet(kind: Counted["kind"], set: Group, rest: Raise): Raise {
	if (kind === "loss") return { factor: set.seen / Math.max(LEAST, set.usual), added: 0 };
	const added = (set.seen - rest.factor * set.usual) / Math.max(LEAST, set.total - set.usual);
	return { factor: rest.factor, added: Math.min(1, Math.max(0, added)) };
}

/** Log-likelihood of all leaves, each with the raise of its group, without what does not depend on them. */
export function logLikelihood(counted: Counted, raises: readonly Raise[], group: Uint8Array): number {
	const { kind, seen, total, usual } = counted;
	let sum = 0;
	for (let leaf = 0; leaf < seen.length; leaf++) {
		const n = total[leaf] as number;
		const s = seen[leaf] as number;
		const mean = expectedOf(raises[group[leaf] as number] as Raise, usual[leaf] as number, n);
		if (s > 0) sum += s * Math.log(mean / n);
		if (kind === "loss") sum -= mean;
		else sum += (n - s) * Math.log1p(-mean / n);
	}
	return sum;
}

/** How much better a group's own ratio fits its counts than what was expected of them, nats. */
export function deviance(kind: Counted["kind"], seen: number, total: number, expected: number): number {
	const fit = seen > 0 ? seen * Math.log(seen / expected) : 0;
	if (kind === "loss") return fit - (seen - expected);
	const good = total - seen;
	return fit + (good > LEAST ? good * Math.log(good / Math.max(LEAST, total - expected)) : 0);
}

/** By leaf: 0 for the rest, else the number of the first set that has it, from 1. */
export function groupsOf(sets: readonly Element[], length: number): Uint8Array {
	const group = new Uint8Array(length);
	for (const [k, { cuboid, element }] of sets.entries()) {
		const { elements } = cuboid;
		for (let leaf = 0; leaf < length; leaf++) if (elements[leaf] === element && group[leaf] === 0) group[leaf] = k + 1;
	}
	return group;
}

export function sumsOf({ seen, total, usual }: Counted, group: Uint8Array, count: number): Group[] {
	const sums = Array.from({ length: count }, () => ({ seen: 0, total: 0, usual: 0 }));
	for (let leaf = 0; leaf < seen.length; leaf++) {
		const sum = sums[group[leaf] as number] as { seen: number; total: number; usual: number };
		sum.seen += seen[leaf] as number;
		sum.total += total[leaf] as number;
		sum.usual += usual[leaf] as number;
	}
	return sums;
}
