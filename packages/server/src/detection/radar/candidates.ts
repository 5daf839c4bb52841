import { type ChangePoint, certain, findChangePoint } from "./change-point.ts";
import { RING, SLOT } from "./clock-minutes.ts";
import type { Evidence } from "./cusum.ts";
import { BURN, DEGRADED, CAP as ERROR_CAP, type ErrorChannel, OUTAGE } from "./error-channel.ts";
import { CAP as LATENCY_CAP } from "./latency-channel.ts";
import { culpritsOf, rankSlices } from "./slices.ts";
import type { TenantSignal } from "./tenant-signal.ts";
import type { RadarCulprit } from "./types.ts";
import { CAP as VOLUME_CAP } from "./volume-channel.ts";

/** What a rise is compared with: only its like taught how long such things last. */
export type Sort = "errors-all" | "errors-calm" | "errors-slice" | "burn" | "slow" | "latency" | "volume" | "part";

/** Evidence that rises in one channel of one tenant's signal. */
export interface Rise {
	readonly channel: "errors" | "slice" | "burn" | "slow" | "latency" | "volume" | "part";
	readonly alternative: number;
	/** First minute. */
	readonly onset: number;
	/** Evidence in full minutes. */
	readonly minutes: number;
	/** Whether this minute added to it. */
	readonly isRising: boolean;
	/** The full minutes of evidence that it has outside its most violent `width` minutes. */
	readonly outside: (width: number) => number;
	/** Of `part`: the value whose events stay away. */
	readonly part?: RadarCulprit | undefined;
}

/** A full minute of each channel, nats. */
export const FULL = { errors: ERROR_CAP[DEGRADED], slow: ERROR_CAP[DEGRADED], burn: ERROR_CAP[BURN] } as const;

/** Less than this is not worth a look, full minutes. */
const LEAST_MINUTES = 0.34;

/** Channels of a series that hold evidence after `minute`. */
export function risesOf(series: TenantSignal, minute: number): Rise[] {
	const out: Rise[] = [];
	if (series.errors) {
		fast(out, "errors", series.errors, minute);
		add(out, "burn", series.errors.evidence, BURN, minute, FULL.burn);
	}
	if (series.errors)
		for (const value of series.minutes.values)
			if (value.rise.sum(0, minute) >= LEAST_MINUTES * FULL.errors) {
				const part = { attribute: series.signal.attributes[value.attribute] as string, value: value.value };
				add(out, "slice", value.rise, 0, minute, FULL.errors, part);
			}
	if (series.slow) fast(out, "slow", series.slow, minute);
	const { latency, volume } = series;
	if (latency) {
		let a = 0;
		for (const b of [1, 2]) if (latency.evidence.sum(b, minute) > latency.evidence.sum(a, minute)) a = b;
		add(out, "latency", latency.evidence, a, minute, LATENCY_CAP);
	}
	if (volume) {
		let a = 0;
		for (const b of [1, 2]) if (volume.evidence.sum(b, minute) > volume.evidence.sum(a, minute)) a = b;
		add(out, "volume", volume.evidence, a, minute, VOLUME_CAP);
		for (const value of series.minutes.values) {
			if (value.loss === undefined) continue;
			const b = value.loss.sum(1, minute) > value.loss.sum(0, minute) ? 1 : 0;
			if (value.loss.sum(b, minute) < LEAST_MINUTES * VOLUME_CAP) continue;
			const part = { attribute: series.signal.attributes[value.attribute] as string, value: value.value };
			add(out, "part", value.loss, b, minute, VOLUME_CAP, part);
		}
	}
	return out;
}

function fast(out: Rise[], channel: "errors" | "slow", of: ErrorChannel, minute: number): void {
	const a = of.evidence.sum(OUTAGE, minute) > of.evidence.sum(DEGRADED, minute) ? OUTAGE : DEGRADED;
	add(out, channel, of.evidence, a, minute, FULL.errors);
}

/** Evidence that is nearly at its ceiling is taken as rising, nats. */
const HIGH = 38;

function add(
	out: Rise[],
	channel: Rise["channel"],
	evidence: Evidence,
	alternative: number,
	minute: number,
	full: number,
	part?: RadarCulprit,
): void {
	const sum = evidence.sum(alternative, minute);
	if (sum >= LEAST_MINUTES * full)
		out.push({
			channel,
			alternative,
			onset: evidence.onset(alternative, minute),
			minutes: sum / full,
			isRising: evidence.isRising(alternative, minute, HIGH),
			outside: (width) => evidence.outside(alternative, minute, width) / full,
			part,
		});
}

