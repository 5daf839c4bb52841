import type { FixedShift, OnCallRoleName, Schedule, ScheduleLayer } from "#catalogue";
import { dutyOf } from "./duty-times.ts";
import { nextTurnAt, rotationTurns, shortFormTurns, type Turns, turnAt } from "./rotation.ts";
import { indexShifts, type ShiftIndex } from "./shift-index.ts";
import type { OnCallState } from "./types.ts";

/** Who a layer has at an instant. */
export interface Claim {
	readonly priority: number;
	readonly people: readonly string[];
}

/** A layer made ready to be asked often. */
export interface CompiledLayer {
	readonly name: string;
	readonly role: OnCallRoleName;
	/** Nobody is an empty list. A layer with a calendar may say several things, with priorities of their own. */
	claims(instant: number, state: OnCallState): readonly Claim[];
	/** The next instant after this one at which what it says may change by itself; +∞ when there is none. */
	nextEdge(instant: number, state: OnCallState): number;
}

const compiled = new WeakMap<Schedule, readonly CompiledLayer[]>();

/** The layers of a schedule; the same objects for the same schedule. */
export function layersOf(schedule: Schedule): readonly CompiledLayer[] {
	const known = compiled.get(schedule);
	if (known) return known;
	const layers = schedule.layers
		? schedule.layers.map((layer) => compileLayer(schedule, layer))
		: schedule.people.length > 0
			? [rotationLayer({ name: "rotation", role: "primary", priority: 0 }, shortFormTurns(schedule))]
			: [];
	compiled.set(schedule, layers);
	return layers;
}

function compileLayer(schedule: Schedule, layer: ScheduleLayer): CompiledLayer {
	const bare = bareLayer(schedule, layer);
	if (layer.times.length === 0) return bare;
	const duty = dutyOf(layer.times, layer.timeZone);
	return {
		...bare,
		claims: (instant, state) => (duty.isOn(instant) ? bare.claims(instant, state) : []),
		nextEdge: (instant, state) => Math.min(duty.nextEdge(instant), bare.nextEdge(instant, state)),
	};
}

function bareLayer(schedule: Schedule, layer: ScheduleLayer): CompiledLayer {
	const { turns } = layer;
	switch (turns.kind) {
		case "rotation":
			return rotationLayer(layer, rotationTurns(turns, layer.timeZone));
		case "shifts": {
			const index = indexShifts<Claiming>(turns.shifts);
			return shiftsLayer(layer, () => index);
		}
		case "calendar":
			return shiftsLayer(layer, calendarIndex(schedule.name, layer.name));
	}
}

type Named = Pick<ScheduleLayer, "name" | "role" | "priority">;

function rotationLayer(layer: Named, turns: Turns): CompiledLayer {
	const count = turns.people.length;
	return {
		name: layer.name,
		role: layer.role,
		claims(instant, state) {
			const turn = turnAt(turns, instant);
			if (turn === undefined) return [];
			// Whoever is away is passed over: the turn goes to the next who are there.
			for (let after = 0; after < count; after++) {
				const group = turns.people[(((turn + after) % count) + count) % count] as readonly string[];
				const people = available(group, instant, state);
				if (people.length > 0) return [{ priority: layer.priority, people }];
			}
			return [];
		},
		nextEdge: (instant) => nextTurnAt(turns, instant),
	};
}

type Claiming = FixedShift & { readonly priority?: number | undefined };

function shiftsLayer(layer: Named, indexOf: (state: OnCallState) => ShiftIndex<Claiming>): CompiledLayer {
	return {
		name: layer.name,
		role: layer.role,
		claims: (instant, state) =>
			indexOf(state)
				.at(instant)
				.flatMap((shift) => {
					const people = available(shift.people, instant, state);
					return people.length > 0 ? [{ priority: shift.priority ?? layer.priority, people }] : [];
				}),
		nextEdge: (instant, state) => indexOf(state).nextEdge(instant),
	};
}

/** What calendars say of one layer; indexed once per state. */
function calendarIndex(schedule: string, layer: string): (state: OnCallState) => ShiftIndex<Claiming> {
	const indexes = new WeakMap<OnCallState, ShiftIndex<Claiming>>();
	return (state) => {
		const known = indexes.get(state);
		if (known) return known;
		const own = state.events.filter((event) => event.schedule === schedule && event.layer === layer);
		const index = indexShifts(own.map((event) => ({ ...event, people: [event.person] })));
		indexes.set(state, index);
		return index;
	};
}

function available(people: readonly string[], instant: number, { unavailable }: OnCallState): readonly string[] {
	if (unavailable.length === 0) return people;
	return people.filter(
		(person) => !unavailable.some((away) => away.person === person && away.from <= instant && instant < away.to),
	);
}
