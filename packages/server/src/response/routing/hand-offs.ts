import { type Catalogue, type EscalationPolicy, OWNERSHIP_STEPS, type Party, type PartyName } from "#catalogue";
import { acknowledgeIncident, getIncident, type Incident, isResolved, publishIncidentFact } from "#incidents";
import {
	audit,
	type ControlTables,
	cancelTimers,
	type Db,
	type Principal,
	SYSTEM,
	scopeOf,
	setTimer,
	type TenantScope,
	type Timer,
	type Tx,
} from "#platform";
import type { ResponseDeps } from "../types.ts";
import { accountableFor, ownershipOf } from "./choose-policy.ts";
import { routeOf } from "./decide.ts";
import { factsOf } from "./labels.ts";
import type { Chains } from "./types.ts";

export const HAND_OFF_TIMER = "handoff.due";
const ALL = scopeOf(SYSTEM);

type Row = ControlTables["hand_offs"];

/** An incident that was given to a party, which must take it in time. */
export interface HandOff {
	readonly id: string;
	readonly incidentId: string;
	readonly party: string;
	readonly team: string;
	readonly reason: string;
	readonly handedBy: string;
	readonly handedAt: number;
	readonly takeBy: number;
	readonly state: Row["state"];
	readonly takenBy: string | undefined;
	readonly endedAt: number | undefined;
}

export interface HandOffRequest {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly requestId: string;
	readonly now: number;
	readonly incidentId: string;
}

export type HandOffOutcome =
	| { readonly status: "changed" | "unchanged"; readonly handOff: HandOff }
	| { readonly status: "not-found" }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };

/** A party of an incident's workload, and for which steps it is accountable. */
export interface Receiver {
	readonly party: Party;
	readonly steps: readonly string[];
}

/** Whom an incident of a workload can be handed to: the parties of its Ownership that can be paged. */
export function receiversOf(catalogue: Catalogue, workload: string): Receiver[] {
	const ownership = ownershipOf(catalogue, workload);
	return (ownership?.parties ?? [])
		.filter((party) => party.escalation !== undefined)
		.map((party) => ({
			party,
			steps: OWNERSHIP_STEPS.filter((step) => accountableFor(ownership, step)?.name === party.name),
		}));
}

/** Gives the incident to a party: pages it, and starts the clock within which it must be taken. */
export async function handOff(
	tx: Tx,
	deps: ResponseDeps,
	request: HandOffRequest,
	wanted: { readonly party: PartyName; readonly reason: string },
): Promise<HandOffOutcome> {
	const { now, principal } = request;
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	if (isResolved(incident))
		return { status: "refused", message: `${incident.id} is resolved.`, remedy: "Reopen it if it still fails." };
	const receivers = receiversOf(deps.catalogue(), incident.workload);
	const receiver = receivers.find(({ party }) => party.name === wanted.party);
	if (!receiver?.party.escalation) {
		const known = receivers.map(({ party }) => party.name).join(", ");
		const remedy =
			known === ""
				? `Write an Ownership of ${incident.workload} with parties and their escalation.`
				: `Choose ${known}.`;
		return { status: "refused", message: `${wanted.party} cannot be paged for ${incident.workload}.`, remedy };
	}
	if (wanted.reason.trim() === "")
		return {
			status: "refused",
			message: "A hand-off needs a reason.",
			remedy: "Say what is known and what they are to do.",
		};
	const open = await openRow(tx, incident.id);
	if (open?.party === wanted.party) return { status: "unchanged", handOff: handOffOf(open) };
	if (open) await end(tx, deps, incident, open, "over", principal, now, `it was handed to ${receiver.party.team}`);
	const { party } = receiver;
	const row: Row = {
		id: deps.ids.next("hnd"),
		incident_id: incident.id,
		tenant: incident.tenant,
		party: party.name,
		team: party.team,
		policy: receiver.party.escalation,
		reason: wanted.reason.trim().slice(0, 500),
		handed_by: principal.name,
		handed_at: now,
		take_by: now + party.takeWithinMs,
		state: "waiting",
		taken_by: null,
		ended_at: null,
	};
	await tx.insertInto("hand_offs").values(row).execute();
	await setTimer(tx, deps.ids, now, {
		kind: HAND_OFF_TIMER,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt: row.take_by,
		data: { handOffId: row.id },
	});
	await auditHandOff(tx, request, incident, "incident.hand_off", { party: party.name, takeBy: row.take_by });
	const data = {
		handOffId: row.id,
		party: party.name,
		team: party.team,
		withinMs: party.takeWithinMs,
		reason: row.reason,
	};
	// The listener pages the party: it knows how chains page.
	await publishIncidentFact(tx, deps, incident, principal, now, { type: "handoff.made", data });
	return { status: "changed", handOff: handOffOf(row) };
}

