/** How many weeks from this one the schedule's page begins; what is no whole number is this week. */
export interface ScheduleSearch {
	readonly week?: number;
}

export interface HandOverSearch {
	readonly schedule?: string;
}

/** A year ahead and back: the server tells no more. */
const MAX_WEEKS = 52;

export function scheduleSearch(search: Record<string, unknown>): ScheduleSearch {
	const week = Number(search.week);
	return Number.isInteger(week) && week !== 0 && Math.abs(week) <= MAX_WEEKS ? { week } : {};
}

export function handOverSearch(search: Record<string, unknown>): HandOverSearch {
	return typeof search.schedule === "string" ? { schedule: search.schedule.slice(0, 63) } : {};
}
