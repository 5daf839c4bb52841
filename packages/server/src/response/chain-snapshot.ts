import {
	type Catalogue,
	DEFAULT_ESCALATION,
	type EscalationPolicy,
	type EscalationTarget,
	peopleOfTarget,
} from "#catalogue";
import type { Incident } from "#incidents";
import type { Db, Tx } from "#platform";
import type { ChainSnapshot, ChainWorld } from "./chain.ts";
import { loadOnCallState, whoIsOnCall } from "./schedule/index.ts";

/** What a chain of this policy needs of the catalogue, and no more: there is one for each incident. */
export function takeSnapshot(catalogue: Catalogue, policy: EscalationPolicy): ChainSnapshot {
	const lastResort = lastResortOf(catalogue, policy);
	const targets = [...policy.steps.map((step) => step.notify), policy.lead, ...lastResort].filter(
		(target) => target !== undefined,
	);
	const teamNames = new Set(targets.flatMap((target) => ("team" in target ? [target.team] : [])));
	const teams = (catalogue.teams ?? []).filter((team) => teamNames.has(team.name));
	const scheduleNames = new Set([
		...targets.flatMap((target) => ("schedule" in target ? [target.schedule] : [])),
		...teams.flatMap((team) => team.schedule ?? []),
	]);
	const names = new Set(targets.flatMap((target) => peopleOfTarget(catalogue, target)));
	return {
		policy,
		schedules: catalogue.schedules.filter((schedule) => scheduleNames.has(schedule.name)),
		people: catalogue.people.filter((person) => names.has(person.name)),
		...(teams.length > 0 ? { teams } : {}),
		...(lastResort.length > 0 ? { lastResort } : {}),
	};
}

/** Whom the default policy would page. */
function lastResortOf(catalogue: Catalogue, policy: EscalationPolicy): EscalationTarget[] {
	const fallback = catalogue.escalations.find((each) => each.name === DEFAULT_ESCALATION);
	if (!fallback || fallback.name === policy.name) return [];
	const steps = fallback.steps.flatMap((step) => step.notify ?? []);
	return fallback.lead ? [fallback.lead, ...steps] : steps;
}

/** Of the catalogue that is active now: people that overrides of schedules add, and channels. */
export interface Known {
	readonly people: Catalogue["people"];
	readonly channels?: Catalogue["channels"] | undefined;
	readonly hasChannel?: ((name: string) => boolean) | undefined;
}

/** What is true now, for one move of an incident's chain. */
export async function worldOf(
	tx: Db | Tx,
	snapshot: ChainSnapshot,
	known: Known,
	incident: Incident,
	now: number,
): Promise<ChainWorld> {
	const state = await loadOnCallState(tx, now, now + 1);
	const turns = await tx
		.selectFrom("escalation_turns")
		.select(["step", "turns"])
		.where("policy", "=", snapshot.policy.name)
		.execute();
	const opened = await openedWithin(tx, snapshot, now);
	return {
		now,
		severity: incident.severity.key,
		onCall: (schedule, role) =>
			whoIsOnCall(snapshot, state, schedule, now).find((each) => each.role === role)?.people ?? [],
		person: (name) =>
			snapshot.people.find((each) => each.name === name) ?? known.people.find((each) => each.name === name),
		turn: (step) => turns.find((row) => row.step === step)?.turns ?? 0,
		incidentsWithin: (withinMs) => opened.get(withinMs) ?? 1,
		hasChannel: known.hasChannel ?? ((name) => known.channels?.some((channel) => channel.name === name) ?? false),
	};
}

/** Chains of the policy that began within each of the times that its conditions ask for. */
async function openedWithin(tx: Db | Tx, { policy }: ChainSnapshot, now: number): Promise<Map<number, number>> {
	const spans = new Set(policy.steps.flatMap((step) => step.when?.count?.withinMs ?? []));
	const counts = new Map<number, number>();
	for (const withinMs of spans) {
		const row = await tx
			.selectFrom("escalations")
			.select((select) => select.fn.count<number>("incident_id").distinct().as("count"))
			.where("policy_name", "=", policy.name)
			.where("started_at", ">", now - withinMs)
			.executeTakeFirstOrThrow();
		counts.set(withinMs, Number(row.count));
	}
	return counts;
}
