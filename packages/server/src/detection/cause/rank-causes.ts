import { DAY_MS, describeDuration, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { peersRatio, touchedPeers } from "./dose.ts";
import { leadDensity } from "./lead-time.ts";
import { type Breadth, breadthOf, culpritRatio, doseOf, includes, shareIn } from "./reach.ts";
import type { Ailing, CandidateCause, CauseInput, Causes, Change, Peer } from "./types.ts";

const NONE_RATIO = 0.5;
/** How incidents with a cause are divided by how many the change was meant for. */
const CAUSED_BY: Readonly<Record<Breadth, number>> = { tenant: 0.35, part: 0.35, everybody: 0.3 };
/** A change to another workload hurts this one by way of a dependency. */
const OTHER_WORKLOAD = 0.02;
/** A build that the tenant has no events of yet. */
const ABSENT_BUILD = 0.03;
/** Later changes are left out; so far a clock or a bucket may be off. */
const AFTER_MS = 2 * MINUTE_MS;
/** Nothing is blamed on what was changed so long before. */
const LONG_AGO_MS = 2 * DAY_MS;
const LISTED = 0.01;
/** To blame a change wrongly costs more than to say that none fits: somebody rolls it back. */
const BLAMED = 0.75;

/**
 * Ranks changes as causes of one tenant's trouble, beside "none of them", by Bayes' rule. The odds of a change against none:
 * how likely a harmful change hits at this distance in time ÷ how many such changes come by in any case (changes that touch
 * the tenant and are as broad, per time, counted in the input: give a day of changes or more), × how much better it explains
 * where the errors are and who else is ill. So in a busy hour each change is blamed less, and a rare policy edit of this
 * tenant more than the twentieth roll-out of the day.
 *
 * Compare: Li et al., "Gandalf: an intelligent, end-to-end analytics service for safe deployment" (NSDI 2020).
 */
export function rankCauses({ ailing, changes, peers = [], noneRatio = NONE_RATIO }: CauseInput): Causes {
	const latest = Math.max(ailing.onset.at, ailing.onset.to) + AFTER_MS;
	const earlier = changes.filter((change) => change.at <= latest);
	const rates = ratesOf(earlier, ailing, peers, latest);
	const candidates = earlier
		.map((change) => weigh(change, ailing, peers, rates))
		.filter((candidate) => candidate !== undefined)
		.sort((x, y) => y.odds - x.odds || y.change.at - x.change.at || (x.change.id < y.change.id ? -1 : 1));
	const caused = (1 - noneRatio) / noneRatio;
	const sum = 1 + candidates.reduce((total, { odds }) => total + caused * odds, 0);
	const ranked = candidates
		.map(
			({ change, odds, reasons }): CandidateCause => ({
				id: change.id,
				probability: (caused * odds) / sum,
				leadMs: Math.max(0, ailing.onset.at - change.at),
				reasons,
			}),
		)
		.filter(({ probability }) => probability >= LISTED);
	const first = ranked[0];
	const blamed = first && first.probability >= BLAMED ? first : undefined;
	return { ranked, none: 1 / sum, blamed, explanation: explain(blamed, ranked, 1 / sum) };
}

/** Changes per ms that touch the tenant, by breadth: what comes by in any case. */
function ratesOf(
	changes: readonly Change[],
	ailing: Ailing,
	peers: readonly Peer[],
	until: number,
): Readonly<Record<Breadth, number>> {
	const counts: Record<Breadth, number> = { tenant: 0, part: 0, everybody: 0 };
	const tenants = new Set([ailing.tenant, ...peers.map(({ tenant }) => tenant)]);
	let from = until;
	for (const change of changes) {
		from = Math.min(from, change.at);
		const { tenant, workload } = change.scope;
		for (const each of typeof tenant === "string" ? [tenant] : (tenant ?? [])) tenants.add(each);
		if (!includes(workload, ailing.workload)) continue;
		const breadth = breadthOf(change);
		// Of changes for one tenant each tenant has its part; others count where they touch this one.
		if (breadth === "tenant" || doseOf(change.scope, ailing) > 0) counts[breadth]++;
	}
	counts.tenant /= tenants.size;
	// A day with half a change is added, so that a short list is not taken for a quiet house.
	const rate = (count: number) => (count + 0.5) / (until - from + DAY_MS);
	return { tenant: rate(counts.tenant), part: rate(counts.part), everybody: rate(counts.everybody) };
}

interface Weighed {
	readonly change: Change;
	/** Against none, before it is known how often there is a cause at all. */
	readonly odds: number;
	readonly reasons: readonly string[];
}

/** Undefined: it cannot have been this one. */
function weigh(
	change: Change,
	ailing: Ailing,
	peers: readonly Peer[],
	rates: Readonly<Record<Breadth, number>>,
): Weighed | undefined {
	const dose = doseOf(change.scope, ailing);
	if (dose <= 0) return undefined;
	if (ailing.onset.from - change.at > LONG_AGO_MS) return undefined;
	const density = leadDensity(change, ailing);
	if (density <= 0) return undefined;
	const breadth = breadthOf(change);
	const isOwnWorkload = includes(change.scope.workload, ailing.workload);
	const fit = culpritRatio(change, ailing, dose);
	const isAbsent = change.scope.build !== undefined && shareIn(change.scope.build, ailing.builds) <= 0;
	const odds =
		((CAUSED_BY[breadth] * density * fit.ratio * peersRatio(change, ailing, peers)) / rates[breadth]) *
		(isOwnWorkload ? 1 : OTHER_WORKLOAD) *
		(isAbsent ? ABSENT_BUILD : 1);
	return { change, odds, reasons: reasonsFor(change, ailing, peers, breadth, fit.reason) };
}

function reasonsFor(
	change: Change,
	ailing: Ailing,
	peers: readonly Peer[],
	breadth: Breadth,
	fit: string | undefined,
): readonly string[] {
	const leadMs = ailing.onset.at - change.at;
	const touched = touchedPeers(change, peers);
	return [
		fit,
		leadMs >= MINUTE_MS ? `${roughly(leadMs)} before it began` : "at the time it began",
		breadth === "tenant" ? "it was made for this tenant" : undefined,
		breadth === "everybody" ? "it touched everybody" : undefined,
		breadth !== "tenant" && touched.known > 0
			? `${touched.ill} of ${touched.known} other tenants that it touched are ill`
			: undefined,
		includes(change.scope.workload, ailing.workload) ? undefined : "it changed another workload",
	].filter((reason) => reason !== undefined);
}

/** Whole minutes, from two hours on whole hours. */
function roughly(ms: number): string {
	const unit = ms < 2 * HOUR_MS ? MINUTE_MS : HOUR_MS;
	return describeDuration(Math.max(unit, Math.round(ms / unit) * unit));
}

function explain(blamed: CandidateCause | undefined, ranked: readonly CandidateCause[], none: number): string {
	const percent = (share: number) => `${Math.round(100 * share)} %`;
	if (blamed) return `${blamed.id} (${percent(blamed.probability)}): ${blamed.reasons.join("; ")}.`;
	const first = ranked[0];
	if (!first) return "No change fits in time and scope.";
	return `No change fits well enough: ${percent(none)} that it was none, ${first.id} ${percent(first.probability)}.`;
}
