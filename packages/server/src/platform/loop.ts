/**
 * Calls `tick` again and again: after the delay that the last call asked for, at most a second later, or at once when
 * woken. Calls never overlap. Delays are Node's own timers, which follow the monotonic clock.
 */
export interface Loop {
	start(): void;
	/** Look now. Waking twice before the next look is one look. */
	wake(): void;
	/** Resolves when the call under way is done; nothing runs afterwards. */
	stop(): Promise<void>;
}

const LONGEST_DELAY_MS = 1_000;

export function createLoop(tick: () => Promise<number>): Loop {
	let isRunning = false;
	let isWoken = false;
	let rouse: (() => void) | undefined;
	let ended = Promise.resolve();

	async function run(): Promise<void> {
		while (isRunning) {
			isWoken = false;
			const delayMs = await tick();
			if (!isRunning || isWoken) continue;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(LONGEST_DELAY_MS, Math.max(0, delayMs)));
				rouse = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			rouse = undefined;
		}
	}

	return {
		start() {
			if (isRunning) return;
			isRunning = true;
			ended = run();
		},
		wake() {
			isWoken = true;
			rouse?.();
		},
		async stop() {
			isRunning = false;
			rouse?.();
			await ended;
		},
	};
}
