import type { Clock } from "@bellwether/model";
import { sql } from "kysely";
import { ANCHOR_EVERY_MS, rebaseAfterStart, type SinceBoot, writeAnchor } from "./clock-anchor.ts";
import { createLoop } from "./loop.ts";
import { rebaseDueTimes, toTimer } from "./timers.ts";
import type { ControlStore, Timer, TimerHandler, Tx } from "./types.ts";
import { createStepWatch } from "./wall-clock.ts";

export interface TimerRunnerOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	/** One handler per kind of timer. */
	readonly handlers: Readonly<Record<string, TimerHandler>>;
	/** A handler threw (with its timer), or the store failed (without one). The runner itself goes on. */
	readonly onError: (error: unknown, timer: Timer | undefined) => void;
	/** The wall clock stepped by more than two seconds; due times were moved along. */
	readonly onWallStep?: (stepMs: number) => void;
	/** Time since the machine started, which no step moves. Undefined: steps between two processes go unnoticed. */
	readonly sinceBoot?: (() => SinceBoot | undefined) | undefined;
}

export interface TimerRunner {
	/** Runs overdue timers at once, in due order, then each at its time. */
	start(): void;
	/** Look for due timers now; the runner does so itself after each commit. */
	wake(): void;
	stop(): Promise<void>;
	/** One look, for tests and replay: runs what is due at `now` and answers how many fired. */
	runDue(now: number): Promise<number>;
	/** Compares the clocks and moves due times after a step; `start` does so at each look. */
	followClock(): Promise<void>;
	readonly counters: Readonly<TimerCounters>;
}

export interface TimerCounters {
	fired: number;
	/** Calls of a handler that threw. */
	failed: number;
	/** Wall-clock steps of more than two seconds. */
	wallSteps: number;
	/** How late the last timer fired, ms; the age of the oldest waiting one is in the store. */
	lastLatenessMs: number;
}

const RETRY_DELAYS_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
/** Timers read at once, and committed together. A batch holds up other writers for some milliseconds. */
const LOOK = 100;
const BATCH = 20;

type DueRow = Parameters<typeof toTimer>[0] & { readonly failures: number };