export interface Assessment {
	readonly sort: Sort;
	readonly severity: number;
	/** Uncapped evidence, nats. */
	readonly nats: number;
	readonly culprits: readonly RadarCulprit[];
}

/** How bad a rise is, of which sort, and what is ill. */
export function assess(series: TenantSignal, rise: Rise, minute: number): Assessment {
	const from = Math.max(rise.onset, minute - RING + 8);
	switch (rise.channel) {
		case "errors": {
			const errors = series.errors as ErrorChannel;
			const slices = rankSlices(series, from, minute);
			const culprits = culpritsOf(slices);
			const best = slices[0];
			const isSlice = best !== undefined && best.nats >= SLICE_NATS;
			const severity = isSlice ? sliceSeverity(series, best, from, minute) : errors.severity(from, minute);
			const nats = errors.nats(rise.alternative, from, minute);
			const sort =
				(slices[0]?.nats ?? 0) >= SLICE_NATS
					? "errors-slice"
					: isCalm(series, from, minute)
						? "errors-calm"
						: "errors-all";
			return { sort, severity, nats, culprits };
		}
		case "slice": {
			const slices = rankSlices(series, from, minute);
			const own = slices.find((s) => s.attribute === rise.part?.attribute && s.value === rise.part?.value);
			const isOwn = own !== undefined && own.nats >= SLICE_NATS && own.nats > (slices[0]?.nats ?? 0) - 4;
			if (!isOwn) return { sort: "errors-slice", severity: 1e-4, nats: 0, culprits: [] };
			return {
				sort: "errors-slice",
				severity: sliceSeverity(series, rise.part as RadarCulprit, from, minute),
				nats: Math.max(own.nats, sliceNats(series, rise.part as RadarCulprit, from, minute) - CHOICE_NATS),
				culprits: culpritsOf(slices),
			};
		}
		case "burn": {
			const culprits = culpritsOf(rankSlices(series, from, minute));
			return { sort: "burn", severity: 1, nats: rise.minutes * FULL.burn, culprits };
		}
		case "slow": {
			const slow = series.slow as ErrorChannel;
			const severity = slow.severity(from, minute);
			return { sort: "slow", severity, nats: slow.nats(rise.alternative, from, minute), culprits: [] };
		}
		case "latency":
			return {
				sort: "latency",
				severity: 1,
				nats: series.latency?.nats(rise.alternative, from, minute) ?? 0,
				culprits: [],
			};
		case "volume": {
			const sums = series.volume?.sums(from, minute) ?? { came: 0, expected: 0 };
			const lost = sums.expected > 0 ? Math.max(0.02, 1 - sums.came / sums.expected) : 0.02;
			const culprits = lostParts(series, minute);
			return { sort: "volume", severity: lost / (1.03 - lost), nats: rise.minutes * VOLUME_CAP, culprits };
		}
		case "part":
			return {
				sort: "part",
				severity: 1,
				nats: rise.minutes * VOLUME_CAP,
				culprits: rise.part ? [rise.part] : [],
			};
	}
}

/** Nats for one slice against all alike from which a rise is compared with rises of slices. */
const SLICE_NATS = 6;

/** What it costs that any of a tenant's values may be the one, nats. */
const CHOICE_NATS = 3;

/** Uncapped evidence that a slice fails more than it usually does. */
function sliceNats(series: TenantSignal, part: RadarCulprit, from: number, to: number): number {
	const { minutes, signal, errors } = series;
	const value = minutes.value(signal.attributes.indexOf(part.attribute), part.value);
	if (value === undefined || errors === undefined) return 0;
	let nats = 0;
	for (let m = from; m <= to; m += 1) {
		if (!minutes.knows(m)) continue;
		const at = value.weightsAt(m, minutes, errors.wander());
		const bad = value.bad[m & SLOT] as number;
		nats +=
			bad * (value.weights[at] as number) +
			((value.total[m & SLOT] as number) - bad) * (value.weights[at + 1] as number);
	}
	return nats;
}

/** Excess error ratio of one slice. */
function sliceSeverity(series: TenantSignal, part: RadarCulprit, from: number, to: number): number {
	const { minutes, signal } = series;
	const value = minutes.value(signal.attributes.indexOf(part.attribute), part.value);
	let bad = 0;
	let total = 0;
	for (let m = from; m <= to; m += 1) {
		if (!value || !minutes.knows(m)) continue;
		bad += value.bad[m & SLOT] as number;
		total += value.total[m & SLOT] as number;
	}
	return total > 0 ? Math.max(1e-4, bad / total) : 1e-4;
}

