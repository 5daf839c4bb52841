import type { OnCallRoleName, Schedule } from "#catalogue";
import { layersOf } from "./compiled.ts";
import type { OnCallCatalogue, OnCallState } from "./types.ts";
import { whoIsOnCall } from "./who.ts";

/** A stretch in which the same people have a role, by the same layers or overrides. From ≤ time < to, ms epoch. */
export interface Shift {
	readonly role: OnCallRoleName;
	readonly people: readonly string[];
	readonly by: readonly string[];
	readonly from: number;
	readonly to: number;
}

/** A stretch without anybody in a role. */
export type Gap = Pick<Shift, "role" | "from" | "to">;

/** Longer ranges are refused; a year of an hourly rotation has 8,760 shifts, a month of one by the minute 43,200. */
export const MAX_STEPS = 60_000;

/**
 * The final schedule from ≤ time < to: shifts of every role in order of time, cut at both ends. A stretch in which
 * nobody has a role is left out; see `gapsOf`. Throws RangeError beyond MAX_STEPS changes.
 */
export function finalShifts(
	catalogue: OnCallCatalogue,
	state: OnCallState,
	schedule: string | Schedule,
	from: number,
	to: number,
): Shift[] {
	const found = typeof schedule === "string" ? catalogue.schedules.find((each) => each.name === schedule) : schedule;
	if (!found) return [];
	const done: Shift[] = [];
	let open: Shift[] = [];
	let steps = 0;
	for (let at = from; at < to; ) {
		if (++steps > MAX_STEPS) throw new RangeError(`${found.name} changes more than ${MAX_STEPS} times in this range`);
		const next = Math.min(nextChangeAt(found, state, at), to);
		const now: Shift[] = [];
		for (const { role, people, by } of whoIsOnCall(catalogue, state, found, at)) {
			const before = open.find((shift) => shift.role === role && isSame(shift.people, people) && isSame(shift.by, by));
			now.push(before ? { ...before, to: next } : { role, people, by, from: at, to: next });
		}
		for (const shift of open)
			if (!now.some((each) => each.role === shift.role && each.from === shift.from)) done.push(shift);
		open = now;
		at = next;
	}
	return [...done, ...open].toSorted((a, b) => a.from - b.from || (a.role < b.role ? -1 : 1));
}

/** The next instant after this one at which somebody may take over; +∞ when nothing ever changes. */
export function nextChangeAt(schedule: Schedule, state: OnCallState, at: number): number {
	let next = Number.POSITIVE_INFINITY;
	const consider = (edge: number) => {
		if (edge > at && edge < next) next = edge;
	};
	for (const layer of layersOf(schedule)) consider(layer.nextEdge(at, state));
	for (const each of state.overrides) {
		if (each.schedule !== schedule.name) continue;
		consider(each.from);
		consider(each.to);
	}
	for (const { from, to } of state.unavailable) {
		consider(from);
		consider(to);
	}
	return next;
}

/** Where shifts leave a role without anybody, from ≤ time < to. */
export function gapsOf(shifts: readonly Shift[], role: OnCallRoleName, from: number, to: number): Gap[] {
	const gaps: Gap[] = [];
	let coveredTo = from;
	for (const shift of shifts) {
		if (shift.role !== role) continue;
		if (shift.from > coveredTo) gaps.push({ role, from: coveredTo, to: shift.from });
		coveredTo = Math.max(coveredTo, shift.to);
	}
	if (coveredTo < to) gaps.push({ role, from: coveredTo, to });
	return gaps;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
	return a.length === b.length && a.every((each, k) => each === b[k]);
}
