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

/** One after the other, in the order of detection, each tried until it is committed: a closing never overtakes its opening. */
export function createBreachQueue(options: BreachQueueOptions): BreachQueue {
	const delays = options.retryDelaysMs ?? [100, 500, 2_000, 5_000];
	const waiting: Breach[] = [];
	let isStarted = false;
	let isStopped = false;
	let running: Promise<void> | undefined;
	let endPause: (() => void) | undefined;

	async function run(): Promise<void> {
		for (let tries = 0; waiting.length > 0 && !isStopped; ) {
			const event = waiting[0] as Breach;
			try {
				await options.take(event);
				waiting.shift();
				tries = 0;
			} catch (error) {
				options.onError(error, event);
				await pause(delays[Math.min(tries++, delays.length - 1)] ?? 0);
			}
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