/** When the rise began, from the counts of what is ill. */
export function onsetOf(
	series: TenantSignal,
	rise: Rise,
	culprits: readonly RadarCulprit[],
	minute: number,
): ChangePoint {
	const plain = certain(rise.onset);
	const channel = rise.channel === "slow" ? series.slow : series.errors;
	if (channel === undefined || rise.channel === "latency" || rise.channel === "volume" || rise.channel === "part")
		return plain;
	const { minutes, signal } = series;
	const culprit = culprits[0];
	const value = culprit && minutes.value(signal.attributes.indexOf(culprit.attribute), culprit.value);
	const counts = value ?? { bad: rise.channel === "slow" ? minutes.slow : minutes.bad, total: minutes.total };
	const first = Math.max(rise.onset - 60, minute - RING + 8);
	const bad: number[] = [];
	const total: number[] = [];
	for (let m = first; m <= minute; m += 1) {
		const isKnown = minutes.knows(m);
		bad.push(isKnown ? (counts.bad[m & SLOT] as number) : 0);
		total.push(isKnown ? (counts.total[m & SLOT] as number) : 0);
	}
	return findChangePoint(first, bad, total, channel.usual(minute) * Math.exp(channel.wander())) ?? plain;
}

/** Nats against "it goes on" from which trouble has stopped. */
const STOPPED_NATS = 3;

/** Whether the minutes after `last` say that a rise of errors stopped. A pause with hardly an event says nothing. */
export function hasStopped(series: TenantSignal, rise: Rise, last: number, minute: number): boolean {
	const channel = rise.channel === "slow" ? series.slow : series.errors;
	if (channel === undefined || rise.channel === "latency" || rise.channel === "volume" || rise.channel === "part")
		return true;
	const during = channel.sums(Math.max(rise.onset, minute - RING + 8), last);
	const since = channel.sums(last + 1, minute);
	const p = Math.min(0.5, channel.usual(minute) * Math.exp(channel.wander()));
	const q = Math.min(0.98, Math.max(2 * p, during.bad / Math.max(1, during.total)));
	const nats = since.bad * Math.log(q / p) + (since.total - since.bad) * Math.log((1 - q) / (1 - p));
	return nats < -STOPPED_NATS;
}

/** Values that have stopped while the tenant's others go on. */
function lostParts(series: TenantSignal, minute: number): RadarCulprit[] {
	const lost: { nats: number; culprit: RadarCulprit }[] = [];
	for (const value of series.minutes.values) {
		const nats = value.loss ? Math.max(value.loss.sum(0, minute), value.loss.sum(1, minute)) : 0;
		const attribute = series.signal.attributes[value.attribute] as string;
		if (nats >= PART_NATS) lost.push({ nats, culprit: { attribute, value: value.value } });
	}
	lost.sort((a, b) => b.nats - a.nats || (a.culprit.value < b.culprit.value ? -1 : 1));
	return lost.slice(0, 1).map((entry) => entry.culprit);
}
const PART_NATS = 9;

const BEFORE_MINUTES = 15;
/** A storm of retries raises traffic by this much at least. */
const SURGE = 1.16;

/**
 * Whether errors came without more traffic than before: a storm of retries is known by its traffic. False as well where
 * there are too few events to tell, or nothing is known of the time of day.
 */
function isCalm(series: TenantSignal, from: number, to: number): boolean {
	const { volume, minutes } = series;
	if (volume === undefined) return false;
	const rate = (first: number, last: number) => {
		let came = 0;
		let usual = 0;
		for (let m = first; m <= last; m += 1) {
			if (!minutes.knows(m)) continue;
			came += minutes.total[m & SLOT] as number;
			usual += volume.profile(m);
		}
		return { came, usual };
	};
	const before = rate(from - BEFORE_MINUTES, from - 1);
	const now = rate(from, Math.min(to, from + 9));
	if (before.usual <= 0 || now.usual <= 0 || before.came < 10 || now.came === 0) return false;
	const ratio = now.came / now.usual / (before.came / before.usual);
	return (
		ratio * Math.exp(1.6 * Math.sqrt(1 / now.came + 1 / before.came + 0.001 + 0.25 * volume.wander() ** 2)) < SURGE
	);
}
