import type { ManualClock } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { incidentTimers, listenInIncidents } from "#incidents";
import {
	type ControlStore,
	createDispatcher,
	createTimerRunner,
	EventBus,
	type Message,
	type SendResult,
	systemIds,
} from "#platform";
import { escalationTimers, listenToIncidents, type ResponseDeps, recordPageOutcome } from "#response";
import { openControlStore } from "../src/adapters/sqlite/control-store.ts";

/** The rooms that page, over a store on disk that outlives a crash of them. */
export interface PagingWorld {
	readonly store: ControlStore;
	readonly deps: ResponseDeps;
	readonly close: () => Promise<void>;
	readonly runTimers: () => Promise<void>;
	readonly deliver: () => Promise<void>;
}

/** What a person's devices got, beyond any crash of ours. */
export interface Outside {
	readonly arrived: Map<string, number>;
	readonly faults: string[];
	answer: (message: Message) => SendResult | "hang";
}

export async function startPaging(
	path: string,
	clock: ManualClock,
	catalogue: () => Catalogue,
	outside: Outside,
	hung: (() => void)[],
): Promise<PagingWorld> {
	const store = await openControlStore({ path, clock });
	const bus = new EventBus();
	const deps = { ids: systemIds(clock), bus, catalogue, publicUrl: () => "https://b.example" };
	listenInIncidents(bus, deps);
	listenToIncidents(bus, deps);
	const onError = (error: unknown) => void (hung.length === 0 && outside.faults.push(String(error)));
	const timers = createTimerRunner({
		store,
		clock,
		handlers: { ...escalationTimers(deps), ...incidentTimers(deps) },
		onError,
	});
	const send = async (message: Message): Promise<SendResult> => {
		if (!(await isWanted(store, message))) outside.faults.push(`C10: ${message.id} left after its acknowledgement`);
		const result = outside.answer(message);
		if (result === "hang") {
			outside.arrived.set(message.id, (outside.arrived.get(message.id) ?? 0) + 1);
			await new Promise<void>((resolve) => hung.push(resolve));
			return { status: "uncertain", detail: "cut off" };
		}
		if (result.status === "sent") outside.arrived.set(message.id, (outside.arrived.get(message.id) ?? 0) + 1);
		return result;
	};
	const dispatcher = createDispatcher({
		store,
		clock,
		senders: () => ({ send }),
		onOutcome: (tx, message, outcome) => recordPageOutcome(tx, deps, message, outcome),
		onError,
		timeoutMs: 60_000,
	});
	return {
		store,
		deps,
		async close() {
			await store.close();
			for (const resolve of hung.splice(0)) resolve();
			await dispatcher.stop();
		},
		runTimers: async () => {
			while ((await timers.runDue(clock.now())) > 0);
		},
		deliver: async () => void (await dispatcher.runDue(clock.now())),
	};
}

/** Whether of the incidents that the message names one is not taken, or was taken before the message was written. */
async function isWanted(store: ControlStore, message: Message): Promise<boolean> {
	const {
		type,
		incident,
		incidents = [incident],
	} = message.payload.data as {
		type: string;
		incident: string;
		incidents?: string[];
	};
	if (type === "incident.told") return true;
	const rows = await store.db
		.selectFrom("incidents")
		.select(["acknowledged_at", "resolved_at"])
		.where("id", "in", incidents)
		.execute();
	return rows.some((row) => {
		const takenAt = row.acknowledged_at ?? row.resolved_at;
		return takenAt === null || takenAt < message.createdAt;
	});
}
