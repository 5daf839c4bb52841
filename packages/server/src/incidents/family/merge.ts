import { cancelTimers, SYSTEM, scopeOf, type Tx } from "#platform";
import { applyEvent, publish } from "../change.ts";
import { coolDownOf } from "../continuing.ts";
import { isResolved } from "../lifecycle.ts";
import { childrenOf, getIncident, incidentOf } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentRequest } from "../types.ts";
import { type Acted, act, refuse, unseen, type WorkDeps } from "../work/acting.ts";
import { moveOpenTasks } from "../work/tasks.ts";
import { followParent } from "./parents.ts";

/**
 * Makes an incident part of another of the same tenant: its paging and timers stop, its open tasks, its breaches and its
 * signal are the other's, and a later claim of the same pair continues the other. Both stay readable.
 */
export function mergeIncident(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly into: string },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.merge", async (source) => {
		const { principal, now, into } = request;
		const target = await getIncident(tx, request.scope, into);
		if (!target) return unseen(into);
		const unfit = source.mergedInto === target.id ? undefined : unfitPair(source, target);
		if (unfit) return unfit;

		const { step, incident } = await applyEvent(
			tx,
			deps,
			source,
			{ type: "merge", by: principal.name, into },
			principal,
			now,
		);
		if (step.status !== "changed") return step;
		await tx.updateTable("incidents").set({ parent_id: target.id }).where("parent_id", "=", source.id).execute();
		// What was merged into the source before is the target's as well: claims of theirs find it in one step.
		await tx.updateTable("incidents").set({ merged_into: target.id }).where("merged_into", "=", source.id).execute();
		await moveOpenTasks(tx, source, target);
		await cancelTimers(tx, { incidentId: source.id });
		for (const child of await childrenOf(tx, scopeOf(SYSTEM), target.id))
			await followParent(tx, deps, child, target, now, true);
		const isBurning = await moveBreaches(tx, source, target);
		await publish(tx, deps, target, principal, now, { type: "incident.merged", data: { from: source.id } });
		if (isBurning) await moveSignal(tx, deps, target, now);
		const detail = { into: target.id, before: { state: source.state, verdict: source.verdict ?? null } };
		return { status: "changed", incident, detail };
	});
}

function unfitPair(source: Incident, target: Incident): Acted | undefined {
	if (source.id === target.id)
		return refuse("same-incident", `${source.id} cannot be merged into itself.`, "Name another incident.");
	if (source.tenant !== target.tenant)
		return refuse(
			"other-tenant",
			`${source.id} and ${target.id} are not of the same tenant.`,
			"What one tenant has is never part of another's incident: link them, or put both under a platform incident.",
		);
	if (target.mergedInto !== undefined)
		return refuse("target-unfit", `${target.id} was merged into ${target.mergedInto}.`, `Name ${target.mergedInto}.`);
	if (isResolved(target))
		return refuse(
			"target-unfit",
			`${target.id} is resolved, so nobody would look at the signal of ${source.id}.`,
			"Reopen it first, or link the two.",
		);
	if (target.evidence.drill || source.evidence.drill)
		return refuse("target-unfit", "A test is never merged with anything.", "Resolve the test.");
	if (JSON.stringify(source.readers) !== JSON.stringify(target.readers))
		return refuse(
			"target-unfit",
			`${source.id} and ${target.id} are not private to the same people.`,
			"Give both the same readers first, so that nobody learns by the merge what was kept from them.",
		);
	return undefined;
}

/** True: one of them is open. */
async function moveBreaches(tx: Tx, source: Incident, target: Incident): Promise<boolean> {
	const moved = await tx
		.updateTable("breaches")
		.set({ incident_id: target.id })
		.where("incident_id", "=", source.id)
		.returning("state")
		.execute();
	return moved.some(({ state }) => state === "open");
}

/** What burns is the target's signal from now on; whoever said of the target that the impact ended did not know of it. */
async function moveSignal(tx: Tx, deps: WorkDeps, target: Incident, now: number): Promise<void> {
	const current = (await getIncident(tx, scopeOf(SYSTEM), target.id)) ?? target;
	const isMitigated = current.state === "mitigated" && current.signalClearedAt === undefined;
	const event = { type: "signal-returned", coolDownMs: coolDownOf(deps.catalogue()) } as const;
	await applyEvent(tx, deps, isMitigated ? { ...current, signalClearedAt: now } : current, event, SYSTEM, now);
}

/** Incidents that were merged into this one, and of whose tenant and SLO a breach is open. */
export async function burningParts(tx: Tx, incident: Incident): Promise<Incident[]> {
	const parts = await tx
		.selectFrom("incidents")
		.selectAll()
		.where("merged_into", "=", incident.id)
		.orderBy("number")
		.execute();
	if (parts.length === 0) return [];
	const open = await tx
		.selectFrom("breaches")
		.select(["tenant", "slo"])
		.where("incident_id", "=", incident.id)
		.where("state", "=", "open")
		.execute();
	return parts
		.filter((part) => open.some(({ tenant, slo }) => tenant === part.tenant && slo === part.slo))
		.map((row) => incidentOf(row, scopeOf(SYSTEM)));
}
