import type { IntegrationKind } from "#catalogue";
import {
	createTicketCarrier,
	listenForTickets,
	SYNC_POLICY,
	type SyncPolicy,
	type TicketCarrier,
	type TicketSystem,
	ticketsOf,
} from "#incidents";
import { createEgressReader } from "#platform";
import { ticketSystemOf } from "../../src/app/ticket-systems.ts";
import { exampleCatalogue, exampleTenant } from "../catalogue.ts";
import { ALL, openRooms } from "../rooms.ts";
import { integrationTo } from "./integration.ts";
import { openTicketReceiver, type TicketReceiver } from "./receiver.ts";

/** The rooms with tickets carried to receivers, over a real store and real HTTP, with a clock that stands still. */
export async function openTicketing(
	kinds: readonly IntegrationKind[],
	more: { readonly timeoutMs?: number; readonly tenants?: readonly string[]; readonly policy?: SyncPolicy } = {},
) {
	const receivers = new Map<IntegrationKind, TicketReceiver>();
	for (const kind of kinds) receivers.set(kind, await openTicketReceiver(kind));
	const integrations = [...receivers.values()].map((receiver) =>
		integrationTo(receiver, { timeoutMs: more.timeoutMs ?? 10_000 }),
	);
	const { settings, tenants } = exampleCatalogue();
	const further = (more.tenants ?? []).map((name) => exampleTenant(name, name));
	const allow = [...receivers.values()].map(({ host }) => host);
	const rooms = await openRooms(
		exampleCatalogue({
			integrations,
			tenants: [...tenants, ...further],
			settings: { ...settings, egress: { allow } },
		}),
	);
	listenForTickets(rooms.deps.bus, rooms.deps);
	const reader = createEgressReader({ allow });
	const systems = new Map(integrations.map((each) => [each.name, ticketSystemOf(each, reader)]));
	const errors: unknown[] = [];

	/** A carrier as a process has it; `wrap` stands between it and its systems. */
	const carrierWith = (wrap: (system: TicketSystem) => TicketSystem = (system) => system, store = rooms.store) =>
		createTicketCarrier({
			store,
			clock: rooms.clock,
			deps: rooms.deps,
			systems: (name) => {
				const system = systems.get(name);
				return system && wrap(system);
			},
			onError: (error) => errors.push(error),
			policy: more.policy ?? SYNC_POLICY,
			recordRetryMs: 1,
		});
	let carrier: TicketCarrier = carrierWith();
	return {
		...rooms,
		errors,
		integrations,
		systems,
		carrierWith,
		receiver: (kind: IntegrationKind): TicketReceiver => {
			const found = receivers.get(kind);
			if (!found) throw new Error(`no receiver for ${kind}`);
			return found;
		},
		/** Carries what is due now. */
		carry: () => carrier.runDue(rooms.clock.now()),
		/** Lets time pass until every ticket is at rest; answers how long that took, ms. */
		async settle(limitMs = 60 * 60_000): Promise<number> {
			const from = rooms.clock.now();
			await carrier.runDue(from);
			for (;;) {
				const next = await rooms.db
					.selectFrom("tickets")
					.select((select) => select.fn.min("next_at").as("at"))
					.where("sync", "in", ["pending", "sending"])
					.executeTakeFirst();
				if (next?.at == null || rooms.clock.now() - from > limitMs) return rooms.clock.now() - from;
				rooms.clock.advance(Math.max(1_000, next.at - rooms.clock.now()));
				await carrier.runDue(rooms.clock.now());
			}
		},
		/** Another process on the same store, as after a kill. */
		restart: (wrap?: (system: TicketSystem) => TicketSystem) => {
			carrier = carrierWith(wrap);
		},
		tickets: (incidentId: string) => ticketsOf(rooms.db, ALL, incidentId),
		async remove() {
			await rooms.remove();
			for (const receiver of receivers.values()) await receiver.close();
		},
	};
}
