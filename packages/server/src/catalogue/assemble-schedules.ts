import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { bounded, instantOf } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import { type Context, displayName, sortedSet } from "./references.ts";
import {
	type DutyTime,
	type LayerTurns,
	OVERRIDE_PRIORITY,
	type Rotation,
	type ScheduleLayer,
	WEEKDAYS,
} from "./schedule-types.ts";
import type { Schedule } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type ScheduleEntry = Entry<"Schedule">;
type WrittenLayer = NonNullable<ScheduleEntry["input"]["spec"]["layers"]>[number];
type WrittenRotation = NonNullable<WrittenLayer["rotation"]>;

const DEFAULT_SHIFT_MS = 7 * DAY_MS;
const DEFAULT_CALENDAR_MS = 15 * MINUTE_MS;
const TIME_REMEDY = "Write a date of the calendar, such as 2026-01-05T09:00.";

export function assembleSchedules(context: Context): Schedule[] {
	return context.entries.of("Schedule").map((entry) => {
		const { spec } = entry.input;
		const timeZone = spec.timeZone ?? "UTC";
		const coverage = spec.coverage === "24x7" ? { coverage: "24x7" as const } : {};
		const named = { name: entry.name, displayName: displayName(entry), timeZone, ...coverage };
		context.note(`Schedule/${entry.name}`, entry.document, ["metadata", "name"]);
		if (!spec.layers) return { ...named, ...shortForm(context, entry, timeZone) };
		for (const key of ["startsAt", "shift", "people"] as const) {
			if (spec[key] === undefined) continue;
			const remedy = "Remove it, or move it into a layer's rotation.";
			context.error(entry, ["spec", key], `spec.${key} is not used by a schedule with layers.`, remedy, "key");
		}
		const layers = spec.layers.map((layer, k) => assembleLayer(context, entry, layer, ["spec", "layers", k], timeZone));
		spec.layers.forEach(({ name }, k) => {
			if (spec.layers?.findIndex((each) => each.name === name) === k) return;
			const at = ["spec", "layers", k, "name"];
			context.error(entry, at, `${pathText(at)} ${show(name)} is the second of its name.`, "Give it another name.");
		});
		const people = sortedSet(layers.flatMap(peopleOf));
		return { ...named, startsAt: 0, shiftMs: DEFAULT_SHIFT_MS, people, layers };
	});
}

function shortForm(
	context: Context,
	entry: ScheduleEntry,
	timeZone: string,
): Pick<Schedule, "startsAt" | "shiftMs" | "people"> {
	const { spec } = entry.input;
	for (const key of ["startsAt", "people"] as const) {
		if (spec[key] !== undefined) continue;
		const remedy =
			key === "people"
				? "Write a list of people, or layers."
				: "Write 2026-01-05T09:00 for the schedule's own time zone, or 2026-01-05T08:00Z.";
		context.error(entry, ["spec"], `spec.${key} is missing.`, remedy, "key");
	}
	const people = spec.people ?? [];
	people.forEach((name, k) => {
		context.refer(["Person"], name, entry.document, ["spec", "people", k]);
	});
	const shiftMs = bounded(context, entry, ["spec", "shift"], spec.shift, DEFAULT_SHIFT_MS, MINUTE_MS, 365 * DAY_MS);
	const startsAt = spec.startsAt === undefined ? 0 : instantOf(spec.startsAt, timeZone);
	if (startsAt === undefined) {
		const message = `spec.startsAt ${show(spec.startsAt)} is not a time that exists.`;
		context.error(entry, ["spec", "startsAt"], message, TIME_REMEDY);
	}
	return { startsAt: startsAt ?? 0, shiftMs, people: [...people] };
}

function assembleLayer(
	context: Context,
	entry: ScheduleEntry,
	layer: WrittenLayer,
	path: Path,
	scheduleZone: string,
): ScheduleLayer {
	const timeZone = layer.timeZone ?? scheduleZone;
	if (layer.override && layer.priority !== undefined) {
		const message = `${pathText([...path, "priority"])} has no effect: an override wins over every priority.`;
		context.error(entry, [...path, "priority"], message, "Remove priority, or override.", "key");
	}
	return {
		name: layer.name,
		role: layer.role ?? "primary",
		priority: layer.override ? OVERRIDE_PRIORITY : (layer.priority ?? 0),
		timeZone,
		turns: turnsOf(context, entry, layer, path, timeZone),
		times: (layer.times ?? []).map(dutyTime),
	};
}

const NOBODY: LayerTurns = { kind: "shifts", shifts: [] };

function turnsOf(
	context: Context,
	entry: ScheduleEntry,
	layer: WrittenLayer,
	path: Path,
	timeZone: string,
): LayerTurns {
	const written = (["rotation", "shifts", "calendar"] as const).filter((key) => layer[key] !== undefined);
	if (written.length !== 1) {
		const says = written.length === 0 ? "says not who is on call" : `has ${written.join(" and ")}`;
		const remedy = "Write one of rotation, shifts and calendar; a second one is a layer of its own.";
		context.error(entry, path, `${pathText(path)} ${says}.`, remedy, "key");
		return NOBODY;
	}
	if (layer.rotation)
		return { kind: "rotation", ...rotationOf(context, entry, layer.rotation, [...path, "rotation"], timeZone) };
	if (layer.calendar) {
		const at = [...path, "calendar", "every"];
		const everyMs = bounded(context, entry, at, layer.calendar.every, DEFAULT_CALENDAR_MS, MINUTE_MS, DAY_MS);
		return { kind: "calendar", urlRef: layer.calendar.url, everyMs };
	}
	const shifts = (layer.shifts ?? []).flatMap((shift, k) => {
		const at = [...path, "shifts", k];
		referAll(context, entry, shift.people, [...at, "people"]);
		const from = instantAt(context, entry, shift.from, timeZone, [...at, "from"]);
		const to = instantAt(context, entry, shift.to, timeZone, [...at, "to"]);
		if (from === undefined || to === undefined) return [];
		if (from < to) return { from, to, people: [...shift.people] };
		context.error(entry, [...at, "to"], `${pathText([...at, "to"])} is not after from.`, "Write a later time.");
		return [];
	});
	return { kind: "shifts", shifts };
}

