import { getIncident, type Incident, markPaged, publishIncidentFact } from "#incidents";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { keepDecision, keepHolds, LOOK_EVERY_MS } from "./rows.ts";
import { tellOf } from "./tells.ts";
import type { Chains, Decision } from "./types.ts";
import { listed, namesOf } from "./words.ts";

const ALL = scopeOf(SYSTEM);

/** An incident whose time to page has come. */
export interface Member {
	readonly incident: Incident;
	readonly decision: Decision;
}

/**
 * Pages what is due, one page per group: it goes to the group's running chain where there is one, else the first member's
 * chain starts and names the others. Who acknowledges the page acknowledges all that it names.
 */
export async function flush(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	members: readonly Member[],
	now: number,
): Promise<void> {
	const inOrder = members.toSorted((a, b) => a.incident.number - b.incident.number);
	for (const group of Map.groupBy(inOrder, (member) => member.decision.groupKey).values()) {
		await flushGroup(tx, deps, chains, group, now);
	}
}

async function flushGroup(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	group: readonly Member[],
	now: number,
): Promise<void> {
	const [oldest] = group;
	if (!oldest) return;
	const found = await runningLead(tx, oldest.decision.groupKey);
	// A tenant's page ends when the platform incident above it pages, so that one leads instead of sharing it.
	const above = group.find(({ incident }) => incident.id === found?.parentId);
	const running = above ? undefined : found;
	const first = above ?? oldest;
	const lead = running ?? first.incident;
	const others = group.filter(({ incident }) => incident.id !== lead.id);
	for (const { incident, decision } of others) {
		const row = { state: "sharing" as const, lead_id: lead.id, page_at: now, paged_at: now };
		await keepHolds(tx, incident, [], now);
		// The look is a net below the chain of the lead: whoever shares a page has a next step of its own.
		await keepDecision(tx, deps.ids, incident, decision, row, now + LOOK_EVERY_MS, now);
		await markPaged(tx, incident.id, now);
		const data = { leadId: lead.id, why: decision.explanation };
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.shared", data });
	}
	const names = listed(others.map(({ incident }) => incident.id));
	if (running) {
		const lead = `Now also ${namesOf(others.map(({ incident }) => incident))}.`;
		await chains.pageOnce(tx, running, first.decision.policy, lead, now);
	} else {
		await keepHolds(tx, lead, [], now);
		const row = { state: "paging" as const, lead_id: null, page_at: now, paged_at: now };
		await keepDecision(tx, deps.ids, lead, first.decision, row, undefined, now);
		if (first.decision.routes.length > 0) {
			const data = {
				routes: first.decision.routes,
				policy: first.decision.policy.name,
				why: first.decision.explanation,
			};
			await publishIncidentFact(tx, deps, lead, SYSTEM, now, { type: "incident.routed", data });
		}
		const also = namesOf(others.map(({ incident }) => incident));
		const says = also === "" ? undefined : `One page for ${others.length + 1} incidents: ${lead.id}, ${also}.`;
		await chains.start(tx, lead, first.decision.policy, now, says);
	}
	if (names !== "")
		await publishIncidentFact(tx, deps, lead, SYSTEM, now, { type: "routing.names", data: { incidents: names } });
	await tellOf(tx, deps, group, now);
}

/** The incident of the group whose chain pages now. */
async function runningLead(tx: Tx, groupKey: string): Promise<Incident | undefined> {
	const row = await tx
		.selectFrom("routed")
		.innerJoin("escalations", "escalations.incident_id", "routed.incident_id")
		.select("routed.incident_id")
		.where("routed.group_key", "=", groupKey)
		.where("routed.state", "=", "paging")
		.where("escalations.state", "=", "running")
		.orderBy("routed.paged_at", "desc")
		.executeTakeFirst();
	const incident = row && (await getIncident(tx, ALL, row.incident_id));
	return incident?.state === "detected" ? incident : undefined;
}

/** The occasion of a page of the incident, with the names of those that share it, which its repetitions name as well. */
export async function withSharers<T extends { readonly isRepeat: boolean; readonly lead?: string | undefined }>(
	tx: Tx,
	incident: Incident,
	occasion: T,
): Promise<T> {
	if (!occasion.isRepeat || occasion.lead !== undefined) return occasion;
	const sharers = await tx
		.selectFrom("routed")
		.innerJoin("incidents", "incidents.id", "routed.incident_id")
		.select(["incidents.id", "incidents.title"])
		.where("routed.lead_id", "=", incident.id)
		.where("routed.state", "=", "sharing")
		.where("incidents.state", "=", "detected")
		.orderBy("incidents.number")
		.execute();
	if (sharers.length === 0) return occasion;
	const names = namesOf(sharers);
	const one = `One page for ${sharers.length + 1} incidents: ${incident.id}, ${names}.`;
	return { ...occasion, lead: `Nobody has acknowledged it yet. ${one}` };
}
