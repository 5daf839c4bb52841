import type { BreachClosed, BreachOpened } from "#detection";

type Breach = BreachOpened | BreachClosed;

export interface BreachQueue {
	push(event: Breach): void;
	/** Nothing is taken before this: a page must not leave before the address is known that it links to. */
	start(): void;
	readonly depth: number;
	/** Nothing is begun after this; what waits is claimed again by the detectors after the next start. */
	stop(): Promise<void>;
}

export interface BreachQueueOptions {
	/** Takes one event in a control transaction of its own. */
	readonly take: (event: Breach) => Promise<void>;
	readonly onError: (error: unknown, event: Breach) => void;
	/** Waits between tries, ms; the last one repeats. */
	readonly retryDelaysMs?: readonly number[];
}

/** A claim that could not be taken, and when it is tried again (by the monotonic clock, ms). */
interface Setback {
	readonly tries: number;
	readonly nextTryAt: number;
}

/**
 * One after the other, in the order of detection, each tried until it is committed. One that cannot be taken holds up
 * what follows of its own pair and detector, so that a closing never overtakes its opening, and nothing else: one bad
 * claim must not keep every other tenant's incident from paging.
 */
export function createBreachQueue(options: BreachQueueOptions): BreachQueue {
	const delays = options.retryDelaysMs ?? [100, 500, 2_000, 5_000];
	const waiting: Breach[] = [];
	const setbacks = new Map<string, Setback>();
	let isStarted = false;
	let isStopped = false;
	let running: Promise<void> | undefined;
	let endPause: (() => void) | undefined;

	async function run(): Promise<void> {
		while (waiting.length > 0 && !isStopped) {
			const now = performance.now();
			const event = waiting.find((each) => (setbacks.get(keyOf(each))?.nextTryAt ?? now) <= now);
			if (event) await tryOne(event);
			else await pause(Math.max(1, Math.min(...[...setbacks.values()].map((each) => each.nextTryAt)) - now));
		}
	}

	async function tryOne(event: Breach): Promise<void> {
		const key = keyOf(event);
		try {
			await options.take(event);
			waiting.splice(waiting.indexOf(event), 1);
			setbacks.delete(key);
		} catch (error) {
			options.onError(error, event);
			const tries = (setbacks.get(key)?.tries ?? 0) + 1;
			const delayMs = delays[Math.min(tries, delays.length) - 1] ?? 0;
			setbacks.set(key, { tries, nextTryAt: performance.now() + delayMs });
		}
	}

	function kick(): void {
		if (!isStarted || isStopped || running || waiting.length === 0) return;
		running = run().finally(() => {
			running = undefined;
			// What came between the last look and now.
			kick();
		});
	}

	function pause(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			endPause = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	return {
		push(event) {
			if (isStopped) return;
			waiting.push(event);
			// Another pair's claim need not wait for the next try of the one that failed.
			endPause?.();
			kick();
		},
		start() {
			isStarted = true;
			kick();
		},
		get depth() {
			return waiting.length;
		},
		async stop() {
			isStopped = true;
			endPause?.();
			await running;
		},
	};
}

function keyOf({ tenant, slo, detector }: Breach): string {
	return `${detector}\n${slo}\n${tenant}`;
}