function rotationOf(
	context: Context,
	entry: ScheduleEntry,
	written: WrittenRotation,
	path: Path,
	timeZone: string,
): Rotation {
	const { every, days = [], monthDays = [], interval = 1 } = written;
	const misplaced = (key: "days" | "monthDays" | "interval", says: string, remedy: string) =>
		context.error(entry, [...path, key], `${pathText([...path, key])} ${says}.`, remedy, "key");
	if (days.length > 0 && every !== "day" && every !== "week")
		misplaced("days", `is not used every ${every}`, "Write it with every: day or week, or limit the layer by times.");
	if (monthDays.length > 0 && every !== "month")
		misplaced("monthDays", `is not used every ${every}`, "Write it with every: month.");
	if (days.length > 0 && every === "day" && interval !== 1)
		misplaced("interval", "has no meaning beside days", "Remove it, or write every: week.");
	if (monthDays.includes(0)) misplaced("monthDays", "holds 0", "Write 1 to 31, or -1 for the last day.");
	written.people.forEach((turn, k) => {
		const at = [...path, "people", k];
		if (typeof turn === "string") context.refer(["Person"], turn, entry.document, at);
		else referAll(context, entry, turn, at);
	});
	const startsAt = localAt(context, entry, written.startsAt, timeZone, [...path, "startsAt"]);
	const until =
		written.until === undefined ? undefined : localAt(context, entry, written.until, timeZone, [...path, "until"]);
	if (until !== undefined && startsAt !== undefined && until <= startsAt) {
		const at = [...path, "until"];
		context.error(entry, at, `${pathText(at)} ${show(written.until)} is not after startsAt.`, "Write a later time.");
	}
	const rotation: Rotation = {
		every,
		interval,
		startsAt: startsAt ?? "2026-01-05T00:00:00",
		...(until === undefined ? {} : { until }),
		days: WEEKDAYS.filter((day) => days.includes(day)),
		monthDays: [...new Set(monthDays)].toSorted((a, b) => a - b),
		people: written.people.map((turn) => (typeof turn === "string" ? [turn] : [...turn])),
	};
	if (startsAt !== undefined) checkStart(context, entry, rotation, [...path, "startsAt"]);
	return rotation;
}

/** The first turn begins at the start, so the start must be one of the days on which turns begin. */
function checkStart(context: Context, entry: ScheduleEntry, { startsAt, days, monthDays }: Rotation, path: Path): void {
	const date = Temporal.PlainDateTime.from(startsAt);
	const weekday = WEEKDAYS[date.dayOfWeek - 1] as (typeof WEEKDAYS)[number];
	const onWeekday = days.length === 0 || days.includes(weekday);
	const onMonthDay =
		monthDays.length === 0 ||
		monthDays.some(
			(day) => Math.min(day < 0 ? Math.max(date.daysInMonth + day + 1, 1) : day, date.daysInMonth) === date.day,
		);
	if (onWeekday && onMonthDay) return;
	const what = onWeekday ? `day ${date.day} of its month` : `a ${weekday}`;
	const message = `${pathText(path)} ${show(startsAt.slice(0, 16))} is ${what}, on which no turn begins.`;
	context.error(entry, path, message, `Write a date that ${onWeekday ? "monthDays" : "days"} names.`);
}

function dutyTime(time: NonNullable<WrittenLayer["times"]>[number]): DutyTime {
	return {
		days: WEEKDAYS.filter((day) => time.days?.includes(day)),
		fromMinute: minuteOf(time.from ?? "00:00"),
		toMinute: minuteOf(time.to ?? "24:00"),
	};
}

function minuteOf(text: string): number {
	const [hours, minutes] = text.split(":").map(Number) as [number, number];
	return hours * 60 + minutes;
}

function referAll(context: Context, entry: ScheduleEntry, people: readonly string[], path: Path): void {
	people.forEach((name, k) => {
		context.refer(["Person"], name, entry.document, [...path, k]);
	});
}

function instantAt(
	context: Context,
	entry: ScheduleEntry,
	written: string,
	timeZone: string,
	path: Path,
): number | undefined {
	const instant = instantOf(written, timeZone);
	if (instant === undefined)
		context.error(entry, path, `${pathText(path)} ${show(written)} is not a time that exists.`, TIME_REMEDY);
	return instant;
}

/** Local date and time in the zone, `2026-01-05T09:00:00`; a time with an offset is what the zone's clocks show then. */
function localAt(
	context: Context,
	entry: ScheduleEntry,
	written: string,
	timeZone: string,
	path: Path,
): string | undefined {
	const instant = instantAt(context, entry, written, timeZone, path);
	if (instant === undefined) return undefined;
	const local = /(?:Z|[+-]\d{2}:\d{2})$/.test(written)
		? Temporal.Instant.from(written).toZonedDateTimeISO(timeZone).toPlainDateTime()
		: Temporal.PlainDateTime.from(written);
	return local.toString({ smallestUnit: "second" });
}

function peopleOf({ turns }: ScheduleLayer): readonly string[] {
	if (turns.kind === "rotation") return turns.people.flat();
	return turns.kind === "shifts" ? turns.shifts.flatMap((shift) => shift.people) : [];
}
