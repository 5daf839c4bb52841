import type { Catalogue } from "#catalogue";
import { type EventBus, SYSTEM, scopeOf, type Tx } from "#platform";
import { getIncident } from "../rows.ts";
import type { IncidentDeps } from "../types.ts";
import { wantsTicket } from "./content.ts";
import { insertTicket, saveTicket, ticketsOf } from "./rows.ts";
import { stirred } from "./sync.ts";

const ALL = scopeOf(SYSTEM);

/** After these an incident may want a ticket that it did not want before. */
const MAY_WANT = [
	"incident.opened",
	"incident.reopened",
	"incident.severity_revised",
	"incident.severity_set",
	"incident.severity_unset",
	"incident.unlinked",
	"incident.made_public",
];
/** After these its tickets may say something else. */
const MAY_TELL = [
	"incident.acknowledged",
	"incident.investigating",
	"incident.mitigated",
	"incident.resolved",
	"incident.reviewed",
	"incident.merged",
	"incident.signal_returned",
	"incident.note_added",
];

export interface TicketListenerDeps extends IncidentDeps {
	readonly catalogue: () => Catalogue;
	/** Integrations that a route of the catalogue names for the incident, besides those whose `when` fits. */
	readonly routed?: ((tx: Tx, incidentId: string) => Promise<readonly string[]>) | undefined;
}

/** Writes and wakes tickets in the transaction of whatever changes an incident. Call once, before the first event. */
export function listenForTickets(bus: EventBus, deps: TicketListenerDeps): void {
	for (const type of [...MAY_WANT, ...MAY_TELL]) {
		bus.on(type, async (tx, event) => {
			if (event.incidentId === undefined) return;
			if (MAY_WANT.includes(type)) await wantTickets(tx, deps, event.incidentId, event.at);
			await stirTickets(tx, event.incidentId, event.at);
		});
	}
}

async function wantTickets(tx: Tx, deps: TicketListenerDeps, incidentId: string, now: number): Promise<void> {
	const integrations = deps.catalogue().integrations ?? [];
	if (integrations.length === 0) return;
	const incident = await getIncident(tx, ALL, incidentId);
	if (!incident) return;
	const there = new Set((await ticketsOf(tx, ALL, incidentId)).map(({ integration }) => integration));
	const routed = new Set((await deps.routed?.(tx, incidentId)) ?? []);
	for (const integration of integrations) {
		if (there.has(integration.name)) continue;
		const answer = wantsTicket(integration, incident);
		const isRouted = routed.has(integration.name) && (answer.wanted || answer.reason === "severity");
		if (!answer.wanted && !isRouted) continue;
		const { id, tenant } = incident;
		await insertTicket(tx, deps.ids, { incidentId: id, tenant, integration: integration.name, noteSeq: 0 }, now);
	}
}

async function stirTickets(tx: Tx, incidentId: string, now: number): Promise<void> {
	for (const ticket of await ticketsOf(tx, ALL, incidentId)) {
		const next = stirred(ticket, now);
		if (next !== ticket) await saveTicket(tx, next);
	}
}
