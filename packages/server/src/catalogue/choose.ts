import type { Catalogue, EscalationPolicy, Monitor, Slo } from "./types.ts";

/** Name of the escalation policy that holds where neither monitor nor workload names one; always in a catalogue. */
export const DEFAULT_ESCALATION = "default";

/**
 * The monitor that watches an SLO's budget by burn rate: a live one that names it, else a live one for every SLO. Undefined: nobody watches
 * it (shadow and draft monitors do not page). At most one of each sort exists; validation refuses more.
 */
export function monitorFor(catalogue: Catalogue, slo: string): Monitor | undefined {
	const live = catalogue.monitors.filter(({ mode, detector }) => mode === "live" && detector === "burn-rate");
	return live.find((monitor) => monitor.slos?.includes(slo)) ?? live.find((monitor) => monitor.slos === undefined);
}

/** The policy that pages for a breach: the monitor's, else the workload's, else the one called `default`. */
export function escalationFor(catalogue: Catalogue, slo: Slo, monitor: Monitor | undefined): EscalationPolicy {
	const workload = catalogue.workloads.find((each) => each.name === slo.workload);
	const name = monitor?.escalation ?? workload?.escalation ?? DEFAULT_ESCALATION;
	const policy =
		catalogue.escalations.find((each) => each.name === name) ??
		catalogue.escalations.find((each) => each.name === DEFAULT_ESCALATION);
	if (!policy)
		throw new Error(`Catalogue ${catalogue.hash} has no escalation policy "${name}" and none called "default".`);
	return policy;
}