export function createTimerRunner(options: TimerRunnerOptions): TimerRunner {
	const { store, clock, handlers, onError } = options;
	const counters: TimerCounters = { fired: 0, failed: 0, wallSteps: 0, lastLatenessMs: 0 };
	const watch = createStepWatch(clock);
	const wakeAt = sql<number>`coalesce(retry_at, due_at)`;
	let leaveStore: (() => void) | undefined;
	let isRecovered = false;
	let anchoredAt = Number.NEGATIVE_INFINITY;

	const loop = createLoop(async () => {
		try {
			if (!isRecovered) await recoverStep();
			await followClock();
			await keepAnchor();
			await runDue(clock.now());
			const next = await store.db
				.selectFrom("timers")
				.select(sql<number | null>`min(coalesce(retry_at, due_at))`.as("at"))
				.where("state", "=", "pending")
				.executeTakeFirst();
			return next?.at == null ? Number.POSITIVE_INFINITY : next.at - clock.now();
		} catch (error) {
			onError(error, undefined);
			return Number.POSITIVE_INFINITY;
		}
	});

	/** A process that ends right after a step of the clock has not moved its timers along: the next one does. */
	async function recoverStep(): Promise<void> {
		const boot = options.sinceBoot?.();
		const step = boot && (await store.transaction((tx) => rebaseAfterStart(tx, boot, clock.now())));
		isRecovered = true;
		if (!step) return;
		counters.wallSteps++;
		options.onWallStep?.(step);
	}

	async function keepAnchor(): Promise<void> {
		const boot = options.sinceBoot?.();
		if (!boot || boot.ms - anchoredAt < ANCHOR_EVERY_MS) return;
		await store.transaction((tx) => writeAnchor(tx, boot, clock.now()));
		anchoredAt = boot.ms;
	}

	async function followClock(): Promise<void> {
		const step = watch.look();
		if (!step) return;
		await store.transaction(async (tx) => {
			await rebaseDueTimes(tx, step.stepMs, step.newFrom, step.newNow);
			const boot = options.sinceBoot?.();
			if (boot) await writeAnchor(tx, boot, clock.now());
		});
		watch.accept(step);
		if (!step.isNotable) return;
		counters.wallSteps++;
		options.onWallStep?.(step.stepMs);
	}

	async function runDue(now: number): Promise<number> {
		let fired = 0;
		for (;;) {
			const due = await store.db
				.selectFrom("timers")
				.selectAll()
				.where("state", "=", "pending")
				.where(wakeAt, "<=", now)
				.orderBy("due_at")
				.orderBy("id")
				.limit(LOOK)
				.execute();
			for (let at = 0; at < due.length; at += BATCH) fired += await fireAll(due.slice(at, at + BATCH), now);
			if (due.length < LOOK) return fired;
		}
	}

	/** A storm of timers shares commits; if the commit itself fails, each is tried alone, so that the culprit is alone too. */
	async function fireAll(rows: readonly DueRow[], now: number): Promise<number> {
		try {
			const lateness = await store.transaction(async (tx) => {
				const done: number[] = [];
				for (const row of rows) {
					const timer = toTimer(row);
					if (await fire(tx, timer, row.failures, now)) done.push(Math.max(0, now - timer.dueAt));
				}
				return done;
			});
			counters.fired += lateness.length;
			counters.lastLatenessMs = lateness.at(-1) ?? counters.lastLatenessMs;
			return lateness.length;
		} catch (error) {
			if (rows.length > 1) {
				let fired = 0;
				for (const row of rows) fired += await fireAll([row], now);
				return fired;
			}
			const [row] = rows;
			counters.failed++;
			onError(error, row && toTimer(row));
			if (row) await store.transaction((tx) => postpone(tx, row.id, row.failures, now));
			return 0;
		}
	}

	/**
	 * Marking and handling are committed together: after a crash the timer is either done with its effects or still
	 * pending. A handler that throws takes back its own writes alone.
	 */
	async function fire(tx: Tx, timer: Timer, failures: number, now: number): Promise<boolean> {
		await sql`savepoint timer`.execute(tx);
		try {
			const marked = await tx
				.updateTable("timers")
				.set({ state: "done", fired_at: now })
				.where("id", "=", timer.id)
				.where("state", "=", "pending")
				.executeTakeFirst();
			// Cancelled by a commit that came first: the store decides the race, not what was read before.
			const isPending = marked.numUpdatedRows > 0n;
			if (isPending) {
				const handle = Object.hasOwn(handlers, timer.kind) ? handlers[timer.kind] : undefined;
				if (!handle) throw new Error(`no handler for timers of kind "${timer.kind}": register one in app`);
				await handle(tx, timer, now);
			}
			await sql`release savepoint timer`.execute(tx);
			return isPending;
		} catch (error) {
			await sql`rollback to savepoint timer`.execute(tx);
			await sql`release savepoint timer`.execute(tx);
			await postpone(tx, timer.id, failures, now);
			counters.failed++;
			onError(error, timer);
			return false;
		}
	}

	async function postpone(tx: Tx, id: string, failures: number, now: number): Promise<void> {
		const delayMs = RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length - 1)] ?? 0;
		await tx
			.updateTable("timers")
			.set({ failures: failures + 1, retry_at: now + delayMs })
			.where("id", "=", id)
			.where("state", "=", "pending")
			.execute();
	}

	return {
		start() {
			leaveStore ??= store.onCommit(() => loop.wake());
			loop.start();
		},
		wake: loop.wake,
		async stop() {
			leaveStore?.();
			leaveStore = undefined;
			await loop.stop();
		},
		runDue,
		followClock,
		counters,
	};
}
