import { ManualClock } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import type { BreachOpened } from "#detection";
import * as engagement from "#engagement";
import * as incidents from "#incidents";
import {
	createDispatcher,
	createTimerRunner,
	EventBus,
	type Message,
	type Principal,
	type SendResult,
	SYSTEM,
	scopeOf,
	sequenceIds,
	type Tx,
} from "#platform";
import * as response from "#response";
import { temporaryControlStore } from "../src/adapters/sqlite/control-store-temporary.ts";
import { breachClosed, exampleCatalogue, START } from "./catalogue.ts";

export const ALL = scopeOf(SYSTEM);
export const OPERATOR: Principal = { name: "n.patel", role: "responder" };
export const PUBLIC_URL = "https://bellwether.vendor.internal";

/** The rooms as app wires them, over a real store, with a clock that stands still and channels that keep what they send. */
export async function openRooms(initial: Catalogue = exampleCatalogue()) {
	const clock = new ManualClock(START);
	const temporary = await temporaryControlStore(clock);
	const { store } = temporary;
	const bus = new EventBus();
	const ids = sequenceIds();
	let catalogue = initial;
	const deps = { ids, bus, catalogue: () => catalogue, publicUrl: () => PUBLIC_URL };
	incidents.listenInIncidents(bus, deps);
	response.listenToIncidents(bus, deps);
	engagement.listenToIncidents(bus, deps);

	const errors: unknown[] = [];
	const sent: Message[] = [];
	let answer: (message: Message) => SendResult | Promise<SendResult> = () => ({ status: "sent", detail: "taken" });
	const sender = engagement.guardNotices(
		{ store, clock, deps },
		response.guardTells(
			{ store },
			{
				async send(message) {
					const result = await answer(message);
					if (result.status === "sent") sent.push(message);
					return result;
				},
			},
		),
	);
	const dispatcherOptions = {
		store,
		clock,
		senders: () => sender,
		onOutcome: async (tx: Tx, message: Message, outcome: Parameters<typeof response.recordPageOutcome>[3]) => {
			await response.recordPageOutcome(tx, deps, message, outcome);
			await engagement.recordNoticeOutcome(tx, deps, message, outcome);
		},
		onError: (error: unknown) => errors.push(error),
	};
	const dispatcher = createDispatcher(dispatcherOptions);
	const timers = createTimerRunner({
		store,
		clock,
		handlers: { ...response.escalationTimers(deps), ...incidents.incidentTimers(deps) },
		onError: (error) => errors.push(error),
	});

	const request = (incidentId: string, principal: Principal = OPERATOR) => ({
		scope: scopeOf(principal),
		principal,
		incidentId,
		now: clock.now(),
	});

	return {
		clock,
		store,
		deps,
		errors,
		sent,
		db: store.db,
		dispatcherOptions,
		request,
		remove: temporary.remove,
		setCatalogue: (next: Catalogue) => {
			catalogue = next;
		},
		setAnswer: (next: typeof answer) => {
			answer = next;
		},
		/** Takes a breach as the app does: one transaction, at its own time. */
		open: (breach: BreachOpened) => store.transaction((tx) => incidents.openForBreach(tx, deps, breach, catalogue)),
		close: (tenant: string, slo?: string) =>
			store.transaction((tx) => incidents.closeBreach(tx, deps, breachClosed(tenant, clock.now(), slo))),
		acknowledge: (id: string, principal?: Principal) =>
			store.transaction((tx) => incidents.acknowledgeIncident(tx, deps, request(id, principal))),
		mitigate: (id: string) => store.transaction((tx) => incidents.mitigateIncident(tx, deps, request(id))),
		resolve: (id: string, verdict = "real-impact", reason = "") =>
			store.transaction((tx) => incidents.resolveIncident(tx, deps, { ...request(id), verdict, reason })),
		/** Sends what is due now. */
		deliver: () => dispatcher.runDue(clock.now()),
		/** Lets time pass in small steps: timers fire and messages leave as they come due. */
		async pass(ms: number, stepMs = 10_000): Promise<void> {
			const end = clock.now() + ms;
			while (clock.now() < end) {
				clock.advance(Math.min(stepMs, end - clock.now()));
				await timers.runDue(clock.now());
				await dispatcher.runDue(clock.now());
			}
		},
		/** Fires what is due now, and what that makes due. */
		async fireTimers(): Promise<void> {
			while ((await timers.runDue(clock.now())) > 0);
		},
		/** Compares the clocks, and moves what waits along with a step. */
		followClock: () => timers.followClock(),
		incident: (id: string) => incidents.getIncident(store.db, ALL, id),
		timeline: async (id: string) => (await incidents.timelineOf(store.db, ALL, id)).map((entry) => entry.text),
	};
}

export type Rooms = Awaited<ReturnType<typeof openRooms>>;
