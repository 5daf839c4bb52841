import { SLOT } from "./clock-minutes.ts";
import { DEGRADED, OUTAGE } from "./error-channel.ts";
import type { ValueMinutes } from "./minutes.ts";
import type { TenantSignal } from "./tenant-signal.ts";
import type { RadarCulprit } from "./types.ts";

/** Tenants of one signal that are raised together. */
export interface Group {
	readonly scope: "cohort" | "platform";
	readonly cohort: RadarCulprit | undefined;
	readonly onset: number;
	/** Excess error ratio of the raised. */
	readonly severity: number;
	readonly judged: number;
	readonly raised: readonly TenantSignal[];
}

const RAISED_NATS = 3.5;
/** Evidence that is nearly at its ceiling is taken as rising, nats. */
const HIGH = 38;
const TOGETHER_MINUTES = 25;
const RECENT_MINUTES = 5;
/** Of the tenants that can be judged, this share must be raised. */
const WIDE_SHARE = 0.7;
/** Outside a cohort fewer than this share may be raised, else it is the platform. */
const OUTSIDE_SHARE = 0.4;
/** What a tenant's events must be able to say before it counts as judged, nats. */
const JUDGED_NATS = 2.5;
const MEMBER_NATS = 1.5;

/** Series whose errors rise now; what a wide incident would be made of. */
export function risingErrors(series: readonly TenantSignal[], minute: number): TenantSignal[] {
	return series.filter(({ errors }) => {
		if (errors === undefined) return false;
		const { evidence } = errors;
		const a = evidence.sum(OUTAGE, minute) > evidence.sum(DEGRADED, minute) ? OUTAGE : DEGRADED;
		return (
			evidence.sum(a, minute) >= RAISED_NATS &&
			evidence.onset(a, minute) >= minute - TOGETHER_MINUTES &&
			(evidence.isRising(a, minute, HIGH) || evidence.isRising(a, minute - 1, HIGH))
		);
	});
}

/** Whether those that rise make up a cohort or the platform; undefined: each is ill by itself. */
export function findGroup(
	all: readonly TenantSignal[],
	rising: readonly TenantSignal[],
	minute: number,
): Group | undefined {
	const first = rising[0];
	if (first === undefined || rising.length < 2) return undefined;
	const onset = medianOnset(rising, minute);
	// What was raised some minutes ago and is well again is no part of it.
	const since = Math.max(onset, minute - RECENT_MINUTES + 1);
	const everywhere = tally(all, undefined, rising, since, minute, "in");
	let best: { group: Group; share: number; nats: number } | undefined;
	for (const cohort of cohortsOf(rising)) {
		const inside = tally(all, cohort, rising, since, minute, "in");
		if (!isTogether(inside, 2)) continue;
		const outside = tally(all, cohort, rising, since, minute, "out", inside.severity);
		if (outside.judged > 0 && outside.raised.length / outside.judged >= OUTSIDE_SHARE) continue;
		// Where nobody has events outside, the cohort is the platform as far as anyone can tell.
		if (outside.judged === 0) continue;
		const share = inside.raised.length / inside.judged;
		if (best === undefined || share > best.share + 0.05 || (share > best.share - 0.05 && inside.nats > best.nats))
			best = { group: groupOf("cohort", cohort, onset, inside), share, nats: inside.nats };
	}
	if (best) return best.group;
	return isTogether(everywhere, 3) ? groupOf("platform", undefined, onset, everywhere) : undefined;
}

interface Tally {
	readonly judged: number;
	readonly raised: TenantSignal[];
	readonly severity: number;
	readonly nats: number;
}

const isTogether = (t: Tally, least: number): boolean =>
	t.raised.length >= least && t.raised.length / t.judged >= WIDE_SHARE;

const groupOf = (scope: Group["scope"], cohort: RadarCulprit | undefined, onset: number, t: Tally): Group => ({
	scope,
	cohort,
	onset,
	severity: t.severity,
	judged: t.judged,
	raised: t.raised,
});

function medianOnset(rising: readonly TenantSignal[], minute: number): number {
	const onsets = rising.map(({ errors }) => {
		const evidence = errors?.evidence;
		if (evidence === undefined) return minute;
		const a = evidence.sum(OUTAGE, minute) > evidence.sum(DEGRADED, minute) ? OUTAGE : DEGRADED;
		return evidence.onset(a, minute);
	});
	onsets.sort((a, b) => a - b);
	return onsets[Math.floor(onsets.length / 2)] as number;
}

