import { acknowledgeIncident, getIncident, type Incident, isResolved } from "#incidents";
import { type DomainEvent, type EventBus, SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { lookBelow } from "./children.ts";
import { endHandOffs, pageHandOff } from "./hand-offs.ts";
import { endRouting, holdRunning, lookAgain, lookAtSharers, routeIncident, sharersOf } from "./route-incident.ts";
import { heldBy, routedRow } from "./rows.ts";
import { isSettled } from "./spoken-for.ts";
import { tellResolved } from "./tells.ts";
import type { Chains } from "./types.ts";

const ALL = scopeOf(SYSTEM);
const RE_ROUTED = ["waiting", "held"];
/** After these a platform incident may page, or no longer, for those under it. */
const CHANGES_VOICE = [
	"routing.waits",
	"routing.shared",
	"routing.held",
	"routing.released",
	"incident.routed",
	"escalation.started",
	"escalation.step_reached",
	"escalation.exhausted",
	"incident.merged",
];

/** Connects routing to what happens to incidents after they opened. Call once, before the first event. */
export function listenToRouting(bus: EventBus, deps: ResponseDeps, chains: Chains): void {
	const on = (type: string, react: (tx: Tx, incident: Incident, event: DomainEvent) => Promise<void>) =>
		bus.on(type, async (tx, event) => {
			const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
			if (incident) await react(tx, incident, event);
		});
	on("incident.acknowledged", async (tx, incident, event) => {
		// Who resolves one of them says nothing of the others.
		if (!isResolved(incident)) await acknowledgeSharers(tx, deps, incident, event);
		await endRouting(tx, incident, event.at);
	});
	// Of one that was reopened, whoever works on it has it.
	for (const type of ["incident.investigating", "incident.mitigated"])
		on(type, (tx, incident, event) => endRouting(tx, incident, event.at));
	for (const type of ["incident.resolved", "incident.linked", "incident.merged"])
		on(type, async (tx, incident, event) => {
			if (!(await isSettled(tx, incident))) return takeOver(tx, deps, chains, incident, event);
			if (type === "incident.resolved") await tellResolved(tx, deps, incident, event.at);
			await endRouting(tx, incident, event.at);
			await endHandOffs(tx, deps, incident, "the incident is settled", event.at);
			await lookAtSharers(tx, deps, chains, incident.id, event.at);
			await lookAtInhibited(tx, deps, chains, incident.id, event.at);
		});
	on("incident.signal_cleared", (tx, incident, event) => lookAtInhibited(tx, deps, chains, incident.id, event.at));
	on("incident.signal_returned", async (tx, incident, event) => {
		const row = await routedRow(tx, incident.id);
		if (row?.state === "quiet" || row?.state === "telling") await lookAgain(tx, deps, chains, incident.id, event.at);
	});
	on("incident.reported", async (tx, incident, event) => {
		const row = await routedRow(tx, incident.id);
		if (row?.state === "quiet" && !(await isSettled(tx, incident)))
			await routeIncident(tx, deps, chains, incident, event.at);
	});
	for (const type of CHANGES_VOICE)
		on(type, async (tx, incident, event) => {
			if (incident.kind === "platform") await lookBelow(tx, deps, chains, incident.id, event.at);
		});
	on("handoff.made", (tx, incident, event) => pageHandOff(tx, deps, chains, incident, event.at));
	for (const type of ["mute.made", "mute.changed", "mute.started", "mute.ended"])
		bus.on(type, (tx, event) => followMute(tx, deps, chains, event));
	for (const type of ["incident.severity_set", "incident.severity_unset", "incident.severity_revised"])
		on(type, async (tx, incident, event) => {
			const row = await routedRow(tx, incident.id);
			if (row && RE_ROUTED.includes(row.state) && !(await isSettled(tx, incident)))
				await routeIncident(tx, deps, chains, incident, event.at);
			else if (row?.state === "telling") await lookAgain(tx, deps, chains, incident.id, event.at);
		});
}

/** What another one brought along by a merge may burn and be held back by nothing. */
async function takeOver(tx: Tx, deps: ResponseDeps, chains: Chains, target: Incident, event: DomainEvent) {
	if (event.type !== "incident.merged" || event.data.from === undefined || target.state !== "detected") return;
	await lookAgain(tx, deps, chains, target.id, event.at);
}

/** A mute that begins holds back what it matches, what pages already too; one that ends lets go what it held. */
async function followMute(tx: Tx, deps: ResponseDeps, chains: Chains, event: DomainEvent): Promise<void> {
	const isOver = event.type === "mute.ended";
	const rows = await tx
		.selectFrom("routed")
		.select(["incident_id", "state"])
		.where("state", "in", isOver ? ["held"] : ["waiting", "held", "paging", "sharing"])
		.orderBy("incident_id")
		.execute();
	const ofMute = new Set(await heldBy(tx, "mute", String(event.data.muteId)));
	for (const { incident_id: id, state } of rows) {
		if (state === "held" && !ofMute.has(id)) continue;
		const incident = await getIncident(tx, ALL, id);
		if (!incident || (await isSettled(tx, incident))) continue;
		// What waits meets the mute when its time comes, as does what is held by something else.
		if (state === "paging" || state === "sharing") await holdRunning(tx, deps, chains, incident, event.at);
		else if (state === "held") await lookAgain(tx, deps, chains, id, event.at);
	}
	// Whoever shared the page of an incident that is muted now needs one of its own.
	for (const { incident_id: id, state } of rows)
		if (!isOver && state === "sharing") await lookAgain(tx, deps, chains, id, event.at);
}

/** One page named them all, so who takes it takes them all, as far as they are his to take. */
async function acknowledgeSharers(tx: Tx, deps: ResponseDeps, lead: Incident, event: DomainEvent): Promise<void> {
	for (const incidentId of await sharersOf(tx, lead.id)) {
		const { actor: principal, at: now } = event;
		await acknowledgeIncident(tx, deps, { scope: scopeOf(principal), principal, incidentId, now });
	}
	// Out of his reach are those of other tenants: they look for a page of their own at their next look.
}

/** What was held back by an incident that no longer burns. */
async function lookAtInhibited(tx: Tx, deps: ResponseDeps, chains: Chains, ref: string, now: number): Promise<void> {
	for (const id of await heldBy(tx, "inhibition", ref)) await lookAgain(tx, deps, chains, id, now);
}
