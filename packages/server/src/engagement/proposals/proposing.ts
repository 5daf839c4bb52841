import { HOUR_MS } from "@bellwether/model";
import { policyFor } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import {
	audit,
	bearersOfName,
	type ControlTables,
	canonicalJson,
	type Principal,
	principalOfTokenId,
	scopeOf,
	type Tx,
} from "#platform";
import type { EngagementDeps } from "../types.ts";
import { carryOut } from "./carry-out.ts";
import { getProposal, proposalOf } from "./rows.ts";
import type { Agent, DecideOutcome, Proposal, ProposalRequest, ProposedAct, ProposeOutcome } from "./types.ts";

/** Later than this nobody knows any more whether it is still a good idea. */
const PROPOSAL_TTL_MS = 4 * HOUR_MS;
const MAX_PENDING_PER_TOKEN = 50;
const MAX_PENDING_PER_INCIDENT = 20;
const MAX_REASON_LENGTH = 1_000;

/** "agent Copilot (for oncall-bot)": what it calls itself, and whose token it holds, which is what counts. */
export function agentName(agent: Agent): string {
	return `agent${agent.name === "" ? "" : ` ${agent.name}`} (for ${agent.principal.name})`;
}

/**
 * Writes down what an agent wants done. A policy of the catalogue may let it through at once; without one, nothing
 * happens before a person confirms it.
 */
export async function propose(
	tx: Tx,
	deps: EngagementDeps,
	asked: {
		readonly agent: Agent;
		readonly act: ProposedAct;
		readonly reason: string;
		readonly now: number;
		readonly requestId: string;
	},
): Promise<ProposeOutcome> {
	const { agent, act, now } = asked;
	const incident = await getIncident(tx, scopeOf(agent.principal), act.incident);
	if (!incident) return { status: "not-found" };
	const { tool, ...rest } = act;
	const given = canonicalJson(rest);
	const waiting = await tx
		.selectFrom("proposals")
		.selectAll()
		.where("state", "=", "pending")
		.where("expires_at", ">", now)
		.where((where) =>
			where.or([where("token_id", "=", agent.principal.tokenId), where("incident_id", "=", incident.id)]),
		)
		.execute();
	const isOwn = (row: { readonly token_id: string }) => row.token_id === agent.principal.tokenId;
	const same = waiting.find((row) => isOwn(row) && row.tool === tool && row.arguments === given);
	if (same) return { status: "repeated", proposal: proposalOf(same, now) };
	if (waiting.filter(isOwn).length >= MAX_PENDING_PER_TOKEN)
		return tooMany(`${MAX_PENDING_PER_TOKEN} proposals of this token wait already.`);
	if (waiting.filter((row) => row.incident_id === incident.id).length >= MAX_PENDING_PER_INCIDENT)
		return tooMany(`${MAX_PENDING_PER_INCIDENT} proposals wait on ${incident.id} already.`);

	const bearers = await bearersOfName(tx, agent.principal.name, now);
	const policy = policyFor(deps.catalogue().agentPolicies, {
		agent: { id: agent.principal.tokenId, name: agent.principal.name, isOnlyOne: bearers.length === 1 },
		tool,
		tenant: incident.tenant,
		severity: incident.severity.key,
	});
	const row: ControlTables["proposals"] = {
		id: deps.ids.next("prp"),
		incident_id: incident.id,
		tenant: incident.tenant,
		tool,
		arguments: given,
		reason: asked.reason.slice(0, MAX_REASON_LENGTH),
		agent: agentName(agent),
		token_id: agent.principal.tokenId,
		state: "pending",
		created_at: now,
		expires_at: now + PROPOSAL_TTL_MS,
		policy: policy?.name ?? null,
		decided_at: null,
		decided_by: null,
		outcome: null,
		version: 1,
	};
	await tx.insertInto("proposals").values(row).execute();
	const proposal = proposalOf(row, now);
	const actor: Principal = { ...agent.principal, name: row.agent };
	await tell(tx, deps, proposal, incident, actor, "made", asked);
	if (!policy) return { status: "proposed", proposal };
	return { status: "proposed", proposal: await letThrough(tx, deps, proposal, incident, actor, asked) };
}

/** A person lets it happen: it is done in that person's name and scope. Once: who comes second learns what became of it. */
export async function confirmProposal(tx: Tx, deps: EngagementDeps, request: ProposalRequest): Promise<DecideOutcome> {
	const opened = await openProposal(tx, request);
	if ("status" in opened) return opened;
	const { proposal, incident } = opened;
	return { status: "changed", proposal: await letThrough(tx, deps, proposal, incident, request.principal, request) };
}

