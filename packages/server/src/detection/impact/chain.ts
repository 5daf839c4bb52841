import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Counts } from "./counts.ts";
import { type Curve, curveOf } from "./curve.ts";

/** Blips of minutes that are over before the trouble begins. */
const BLIP_EVERY_MS = 24 * HOUR_MS;
const BLIP_MS = 2.5 * MINUTE_MS;
/** Beyond these, paths are scaled anew. */
const MUCH = 1e100;
const LITTLE = 1e-100;

export interface ChainTerms {
	readonly usual: number;
	readonly ratio: number;
	/** Mean lengths of being ill and of being well between. */
	readonly onMs: number;
	readonly offMs: number;
}

/**
 * Where it began, by a chain of states: healthy or in a blip (which ends), then on and off for the rest of the time, on
 * first. All paths are summed, backward from the end and forward from the beginning, relative to "always healthy".
 */
export function chainCurve(counts: Counts, { usual, ratio, onMs, offMs }: ChainTerms): Curve {
	const { length, widths, gaps, bad, total, spread } = counts;
	const well = counts.likelihoods(usual);
	const ill = counts.likelihoods(ratio);
	const free = counts.freeLikelihoods;
	const rate = 1 / onMs + 1 / offMs;
	const after = new Float64Array(length);
	let [on, off, scale] = [1, 1, 0];
	let [lastSpan, toOff, toOn] = [Number.NaN, 0, 0];
	for (let k = length - 2; k >= 0; k--) {
		const next = k + 1;
		const span = (gaps[next] as number) + ((widths[k] as number) + (widths[next] as number)) / 2;
		if (span !== lastSpan) {
			const settled = -Math.expm1(-span * rate);
			[lastSpan, toOff, toOn] = [span, settled / onMs / rate, settled / offMs / rate];
		}
		// Relative to the likelier of the two, so that a bucket which settles everything does not overflow.
		const lead = (ill[next] as number) - (well[next] as number);
		const onNext = lead > 0 ? on : on * Math.exp(lead);
		if (lead > 0) {
			off *= Math.exp(-lead);
			scale += lead;
		}
		on = (1 - toOff) * onNext + toOff * off;
		off = toOn * onNext + (1 - toOn) * off;
		const size = on > off ? on : off;
		if (size > MUCH || size < LITTLE) {
			scale += Math.log(size);
			on = Math.max(on / size, LITTLE);
			off /= size;
		}
		after[k] = Math.log(on) + scale;
	}
	const before = new Float64Array(length + 1);
	let [healthy, inBlip] = [1, 0];
	let [toBlip, toEnd] = [0, 0];
	scale = 0;
	lastSpan = Number.NaN;
	for (let k = 0; k < length; k++) {
		const span = (widths[k] as number) + (gaps[k] as number);
		if (span !== lastSpan)
			[lastSpan, toBlip, toEnd] = [span, -Math.expm1(-span / BLIP_EVERY_MS), -Math.expm1(-span / BLIP_MS)];
		const stays = healthy * (1 - toBlip) + inBlip * toEnd;
		const lead = (free[k] as number) - (well[k] as number);
		inBlip = (healthy * toBlip + inBlip * (1 - toEnd)) * Math.exp(Math.min(0, lead));
		healthy = lead > 0 ? stays * Math.exp(-lead) : stays;
		if (lead > 0) scale += lead;
		const size = healthy + inBlip;
		if (size > MUCH || size < LITTLE) {
			scale += Math.log(size);
			healthy = Math.max(healthy / size, LITTLE);
			inBlip /= size;
		}
		before[k + 1] = Math.log(healthy + inBlip) + scale;
	}
	const mixed = (k: number, share: number) => {
		const mean = usual * share + ratio * (1 - share);
		const own = bad[k] as number;
		const raised = (own * Math.log(mean) + ((total[k] as number) - own) * Math.log1p(-mean)) / spread;
		return (before[k] as number) + raised - (well[k] as number) + (after[k] as number);
	};
	const coarse = new Float64Array(length);
	for (let k = 0; k < length; k++) coarse[k] = mixed(k, 0.5);
	const curve = curveOf(counts, coarse, mixed, (ill[0] as number) - (well[0] as number) + (after[0] as number));
	return relativeTo(curve, well);
}

/** Weights were relative to "always healthy" at this curve's own usual ratio: makes curves comparable. */
function relativeTo(curve: Curve, well: Float64Array): Curve {
	const base = well.reduce((sum, each) => sum + each, 0);
	return { ...curve, top: curve.top + base, evidence: curve.evidence + base };
}
