import { HOUR_MS, MINUTE_MS } from "@bellwether/model";

/** An entry of the timeline, as far as it tells who was at work. */
export interface Act {
	readonly at: number;
	readonly actor: string;
	readonly type: string;
	/** It came along with another incident's. */
	readonly isAlong: boolean;
}

export interface Part {
	readonly person: string;
	readonly assignedAt: number;
	/** Undefined: still. */
	readonly endedAt: number | undefined;
}

export interface ResponderTime {
	readonly person: string;
	readonly ms: number;
	/** Entries of the timeline that are theirs. */
	readonly acts: number;
}

/** Somebody is taken to be at work for so long after a sign of them. */
const AT_WORK_MS = HOUR_MS;
const ACT_MS = 10 * MINUTE_MS;
const ENDS: readonly string[] = ["incident.mitigated", "incident.resolved", "incident.merged"];

export const RESPONDER_RULE =
	"Each person's time from acknowledging to mitigation or resolution, and while they have a part until resolution, for at most an hour after their last entry in the timeline; any other entry of theirs counts ten minutes. Overlaps count once per person.";

interface Span {
	readonly from: number;
	readonly to: number;
}

/**
 * How long each person was at work on one incident, by the entries that people made and the parts they had, oldest first.
 * Nobody measures it: it is computed by RESPONDER_RULE. What goes on ends at `now`. In the order of time spent.
 */
export function responderTimes(acts: readonly Act[], parts: readonly Part[], now: number): ResponderTime[] {
	const own = acts.filter((act) => !act.isAlong);
	const resolvedAt = own.findLast(({ type }) => type === "incident.resolved" || type === "incident.reopened");
	const end = resolvedAt?.type === "incident.resolved" ? resolvedAt.at : now;
	const people = new Set([...own.map(({ actor }) => actor), ...parts.map(({ person }) => person)]);
	return [...people]
		.map((person): ResponderTime => {
			const theirs = own.filter(({ actor }) => actor === person);
			const spans = [
				...theirs.map(({ at }) => ({ from: at, to: at + ACT_MS })),
				...theirs.flatMap((act) => (act.type === "incident.acknowledged" ? [untilEnd(act, own, now)] : [])),
				...parts
					.filter((part) => part.person === person && part.assignedAt < end)
					.map((part) => ({
						from: part.assignedAt,
						to: Math.min(part.endedAt ?? end, Math.max(end, part.assignedAt)),
					})),
			];
			const signs = [
				...theirs.map(({ at }) => at),
				...parts.filter((part) => part.person === person).map((part) => part.assignedAt),
			];
			const present = spans
				.flatMap((span) => withSigns(span, signs))
				.map(({ from, to }) => ({ from, to: Math.min(to, now) }));
			return { person, ms: lengthOf(present), acts: theirs.length };
		})
		.filter(({ ms, acts: count }) => ms > 0 || count > 0)
		.sort((a, b) => b.ms - a.ms || (a.person < b.person ? -1 : 1));
}

function untilEnd(act: Act, acts: readonly Act[], now: number): Span {
	const end = acts.find(({ at, type }) => at >= act.at && ENDS.includes(type));
	return { from: act.at, to: end?.at ?? now };
}

/** The part of a span that lies within an hour after a sign of the person, its own beginning among them. */
function withSigns({ from, to }: Span, signs: readonly number[]): Span[] {
	const within = [from, ...signs.filter((at) => at > from && at < to)];
	return within.map((at) => ({ from: at, to: Math.min(to, at + AT_WORK_MS) })).filter((span) => span.to > span.from);
}

function lengthOf(spans: readonly Span[]): number {
	let sum = 0;
	let end = Number.NEGATIVE_INFINITY;
	for (const span of spans.toSorted((a, b) => a.from - b.from)) {
		sum += Math.max(0, span.to - Math.max(span.from, end));
		end = Math.max(end, span.to);
	}
	return sum;
}
