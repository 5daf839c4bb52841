import { MINUTE_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import type { Range, TimeInterval, TimeIntervalPart } from "./routing-types.ts";

/** How far ahead the next change is looked for. */
const HORIZON_DAYS = 800;
/** The Gregorian calendar with its weekdays repeats after this many years. */
const CALENDAR_CYCLE_YEARS = 400;

/**
 * Whether the interval holds at an instant (ms epoch), as Alertmanager's time intervals do: one part suffices, in it all
 * that is written must hold at the wall clock of its zone; times exclude their end, all other ranges include both ends;
 * negative days count from the end of the month; days beyond it are cut off.
 */
export function intervalHolds(interval: TimeInterval, at: number): boolean {
	return interval.parts.some((part) => {
		const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(part.timeZone);
		return isDay(part, local) && isMinute(part, local.hour * 60 + local.minute);
	});
}

/** The first instant after `at` from which one of the intervals holds (`wanted` true) or none does; undefined: not within two years. */
export function whenIntervals(intervals: readonly TimeInterval[], wanted: boolean, at: number): number | undefined {
	const holds = (instant: number) => intervals.some((interval) => intervalHolds(interval, instant));
	if (holds(at) === wanted) return at;
	const parts = intervals.flatMap((interval) => interval.parts);
	const zones = [...new Set(parts.map((part) => part.timeZone))];
	const cursors = zones.map((zone) => ({
		day: Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate().subtract({ days: 1 }),
		edges: edgesOf(parts.filter((part) => part.timeZone === zone)),
		zone,
	}));
	for (let day = 0; day < HORIZON_DAYS; day++) {
		const candidates: number[] = [];
		for (const cursor of cursors) {
			candidates.push(...instantsOf(cursor.day, cursor.edges, cursor.zone));
			cursor.day = cursor.day.add({ days: 1 });
		}
		const found = candidates.filter((instant) => instant > at && holds(instant) === wanted).sort((a, b) => a - b)[0];
		if (found === undefined) continue;
		// Days of different zones overlap: what another zone says of the next two days may come first.
		for (const cursor of cursors)
			for (let more = 0; more < 2; more++)
				candidates.push(...instantsOf(cursor.day.add({ days: more }), cursor.edges, cursor.zone));
		return Math.min(...candidates.filter((instant) => instant > at && holds(instant) === wanted));
	}
	return undefined;
}

/** Minutes of the day at which a part can begin or end. */
function edgesOf(parts: readonly TimeIntervalPart[]): number[] {
	const edges = parts.flatMap((part) => (part.times ?? []).flatMap(({ from, to }) => [from, to]));
	return [...new Set([0, ...edges])].filter((minute) => minute < 1_440);
}

/** The instants of a local day at which something can change: edges, each twice when the clock shows it twice, and clock changes. */
function instantsOf(day: Temporal.PlainDate, edges: readonly number[], zone: string): number[] {
	const local = edges.flatMap((minute) => {
		const time = day.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 });
		return (["earlier", "later"] as const).map(
			(disambiguation) => time.toZonedDateTime(zone, { disambiguation }).epochMilliseconds,
		);
	});
	const start = day.toZonedDateTime(zone);
	const change = start.subtract({ minutes: 1 }).getTimeZoneTransition("next");
	const isToday = change && change.epochMilliseconds <= start.epochMilliseconds + 26 * 60 * MINUTE_MS;
	return isToday ? [...local, change.epochMilliseconds] : local;
}

function isMinute(part: TimeIntervalPart, minute: number): boolean {
	return part.times === undefined || part.times.some(({ from, to }) => minute >= from && minute < to);
}

type Day = Pick<Temporal.PlainDate, "day" | "month" | "year" | "dayOfWeek" | "daysInMonth">;

function isDay(part: TimeIntervalPart, date: Day): boolean {
	return (
		within(part.years, date.year) &&
		within(part.months, date.month) &&
		within(part.weekdays, date.dayOfWeek % 7) &&
		(part.daysOfMonth === undefined ||
			part.daysOfMonth.some((range) => isDayOfMonth(range, date.day, date.daysInMonth)))
	);
}

function within(ranges: readonly Range[] | undefined, value: number): boolean {
	return ranges === undefined || ranges.some(({ from, to }) => value >= from && value <= to);
}

function isDayOfMonth({ from, to }: Range, day: number, daysInMonth: number): boolean {
	const first = from < 0 ? daysInMonth + from + 1 : from;
	const last = to < 0 ? daysInMonth + to + 1 : to;
	return day >= first && day <= last;
}

/** True when no day of the calendar fits a part: the 31st of February, a year that has no such weekday on that day. */
export function neverHolds(part: TimeIntervalPart): boolean {
	const years = part.years
		? part.years.flatMap(({ from, to }) => span(from, Math.min(to, from + CALENDAR_CYCLE_YEARS)))
		: span(2_000, 2_000 + CALENDAR_CYCLE_YEARS - 1);
	for (const year of years) {
		for (let month = 1; month <= 12; month++) {
			if (!within(part.months, month)) continue;
			const first = Temporal.PlainDate.from({ year, month, day: 1 });
			const { daysInMonth, dayOfWeek } = first;
			for (let day = 1; day <= daysInMonth; day++) {
				if (isDay(part, { day, month, year, daysInMonth, dayOfWeek: ((dayOfWeek + day - 2) % 7) + 1 })) return false;
			}
		}
	}
	return true;
}

/** True when a part leaves out no day and no minute. */
export function alwaysHolds(part: TimeIntervalPart): boolean {
	const isWholeDay = span(0, 1_439).every((minute) => isMinute(part, minute));
	const isEveryWeekday = span(0, 6).every((day) => within(part.weekdays, day));
	const isEveryMonth = span(1, 12).every((month) => within(part.months, month));
	const isEveryDay =
		part.daysOfMonth === undefined ||
		span(28, 31).every((length) =>
			span(1, length).every((day) => part.daysOfMonth?.some((range) => isDayOfMonth(range, day, length))),
		);
	return isWholeDay && isEveryWeekday && isEveryMonth && isEveryDay && part.years === undefined;
}

function span(from: number, to: number): number[] {
	return Array.from({ length: Math.max(0, to - from + 1) }, (_, k) => from + k);
}
