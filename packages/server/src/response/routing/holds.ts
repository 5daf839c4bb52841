import {
	type Catalogue,
	formatMatchers,
	type Inhibition,
	intervalHolds,
	isPlannedFor,
	type Labels,
	labelOf,
	type Maintenance,
	matchesLabels,
	type TimeInterval,
	whenIntervals,
} from "#catalogue";
import type { TakenRoute } from "./match-routes.ts";
import type { Hold, IncidentFacts, MuteFacts, OpenIncident } from "./types.ts";
import { utc } from "./words.ts";

interface HoldInput {
	readonly incident: IncidentFacts;
	readonly catalogue: Catalogue;
	readonly mutes: readonly MuteFacts[];
	readonly open: readonly OpenIncident[];
	readonly now: number;
}

/** Everything that keeps an incident from paging now, in the order: maintenance, mutes, inhibition, the route's intervals. */
export function holdsOn(input: HoldInput, route: TakenRoute | undefined): Hold[] {
	const { catalogue, incident, mutes, now } = input;
	const rules = catalogue.routing;
	return [
		...(rules?.maintenance ?? []).flatMap((each) => maintenanceHold(each, rules?.intervals ?? [], incident, now)),
		...mutes.flatMap((mute) => muteHold(mute, incident.labels, now)),
		...(rules?.inhibitions ?? []).flatMap((rule) => inhibitionHold(rule, input)),
		...(route ? intervalHold(route, rules?.intervals ?? [], now) : []),
	];
}

/** Undefined: it is not on. `until` undefined: nobody knows when it ends. */
export function maintenanceAt(
	maintenance: Maintenance,
	intervals: readonly TimeInterval[],
	now: number,
): { readonly until: number | undefined } | undefined {
	const recurring = intervals.filter((interval) => maintenance.during.includes(interval.name));
	let until: number | undefined = now;
	let isOn = false;
	// Windows and recurrences that overlap are one stretch, so its end is looked for until nothing holds any more.
	for (let look = 0; look < 100 && until !== undefined; look++) {
		const at: number = until;
		const window = maintenance.windows.findLast((each) => each.from <= at && at < each.until);
		const recurs = recurring.some((interval) => intervalHolds(interval, at));
		if (!window && !recurs) break;
		isOn = true;
		until = window ? window.until : whenIntervals(recurring, false, at);
	}
	return isOn ? { until } : undefined;
}

function maintenanceHold(
	maintenance: Maintenance,
	intervals: readonly TimeInterval[],
	{ tenant, workload }: IncidentFacts,
	now: number,
): Hold[] {
	if (!isPlannedFor(maintenance, tenant, workload)) return [];
	const on = maintenanceAt(maintenance, intervals, now);
	if (!on) return [];
	const words = `Planned maintenance ${maintenance.displayName} (${maintenance.owner}) ${on.until === undefined ? "has no end in sight" : `lasts until ${utc(on.until)}`}.`;
	return [{ kind: "maintenance", ref: maintenance.name, until: on.until, words }];
}

/** True from its start until before its end, for what one of its sets matches. */
export function isMutedBy(mute: MuteFacts, labels: Labels, now: number): boolean {
	if (now < mute.startsAt || now >= mute.endsAt) return false;
	return mute.matchers.some((set) => matchesLabels(set, labels));
}

function muteHold(mute: MuteFacts, labels: Labels, now: number): Hold[] {
	if (!isMutedBy(mute, labels, now)) return [];
	const words = `Muted by ${mute.id} (${mute.owner}: ${mute.reason}) until ${utc(mute.endsAt)}.`;
	return [{ kind: "mute", ref: mute.id, until: mute.endsAt, words }];
}

/** As Alertmanager does: what matches both sides of a rule is not inhibited by its like. Nothing inhibits itself, nor in a circle. */
function inhibitionHold(rule: Inhibition, { incident, open }: HoldInput): Hold[] {
	if (!matchesLabels(rule.target, incident.labels)) return [];
	const isTwoSided = matchesLabels(rule.source, incident.labels);
	const source = open.find(
		(other) =>
			other.id !== incident.id &&
			matchesLabels(rule.source, other.labels) &&
			rule.equal.every((label) => labelOf(other.labels, label) === labelOf(incident.labels, label)) &&
			!(isTwoSided && matchesLabels(rule.target, other.labels)) &&
			!waitsFor(other, incident.id, open),
	);
	if (!source) return [];
	const same = rule.equal.length > 0 ? `, same ${rule.equal.join(" and ")}` : "";
	const words = `Inhibited by ${source.id} (rule ${rule.name}: ${formatMatchers(rule.source)}${same}) while that burns.`;
	return [{ kind: "inhibition", ref: source.id, until: undefined, words }];
}

/** True when `from` is held back by `id`, directly or through others: of two that hold each other, one must page. */
function waitsFor(from: OpenIncident, id: string, open: readonly OpenIncident[]): boolean {
	const seen = new Set<string>();
	const queue = [...from.inhibitedBy];
	for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
		if (next === id) return true;
		if (seen.has(next)) continue;
		seen.add(next);
		queue.push(...(open.find((each) => each.id === next)?.inhibitedBy ?? []));
	}
	return false;
}

function intervalHold(route: TakenRoute, intervals: readonly TimeInterval[], now: number): Hold[] {
	const { name, activeIntervals, muteIntervals } = route.rule;
	const [active, mute] = [activeIntervals, muteIntervals].map((names) =>
		intervals.filter((interval) => names.includes(interval.name)),
	) as [TimeInterval[], TimeInterval[]];
	const muting = mute.find((interval) => intervalHolds(interval, now));
	if (muting) {
		const until = whenIntervals(mute, false, now);
		return [hold(name, until, `Route ${name} does not page during ${muting.name}`)];
	}
	if (active.length === 0 || active.some((interval) => intervalHolds(interval, now))) return [];
	const until = whenIntervals(active, true, now);
	return [hold(name, until, `Route ${name} pages only during ${activeIntervals.join(", ")}`)];
}

function hold(ref: string, until: number | undefined, says: string): Hold {
	const end = until === undefined ? ", and no end of that is in sight" : `, again from ${utc(until)}`;
	return { kind: "interval", ref, until, words: `${says}${end}.` };
}
