import type { Clock } from "@bellwether/model";
import type { Catalogue, Integration } from "#catalogue";
import {
	createTicketCarrier,
	type ExchangeDeps,
	listenForTickets,
	type TicketCarrier,
	type TicketSystem,
} from "#incidents";
import { type ControlStore, createEgressReader, type EgressReader, type Tx } from "#platform";
import { routedIntegrations } from "#response";
import { createAzureDevOps } from "../adapters/azure-devops/index.ts";
import { createIcm } from "../adapters/icm/index.ts";
import { createJira } from "../adapters/jira/index.ts";
import { createPagerDuty } from "../adapters/pagerduty/index.ts";
import { createServiceNow } from "../adapters/servicenow/index.ts";

const CREATE = {
	pagerduty: createPagerDuty,
	servicenow: createServiceNow,
	jira: createJira,
	"azure-devops": createAzureDevOps,
	icm: createIcm,
} as const;

/** The adapter of one integration. */
export function ticketSystemOf(integration: Integration, reader: EgressReader): TicketSystem {
	return CREATE[integration.kind]({ integration, reader });
}

/** The system behind an integration's name, made anew when the catalogue changes; undefined when there is none. */
export function ticketSystems(catalogue: () => Catalogue): (integration: string) => TicketSystem | undefined {
	let builtFor: string | undefined;
	let systems = new Map<string, TicketSystem>();
	return (name) => {
		const { hash, integrations = [], settings } = catalogue();
		if (builtFor !== hash) {
			const reader = createEgressReader({ allow: settings.egress.allow });
			systems = new Map(integrations.map((each) => [each.name, ticketSystemOf(each, reader)]));
			builtFor = hash;
		}
		return systems.get(name);
	};
}

export interface Ticketing {
	readonly system: (integration: string) => TicketSystem | undefined;
	readonly carrier: TicketCarrier;
}

/** Tickets, wired: written with the incidents' own changes, carried by themselves. Call before the first event. */
export function createTicketing(options: {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly deps: ExchangeDeps;
	readonly onError: (error: unknown, ticketId: string | undefined) => void;
}): Ticketing {
	const { store, clock, deps, onError } = options;
	const system = ticketSystems(deps.catalogue);
	const routed = (tx: Tx, incidentId: string) => routedIntegrations(tx, deps.catalogue(), incidentId);
	listenForTickets(deps.bus, { ...deps, routed });
	return { system, carrier: createTicketCarrier({ store, clock, deps, systems: system, onError }) };
}
