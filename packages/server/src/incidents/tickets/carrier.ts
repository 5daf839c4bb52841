import type { Clock } from "@bellwether/model";
import { type Begun, type ControlStore, createDueWork, type Tx } from "#platform";
import { type ExchangeDeps, recordExchange, recoverTickets, type Taken, takeTicket } from "./exchange.ts";
import { saveTicket } from "./rows.ts";
import * as sync from "./sync.ts";
import type { Ticket, TicketFailure, TicketResult, TicketSystem } from "./types.ts";

export interface TicketCarrierOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly deps: ExchangeDeps;
	/** The system behind an integration's name; undefined: the catalogue has none, and its tickets wait. */
	readonly systems: (integration: string) => TicketSystem | undefined;
	readonly onError: (error: unknown, ticketId: string | undefined) => void;
	readonly policy?: sync.SyncPolicy | undefined;
	/** Exchanges under way at once per integration; a slow system holds up no other. Default 4. */
	readonly perIntegration?: number | undefined;
	/** Wait after a record that the store did not take; it doubles up to 30 s. Default 500 ms. */
	readonly recordRetryMs?: number | undefined;
}

/** Carries tickets to their systems, one step per ticket at a time, at least once, in order, also across kills. */
export interface TicketCarrier {
	start(): void;
	wake(): void;
	/** Another catalogue runs: what somebody had to look at is tried again. */
	reconsider(): Promise<void>;
	/** Waits for what is under way and its records. */
	stop(): Promise<void>;
	/** For tests: carries out all that is due at `now`, waits for it, answers the number of exchanges. */
	runDue(now: number): Promise<number>;
	readonly counters: Readonly<TicketCounters>;
}

export interface TicketCounters {
	done: number;
	retried: number;
	failed: number;
	inFlight: number;
}

