import type { Clock } from "@bellwether/model";
import { recordOutcome, recoverSending, takeMessage } from "./deliveries.ts";
import { type Begun, createDueWork } from "./due-work.ts";
import type { ChannelSender, ControlStore, Message, OutcomeListener, SendResult } from "./types.ts";

/** So many times `perChannel` may be under way when each goes to an address of its own. */
const ALONE_FACTOR = 8;
/** Messages taken in one commit. */
const TAKEN_AT_ONCE = 50;

export type RetryDelays = Readonly<Record<Message["kind"], readonly number[]>>;

/** A page is urgent; a notice mostly waits for a mail server that wants to see patience. */
const DEFAULT_DELAYS_MS: RetryDelays = {
	page: [1_000, 2_000, 5_000, 10_000, 30_000],
	notice: [5_000, 30_000, 120_000, 300_000],
};

export interface DispatcherOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	/** The sender behind a channel's name; undefined when there is no such channel: the message fails with that reason. */
	readonly senders: (channelName: string) => ChannelSender | undefined;
	/** Told of every outcome, in the transaction that records it. */
	readonly onOutcome?: OutcomeListener | undefined;
	/** The store failed, a listener threw or a sender broke its word. The dispatcher goes on. */
	readonly onError: (error: unknown, message: Message | undefined) => void;
	/** Attempts under way at once per channel; a slow channel holds up no other. Default 16. */
	readonly perChannel?: number;
	/** Attempts under way at once per address of a channel; a receiver that hangs holds up nobody else. Default 4. */
	readonly perAddress?: number;
	/** An attempt is given up after this long, whatever its sender does. Default 12 s: above every sender's own limit. */
	readonly timeoutMs?: number;
	/** Waits between attempts, ms; the last one repeats. Keep those of pages below the escalation steps. */
	readonly retryDelaysMs?: Partial<RetryDelays>;
	/** The longest wait that a receiver may ask for with Retry-After. Default 30 s. */
	readonly retryAfterCapMs?: number;
	/** First wait before an outcome that could not be stored is stored again; it doubles up to 30 s. Default 500 ms. */
	readonly recordRetryMs?: number;
	/** A message that could not be sent for this long has failed. Default 24 h. */
	readonly giveUpAfterMs?: number;
}

export interface Dispatcher {
	/** First settles what a crash left in "sending", then sends whatever is due. */
	start(): void;
	/** Look for due messages now; the dispatcher does so itself after each commit. */
	wake(): void;
	/** Waits for the attempts under way and their records. */
	stop(): Promise<void>;
	/** For tests and replay: sends all that is due at `now`, waits for the outcomes, answers the number of attempts. */
	runDue(now: number): Promise<number>;
	readonly counters: Readonly<DispatcherCounters>;
}

export interface DispatcherCounters {
	sent: number;
	retried: number;
	failed: number;
	uncertain: number;
	inFlight: number;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
	const { store, clock, onError } = options;
	const perChannel = options.perChannel ?? 16;
	const perAddress = options.perAddress ?? 4;
	const timeoutMs = options.timeoutMs ?? 12_000;
	const policy = {
		retryDelaysMs: { ...DEFAULT_DELAYS_MS, ...options.retryDelaysMs },
		retryAfterCapMs: options.retryAfterCapMs ?? 30_000,
		giveUpAfterMs: options.giveUpAfterMs ?? 24 * 3_600_000,
	};
	const counters: DispatcherCounters = { sent: 0, retried: 0, failed: 0, uncertain: 0, inFlight: 0 };
	/** By channel, with the address of each. */
	const underWay = new Map<string, Map<Promise<void>, string>>();

	const work = createDueWork({
		store,
		clock,
		recover: (tx, now) => recoverSending(tx, now, options.onOutcome),
		launch: launchDue,
		async nextDueAt(now) {
			const next = await store.db
				.selectFrom("outbox")
				.select((select) => select.fn.min("next_at").as("at"))
				.where("state", "=", "pending")
				.where("next_at", ">", now)
				.executeTakeFirst();
			return next?.at ?? undefined;
		},
		onError: (error) => onError(error, undefined),
		recordRetryMs: options.recordRetryMs ?? 500,
	});

