import { sql } from "kysely";
import type { Catalogue, EscalationPolicy } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { routeOf } from "./decide.ts";
import { decideNow, heldNowBy } from "./decide-now.ts";
import { flush, type Member } from "./flush.ts";
import { factsOf } from "./labels.ts";
import { armLook, keepDecision, keepHolds, LOOK_EVERY_MS, LOOK_TIMER, type RoutedRow, routedRow } from "./rows.ts";
import { isSettled } from "./spoken-for.ts";
import { tellOf } from "./tells.ts";
import type { Chains, Decision, Hold } from "./types.ts";

const ALL = scopeOf(SYSTEM);
/** What went quiet while it was held is looked at again this often, in case its return was missed. */
const QUIET_LOOK_MS = 60 * 60_000;

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
	await orPage(tx, deps, chains, incident, now, async () => {
		const decision = await decideNow(tx, deps.catalogue(), incident, now);
		await carryOut(tx, deps, chains, incident, decision, now);
	});
}

/** The policy that pages for an incident. Without any policy it has no steps: the chain is exhausted at once and says so. */
export function policyOf(catalogue: Catalogue, incident: Incident): EscalationPolicy {
	return routeOf(catalogue, factsOf(catalogue, incident)).policy;
}

/** Undoes what a failed decision wrote and pages instead: twice rather than never. */
async function orPage(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	now: number,
	work: () => Promise<void>,
): Promise<void> {
	await sql`savepoint routing`.execute(tx);
	try {
		await work();
		await sql`release savepoint routing`.execute(tx);
	} catch (error) {
		await sql`rollback to savepoint routing`.execute(tx);
		await sql`release savepoint routing`.execute(tx);
		const reason = error instanceof Error ? error.message : String(error);
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.failed", data: { reason } });
		await chains.start(tx, incident, fallbackPolicy(deps.catalogue(), incident), now);
	}
}

/** Whatever made the decision fail may also be in the way of the policy's choice. */
function fallbackPolicy(catalogue: Catalogue, incident: Incident): EscalationPolicy {
	try {
		return policyOf(catalogue, incident);
	} catch {
		const [any] = catalogue.escalations.filter((each) => each.name === "default").concat(catalogue.escalations);
		return any ?? { name: "default", repeatEveryMs: 0, acknowledgeWithinMs: 0, steps: [] };
	}
}

async function carryOut(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	decision: Decision,
	now: number,
): Promise<void> {
	if (decision.action === "page") return flush(tx, deps, chains, [{ incident, decision }], now);
	if (decision.action === "hold") return holdBack(tx, deps, incident, decision, now);
	await keepHolds(tx, incident, [], now);
	if (decision.action === "wait") {
		const pageAt = decision.pageAt ?? now;
		const row = { state: "waiting" as const, lead_id: null, page_at: pageAt, paged_at: null };
		await keepDecision(tx, deps.ids, incident, decision, row, pageAt, now);
		const data = { pageAt, joins: decision.joins ?? null, why: decision.explanation };
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.waits", data });
		return;
	}
	const row = { state: "telling" as const, lead_id: null, page_at: null, paged_at: null };
	await keepDecision(tx, deps.ids, incident, decision, row, now + QUIET_LOOK_MS, now);
	const data = { routes: decision.routes, policy: null, why: decision.explanation };
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "incident.routed", data });
	await tellOf(tx, deps, [{ incident, decision }], now);
}

/**
 * What holds pages back and began after the first page ends the paging as well: a mute at once, all else when the next
 * page is due. The chain begins anew when that is over and it still burns. True: it is held back from now on.
 */
export async function holdRunning(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	now: number,
): Promise<boolean> {
	const decision = await heldNowBy(tx, deps, incident, now);
	if (!decision) return false;
	await chains.stop(tx, incident, now);
	await holdBack(tx, deps, incident, decision, now);
	await lookAtSharers(tx, deps, chains, incident.id, now);
	return true;
}

/** Records that the page is held back, and by what; it is looked at again when the first of it ends. */
export async function holdBack(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	decision: Decision,
	now: number,
): Promise<void> {
	const row = { state: "held" as const, lead_id: null, page_at: null, paged_at: null };
	await keepDecision(tx, deps.ids, incident, decision, row, nextLook(decision.holds, now), now);
	await recordHolds(tx, deps, incident, decision.holds, now);
}

/** Says in the timeline what is new of what holds the page back. */
export async function recordHolds(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	holds: readonly Hold[],
	now: number,
): Promise<void> {
	for (const hold of await keepHolds(tx, incident, holds, now)) {
		const data = { kind: hold.kind, ref: hold.ref, until: hold.until ?? null, words: hold.words };
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.held", data });
	}
}

export function nextLook(holds: readonly Hold[], now: number): number {
	return Math.min(now + LOOK_EVERY_MS, ...holds.flatMap((hold) => hold.until ?? []));
}

/** Decides again about an incident that waits, is held, shares a page or went quiet. `isDue`: its own timer says so. */
export async function lookAgain(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incidentId: string,
	now: number,
	isDue = false,
): Promise<void> {
	const incident = await getIncident(tx, ALL, incidentId);
	const row = incident && (await routedRow(tx, incident.id));
	if (!incident || !row || row.state === "over") return;
	if (await isSettled(tx, incident)) return endRouting(tx, incident, now);
	await orPage(tx, deps, chains, incident, now, async () => {
		if (row.state === "waiting" || row.state === "held") await releaseGroup(tx, deps, chains, row, now, isDue);
		else if (row.state === "sharing") await watchLead(tx, deps, chains, incident, row.lead_id, now);
		else if (row.state === "quiet" && isBurning(incident)) await routeIncident(tx, deps, chains, incident, now);
		else if (row.state === "telling") await tellStill(tx, deps, chains, incident, now);
		else if (row.state === "quiet") await armLook(tx, deps.ids, incident, now + QUIET_LOOK_MS, now);
	});
}

