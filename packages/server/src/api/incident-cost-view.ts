import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { type Incident, RESPONDER_RULE, respondersOf } from "#incidents";
import type { TenantScope } from "#platform";
import type { ApiContext } from "./context.ts";
import { nameOfPerson } from "./incident-work-view.ts";
import type { IncidentCost } from "./schemas-incident-work.ts";

/** Beyond this only whole hours are asked for. */
const FINE_MS = 3 * DAY_MS;

type Known = IncidentCost["affectedEvents"];

/** What an incident cost so far: events, minutes of users, time of people. What is not known is said, never 0. */
export async function incidentCost(
	context: Pick<ApiContext, "clock" | "store" | "catalogue" | "telemetry">,
	scope: TenantScope,
	incident: Incident,
): Promise<IncidentCost> {
	const now = context.clock.now();
	const catalogue = context.catalogue();
	const { mitigatedAt, signalClearedAt, resolvedAt } = incident;
	const endedAt = mitigatedAt ?? signalClearedAt ?? resolvedAt;
	const until = endedAt ?? now;
	const counted = await countsOf(context, incident, until);
	const responders = await respondersOf(context.store.db, scope, incident.id, now);
	return {
		until,
		isOver: endedAt !== undefined,
		affectedEvents: counted.bad,
		totalEvents: counted.total,
		userMinutes: userMinutes(catalogue.tenants.find(({ name }) => name === incident.tenant)?.users, counted, incident),
		responderMs: known(
			responders.reduce((sum, { ms }) => sum + ms, 0),
			RESPONDER_RULE,
		),
		responders: responders.map(({ person, ms, acts }) => ({
			person,
			personDisplayName: nameOfPerson(catalogue, person),
			ms,
			acts,
		})),
	};
}

interface Counted {
	readonly bad: Known;
	readonly total: Known;
	/** Σ of bad ÷ total over the buckets, in minutes; undefined: not known by minutes. */
	readonly hitMinutes: number | undefined;
}

async function countsOf(
	{ telemetry }: Pick<ApiContext, "telemetry">,
	{ tenant, slo, onsetAt, evidence }: Incident,
	until: number,
): Promise<Counted> {
	const rule =
		"bad events of the SLI in whole minutes (after three days: hours) from the onset to the end of the impact";
	if (evidence.drill) return nothing("it is a test: nothing was wrong");
	if (evidence.absence) return nothing("events are missing, and what did not come cannot be counted");
	if (onsetAt === undefined) return nothing("it is not known when the impact began");
	const resolutionMs = until - onsetAt > FINE_MS ? HOUR_MS : MINUTE_MS;
	const from = Math.floor(onsetAt / resolutionMs) * resolutionMs;
	const windows = await telemetry.windows({ tenant, slo, from, to: until + 1, resolutionMs });
	const sum = (of: (window: { bad: number; total: number }) => number) =>
		(windows ?? []).reduce((all, window) => all + of(window), 0);
	if (sum(({ total }) => total) > 0)
		return {
			bad: known(
				sum(({ bad }) => Math.max(0, bad)),
				rule,
			),
			total: known(
				sum(({ total }) => total),
				rule.replace("bad", "all"),
			),
			hitMinutes:
				sum(({ bad, total }) => (total > 0 ? Math.min(1, Math.max(0, bad) / total) : 0)) * (resolutionMs / MINUTE_MS),
		};
	const { bad, total } = evidence.episode;
	if (!(total > 0)) return nothing("nothing was counted");
	const first = "only the events from the onset to the detection are still known";
	return { bad: estimated(bad, first), total: estimated(total, first), hitMinutes: undefined };
}

function nothing(why: string): Counted {
	return { bad: unknown(why), total: unknown(why), hitMinutes: undefined };
}

function userMinutes(users: number | undefined, { bad, hitMinutes }: Counted, incident: Incident): Known {
	if (incident.kind === "platform") return unknown("how many people use the platform is not known");
	if (users === undefined) return unknown("how many people use it is not known: write users at the key tenant");
	if (hitMinutes === undefined) return unknown(bad.status === "unknown" ? bad.rule : "not counted by the minute");
	const rule = `${users} users × share of events that were bad, minute by minute: as if all were using it`;
	return estimated(Math.round(users * hitMinutes), rule);
}

const known = (value: number, rule: string): Known => ({ status: "known", value, rule });
const estimated = (value: number, rule: string): Known => ({ status: "estimated", value, rule });
const unknown = (rule: string): Known => ({ status: "unknown", value: null, rule });
