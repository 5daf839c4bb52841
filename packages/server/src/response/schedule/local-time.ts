import { DAY_MS } from "@bellwether/model";

/** Local times are ms of their fields as though they were UTC; days count from 1970-01-01. */

/** `2026-01-05T09:00` or `2026-01-05`. Throws RangeError when the calendar has no such time. */
export function localOf(text: string): number {
	const ms = Date.parse(`${text.length === 10 ? `${text}T00:00` : text}Z`);
	if (Number.isNaN(ms)) throw new RangeError(`${text} is not a local time`);
	return ms;
}

export function dayOfDate(local: number): number {
	return Math.floor(local / DAY_MS);
}

/** 0 is Monday. */
export function weekdayOf(day: number): number {
	return (((day + 3) % 7) + 7) % 7;
}

/** Year, month from 0, day from 1. */
export function monthOf(day: number): { readonly year: number; readonly month: number; readonly day: number } {
	const date = new Date(day * DAY_MS);
	return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}
