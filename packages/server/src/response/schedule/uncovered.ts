import { DAY_MS } from "@bellwether/model";
import type { Schedule } from "#catalogue";
import { finalShifts, type Gap, gapsOf } from "./shifts.ts";
import { NO_ON_CALL_STATE, type OnCallCatalogue, type OnCallState } from "./types.ts";

/** A stretch in which a schedule has no primary. */
export interface UncoveredTime extends Gap {
	readonly schedule: string;
	/** The schedule promises 24x7. */
	readonly isPromised: boolean;
}

/** Uncovered primary time of every schedule, promised ones first, then by time. */
export function uncoveredTime(
	catalogue: OnCallCatalogue,
	state: OnCallState,
	from: number,
	to: number,
): UncoveredTime[] {
	return catalogue.schedules
		.flatMap((schedule) => {
			const shifts = finalShifts(catalogue, state, schedule, from, to);
			return gapsOf(shifts, "primary", from, to).map((gap) => ({
				...gap,
				schedule: schedule.name,
				isPromised: schedule.coverage === "24x7",
			}));
		})
		.toSorted((a, b) => Number(b.isPromised) - Number(a.isPromised) || a.from - b.from);
}

/** What breaks a promise of 24x7 by the catalogue alone, as `validate` tells it. */
export interface BrokenPromise {
	readonly schedule: string;
	/** `unknown`: its people are in a calendar elsewhere, so that the catalogue alone cannot tell. */
	readonly gaps: readonly Gap[] | "unknown";
}

/** Schedules that promise 24x7 and leave a gap from ≤ time < to, without overrides and absences. */
export function brokenPromises(catalogue: OnCallCatalogue, from: number, to: number): BrokenPromise[] {
	return catalogue.schedules.flatMap((schedule): BrokenPromise[] => {
		if (schedule.coverage !== "24x7") return [];
		const gaps = gapsWithin(catalogue, schedule, from, to);
		if (gaps.length === 0) return [];
		const hasCalendar = schedule.layers?.some(({ turns, role }) => turns.kind === "calendar" && role === "primary");
		return [{ schedule: schedule.name, gaps: hasCalendar ? "unknown" : gaps }];
	});
}

/** Shifts of minutes make a year too long to look through; then it is as much of it as can be. */
function gapsWithin(catalogue: OnCallCatalogue, schedule: Schedule, from: number, to: number): Gap[] {
	try {
		return gapsOf(finalShifts(catalogue, NO_ON_CALL_STATE, schedule, from, to), "primary", from, to);
	} catch (error) {
		if (!(error instanceof RangeError) || to - from < DAY_MS) throw error;
		return gapsWithin(catalogue, schedule, from, from + (to - from) / 4);
	}
}