export function createTicketCarrier(options: TicketCarrierOptions): TicketCarrier {
	const { store, clock, deps, onError } = options;
	const policy = options.policy ?? sync.SYNC_POLICY;
	const perIntegration = options.perIntegration ?? 4;
	const counters: TicketCounters = { done: 0, retried: 0, failed: 0, inFlight: 0 };
	const underWay = new Map<string, Set<Promise<void>>>();

	const work = createDueWork({
		store,
		clock,
		recover: recoverTickets,
		launch: launchDue,
		async nextDueAt(now) {
			const next = await store.db
				.selectFrom("tickets")
				.select((select) => select.fn.min("next_at").as("at"))
				.where("sync", "=", "pending")
				.where("next_at", ">", now)
				.executeTakeFirst();
			return next?.at ?? undefined;
		},
		onError: (error) => onError(error, undefined),
		recordRetryMs: options.recordRetryMs ?? 500,
	});

	async function launchDue(now: number, begun: Begun): Promise<void> {
		// Asked one by one, so that no integration hides another.
		const integrations = await store.db
			.selectFrom("tickets")
			.select("integration")
			.where("sync", "=", "pending")
			.where("next_at", "<=", now)
			.groupBy("integration")
			.execute();
		for (const { integration } of integrations) {
			const system = options.systems(integration);
			const running = underWay.get(integration) ?? new Set();
			underWay.set(integration, running);
			const room = perIntegration - running.size;
			if (!system || room <= 0) continue;
			for (const id of await dueTickets(integration, now, room)) begun(launch(id, system, running, now));
		}
	}

	async function dueTickets(integration: string, now: number, limit: number): Promise<string[]> {
		const due = await store.db
			.selectFrom("tickets")
			.select("id")
			.where("sync", "=", "pending")
			.where("integration", "=", integration)
			.where("next_at", "<=", now)
			.orderBy("next_at")
			.orderBy("id")
			.limit(limit)
			.execute();
		return due.map(({ id }) => id);
	}

	function launch(id: string, system: TicketSystem, running: Set<Promise<void>>, now: number): Promise<void> {
		const attempt: Promise<void> = carryOne(id, system, now)
			.catch((error) => onError(error, id))
			.finally(() => {
				running.delete(attempt);
				counters.inFlight--;
			});
		counters.inFlight++;
		running.add(attempt);
		return attempt;
	}

	async function carryOne(id: string, system: TicketSystem, now: number): Promise<void> {
		let taken: Taken | undefined;
		try {
			taken = await store.transaction((tx) => takeTicket(tx, deps, id, system.settleMs, now));
		} catch (error) {
			// Still pending.
			onError(error, id);
			return work.pause();
		}
		if (taken) await carry(taken, system);
	}

	async function carry(taken: Taken, system: TicketSystem): Promise<void> {
		const { ticket, step, content } = taken;
		if (step.do === "create") return findOrCreate(taken, system);
		const { key } = ticket;
		if (!ticket.ref) return;
		const ref = { ...ticket.ref, state: ticket.theirs };
		const result: TicketResult =
			step.do === "note" ? await system.note(ref, key, step.note) : await system.update(ref, key, step.change, content);
		await record(taken, (now) => {
			const next =
				step.do === "note"
					? sync.noted(ticket, step.note, result, now, policy)
					: sync.updated(ticket, step.change, result, now, policy);
			return { next, result, fact: step.do === "note" ? noteFact(result) : failureFact(ticket, next, result) };
		});
	}

	/** Nothing is created before the system was asked for our key, and the create stands in the store before it leaves. */
	async function findOrCreate(taken: Taken, system: TicketSystem): Promise<void> {
		const { ticket, content } = taken;
		const found = await system.find(ticket.key);
		if (found.status !== "done") {
			return record(taken, (now) => {
				// A look-up changes nothing there, so what was in doubt before still is, and no more.
				const next = sync.failed(
					ticket,
					found.status === "gone" ? { ...found, status: "refused" } : found,
					now,
					policy,
				);
				return { next, result: found, fact: failureFact(ticket, next, found) };
			});
		}
		if (found.refs.length > 0) {
			return record(taken, (now) => ({
				next: sync.adopted(ticket, content, found, now),
				result: found,
				what: "adopt",
				fact: { type: "ticket.adopted", data: { found: found.refs.length } },
			}));
		}
		if (content.state === "resolved") {
			return record(taken, () => ({ next: sync.settled(ticket, true, content.state), result: found, fact: undefined }));
		}
		const sent = sync.createSent(ticket, clock.now());
		const onFault = (error: unknown) => onError(error, ticket.id);
		if (!(await work.record((tx) => saveTicket(tx, sent), onFault))) return;
		const result = await system.create(ticket.key, content);
		await record({ ...taken, ticket: sent }, (now) => {
			const next = sync.created(sent, content, result, now, policy);
			const fact = result.status === "done" ? { type: "ticket.created", data: {} } : failureFact(ticket, next, result);
			return { next, result, fact };
		});
	}

	interface Decision {
		readonly next: Ticket;
		readonly result: { readonly status: "done"; readonly proof: string } | TicketFailure;
		readonly what?: "adopt";
		readonly fact: { readonly type: string; readonly data: Readonly<Record<string, unknown>> } | undefined;
	}

	async function record(taken: Taken, decide: (now: number) => Decision): Promise<void> {
		const carryOut = async (tx: Tx) => {
			const now = clock.now();
			const { next, result, what, fact } = decide(now);
			const detail = result.status === "done" ? result.proof : result.detail;
			await recordExchange(tx, deps, taken, next, { what, outcome: result.status, detail }, fact, now);
			return result.status;
		};
		const outcome = await work.record(carryOut, (error) => onError(error, taken.ticket.id));
		if (!outcome) return;
		if (outcome.stored === "done") counters.done++;
		else if (outcome.stored === "refused" || outcome.stored === "gone") counters.failed++;
		else counters.retried++;
	}

	return {
		start: work.start,
		wake: work.wake,
		stop: work.stop,
		runDue: work.runDue,
		async reconsider() {
			await store.transaction(async (tx) => {
				await tx
					.updateTable("tickets")
					.set({ sync: "pending", next_at: clock.now(), failures: 0, failing_since: null })
					.where("sync", "=", "failed")
					.where("phase", "in", ["absent", "creating", "linked"])
					.execute();
			});
		},
		counters,
	};
}

/** Told once, when a ticket comes to need a person; not with every attempt. */
function failureFact(before: Ticket, next: Ticket, result: { readonly status: string; readonly detail?: string }) {
	if (next.sync !== "failed" || before.lastError === next.lastError) return undefined;
	const type = result.status === "gone" ? "ticket.gone" : "ticket.failed";
	return { type, data: { detail: next.lastError ?? "" } };
}

function noteFact(result: TicketResult) {
	return result.status === "refused" ? { type: "ticket.note_refused", data: { detail: result.detail } } : undefined;
}
