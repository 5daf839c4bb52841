import {
	type FixedShift,
	ON_CALL_ROLES,
	type OnCallRoleName,
	type Rotation,
	type Schedule,
	type ScheduleLayer,
	WEEKDAYS,
} from "#catalogue";
import type { OnCallState } from "#response";

/**
 * The slow way to know who is on call, to compare the product's with: it walks every minute of a range and shares no
 * code with it. The wall clock comes from Intl. It is read as a clock that never goes back: while an hour repeats it
 * stands, and where one is skipped it jumps, so "09:00 has come" is true for ever from its first moment on.
 */
export class MinuteByMinute {
	readonly from: number;
	readonly minutes: number;
	readonly #clocks = new Map<string, Int32Array>();

	/** Range of whole minutes, ms epoch. Rotations must start within it. */
	constructor(from: number, to: number) {
		this.from = from;
		this.minutes = (to - from) / 60_000;
	}

	/** Local minutes since 1970 that a zone's clock has reached, for each minute of the range. */
	clock(timeZone: string): Int32Array {
		const known = this.#clocks.get(timeZone);
		if (known) return known;
		const reached = this.#walkClock(timeZone);
		this.#clocks.set(timeZone, reached);
		return reached;
	}

	/** Clocks take 4 bytes a minute; those of other zones are let go. */
	keepOnly(timeZones: readonly string[]): void {
		for (const zone of this.#clocks.keys()) if (!timeZones.includes(zone)) this.#clocks.delete(zone);
	}

	expand(schedule: Schedule): ExpandedSchedule {
		const layers = schedule.layers ?? [shortForm(schedule)];
		return {
			layers: layers.map((layer) => ({
				layer,
				turns: layer.turns.kind === "rotation" ? this.#walkTurns(layer.turns, layer.timeZone) : undefined,
				duty: layer.times.length > 0 ? this.#walkDuty(layer) : undefined,
			})),
			schedule,
			from: this.from,
		};
	}

	#walkClock(timeZone: string): Int32Array {
		const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
		const offset = (minute: number) => {
			const text = format.format(this.from + minute * 60_000);
			const match = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(text);
			const size = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
			return match?.[1] === "-" ? -size : size;
		};
		const reached = new Int32Array(this.minutes);
		const base = this.from / 60_000;
		let highest = Number.NEGATIVE_INFINITY;
		let before = offset(0);
		for (let hour = 0; hour < this.minutes; hour += 60) {
			const end = Math.min(hour + 60, this.minutes);
			const after = offset(end);
			for (let minute = hour; minute < end; minute++) {
				const now = after === before ? before : offset(minute);
				highest = Math.max(highest, base + minute + now);
				reached[minute] = highest;
			}
			before = after;
		}
		return reached;
	}

	/** The turn that each minute belongs to, counted from the start; −1: none yet, or no more. */
	#walkTurns(rotation: Rotation, timeZone: string): Int32Array {
		const clock = this.clock(timeZone);
		const start = localMinutes(rotation.startsAt);
		const until = rotation.until === undefined ? Number.POSITIVE_INFINITY : localMinutes(rotation.until);
		const turns = new Int32Array(this.minutes).fill(-1);
		let turn = -1;
		let startedAt = -1;
		for (let minute = 0; minute < this.minutes; minute++) {
			const now = clock[minute] as number;
			if (now >= until) break;
			const last = minute === 0 ? now - 1 : (clock[minute - 1] as number);
			if (startedAt < 0 && now >= start) startedAt = minute;
			if (rotation.every === "hour") {
				if (startedAt >= 0) turn = Math.floor((minute - startedAt) / (60 * rotation.interval));
			} else {
				for (let local = last + 1; local <= now; local++) if (beginsTurn(rotation, start, local)) turn++;
			}
			turns[minute] = turn;
		}
		return turns;
	}

	#walkDuty(layer: ScheduleLayer): Uint8Array {
		const clock = this.clock(layer.timeZone);
		const duty = new Uint8Array(this.minutes);
		const windows = layer.times.map((time) => ({
			...time,
			on: WEEKDAYS.map((day) => time.days.length === 0 || time.days.includes(day)),
		}));
		for (let minute = 0; minute < this.minutes; minute++) {
			const local = clock[minute] as number;
			const timeOfDay = local % 1_440;
			// 1970-01-01 was a Thursday.
			const today = (Math.floor(local / 1_440) + 3) % 7;
			const yesterday = (today + 6) % 7;
			for (const { on, fromMinute, toMinute } of windows) {
				const crosses = toMinute <= fromMinute;
				const isOn = crosses
					? (on[today] && timeOfDay >= fromMinute) || (on[yesterday] && timeOfDay < toMinute)
					: on[today] && timeOfDay >= fromMinute && timeOfDay < toMinute;
				if (isOn) duty[minute] = 1;
			}
		}
		return duty;
	}
}

export interface ExpandedSchedule {
	readonly schedule: Schedule;
	readonly from: number;
	readonly layers: readonly {
		readonly layer: ScheduleLayer;
		readonly turns: Int32Array | undefined;
		readonly duty: Uint8Array | undefined;
	}[];
}

