import type { Catalogue } from "#catalogue";
import type { IntegrationState, Ticket, TicketAttempt } from "#incidents";
import { inScope, type TenantScope } from "#platform";
import type { IntegrationView, TicketView } from "./schemas-integrations.ts";

export function wireTicket(ticket: Ticket, catalogue: Catalogue): TicketView {
	const integration = catalogue.integrations?.find((each) => each.name === ticket.integration);
	const isUnderWay = ticket.sync === "pending" || ticket.sync === "sending";
	return {
		integration: ticket.integration,
		system: integration?.displayName ?? ticket.integration,
		kind: integration?.kind ?? null,
		state: stateOf(ticket),
		name: ticket.ref?.name ?? null,
		url: ticket.ref?.url ?? null,
		theirState: ticket.theirs ?? null,
		syncedAt: ticket.syncedAt ?? null,
		nextAttemptAt: isUnderWay && ticket.failures > 0 ? ticket.nextAt : null,
		lastError: ticket.lastError ?? null,
		version: ticket.version,
	};
}

function stateOf(ticket: Ticket): TicketView["state"] {
	if (ticket.phase === "gone") return "deleted";
	if (ticket.phase === "dropped") return "not-needed";
	if (ticket.sync === "failed") return "failed";
	if (ticket.phase === "creating") return "in-doubt";
	if (ticket.failures > 0) return "failing";
	return ticket.phase === "linked" ? "synced" : "waiting";
}

export function wireAttempt(attempt: TicketAttempt) {
	return {
		seq: attempt.seq,
		what: attempt.what,
		incident: attempt.incidentId ?? null,
		startedAt: attempt.startedAt,
		endedAt: attempt.endedAt ?? null,
		outcome: attempt.outcome,
		detail: attempt.detail,
	};
}

/** What names other tenants is left out for whoever may not see them. */
export function wireIntegration(
	state: IntegrationState,
	catalogue: Catalogue,
	baseUrl: string,
	scope: TenantScope,
): IntegrationView {
	const integration = catalogue.integrations?.find((each) => each.name === state.name);
	const attempt = (each: TicketAttempt | undefined) => (each ? wireAttempt(each) : null);
	return {
		name: state.name,
		displayName: state.displayName,
		kind: state.kind,
		host: integration ? new URL(integration.url).host : "",
		when: {
			severity: integration?.when.severity ?? "2.5",
			workloads: [...(integration?.when.workloads ?? [])],
			tenants: (integration?.when.tenants ?? []).filter((tenant) => inScope(scope, tenant)),
		},
		inbound: integration?.inbound ? `${baseUrl}/api/v1/integrations/${state.name}/events` : null,
		inboundAuth: integration?.inbound?.auth ?? null,
		state: state.state,
		tickets: { ...state.tickets },
		waitingSince: state.waitingSince ?? null,
		lastDelivery: attempt(state.lastDelivery),
		lastFailure: attempt(state.lastFailure),
		lastTest: attempt(state.lastTest),
		lastMessageAt: scope.all ? (state.lastMessageAt ?? null) : null,
	};
}
