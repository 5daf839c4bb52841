import { type Assessment, onsetOf, type Rise } from "./candidates.ts";
import { rankChanges } from "./causes.ts";
import { certain } from "./change-point.ts";
import { MINUTE_MS, RING, SLOT } from "./clock-minutes.ts";
import { explain } from "./explain.ts";
import type { Group } from "./scope.ts";
import type { TenantSignal } from "./tenant-signal.ts";
import type { RadarAlert, RadarChange, RadarCulprit, RadarEvidence } from "./types.ts";

/** What an alert says, from what it rests on. */

export const isVolume = (rise: Rise): boolean => rise.channel === "volume" || rise.channel === "part";

export function tenantAlert(
	series: TenantSignal,
	rise: Rise,
	verdict: Assessment,
	hold: number,
	minute: number,
	changes: readonly RadarChange[],
	id: string,
): RadarAlert {
	const { tenant } = series.tenant;
	const { workload } = series.signal;
	const onset = onsetOf(series, rise, verdict.culprits, minute);
	const onsetAt = onset.at * MINUTE_MS;
	const evidence = evidenceOf(series, rise, verdict, hold, minute);
	const ids = rankChanges(
		{
			workload,
			kind: evidence.kind,
			scope: "tenant",
			onset,
			tenant,
			cohort: undefined,
			culprits: verdict.culprits,
			share: (attribute, value) => shareOf(series, attribute, value, rise.onset, minute),
		},
		changes,
	);
	const sli = sliOf(series, rise);
	const bare = {
		id,
		scope: "tenant" as const,
		tenant,
		tenants: [tenant],
		workload,
		sli,
		onsetAt,
		culprits: verdict.culprits,
		changes: ids,
		evidence,
	};
	return { ...bare, explanation: explain(bare) };
}

export function wideAlert(
	members: readonly TenantSignal[],
	group: Group,
	minute: number,
	minutes: number,
	hold: number,
	changes: readonly RadarChange[],
	id: string,
): RadarAlert {
	const signal = (members[0] as TenantSignal).signal;
	const onsetAt = group.onset * MINUTE_MS;
	let bad = 0;
	let total = 0;
	let expected = 0;
	for (const series of group.raised) {
		const sums = series.errors?.sums(group.onset, minute);
		bad += sums?.bad ?? 0;
		total += sums?.total ?? 0;
		expected += sums?.expected ?? 0;
	}
	const culprits = group.cohort ? [group.cohort] : [];
	const ids = rankChanges(
		{
			workload: signal.workload,
			kind: "errors",
			scope: group.scope,
			onset: certain(group.onset),
			tenant: undefined,
			cohort: group.cohort,
			culprits,
			share: () => 1,
		},
		changes,
	);
	const bare = {
		id,
		scope: group.scope,
		cohort: group.cohort,
		tenants: group.raised
			.filter((s) => s.tenant.isKey !== false)
			.map((s) => s.tenant.tenant)
			.sort(),
		workload: signal.workload,
		sli: signal.errors?.sli ?? "",
		onsetAt,
		culprits,
		changes: ids,
		evidence: {
			kind: "errors" as const,
			since: onsetAt,
			until: (minute + 1) * MINUTE_MS,
			total,
			bad,
			expected,
			evidence: minutes,
			threshold: hold,
			peers: { judged: group.judged, raised: group.raised.length },
		},
	};
	return { ...bare, explanation: explain(bare) };
}

/** Nothing that a person would act upon differs. */
export const sameAnswer = (a: RadarAlert, b: RadarAlert): boolean =>
	a.sli === b.sli && a.changes.join() === b.changes.join() && named(a.culprits) === named(b.culprits);

const named = (culprits: readonly RadarCulprit[]): string => culprits.map((c) => `${c.attribute}=${c.value}`).join();

function sliOf(series: TenantSignal, rise: Rise): string {
	const { signal } = series;
	if (isVolume(rise)) return signal.volume?.sli ?? "";
	return (rise.channel === "latency" || rise.channel === "slow" ? signal.latency?.sli : signal.errors?.sli) ?? "";
}

function shareOf(series: TenantSignal, attribute: string, value: string, from: number, to: number): number {
	const of = series.minutes.value(series.signal.attributes.indexOf(attribute), value);
	if (!of) return 0;
	let part = 0;
	let all = 0;
	for (let m = Math.max(from, to - RING + 8); m <= to; m += 1) {
		if (!series.minutes.knows(m)) continue;
		part += of.total[m & SLOT] as number;
		all += series.minutes.total[m & SLOT] as number;
	}
	return all > 0 ? part / all : 0;
}

function evidenceOf(
	series: TenantSignal,
	rise: Rise,
	verdict: Assessment,
	hold: number,
	minute: number,
): RadarEvidence {
	const from = Math.max(rise.onset, minute - RING + 8);
	const common = {
		since: rise.onset * MINUTE_MS,
		until: (minute + 1) * MINUTE_MS,
		evidence: verdict.nats,
		threshold: hold,
		peers: { judged: 0, raised: 0 },
	};
	if (isVolume(rise)) {
		const { came, expected } = series.volume?.sums(from, minute) ?? { came: 0, expected: 0 };
		return { ...common, kind: "volume", total: came, bad: Math.max(0, expected - came), expected };
	}
	if (rise.channel === "latency") {
		const sums = series.latency?.sums(from, minute) ?? { bad: 0, total: 0, expected: 0 };
		return { ...common, kind: "latency", total: sums.total, bad: sums.bad, expected: sums.expected };
	}
	const channel = rise.channel === "slow" ? series.slow : series.errors;
	const sums = channel?.sums(from, minute) ?? { bad: 0, total: 0, expected: 0 };
	return {
		...common,
		kind: rise.channel === "slow" ? "latency" : "errors",
		total: sums.total,
		bad: sums.bad,
		expected: sums.expected,
		usualRatio: channel?.usual(minute),
	};
}
