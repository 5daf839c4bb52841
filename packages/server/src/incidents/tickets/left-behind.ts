import type { Catalogue } from "#catalogue";
import { audit, type Db, inScope, type Principal, SYSTEM, scopeOf, type TenantScope, type Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident } from "../rows.ts";
import type { IncidentDeps } from "../types.ts";
import { saveTicket, ticketOf } from "./rows.ts";

/** Tickets of an integration that the catalogue has no more: nobody carries them. */
export interface LeftBehind {
	readonly integration: string;
	/** Not carried, or not as they should be. */
	readonly tickets: number;
	/** When the one that waits longest became due, ms. */
	readonly since: number;
}

/** Integrations whose tickets are not done with although the catalogue has them no more, by name. */
export async function ticketsLeftBehind(db: Db, scope: TenantScope, catalogue: Catalogue): Promise<LeftBehind[]> {
	const known = new Set((catalogue.integrations ?? []).map(({ name }) => name));
	const rows = await db
		.selectFrom("tickets")
		.select((select) => [
			"integration",
			"tenant",
			select.fn.countAll<number>().as("count"),
			select.fn.min("next_at").as("since"),
		])
		.where("sync", "in", ["pending", "sending", "failed"])
		.where("phase", "!=", "dropped")
		.groupBy(["integration", "tenant"])
		.execute();
	const found = new Map<string, LeftBehind>();
	for (const { integration, tenant, count, since } of rows) {
		if (known.has(integration) || !inScope(scope, tenant)) continue;
		const before = found.get(integration);
		found.set(integration, {
			integration,
			tickets: (before?.tickets ?? 0) + Number(count),
			since: Math.min(before?.since ?? Number.POSITIVE_INFINITY, Number(since)),
		});
	}
	return [...found.values()].sort((a, b) => (a.integration < b.integration ? -1 : 1));
}

export interface LetGoRequest {
	readonly principal: Principal;
	readonly integration: string;
	readonly now: number;
	readonly requestId: string;
}

/**
 * Nobody will carry what an integration left behind: its tickets stay there as they are, and nothing more is told to
 * them, also when it is put back under its name. Answers how many; an exchange under way is not among them.
 */
export async function letGoOfTickets(tx: Tx, deps: Pick<IncidentDeps, "bus">, request: LetGoRequest): Promise<number> {
	const { principal, integration, now } = request;
	const rows = await tx
		.selectFrom("tickets")
		.selectAll()
		.where("integration", "=", integration)
		.where("phase", "!=", "dropped")
		.where("sync", "!=", "sending")
		// One that is in order is stirred by the next news of its incident.
		.where((is) => is.or([is("sync", "!=", "synced"), is("theirs", "is", null), is("theirs", "!=", "resolved")]))
		.orderBy("id")
		.execute();
	for (const row of rows) {
		const ticket = ticketOf(row);
		await saveTicket(tx, { ...ticket, phase: "dropped", sync: "synced", version: ticket.version + 1 });
		const incident = await getIncident(tx, scopeOf(SYSTEM), ticket.incidentId);
		const data = { integration, name: ticket.ref?.name ?? null };
		if (incident) await publish(tx, deps, incident, principal, now, { type: "ticket.let_go", data });
	}
	if (rows.length > 0)
		await audit(tx, {
			at: now,
			actor: principal.name,
			action: "ticket.let_go",
			tenant: "",
			subject: `integration:${integration}`,
			requestId: request.requestId,
			detail: { tickets: rows.length },
		});
	return rows.length;
}
