import { countsIn } from "./counts.ts";
import type { DemoFleet, DemoTenant } from "./fleet.ts";
import type { Scenario } from "./scenario.ts";
import { SIGNALS } from "./signals.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One line of `POST /api/v1/import`. `tenant` "" is the rest of the world: it feeds the platform's own figures only. */
export interface ImportRow {
	readonly tenant: string;
	readonly slo: string;
	readonly at: number;
	readonly good: number;
	readonly total: number;
}

export interface Span {
	readonly from: number;
	readonly to: number;
	readonly stepMs: number;
}

/** 28 days up to `until`, as fine as windows need: by the hour, the last day by 5 min, the last 65 min by 1 min, 15 by 10 s. */
export function historySpans(until: number): Span[] {
	const floor = (at: number, step: number) => Math.floor(at / step) * step;
	const finestFrom = floor(until - 15 * MINUTE_MS, MINUTE_MS);
	const fineFrom = floor(until - 65 * MINUTE_MS, 5 * MINUTE_MS);
	const dayFrom = floor(until - DAY_MS, HOUR_MS);
	const start = floor(until - 28 * DAY_MS, HOUR_MS) + HOUR_MS;
	return [
		{ from: start, to: dayFrom, stepMs: HOUR_MS },
		{ from: dayFrom, to: fineFrom, stepMs: 5 * MINUTE_MS },
		{ from: fineFrom, to: finestFrom, stepMs: MINUTE_MS },
		{ from: finestFrom, to: until, stepMs: 10 * SECOND_MS },
	];
}

/** Every row of the history, oldest first. `until` must be a whole 10 s, so that the live traffic continues from there. */
export function* historyRows(fleet: DemoFleet, scenario: Scenario, until: number): Generator<ImportRow> {
	for (const { from, to, stepMs } of historySpans(until))
		for (let at = from; at < to; at += stepMs) yield* rowsOfStep(fleet, scenario, at, at + stepMs);
}

function* rowsOfStep(fleet: DemoFleet, scenario: Scenario, from: number, to: number): Generator<ImportRow> {
	const at = from + (to - from) / 2;
	for (const signal of SIGNALS) {
		for (const tenant of fleet.keyTenants) {
			if (!tenant.workloads.includes(signal.workload)) continue;
			const counts = countsIn(fleet, scenario, tenant, signal, from, to);
			if (counts)
				yield { tenant: tenant.name, slo: signal.slo, at, good: counts.total - counts.bad, total: counts.total };
		}
		const rest = { bad: 0, total: 0 };
		for (const tenant of fleet.others)
			addCounts(rest, countsIn(fleet, scenario, tenant as DemoTenant, signal, from, to));
		if (rest.total > 0) yield { tenant: "", slo: signal.slo, at, good: rest.total - rest.bad, total: rest.total };
	}
}

function addCounts(sum: { bad: number; total: number }, more: { bad: number; total: number } | undefined): void {
	if (!more) return;
	sum.bad += more.bad;
	sum.total += more.total;
}
