import { Gauge, type Registry } from "prom-client";
import type { IntegrationState, LeftBehind } from "#incidents";

export interface TicketFigures {
	readonly integrations: readonly Pick<IntegrationState, "name" | "state" | "tickets" | "waitingSince">[];
	readonly leftBehind: readonly LeftBehind[];
}

/** Figures of the systems of record; names of integrations are the operator's, not tenants'. Answers what sets them. */
export function ticketGauges(
	registry: Registry,
	prefix: string,
): (figures: TicketFigures | undefined, now: number) => void {
	const gauge = (name: string, help: string, labelNames: string[]) =>
		new Gauge({ name: prefix + name, help, labelNames, registers: [registry] });
	const up = gauge("integration_up", "1: the last exchange went well; 0: it failed, or tickets need a person", [
		"integration",
	]);
	const tickets = gauge("tickets", "Tickets that are open, wait to be carried, or need a person", [
		"integration",
		"state",
	]);
	const age = gauge("tickets_waiting_seconds", "How long the ticket that waits longest is due", ["integration"]);
	const left = gauge(
		"tickets_left_behind",
		"Tickets of integrations that the catalogue has no more: nobody carries them",
		["integration"],
	);
	return (figures, now) => {
		for (const each of [up, tickets, age, left]) each.reset();
		for (const { name: integration, state, tickets: counts, waitingSince } of figures?.integrations ?? []) {
			if (state !== "idle") up.set({ integration }, state === "ok" ? 1 : 0);
			for (const [of, count] of Object.entries(counts)) tickets.set({ integration, state: of }, count);
			age.set({ integration }, waitingSince === undefined ? 0 : Math.max(0, now - waitingSince) / 1000);
		}
		for (const { integration, tickets: count, since } of figures?.leftBehind ?? []) {
			left.set({ integration }, count);
			age.set({ integration }, Math.max(0, now - since) / 1000);
		}
	};
}