/** Says that the party works on it now; the clock stops. Whoever takes it has acknowledged it. */
export async function takeHandOff(tx: Tx, deps: ResponseDeps, request: HandOffRequest): Promise<HandOffOutcome> {
	const { now, principal } = request;
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	const open = await openRow(tx, incident.id);
	if (!open) {
		const last = (await handOffsOf(tx, request.scope, incident.id)).at(-1);
		if (last?.state === "taken") return { status: "unchanged", handOff: last };
		return { status: "refused", message: `${incident.id} was handed to nobody.`, remedy: "Acknowledge it instead." };
	}
	await end(tx, deps, incident, open, "taken", principal, now, "");
	await auditHandOff(tx, request, incident, "incident.take_hand_off", { party: open.party });
	await acknowledgeIncident(tx, deps, { ...request, incidentId: incident.id });
	const after = (await handOffsOf(tx, request.scope, incident.id)).at(-1);
	return after ? { status: "changed", handOff: after } : { status: "not-found" };
}

/** Hand-offs of an incident, oldest first. */
export async function handOffsOf(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<HandOff[]> {
	if (!(await getIncident(db, scope, incidentId))) return [];
	const rows = await db
		.selectFrom("hand_offs")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("handed_at")
		.orderBy("id")
		.execute();
	return rows.map(handOffOf);
}

/** The time to take it is over: it is said, and the party is paged again. */
export async function handOffDue(tx: Tx, deps: ResponseDeps, chains: Chains, timer: Timer, now: number): Promise<void> {
	const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
	const open = incident && (await openRow(tx, incident.id));
	if (!incident || !open || open.id !== timer.data.handOffId || isResolved(incident)) return;
	await tx.updateTable("hand_offs").set({ state: "overdue" }).where("id", "=", open.id).execute();
	const data = { party: open.party, team: open.team, withinMs: open.take_by - open.handed_at };
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "handoff.overdue", data });
	await pageParty(
		tx,
		deps,
		chains,
		incident,
		open,
		`Handed to ${open.team} and not taken in time: ${open.reason}`,
		now,
	);
}

/** Pages the party of the open hand-off. */
export async function pageHandOff(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	now: number,
): Promise<void> {
	const open = await openRow(tx, incident.id);
	if (open)
		await pageParty(
			tx,
			deps,
			chains,
			incident,
			open,
			`${open.handed_by} hands this to ${open.team}: ${open.reason}`,
			now,
		);
}

/** Nobody has to take what is resolved or part of another. */
export async function endHandOffs(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	reason: string,
	now: number,
): Promise<void> {
	const open = await openRow(tx, incident.id);
	if (open) await end(tx, deps, incident, open, "over", SYSTEM, now, reason);
}

async function pageParty(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	row: Row,
	lead: string,
	now: number,
) {
	const catalogue = deps.catalogue();
	const own: EscalationPolicy | undefined = catalogue.escalations.find((each) => each.name === row.policy);
	// The policy may have left the catalogue since the hand-off.
	const policy = own ?? routeOf(catalogue, factsOf(catalogue, incident)).policy;
	await chains.pageOnce(tx, incident, policy, lead, now);
}

async function end(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	row: Row,
	state: "taken" | "over",
	by: Principal,
	now: number,
	reason: string,
): Promise<void> {
	const taken_by = state === "taken" ? by.name : null;
	await tx.updateTable("hand_offs").set({ state, taken_by, ended_at: now }).where("id", "=", row.id).execute();
	await cancelTimers(tx, { incidentId: incident.id, kind: HAND_OFF_TIMER });
	const data = { party: row.party, team: row.team, reason };
	await publishIncidentFact(tx, deps, incident, by, now, { type: `handoff.${state}`, data });
}

function openRow(db: Db | Tx, incidentId: string): Promise<Row | undefined> {
	return db
		.selectFrom("hand_offs")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.where("state", "in", ["waiting", "overdue"])
		.executeTakeFirst();
}

function handOffOf(row: Row): HandOff {
	return {
		id: row.id,
		incidentId: row.incident_id,
		party: row.party,
		team: row.team,
		reason: row.reason,
		handedBy: row.handed_by,
		handedAt: row.handed_at,
		takeBy: row.take_by,
		state: row.state,
		takenBy: row.taken_by ?? undefined,
		endedAt: row.ended_at ?? undefined,
	};
}

async function auditHandOff(
	tx: Tx,
	{ now, principal, requestId }: HandOffRequest,
	incident: Incident,
	action: string,
	detail: Readonly<Record<string, unknown>>,
): Promise<void> {
	await audit(tx, {
		at: now,
		actor: principal.name,
		action,
		tenant: incident.tenant,
		subject: incident.id,
		requestId,
		detail,
	});
}
