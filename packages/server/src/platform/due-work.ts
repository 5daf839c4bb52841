import type { Clock } from "@bellwether/model";
import { createLoop } from "./loop.ts";
import type { ControlStore, Tx } from "./types.ts";

/** Takes an attempt that has begun, its record included; it never rejects. */
export type Begun = (attempt: Promise<void>) => void;

export interface DueWorkOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	/** Settles what a crash left under way; done once, before anything else. */
	readonly recover: (tx: Tx, now: number) => Promise<void>;
	/** Hands over an attempt for each row that is due and has room. */
	readonly launch: (now: number, begun: Begun) => Promise<void>;
	/** When the first row after `now` is due; undefined: none. */
	readonly nextDueAt: (now: number) => Promise<number | undefined>;
	/** The store failed in a look for due work. */
	readonly onError: (error: unknown) => void;
	/** First wait after something that the store did not take; it doubles up to 30 s. */
	readonly recordRetryMs: number;
}

/**
 * Attempts that rows of the store ask for, each at its time: looked for after each commit and each attempt. What a stop
 * finds under way is waited for.
 */
export interface DueWork {
	start(): void;
	wake(): void;
	stop(): Promise<void>;
	/** For tests and replay: begins all that is due at `now`, waits for it, answers the number of attempts. */
	runDue(now: number): Promise<number>;
	/**
	 * Stores an outcome. It is in memory alone until then, so this goes on until it is stored; undefined: the work was
	 * stopped before.
	 */
	record<T>(
		work: (tx: Tx) => Promise<T>,
		onError: (error: unknown) => void,
	): Promise<{ readonly stored: T } | undefined>;
	/** After a store that could not mark an attempt: without it a full disk would be asked again and again at once. */
	pause(): Promise<void>;
}

const LONGEST_PAUSE_MS = 30_000;

export function createDueWork(options: DueWorkOptions): DueWork {
	const { store, clock, recordRetryMs } = options;
	const underWay = new Set<Promise<void>>();
	const pauses = new Set<() => void>();
	let leaveStore: (() => void) | undefined;
	let isRecovered = false;
	let isStopping = false;

	const loop = createLoop(async () => {
		try {
			const now = clock.now();
			await recover(now);
			await launch(now);
			const next = await options.nextDueAt(now);
			return next === undefined ? Number.POSITIVE_INFINITY : next - clock.now();
		} catch (error) {
			options.onError(error);
			return Number.POSITIVE_INFINITY;
		}
	});

	async function recover(now: number): Promise<void> {
		if (isRecovered) return;
		await store.transaction((tx) => options.recover(tx, now));
		isRecovered = true;
	}

	/** Whatever fails while attempts are begun, those that have are waited for. */
	async function launch(now: number): Promise<readonly Promise<void>[]> {
		const launched: Promise<void>[] = [];
		await options.launch(now, (attempt) => {
			launched.push(attempt);
			underWay.add(attempt);
			void attempt.finally(() => {
				underWay.delete(attempt);
				loop.wake();
			});
		});
		return launched;
	}

	function pause(delayMs: number): Promise<void> {
		return new Promise((resolve) => {
			const end = () => {
				clearTimeout(timer);
				pauses.delete(end);
				resolve();
			};
			const timer = setTimeout(end, delayMs);
			pauses.add(end);
		});
	}

	return {
		start() {
			isStopping = false;
			leaveStore ??= store.onCommit(() => loop.wake());
			loop.start();
		},
		wake: loop.wake,
		async stop() {
			leaveStore?.();
			leaveStore = undefined;
			await loop.stop();
			isStopping = true;
			for (const end of pauses) end();
			await Promise.all(underWay);
		},
		async runDue(now) {
			await recover(now);
			let attempts = 0;
			for (;;) {
				const launched = await launch(now);
				if (launched.length === 0) return attempts;
				attempts += launched.length;
				await Promise.all(launched);
			}
		},
		async record(work, onError) {
			for (let tries = 0; ; tries++) {
				try {
					return { stored: await store.transaction(work) };
				} catch (error) {
					onError(error);
					if (isStopping) return undefined;
					await pause(Math.min(LONGEST_PAUSE_MS, recordRetryMs * 2 ** tries));
				}
			}
		},
		pause: () => pause(recordRetryMs),
	};
}
