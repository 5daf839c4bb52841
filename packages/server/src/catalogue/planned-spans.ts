import type { Maintenance, TimeInterval } from "./routing-types.ts";
import { intervalHolds, whenIntervals } from "./time-interval.ts";

/** From ≤ time < until, ms epoch; `until` undefined: no end is in sight. */
export interface PlannedSpan {
	readonly from: number;
	readonly until: number | undefined;
}

/** When maintenance is between two instants, by start: its windows whole, of what recurs nothing before `from`. */
export function plannedSpans(
	maintenance: Maintenance,
	intervals: readonly TimeInterval[],
	from: number,
	to: number,
): PlannedSpan[] {
	const spans: PlannedSpan[] = maintenance.windows.filter((window) => window.from < to && window.until > from);
	const recurring = intervals.filter(({ name }) => maintenance.during.includes(name));
	for (let at: number | undefined = from; recurring.length > 0 && at !== undefined && at < to; ) {
		const start: number = at;
		const isOn = recurring.some((interval) => intervalHolds(interval, start));
		at = whenIntervals(recurring, !isOn, start);
		if (isOn) spans.push({ from: start, until: at });
	}
	return spans.sort((a, b) => a.from - b.from);
}

/** Whether it is for this tenant ("": the platform) and workload. */
export function isPlannedFor({ tenants, workloads }: Maintenance, tenant: string, workload: string): boolean {
	return (tenants.length === 0 || tenants.includes(tenant)) && (workloads.length === 0 || workloads.includes(workload));
}
