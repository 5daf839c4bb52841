import type { RejectReason } from "#telemetry";
import type { RejectionView } from "./schemas-operations.ts";

const WORDS: Readonly<Record<RejectReason, readonly [meaning: string, remedy: string]>> = {
	too_old: [
		"They came later than the lateness limit.",
		"Send sooner, or bring history with bellwether import events; telemetry.lateness is the limit.",
	],
	future: ["Their time lies in the future.", "Set the sender's clock."],
	invalid_time: ["They have no time, or one before their start.", "Correct the sender's timestamps."],
	invalid_value: ["Their value is no count: negative, not finite or too large.", "Correct what the sender measures."],
	overlap: [
		"Two writers send the same stream.",
		"Let one writer send each stream, or tell them apart by an attribute.",
	],
	out_of_order: ["Cumulative points came out of time order.", "Send each stream in time order; use one sender for it."],
	tenant_conflict: [
		"Their attributes name two key tenants.",
		"Correct the attributes, or the match and aliases of the tenants.",
	],
	type_conflict: [
		"The same stream comes as another kind of metric or temporality.",
		"Send one kind; rename the other metric.",
	],
	unsupported_type: [
		"The kind of metric does not fit the SLO.",
		"Ratios need counters or histograms with a fitting bucket, thresholds need gauges.",
	],
	stream_limit: [
		"There is no room for more streams.",
		"Send fewer attributes, or raise telemetry.maxStreams in bellwether.yaml.",
	],
	invalid_id: ["Spans without a trace id or span id.", "Let the sender set both."],
	no_value: ["The sender itself says that there is no value.", "Nothing is to be done."],
	over_quota: [
		"Their tenant sends more than its limit of points a second.",
		"Let it send less, or raise limits.pointsPerSecond of the tenant.",
	],
	no_sli: ["No SLO counts them.", "Nothing is to be done, unless an SLO should: then see its selector."],
};

/** Faults first, each by count. */
export function rejectionViews(rejected: Readonly<Record<string, number | undefined>>): RejectionView[] {
	return Object.entries(rejected)
		.flatMap(([reason, count]) => (count ? [viewOf(reason, count)] : []))
		.sort((a, b) => Number(b.isFault) - Number(a.isFault) || b.count - a.count);
}

function viewOf(reason: string, count: number): RejectionView {
	const [meaning, remedy] = WORDS[reason as RejectReason] ?? [reason, "See docs/telemetry-formats.md."];
	return { reason, count, isFault: reason !== "no_sli" && reason !== "no_value", meaning, remedy };
}

/** Counts of several books together. */
export function sumRejected(
	books: Iterable<{ readonly rejected: Readonly<Record<string, number | undefined>> }>,
): Record<string, number> {
	const sum: Record<string, number> = {};
	for (const { rejected } of books)
		for (const [reason, count] of Object.entries(rejected)) sum[reason] = (sum[reason] ?? 0) + (count ?? 0);
	return sum;
}
