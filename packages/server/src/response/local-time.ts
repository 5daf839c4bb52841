import { MINUTE_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { type LocalNight, type TimeCondition, WEEKDAYS } from "#catalogue";

const DAY_MINUTES = 24 * 60;

/** Whether an instant lies in a window of the local day. One that ends on the next day belongs to the day it began on. */
export function isWithin(window: TimeCondition, at: number): boolean {
	const local = localTime(window.timeZone, at);
	const minute = local.hour * 60 + local.minute;
	const isDay = (dayOfWeek: number) => window.days.length === 0 || window.days.includes(weekday(dayOfWeek));
	if (window.fromMinute < window.toMinute) {
		return isDay(local.dayOfWeek) && minute >= window.fromMinute && minute < window.toMinute;
	}
	if (minute >= window.fromMinute) return isDay(local.dayOfWeek);
	return minute < window.toMinute && isDay(local.dayOfWeek - 1);
}

/** When somebody who may sleep now wakes, ms epoch; undefined: it is day there. */
export function asleepUntil(night: LocalNight, timeZone: string, at: number): number | undefined {
	const { fromMinute, toMinute } = night;
	if (!isWithin({ fromMinute, toMinute, days: [], timeZone }, at)) return undefined;
	const local = localTime(timeZone, at);
	const isBeforeMidnight = toMinute <= fromMinute && local.hour * 60 + local.minute >= fromMinute;
	const day = local.toPlainDate().add({ days: isBeforeMidnight ? 1 : 0 });
	const time = { hour: Math.floor((toMinute % DAY_MINUTES) / 60), minute: toMinute % 60 };
	const morning = day.toPlainDateTime(time).toZonedDateTime(timeZone).epochMilliseconds;
	// Where the clocks go back over the end of the night it comes twice; the past one wakes nobody.
	return Math.max(morning, at + MINUTE_MS);
}

/** `03:10 on Sunday in Europe/London`. */
export function timeWords(timeZone: string, at: number): string {
	const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone }).format(at);
	const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone }).format(at);
	return `${time} on ${day} in ${timeZone}`;
}

function localTime(timeZone: string, at: number): Temporal.ZonedDateTime {
	return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
}

/** ISO: 1 is Monday, 7 Sunday; 0 is the Sunday before. */
function weekday(dayOfWeek: number) {
	return WEEKDAYS[(dayOfWeek + 6) % 7] as (typeof WEEKDAYS)[number];
}
