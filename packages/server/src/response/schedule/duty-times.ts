import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { type DutyTime, WEEKDAYS } from "#catalogue";
import { dayOfDate, weekdayOf } from "./local-time.ts";
import { zoneClock } from "./zone-clock.ts";

/** When a layer has somebody. A window runs from the instant at which its first local time comes to that of its last. */
export interface Duty {
	isOn(instant: number): boolean;
	/** The next instant after this one at which a window begins or ends. */
	nextEdge(instant: number): number;
}

const ALWAYS: Duty = { isOn: () => true, nextEdge: () => Number.POSITIVE_INFINITY };
/** A window of 24 h may begin the day before, and clocks may skip a day between. */
const DAYS_BACK = 2;
/** Some day of every week. */
const DAYS_AHEAD = 9;

export function dutyOf(times: readonly DutyTime[], timeZone: string): Duty {
	if (times.length === 0) return ALWAYS;
	const clock = zoneClock(timeZone);
	const windows = times.map((time) => ({
		days: new Set(time.days.length > 0 ? time.days.map((day) => WEEKDAYS.indexOf(day)) : [0, 1, 2, 3, 4, 5, 6]),
		fromMs: time.fromMinute * MINUTE_MS,
		toMs: (time.toMinute > time.fromMinute ? 0 : DAY_MS) + time.toMinute * MINUTE_MS,
	}));
	return {
		isOn(instant) {
			const today = dayOfDate(clock.localAt(instant));
			for (let day = today - DAYS_BACK; day <= today + 1; day++) {
				for (const { days, fromMs, toMs } of windows) {
					if (!days.has(weekdayOf(day))) continue;
					const begin = day * DAY_MS;
					if (clock.instantOf(begin + fromMs) <= instant && instant < clock.instantOf(begin + toMs)) return true;
				}
			}
			return false;
		},
		nextEdge(instant) {
			const today = dayOfDate(clock.localAt(instant));
			let edge = Number.POSITIVE_INFINITY;
			for (let day = today - DAYS_BACK; day <= today + DAYS_AHEAD; day++) {
				// Edges of later days come later, but for those of a window that ends on the day after.
				if (edge < Number.POSITIVE_INFINITY && day > today + 2 && clock.instantOf(day * DAY_MS) > edge) return edge;
				for (const { days, fromMs, toMs } of windows) {
					if (!days.has(weekdayOf(day))) continue;
					for (const ms of [fromMs, toMs]) {
						const at = clock.instantOf(day * DAY_MS + ms);
						if (at > instant && at < edge) edge = at;
					}
				}
			}
			return edge;
		},
	};
}
