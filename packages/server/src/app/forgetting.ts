import type { Clock } from "@bellwether/model";
import { type ControlStore, forgetOld } from "#platform";

const LOOK_EVERY_MS = 3_600_000;
const PART_EVERY_MS = 1_000;

/** Removes what grew too old from the control store, once an hour, a part at a time. */
export function startForgetting(
	store: ControlStore,
	clock: Clock,
	onError: (error: unknown) => void,
): { stop(): Promise<void> } {
	let timer: NodeJS.Timeout | undefined;
	let underWay: Promise<void> = Promise.resolve();
	let isStopped = false;
	const later = (afterMs: number): void => {
		if (isStopped) return;
		timer = setTimeout(() => {
			underWay = forgetOld(store, clock.now()).then(
				(removed) => later(removed > 0 ? PART_EVERY_MS : LOOK_EVERY_MS),
				(error) => {
					onError(error);
					later(LOOK_EVERY_MS);
				},
			);
		}, afterMs);
		timer.unref();
	};
	later(LOOK_EVERY_MS);
	return {
		async stop() {
			isStopped = true;
			clearTimeout(timer);
			await underWay;
		},
	};
}