/** A person says no; the agent is told why. */
export async function rejectProposal(
	tx: Tx,
	deps: EngagementDeps,
	request: ProposalRequest & { readonly reason: string },
): Promise<DecideOutcome> {
	const opened = await openProposal(tx, request);
	if ("status" in opened) return opened;
	const { proposal, incident } = opened;
	const outcome = request.reason.trim().slice(0, MAX_REASON_LENGTH) || "No reason was given.";
	const decided = await settle(tx, proposal, "rejected", outcome, request.principal, request.now);
	await tell(tx, deps, decided, incident, request.principal, "rejected", request);
	return { status: "changed", proposal: decided };
}

async function openProposal(
	tx: Tx,
	request: ProposalRequest,
): Promise<{ readonly proposal: Proposal; readonly incident: Incident } | DecideOutcome> {
	const { scope, principal, now } = request;
	const proposal = await getProposal(tx, scope, request.proposalId, now);
	const incident = proposal && (await getIncident(tx, scope, proposal.incidentId));
	if (!proposal || !incident) return { status: "not-found" };
	if (proposal.tokenId === principal.tokenId) {
		return {
			status: "refused",
			message: "Whoever proposes cannot decide: this is the token that proposed it.",
			remedy: "Sign in to the console and decide there.",
		};
	}
	if (proposal.state === "pending" && !(await isTokenGood(tx, proposal.tokenId, now))) {
		return {
			status: "refused",
			message: "The token that proposed it is revoked or has expired.",
			remedy: "Do it yourself if it is still right.",
		};
	}
	if (proposal.state === "expired") {
		return {
			status: "refused",
			message: `Proposal ${proposal.id} expired: nobody decided in time.`,
			remedy: "Do it yourself if it is still right.",
		};
	}
	if (proposal.state !== "pending") return { status: "unchanged", proposal };
	const isStale = request.expectedVersion !== undefined && request.expectedVersion !== proposal.version;
	return isStale ? { status: "conflict", proposal } : { proposal, incident };
}

/** The operator's own token stands in no table; it ends with its file. */
async function isTokenGood(tx: Tx, tokenId: string, now: number): Promise<boolean> {
	return tokenId.startsWith("operator:") || (await principalOfTokenId(tx, tokenId, now)) !== undefined;
}

interface Asked {
	readonly now: number;
	readonly requestId: string;
}

async function letThrough(
	tx: Tx,
	deps: EngagementDeps,
	proposal: Proposal,
	incident: Incident,
	principal: Principal,
	{ now, requestId }: Asked,
): Promise<Proposal> {
	// Words stay the agent's, whoever lets them in.
	const isOwn = principal.name === proposal.agent || proposal.act.tool !== "note";
	const author = isOwn ? principal : { ...principal, name: `${proposal.agent}, confirmed by ${principal.name}` };
	const request = { scope: scopeOf(principal), principal: author, incidentId: incident.id, now, requestId };
	const done = await carryOut(tx, deps, proposal.act, proposal.reason, request);
	const decided = await settle(tx, proposal, done.status, done.words, principal, now);
	await tell(tx, deps, decided, incident, principal, "confirmed", { now, requestId });
	return decided;
}

async function settle(
	tx: Tx,
	proposal: Proposal,
	state: "done" | "refused" | "rejected",
	outcome: string,
	by: Principal,
	now: number,
): Promise<Proposal> {
	const version = proposal.version + 1;
	await tx
		.updateTable("proposals")
		.set({ state, outcome, decided_by: by.name, decided_at: now, version })
		.where("id", "=", proposal.id)
		.execute();
	return { ...proposal, state, outcome, decidedBy: by.name, decidedAt: now, version };
}

/** The timeline's entry and the audit log's. */
async function tell(
	tx: Tx,
	deps: EngagementDeps,
	proposal: Proposal,
	incident: Incident,
	actor: Principal,
	what: "made" | "confirmed" | "rejected",
	{ now, requestId }: Asked,
): Promise<void> {
	const { id, act, agent, policy, state, outcome, reason } = proposal;
	await publishIncidentFact(tx, deps, incident, actor, now, {
		type: `proposal.${what}`,
		data: { proposalId: id, tool: act.tool, agent, policy: policy ?? null, state, outcome: outcome ?? null, reason },
	});
	await audit(tx, {
		at: now,
		actor: actor.name,
		action: `proposal.${what}`,
		tenant: incident.tenant,
		subject: id,
		requestId,
		detail: { agent, policy: policy ?? null, state, ...act },
	});
}

function tooMany(message: string): ProposeOutcome {
	return { status: "refused", message, remedy: "Wait until people have decided about those that are there." };
}