/** What was only told pages once another route takes it: its severity is another one, or the catalogue is. */
async function tellStill(tx: Tx, deps: ResponseDeps, chains: Chains, incident: Incident, now: number): Promise<void> {
	const decision = await decideNow(tx, deps.catalogue(), incident, now);
	if (decision.action === "tell" || !isBurning(incident))
		return armLook(tx, deps.ids, incident, now + QUIET_LOOK_MS, now);
	await carryOut(tx, deps, chains, incident, decision, now);
}

function isBurning(incident: Incident): boolean {
	return incident.signalClearedAt === undefined;
}

/** Nothing is decided about it any more. */
export async function endRouting(tx: Tx, incident: Incident, now: number): Promise<void> {
	await keepHolds(tx, incident, [], now);
	await tx
		.updateTable("routed")
		.set({ state: "over", decided_at: now })
		.where("incident_id", "=", incident.id)
		.where("state", "!=", "over")
		.execute();
	await tx
		.updateTable("timers")
		.set({ state: "cancelled" })
		.where("incident_id", "=", incident.id)
		.where("kind", "=", LOOK_TIMER)
		.where("state", "=", "pending")
		.execute();
}

/** Everything of a group whose time has come, or whose hold is over, pages together. */
async function releaseGroup(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	looked: RoutedRow,
	now: number,
	isDue: boolean,
): Promise<void> {
	// A timer moves with steps of the wall clock and a stored instant does not: what it says is due, is.
	const dueAt = isDue && looked.state === "waiting" ? Math.max(now, looked.page_at ?? now) : now;
	const rows = await tx
		.selectFrom("routed")
		.selectAll()
		.where("group_key", "=", looked.group_key)
		.where("state", "in", ["waiting", "held"])
		.execute();
	const due: Member[] = [];
	for (const row of rows) {
		const incident = await getIncident(tx, ALL, row.incident_id);
		if (!incident) continue;
		if (await isSettled(tx, incident)) {
			await endRouting(tx, incident, now);
			continue;
		}
		const decision = await decideNow(tx, deps.catalogue(), incident, now, true);
		if (decision.action === "hold") await holdBack(tx, deps, incident, decision, now);
		else if (decision.action === "tell") await carryOut(tx, deps, chains, incident, decision, now);
		else if (row.state === "waiting" && (row.page_at ?? 0) > dueAt)
			await armLook(tx, deps.ids, incident, row.page_at ?? now, now);
		else if (row.state === "held" && !isBurning(incident)) await restQuietly(tx, deps, incident, decision, now);
		else {
			if (row.state === "held") await publishEnd(tx, deps, incident, true, now);
			due.push({ incident, decision });
		}
	}
	await flush(tx, deps, chains, due, now);
}

/** What held it is over, and it no longer burns: nobody is woken, and it stays open for people to judge. */
async function restQuietly(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	decision: Decision,
	now: number,
): Promise<void> {
	await quieten(tx, deps, incident, decision, now);
	await publishEnd(tx, deps, incident, false, now);
}

/** Nobody is woken for it as long as its signal does not return. */
export async function quieten(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	decision: Decision,
	now: number,
): Promise<void> {
	await keepHolds(tx, incident, [], now);
	const row = { state: "quiet" as const, lead_id: null, page_at: null, paged_at: null };
	await keepDecision(tx, deps.ids, incident, decision, row, now + QUIET_LOOK_MS, now);
}

async function publishEnd(tx: Tx, deps: ResponseDeps, incident: Incident, isBurning: boolean, now: number) {
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.released", data: { isBurning } });
}

/** An incident that shares a page must not be left alone when the one that led it is gone without being acknowledged. */
async function watchLead(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	leadId: string | null,
	now: number,
): Promise<void> {
	const running = await tx
		.selectFrom("escalations")
		.select("id")
		.where("incident_id", "=", leadId ?? "")
		.where("state", "=", "running")
		.executeTakeFirst();
	const decision = await decideNow(tx, deps.catalogue(), incident, now, true);
	if (decision.action === "hold") await holdBack(tx, deps, incident, decision, now);
	else if (running) await armLook(tx, deps.ids, incident, now + LOOK_EVERY_MS, now);
	else await flush(tx, deps, chains, [{ incident, decision }], now);
}

/** Whoever shared the page of an incident that pages no longer needs one of its own. */
export async function lookAtSharers(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	leadId: string,
	now: number,
): Promise<void> {
	for (const id of await sharersOf(tx, leadId)) await lookAgain(tx, deps, chains, id, now);
}

/** Incidents that share the page of another one. */
export async function sharersOf(tx: Tx, leadId: string): Promise<string[]> {
	const rows = await tx
		.selectFrom("routed")
		.select("incident_id")
		.where("lead_id", "=", leadId)
		.where("state", "=", "sharing")
		.orderBy("incident_id")
		.execute();
	return rows.map((row) => row.incident_id);
}
