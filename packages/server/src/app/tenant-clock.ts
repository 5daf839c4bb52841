import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { type Catalogue, intervalHolds, type KeyTenant, type TimeInterval } from "#catalogue";
import type { TenantClock } from "#detection";

const NOON_MS = 12 * HOUR_MS;
/** 1970-01-01 was a Thursday; 0 is Sunday. */
const EPOCH_WEEKDAY = 4;
/** Two weeks are learnt at a start; beyond this many days what is known of them is found again. */
const MOST_DAYS = 1_000;

/** The clock of each tenant; those who share a zone and holidays share one. */
export function tenantClocks(catalogue: Catalogue): (tenant: KeyTenant | undefined) => TenantClock {
	const intervals = new Map((catalogue.routing?.intervals ?? []).map((interval) => [interval.name, interval]));
	const clocks = new Map<string, TenantClock>();
	return (tenant) => {
		const { timeZone = "UTC", holidays } = tenant ?? {};
		const key = JSON.stringify([timeZone, holidays]);
		let clock = clocks.get(key);
		if (!clock) {
			const during = (holidays?.during ?? []).flatMap((name) => intervals.get(name) ?? []);
			clock = tenantClock(timeZone, during, holidays?.likeWeekday ?? 0);
			clocks.set(key, clock);
		}
		return clock;
	};
}

/**
 * `likeWeekday`: 0 is Sunday. Clock changes are followed; a day is a holiday or is not, as it is at its noon. Days are the
 * tenant's own, whatever zone an interval is in: Christmas begins in Auckland while it is the day before elsewhere.
 */
export function tenantClock(timeZone: string, holidays: readonly TimeInterval[], likeWeekday: number): TenantClock {
	const offsetMs = zoneOffset(timeZone);
	const days = holidays.map((each) => ({ ...each, parts: each.parts.map((part) => ({ ...part, timeZone: "UTC" })) }));
	const daysBack = new Map<number, number>();
	const backOf = (day: number): number => {
		let back = daysBack.get(day);
		if (back === undefined) {
			if (daysBack.size >= MOST_DAYS) daysBack.clear();
			const isHoliday = days.some((interval) => intervalHolds(interval, day * DAY_MS + NOON_MS));
			back = isHoliday ? (day + EPOCH_WEEKDAY - likeWeekday) % 7 : 0;
			daysBack.set(day, back);
		}
		return back;
	};
	return (at) => {
		const local = at + offsetMs(at);
		return holidays.length === 0 ? local : local - backOf(Math.floor(local / DAY_MS)) * DAY_MS;
	};
}

/** Milliseconds east of UTC; asked again only beyond a clock change. */
function zoneOffset(timeZone: string): (at: number) => number {
	let [from, until, offset] = [0, 0, 0];
	return (at) => {
		if (at >= from && at < until) return offset;
		const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
		offset = local.offsetNanoseconds / 1e6;
		// What changes just now is behind: the change before is looked for from the next millisecond.
		const before = local.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
		from = before?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
		until = local.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
		return offset;
	};
}