function cohortsOf(rising: readonly TenantSignal[]): RadarCulprit[] {
	const found = new Map<string, RadarCulprit>();
	for (const { signal, minutes } of rising)
		for (const value of minutes.values) {
			if (value.loss === undefined || value.value === "") continue;
			const attribute = signal.attributes[value.attribute] as string;
			found.set(`${attribute} ${value.value}`, { attribute, value: value.value });
		}
	return [...found.values()].sort((a, b) => (a.attribute + a.value < b.attribute + b.value ? -1 : 1));
}

/** Counts the tenants that could tell, and those that are raised, with the cells in (or out of) a cohort. */
function tally(
	all: readonly TenantSignal[],
	cohort: RadarCulprit | undefined,
	rising: readonly TenantSignal[],
	onset: number,
	minute: number,
	side: "in" | "out",
	known?: number,
): Tally {
	const rows: { series: TenantSignal; bad: number; total: number; usual: number; excess: number }[] = [];
	for (const series of all) {
		if (series.errors === undefined) continue;
		const value = cohort && cohortValue(series, cohort);
		if (cohort && side === "in" && value === undefined) continue;
		const { bad, total } = countsOf(series, value, side, onset, minute);
		if (total === 0) continue;
		const usual = series.errors.usual(minute) * Math.exp(series.errors.wander());
		rows.push({ series, bad, total, usual, excess: bad / total - usual });
	}
	const severity = known ?? pooledExcess(rows.filter((row) => rising.includes(row.series) && row.excess > 0));
	const result: Tally = { judged: 0, raised: [], severity, nats: 0 };
	if (severity <= 0) return result;
	let judged = 0;
	let nats = 0;
	for (const { series, bad, total, usual } of rows) {
		const p = Math.min(0.5, usual);
		const q = Math.min(0.98, Math.max(p + severity / 2, p * 1.5));
		const says = total * (q * Math.log(q / p) + (1 - q) * Math.log((1 - q) / (1 - p)));
		if (says < JUDGED_NATS) continue;
		judged += 1;
		const n = bad * Math.log(q / p) + (total - bad) * Math.log((1 - q) / (1 - p));
		nats += Math.max(-10, Math.min(10, n));
		if (n > MEMBER_NATS) result.raised.push(series);
	}
	return { ...result, judged, nats };
}

/** Excess error ratio of several tenants; none counts for more than four of the middle one, small ones for what they are. */
function pooledExcess(rows: readonly { readonly total: number; readonly excess: number }[]): number {
	if (rows.length === 0) return 0;
	const totals = rows.map((row) => row.total).sort((a, b) => a - b);
	const most = 4 * (totals[Math.floor(totals.length / 2)] as number);
	let bad = 0;
	let total = 0;
	for (const row of rows) {
		const weight = Math.min(row.total, most);
		bad += row.excess * weight;
		total += weight;
	}
	return bad / total;
}

function cohortValue(series: TenantSignal, cohort: RadarCulprit): ValueMinutes | undefined {
	return series.minutes.value(series.signal.attributes.indexOf(cohort.attribute), cohort.value);
}

function countsOf(
	series: TenantSignal,
	value: ValueMinutes | undefined,
	side: "in" | "out",
	from: number,
	to: number,
): { bad: number; total: number } {
	const { minutes } = series;
	let bad = 0;
	let total = 0;
	for (let m = from; m <= to; m += 1) {
		if (!minutes.knows(m)) continue;
		const k = m & SLOT;
		const inBad = value ? (value.bad[k] as number) : 0;
		const inTotal = value ? (value.total[k] as number) : 0;
		const isWhole = value === undefined || side === "out";
		bad += isWhole ? (minutes.bad[k] as number) - inBad : inBad;
		total += isWhole ? (minutes.total[k] as number) - inTotal : inTotal;
	}
	return { bad, total };
}

/** Whether a tenant has events in a cohort. */
export const isIn = (series: TenantSignal, cohort: RadarCulprit | undefined): boolean =>
	cohort === undefined || cohortValue(series, cohort) !== undefined;
