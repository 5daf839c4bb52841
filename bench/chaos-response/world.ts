import { type Clock, ManualClock } from "@bellwether/model";
import { createWebhookSender } from "../../packages/server/src/adapters/webhook/index.ts";
import type { Catalogue, EscalationPolicy, Person } from "../../packages/server/src/catalogue/index.ts";
import { openForBreach } from "../../packages/server/src/incidents/index.ts";
import {
	type ControlStore,
	createDispatcher,
	createEgress,
	createTimerRunner,
	EventBus,
	sinceBoot,
	systemIds,
	type TimerHandler,
} from "../../packages/server/src/platform/index.ts";
import { escalationTimers, listenToIncidents, recordPageOutcome } from "../../packages/server/src/response/index.ts";
import { breachOpened, exampleCatalogue, exampleTenant } from "../../packages/server/testing/catalogue.ts";

const SECRET = `whsec_${Buffer.from("chaos-of-the-response").toString("base64")}`;

/** A catalogue with these people, paged through one webhook channel, and this policy. */
export function catalogueOf(
	tenants: number,
	people: readonly Person[],
	policy: Partial<EscalationPolicy>,
	hosts: readonly string[],
	perPersonPerHour: number,
): Catalogue {
	const example = exampleCatalogue();
	return {
		...example,
		settings: { ...example.settings, egress: { allow: hosts }, paging: { perPersonPerHour } },
		tenants: Array.from({ length: tenants }, (_, k) => exampleTenant(`t${k}`, `Tenant ${k}`)),
		people,
		schedules: [],
		channels: [
			{ name: "hook", kind: "webhook" },
			{ name: "other", kind: "webhook" },
		],
		escalations: [
			{
				name: "default",
				repeatEveryMs: 3_000,
				acknowledgeWithinMs: 900_000,
				steps: [{ afterMs: 0, notify: { persons: people.map(({ name }) => name) } }],
				...policy,
			},
		],
	};
}

/** Rooms, timers and dispatcher as the product wires them, without telemetry and notices; webhooks are real. */
export function wire(
	store: ControlStore,
	clock: Clock,
	catalogue: Catalogue,
	onError: (error: unknown) => void,
	handlers: Readonly<Record<string, TimerHandler>> = {},
) {
	const bus = new EventBus();
	const ids = systemIds(clock);
	const deps = { ids, bus, catalogue: () => catalogue, publicUrl: () => "https://bellwether.example" };
	listenToIncidents(bus, deps);
	const egress = createEgress({ allow: catalogue.settings.egress.allow });
	const sender = createWebhookSender({ egress, clock, secret: () => SECRET });
	const timers = createTimerRunner({
		store,
		clock,
		handlers: { ...escalationTimers(deps), ...handlers },
		sinceBoot: clock instanceof ManualClock ? undefined : sinceBoot,
		onError,
	});
	const dispatcher = createDispatcher({
		store,
		clock,
		senders: () => sender,
		onOutcome: (tx, message, outcome) => recordPageOutcome(tx, deps, message, outcome),
		onError,
	});
	const open = (tenant: string, scope: "tenant" | "platform" = "tenant") =>
		store.transaction((tx) =>
			openForBreach(tx, deps, breachOpened(tenant, { scope, detectedAt: clock.now() }), catalogue),
		);
	return { bus, deps, timers, dispatcher, open };
}

export function person(name: string, address: string, channel = "hook"): Person {
	return { name, displayName: name, timeZone: "UTC", contacts: [{ channel, address }] };
}

export function quantile(values: readonly number[], q: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