	/** Starts as many due attempts as each channel and address has room for, asking one by one so that none hides another. */
	async function launchDue(now: number, begun: Begun): Promise<void> {
		const targets = await store.db
			.selectFrom("outbox")
			.select(["channel", "address"])
			.where("state", "=", "pending")
			.where("next_at", "<=", now)
			.groupBy(["channel", "address"])
			.orderBy((select) => select.fn.max("kind"), "desc") // pages before notices
			.orderBy((select) => select.fn.min("next_at"))
			.execute();
		const chosen: { readonly id: string; readonly channel: string; readonly address: string }[] = [];
		const startedNow = new Map<string, number>();
		for (const { channel, address } of targets) {
			const running = underWay.get(channel) ?? new Map<Promise<void>, string>();
			underWay.set(channel, running);
			const size = running.size + (startedNow.get(channel) ?? 0);
			const toAddress = [...running.values()].filter((each) => each === address).length;
			const shared = Math.min(perChannel - size, perAddress - toAddress);
			// Whoever has nothing under way is not kept waiting by others that hang: one of theirs always starts.
			const room = toAddress === 0 && size < perChannel * ALONE_FACTOR ? Math.max(1, shared) : shared;
			if (room <= 0) continue;
			const due = await store.db
				.selectFrom("outbox")
				.select("id")
				.where("state", "=", "pending")
				.where("channel", "=", channel)
				.where("address", "=", address)
				.where("next_at", "<=", now)
				.orderBy("kind", "desc")
				.orderBy("next_at")
				.orderBy("id")
				.limit(room)
				.execute();
			startedNow.set(channel, (startedNow.get(channel) ?? 0) + due.length);
			for (const { id } of due) chosen.push({ id, channel, address });
		}
		for (let from = 0; from < chosen.length; from += TAKEN_AT_ONCE) {
			await launch(chosen.slice(from, from + TAKEN_AT_ONCE), now, begun);
		}
	}

	/** Messages are marked as being sent in one commit, so that a page to many people does not wait for a commit each. */
	async function launch(
		chosen: readonly { readonly id: string; readonly channel: string; readonly address: string }[],
		now: number,
		begun: Begun,
	): Promise<void> {
		let taken: readonly Awaited<ReturnType<typeof takeMessage>>[];
		try {
			taken = await store.transaction(async (tx) => {
				const all: Awaited<ReturnType<typeof takeMessage>>[] = [];
				for (const { id } of chosen) all.push(await takeMessage(tx, id, now));
				return all;
			});
		} catch (error) {
			// Still pending.
			onError(error, undefined);
			await work.pause();
			return begun(Promise.resolve());
		}
		for (const [k, each] of taken.entries()) {
			const target = chosen[k];
			const running = target && underWay.get(target.channel);
			if (!each || !running) continue;
			const attempt: Promise<void> = send(each.message)
				.then((result) => record(each.message, each.deliverySeq, result))
				.finally(() => {
					running.delete(attempt);
					counters.inFlight--;
				});
			counters.inFlight++;
			running.set(attempt, target.address);
			begun(attempt);
		}
	}

	async function send(message: Message): Promise<SendResult> {
		let sender: ChannelSender | undefined;
		try {
			sender = options.senders(message.channel);
		} catch (error) {
			// Nothing has left yet, and a setting can be mended.
			return {
				status: "retry",
				detail: `the channel "${message.channel}" cannot be used: ${(error as Error).message}`,
			};
		}
		if (!sender) {
			return {
				status: "refused",
				detail: `there is no channel "${message.channel}" in the catalogue: add it, or change the contact that names it`,
			};
		}
		let timer: NodeJS.Timeout | undefined;
		const deadline = new Promise<SendResult>((resolve) => {
			timer = setTimeout(
				() => resolve({ status: "uncertain", detail: `no outcome within ${timeoutMs} ms` }),
				timeoutMs,
			);
		});
		try {
			return await Promise.race([sender.send(message), deadline]);
		} catch (error) {
			onError(error, message);
			return { status: "uncertain", detail: "the channel's sender failed: see the log" };
		} finally {
			clearTimeout(timer);
		}
	}

	async function record(message: Message, deliverySeq: number, result: SendResult): Promise<void> {
		const outcome = await work.record(
			(tx) =>
				recordOutcome(tx, { message, deliverySeq, result, now: clock.now(), policy, onOutcome: options.onOutcome }),
			(error) => onError(error, message),
		);
		if (outcome) counters[outcome.stored.status === "retrying" ? "retried" : outcome.stored.status]++;
	}

	const { start, wake, stop, runDue } = work;
	return { start, wake, stop, runDue, counters };
}
