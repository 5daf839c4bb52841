import { type DemoFleet, type DemoTenant, eventsPerS } from "./fleet.ts";
import { badOf, poisson, randomFor } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import type { Signal } from "./signals.ts";

export interface Counts {
	readonly total: number;
	readonly bad: number;
}

/**
 * What happened to one tenant's signal in (from, to]; undefined: nothing was reported. The same fleet, scenario and
 * interval always give the same counts, so a client that starts again sends what it would have sent.
 */
export function countsIn(
	fleet: DemoFleet,
	scenario: Scenario,
	tenant: DemoTenant,
	signal: Signal,
	from: number,
	to: number,
): Counts | undefined {
	const middle = (from + to) / 2;
	const ratio = scenario.errorRatio(tenant, signal, middle);
	if (ratio === "silent") return undefined;
	// A latency SLO looks at the very events that its availability SLO counts.
	const events = signal.shape.kind === "histogram" ? signal.shape.eventsOf : signal.slo;
	const mean = (eventsPerS(tenant, signal, middle) * (to - from)) / 1000;
	const total = poisson(randomFor(fleet.seed, tenant.id, events, from, to), mean);
	if (total === 0) return undefined;
	return { total, bad: badOf(randomFor(fleet.seed, tenant.id, signal.slo, "bad", from, to), total, ratio) };
}