/** Role → names of people at a whole minute of the range; a role that nobody has is left out. */
export function whoByMinutes(
	{ schedule, from, layers }: ExpandedSchedule,
	state: OnCallState,
	at: number,
): Map<OnCallRoleName, string[]> {
	const minute = (at - from) / 60_000;
	const isAway = (person: string) =>
		state.unavailable.some((away) => away.person === person && at >= away.from && at < away.to);
	const result = new Map<OnCallRoleName, string[]>();
	for (const role of ON_CALL_ROLES) {
		const claims: { priority: number; people: string[] }[] = [];
		for (const { layer, turns, duty } of layers) {
			if (layer.role !== role || (duty && duty[minute] === 0)) continue;
			const { priority } = layer;
			if (layer.turns.kind === "rotation") {
				const people = takeTurn(layer.turns, turns?.[minute] ?? -1, isAway);
				if (people.length > 0) claims.push({ priority, people });
				continue;
			}
			const shifts: readonly FixedShift[] = layer.turns.kind === "shifts" ? layer.turns.shifts : [];
			for (const shift of shifts) {
				const people = at >= shift.from && at < shift.to ? shift.people.filter((person) => !isAway(person)) : [];
				if (people.length > 0) claims.push({ priority, people });
			}
		}
		const top = Math.max(...claims.map((claim) => claim.priority));
		let people = [...new Set(claims.filter((claim) => claim.priority === top).flatMap((claim) => claim.people))];
		for (const override of [...state.overrides].sort((a, b) => a.madeAt - b.madeAt)) {
			if (override.schedule !== schedule.name || override.role !== role) continue;
			if (at < override.from || at >= override.to) continue;
			const later = state.unavailable.filter(({ madeAt }) => madeAt === undefined || madeAt >= override.madeAt);
			const gone = new Set(later.filter((away) => at >= away.from && at < away.to).map((away) => away.person));
			const there = override.people.filter((person) => !gone.has(person));
			if (there.length === 0) continue;
			if (override.replaces === undefined) people = there;
			else if (people.includes(override.replaces)) {
				const index = people.indexOf(override.replaces);
				people = [...new Set([...people.slice(0, index), ...there, ...people.slice(index + 1)])];
			}
		}
		if (people.length > 0) result.set(role, people);
	}
	return result;
}

function takeTurn(rotation: Rotation, turn: number, isAway: (person: string) => boolean): string[] {
	if (turn < 0) return [];
	for (let tried = 0; tried < rotation.people.length; tried++) {
		const group = rotation.people[(turn + tried) % rotation.people.length] as readonly string[];
		const there = group.filter((person) => !isAway(person));
		if (there.length > 0) return there;
	}
	return [];
}

/** Whether a turn begins at this local minute, by the calendar alone. */
function beginsTurn(rotation: Rotation, start: number, local: number): boolean {
	if (local < start || local % 1_440 !== start % 1_440) return false;
	const date = new Date(local * 60_000);
	const first = new Date(start * 60_000);
	const days = Math.floor(local / 1_440) - Math.floor(start / 1_440);
	const weekday = (date.getUTCDay() + 6) % 7;
	const startWeekday = (first.getUTCDay() + 6) % 7;
	switch (rotation.every) {
		case "hour":
			return false;
		case "day":
			if (rotation.days.length > 0) return rotation.days.some((day) => WEEKDAYS.indexOf(day) === weekday);
			return days % rotation.interval === 0;
		case "week": {
			const weeks = (days - weekday + startWeekday) / 7;
			if (weeks % rotation.interval !== 0) return false;
			if (rotation.days.length === 0) return weekday === startWeekday;
			return rotation.days.some((day) => WEEKDAYS.indexOf(day) === weekday);
		}
		case "month": {
			const months = (date.getUTCFullYear() - first.getUTCFullYear()) * 12 + date.getUTCMonth() - first.getUTCMonth();
			if (months % rotation.interval !== 0) return false;
			const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
			const wanted = rotation.monthDays.length > 0 ? rotation.monthDays : [first.getUTCDate()];
			return wanted.some((day) => {
				const counted = day > 0 ? day : length + day + 1;
				return date.getUTCDate() === Math.min(length, Math.max(1, counted));
			});
		}
	}
}

function localMinutes(text: string): number {
	return Date.parse(`${text.slice(0, 16)}Z`) / 60_000;
}

/** As a layer; shifts of whole days whose start lies within the range. */
function shortForm(schedule: Schedule): ScheduleLayer {
	const days = schedule.shiftMs / 86_400_000;
	const hours = schedule.shiftMs / 3_600_000;
	const text = new Intl.DateTimeFormat("sv-SE", {
		timeZone: schedule.timeZone,
		dateStyle: "short",
		timeStyle: "short",
	}).format(schedule.startsAt);
	return {
		name: "rotation",
		role: "primary",
		priority: 0,
		timeZone: schedule.timeZone,
		times: [],
		turns: {
			kind: "rotation",
			every: Number.isInteger(days) ? "day" : "hour",
			interval: Number.isInteger(days) ? days : hours,
			startsAt: text.replace(" ", "T"),
			days: [],
			monthDays: [],
			people: schedule.people.map((person) => [person]),
		},
	};
}
