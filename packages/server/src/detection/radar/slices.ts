import { SLOT } from "./clock-minutes.ts";
import type { TenantSignal } from "./tenant-signal.ts";
import type { RadarCulprit } from "./types.ts";

export interface SliceCounts {
	readonly attribute: number;
	readonly value: string;
	readonly bad: number;
	readonly total: number;
	readonly usualRatio: number;
}

/** What one value says: evidence that it alone is raised, against everything being raised alike, nats. */
export interface SliceVerdict extends RadarCulprit {
	readonly nats: number;
	readonly share: number;
}

/** Counts of every value from `from` to `to`, beside its usual ratio. */
export function sliceCounts(series: TenantSignal, from: number, to: number): SliceCounts[] {
	const { minutes } = series;
	const out: SliceCounts[] = [];
	const level = (minutes.usualBad + 1) / (minutes.usualTotal + 100);
	for (const value of minutes.values) {
		let bad = 0;
		let total = 0;
		for (let m = from; m <= to; m += 1) {
			if (!minutes.knows(m)) continue;
			bad += value.bad[m & SLOT] as number;
			total += value.total[m & SLOT] as number;
		}
		if (total === 0) continue;
		const usualRatio = (value.usualBad + 3) / (value.usualTotal + 3 / level);
		out.push({ attribute: value.attribute, value: value.value, bad, total, usualRatio });
	}
	return out;
}

const logLikelihood = (bad: number, total: number, ratio: number): number => {
	const p = Math.min(0.999, Math.max(1e-6, ratio));
	return bad * Math.log(p) + (total - bad) * Math.log(1 - p);
};
/** Best ratio between usual/2 and twice the usual: what is not ill still wanders. */
const well = (bad: number, total: number, usual: number): number =>
	logLikelihood(bad, total, Math.min(usual * 2, Math.max(usual / 2, total > 0 ? bad / total : usual)));

/** Values by how much better "this one alone is raised" explains the bad events than "all are raised alike". */
export function rankSlices(series: TenantSignal, from: number, to: number): SliceVerdict[] {
	const counts = sliceCounts(series, from, to);
	const names = series.signal.attributes;
	let bad = 0;
	let total = 0;
	for (const slice of counts)
		if (slice.attribute === 0) {
			bad += slice.bad;
			total += slice.total;
		}
	if (total === 0) return [];
	const usual = (series.minutes.usualBad + 1) / (series.minutes.usualTotal + 100);
	const alike = logLikelihood(bad, total, bad / total);
	const out: SliceVerdict[] = [];
	for (const slice of counts) {
		const ratio = slice.bad / slice.total;
		if (ratio <= slice.usualRatio || slice.total >= total) continue;
		const nats =
			logLikelihood(slice.bad, slice.total, ratio) + well(bad - slice.bad, total - slice.total, usual) - alike;
		out.push({
			attribute: names[slice.attribute] as string,
			value: slice.value,
			nats,
			share: slice.total / total,
		});
	}
	return out.sort((a, b) => b.nats - a.nats || (a.attribute + a.value < b.attribute + b.value ? -1 : 1));
}

/** Nats that a value must be ahead of "all alike" to be blamed; luck among a dozen values is worth about 2.5. */
export const BLAME_NATS = 3;

export function culpritsOf(ranked: readonly SliceVerdict[]): RadarCulprit[] {
	const best = ranked[0];
	if (best === undefined || best.nats < BLAME_NATS) return [];
	return ranked
		.filter((slice) => slice.nats > BLAME_NATS && slice.nats > best.nats - 12)
		.slice(0, 3)
		.map(({ attribute, value }) => ({ attribute, value }));
}
