import type { Counts } from "./counts.ts";

/** A bucket is looked at in so many parts: it began somewhere inside one. */
export const PARTS = 5;
/** The part whose middle is that of the bucket. */
const MIDDLE = (PARTS - 1) / 2;
/** What is so many nats less likely than the best does not count. */
const NEGLIGIBLE = 25;
/** How likely it began before the first bucket, beside any time in the series. */
const OPEN_SHARE = 0.25;

/** Where it may have begun: weights by part of a bucket relative to e^top, and of "before the first bucket". */
export interface Curve {
	readonly top: number;
	readonly open: number;
	readonly cells: Float64Array;
	/** Log of the sum of all weights. */
	readonly evidence: number;
}

/**
 * From log-likelihoods of all counts by part of the bucket in which it begins; every instant is as likely beforehand.
 * `coarse` gives them for the middle of a bucket: parts of buckets that are hopeless are not asked for.
 */
export function curveOf(
	counts: Counts,
	coarse: Float64Array,
	fine: (bucket: number, share: number) => number,
	openLog: number,
): Curve {
	const { length, widths, gaps, spanMs } = counts;
	let best = openLog;
	for (let k = 0; k < length; k++) if ((coarse[k] as number) > best) best = coarse[k] as number;
	const logs = new Float64Array(length * PARTS).fill(Number.NEGATIVE_INFINITY);
	const open = openLog + Math.log(OPEN_SHARE);
	let top = open;
	for (let k = 0; k < length; k++) {
		// Within a bucket it differs by what the bucket itself says: its neighbours' middles show that.
		const near = Math.max(coarse[k] as number, coarse[k - 1] ?? best - NEGLIGIBLE, coarse[k + 1] ?? best - NEGLIGIBLE);
		if (near < best - NEGLIGIBLE) continue;
		for (let part = 0; part < PARTS; part++) {
			const span = (widths[k] as number) / PARTS + (part === 0 ? (gaps[k] as number) : 0);
			const own = part === MIDDLE ? (coarse[k] as number) : fine(k, (part + 0.5) / PARTS);
			const log = own + Math.log(span / spanMs);
			logs[k * PARTS + part] = log;
			if (log > top) top = log;
		}
	}
	let sum = Math.exp(open - top);
	const cells = logs;
	for (let cell = 0; cell < cells.length; cell++) {
		const log = logs[cell] as number;
		const weight = log < top - NEGLIGIBLE ? 0 : Math.exp(log - top);
		cells[cell] = weight;
		sum += weight;
	}
	return { top, open: Math.exp(open - top), cells, evidence: top + Math.log(sum) };
}

/** Sum of the weights of what began before an instant, in the curve's own scale. */
export function massBefore(counts: Counts, { open, cells }: Pick<Curve, "open" | "cells">, at: number): number {
	let mass = open;
	let previousEnd = counts.starts[0] as number;
	for (let k = 0; k < counts.length; k++) {
		if (previousEnd >= at) break;
		const startAt = counts.starts[k] as number;
		const widthMs = counts.widths[k] as number;
		for (let part = 0; part < PARTS; part++) {
			const own = cells[k * PARTS + part] as number;
			if (own === 0) continue;
			// Nothing was heard between two buckets: it may have begun there as well, which the first part stands for.
			const from = part === 0 ? previousEnd : startAt + (part / PARTS) * widthMs;
			const to = startAt + ((part + 1) / PARTS) * widthMs;
			if (at >= to) mass += own;
			else if (at > from) mass += (own * (at - from)) / (to - from);
		}
		previousEnd = startAt + widthMs;
	}
	return mass;
}
