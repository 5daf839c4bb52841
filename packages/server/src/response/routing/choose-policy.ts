import {
	type Catalogue,
	DEFAULT_ESCALATION,
	type EscalationPolicy,
	heldMonitor,
	type Ownership,
	type OwnershipStep,
	type Party,
} from "#catalogue";
import type { TakenRoute } from "./match-routes.ts";
import type { IncidentFacts } from "./types.ts";

/** Who pages, and why it is this policy. */
export interface ChosenPolicy {
	readonly policy: EscalationPolicy;
	readonly because: string;
}

type Facts = Pick<IncidentFacts, "tenant" | "workload" | "slo" | "monitor">;

/**
 * The policy that pages: the route's, else the monitor's, else the workload's, else the one called `default`. Without any
 * the policy has no steps: the chain is exhausted at once and says so, for an incident must open all the same.
 */
export function choosePolicy(catalogue: Catalogue, route: TakenRoute | undefined, facts: Facts): ChosenPolicy {
	const named = (name: string) => catalogue.escalations.find((each) => each.name === name);
	const [wanted, because] = wantedPolicy(catalogue, route, facts);
	const policy = named(wanted);
	if (policy) return { policy, because };
	const fallback = named(DEFAULT_ESCALATION);
	if (fallback) return { policy: fallback, because: `policy ${wanted} does not exist, so default pages` };
	const none = { name: DEFAULT_ESCALATION, repeatEveryMs: 0, acknowledgeWithinMs: 0, steps: [] };
	return { policy: none, because: "there is no policy at all" };
}

function wantedPolicy(catalogue: Catalogue, route: TakenRoute | undefined, facts: Facts): [string, string] {
	if (route?.escalation !== undefined) return [route.escalation, `route ${route.rule.name} says so`];
	if (route?.pageOwnerOf !== undefined) {
		const owner = accountableFor(ownershipOf(catalogue, facts.workload), route.pageOwnerOf);
		if (owner?.escalation !== undefined) {
			const why = `${owner.name} (${owner.team}) is accountable for step ${route.pageOwnerOf} of ${facts.workload}`;
			return [owner.escalation, why];
		}
	}
	const monitor = heldMonitor(catalogue, facts.monitor, facts.slo, facts.tenant);
	if (monitor?.escalation !== undefined) return [monitor.escalation, `monitor ${monitor.name} says so`];
	const workload = catalogue.workloads.find((each) => each.name === facts.workload);
	if (workload?.escalation !== undefined) return [workload.escalation, `workload ${workload.name} says so`];
	return [DEFAULT_ESCALATION, "nothing names another"];
}

/** The register's entry of a workload. */
export function ownershipOf(catalogue: Catalogue, workload: string): Ownership | undefined {
	return catalogue.routing?.ownership.find((each) => each.workload === workload);
}

/** The one party that answers for a step. */
export function accountableFor(ownership: Ownership | undefined, step: OwnershipStep): Party | undefined {
	const parts = ownership?.steps.find((each) => each.step === step)?.parts;
	const name = parts?.find(({ part }) => part.includes("A"))?.party;
	return ownership?.parties.find((party) => party.name === name);
}
