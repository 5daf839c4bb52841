import { type Catalogue, DEFAULT_ESCALATION, type EscalationPolicy, escalationFor, heldMonitor } from "#catalogue";
import type { Incident } from "#incidents";
import type { TimerHandler, Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import type { Chains } from "./types.ts";

/**
 * What happens with an incident that stands by itself, before a chain starts: it pages now, waits for its group, or is
 * held (mute, maintenance, inhibition, interval) and pages when that ends and it still burns. A decision that fails pages.
 */
export async function routeIncident(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	now: number,
): Promise<void> {
	await chains.start(tx, incident, policyOf(deps.catalogue(), incident), now);
}

/** The policy that pages for an incident. Without any policy it has no steps: the chain is exhausted at once and says so. */
export function policyOf(catalogue: Catalogue, incident: Incident): EscalationPolicy {
	const slo = catalogue.slos.find((each) => each.name === incident.slo);
	const monitor = heldMonitor(catalogue, incident.monitor, incident.slo, incident.tenant);
	const policy = slo
		? escalationFor(catalogue, slo, monitor)
		: catalogue.escalations.find((each) => each.name === DEFAULT_ESCALATION);
	return policy ?? { name: DEFAULT_ESCALATION, repeatEveryMs: 0, acknowledgeWithinMs: 0, steps: [] };
}

/** Handlers of routing's timers, by kind. */
export function routingTimers(_deps: ResponseDeps, _chains: Chains): Record<string, TimerHandler> {
	return {};
}
