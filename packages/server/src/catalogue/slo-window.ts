import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration } from "@bellwether/model";
import { instantOf, UNIT_DAYS } from "./calendar-period.ts";
import type { Entry } from "./entries.ts";
import { isTimeZone } from "./fields.ts";
import type { Context } from "./references.ts";
import type { CalendarPeriod } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

const DEFAULT_PERIOD_MS = 28 * DAY_MS;
const MAX_ROLLING_DAYS = 90;
/** Hours are kept for 400 days. */
const MAX_CALENDAR_DAYS = 366;
const UNITS: Readonly<Record<string, CalendarPeriod["unit"]>> = {
	d: "day",
	w: "week",
	M: "month",
	Q: "quarter",
	Y: "year",
};
const AT: Path = ["spec", "timeWindow", 0];
const ROLLING_REMEDY = "Write duration: 28d and isRolling: true (1d to 90d).";
const CALENDAR_REMEDY = "Write a duration in days, weeks, months, quarters or years up to one year, such as 1M.";

export interface SloWindow {
	readonly periodMs: number;
	readonly calendar?: CalendarPeriod;
}

/** What `spec.timeWindow` says: how long the budget lasts and whether it rolls or begins anew on the calendar. */
export function windowOf(context: Context, entry: Entry<"SLO">): SloWindow | undefined {
	const windows = entry.input.spec.timeWindow;
	if (!windows) return { periodMs: DEFAULT_PERIOD_MS };
	const complain = complainer(context, entry);
	const [window] = windows;
	if (!window || windows.length > 1) {
		return complain(
			["spec", "timeWindow"],
			`spec.timeWindow has ${windows.length} entries, not one.`,
			"Write one window, such as - duration: 28d and isRolling: true.",
		);
	}
	const { duration, isRolling, calendar } = window;
	if (calendar && isRolling === true) {
		const path = [...AT, "isRolling"];
		return complain(path, `${pathText(AT)} is rolling and has a calendar.`, "Write isRolling: false, or no calendar.");
	}
	if (isRolling === false && !calendar) {
		const remedy = 'Write calendar: { startTime: "2026-01-01 00:00:00", timeZone: Europe/Paris }, or isRolling: true.';
		return complain([...AT, "isRolling"], `${pathText(AT)} does not roll and has no calendar.`, remedy);
	}
	if (!calendar) return rolling(duration, complain);
	const length = calendarLength(duration, complain);
	const startsAt = startOf(calendar, complain);
	if (!length || startsAt === undefined) return undefined;
	const periodMs = UNIT_DAYS[length.unit] * length.count * DAY_MS;
	return { periodMs, calendar: { ...length, timeZone: calendar.timeZone, startsAt } };
}

type Complain = (path: Path, message: string, remedy: string) => undefined;

function complainer(context: Context, entry: Entry<"SLO">): Complain {
	return (path, message, remedy) => {
		context.error(entry, path, message, remedy);
		return undefined;
	};
}

function rolling(duration: string, complain: Complain): SloWindow | undefined {
	const path = [...AT, "duration"];
	const shown = `${pathText(path)} ${show(duration)}`;
	if (/^\d+[MQY]$/.test(duration)) {
		const remedy = "Write days, such as 30d, or a calendar with startTime and timeZone.";
		return complain(path, `${shown} has no fixed length, so it cannot roll.`, remedy);
	}
	const ms = parseDuration(duration);
	if (ms === undefined) return complain(path, `${shown} is not a duration.`, ROLLING_REMEDY);
	if (ms < DAY_MS || ms > MAX_ROLLING_DAYS * DAY_MS || ms % DAY_MS !== 0)
		return complain(path, `${shown} is not a whole number of days from 1 to ${MAX_ROLLING_DAYS}.`, ROLLING_REMEDY);
	return { periodMs: ms };
}

function calendarLength(duration: string, complain: Complain): Pick<CalendarPeriod, "unit" | "count"> | undefined {
	const path = [...AT, "duration"];
	const shown = `${pathText(path)} ${show(duration)}`;
	const match = /^(\d{1,6})([dwMQY])$/.exec(duration);
	if (!match) {
		const isMonths = /^\d+m$/.test(duration);
		const why = isMonths ? "is in minutes" : "is not a calendar period";
		return complain(path, `${shown} ${why}.`, isMonths ? "For months write a capital M, such as 1M." : CALENDAR_REMEDY);
	}
	const count = Number(match[1]);
	const unit = UNITS[match[2] as string] as CalendarPeriod["unit"];
	const days = UNIT_DAYS[unit] * count;
	if (count >= 1 && days <= MAX_CALENDAR_DAYS) return { unit, count };
	return complain(path, `${shown} is not from one day to one year.`, CALENDAR_REMEDY);
}

function startOf(calendar: { startTime: string; timeZone: string }, complain: Complain): number | undefined {
	const { startTime, timeZone } = calendar;
	const path = [...AT, "calendar", "startTime"];
	if (!isTimeZone(timeZone)) return undefined;
	try {
		const startsAt = instantOf(startTime, timeZone);
		if (startsAt % MINUTE_MS === 0) return startsAt;
	} catch {
		// Such as the 30th of February.
	}
	const remedy = 'Write a local date and time to the minute, such as "2026-01-01 00:00:00".';
	return complain(path, `${pathText(path)} ${show(startTime)} is not a time.`, remedy);
}

/** OpenSLO's shorthand: one count and one unit, without months, quarters and years; a bare number is minutes. */
export function shorthandMs(value: string | number): number | undefined {
	if (typeof value === "number") return value * MINUTE_MS;
	const match = /^(\d{1,9})([mhdw]?)$/.exec(value);
	if (!match) return undefined;
	const unit = { "": MINUTE_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }[match[2] as "" | "m"];
	return Number(match[1]) * unit;
}
