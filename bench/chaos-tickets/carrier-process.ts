import { systemClock } from "@bellwether/model";
import { openControlStore } from "../../packages/server/src/adapters/sqlite/control-store.ts";
import { ticketSystemOf } from "../../packages/server/src/app/ticket-systems.ts";
import type { IntegrationKind } from "../../packages/server/src/catalogue/index.ts";
import {
	acknowledgeIncident,
	addNote,
	createTicketCarrier,
	listenForTickets,
	openForBreach,
	type TicketSystem,
} from "../../packages/server/src/incidents/index.ts";
import { createEgressReader, EventBus, SYSTEM, scopeOf, systemIds } from "../../packages/server/src/platform/index.ts";
import { breachOpened, exampleCatalogue, exampleTenant } from "../../packages/server/testing/catalogue.ts";
import { integrationTo } from "../../packages/server/testing/tickets/integration.ts";

/**
 * What the product runs to carry tickets, as a process of its own on the real store and adapters. Arguments: control.db,
 * the receivers' addresses by kind (JSON), how many incidents to open, and at which create to kill itself before it is
 * sent (0: never). Says `rested` when every ticket is at rest.
 */
const [path = "", receiversJson = "{}", open = "0", dieAtCreate = "0"] = process.argv.slice(2);
/** Far above what a receiver of the run takes for what was in flight, so that a life lasts no longer than it must. */
const SETTLE_MS = 80;
const POLICY = { retryDelaysMs: [20, 50, 100], retryAfterCapMs: 100, giveUpAfterMs: 3_600_000 };

const receivers = JSON.parse(receiversJson) as Record<IntegrationKind, string>;
const store = await openControlStore({ path, clock: systemClock });
const integrations = Object.entries(receivers).map(([kind, url]) =>
	integrationTo({ kind: kind as IntegrationKind, url }, { timeoutMs: 5_000 }),
);
const { settings, tenants } = exampleCatalogue();
const allow = Object.values(receivers).map((url) => new URL(url).host);
const { count } = await store.db
	.selectFrom("incidents")
	.select((select) => select.fn.countAll<number>().as("count"))
	.executeTakeFirstOrThrow();
const fresh = Array.from({ length: Number(open) }, (_, k) => `tenant-${Number(count) + k}`);
const catalogue = exampleCatalogue({
	integrations,
	tenants: [...tenants, ...fresh.map((name) => exampleTenant(name, name))],
	settings: { ...settings, egress: { allow } },
});
const bus = new EventBus();
const deps = {
	ids: systemIds(systemClock),
	bus,
	catalogue: () => catalogue,
	publicUrl: () => "https://bellwether.example",
};
listenForTickets(bus, deps);

let creates = 0;
function mortal(system: TicketSystem): TicketSystem {
	return {
		...system,
		settleMs: SETTLE_MS,
		async create(key, content) {
			if (++creates === Number(dieAtCreate)) process.kill(process.pid, "SIGKILL");
			return system.create(key, content);
		},
	};
}
const reader = createEgressReader({ allow });
const systems = new Map(integrations.map((each) => [each.name, mortal(ticketSystemOf(each, reader))]));
const carrier = createTicketCarrier({
	store,
	clock: systemClock,
	deps,
	systems: (name) => systems.get(name),
	onError: (error) => console.error(error),
	policy: POLICY,
	recordRetryMs: 20,
});
carrier.start();
for (const tenant of fresh) {
	const now = systemClock.now();
	const outcome = await store.transaction((tx) =>
		openForBreach(tx, deps, breachOpened(tenant, { detectedAt: now }), catalogue),
	);
	if (outcome.status === "shadow" || outcome.incidentId === undefined) continue;
	const principal = { ...SYSTEM, name: "n.patel" };
	const request = { scope: scopeOf(SYSTEM), principal, incidentId: outcome.incidentId, now };
	// Changes beside the create, so that kills fall into them as well.
	await store.transaction((tx) => addNote(tx, deps, { ...request, text: "We look at it." }));
	await store.transaction((tx) => acknowledgeIncident(tx, deps, request));
}
for (;;) {
	const waiting = await store.db
		.selectFrom("tickets")
		.select("id")
		.where("sync", "in", ["pending", "sending"])
		.limit(1)
		.executeTakeFirst();
	if (!waiting) break;
	await new Promise((resolve) => setTimeout(resolve, 10));
}
await carrier.stop();
await store.close();
process.stdout.write("rested\n");
