import { readFileSync } from "node:fs";
import type { Clock } from "@bellwether/model";

/** Parts that can be made to stand still where the operating system cannot do so to one part of a process alone. */
export type FaultyPart = "timers" | "outbox" | "evaluator";

const LOOK_EVERY_MS = 200;

/**
 * For `npm run chaos -- watchdog` alone: the clock of a part stands still while the file that BELLWETHER_TEST_FAULTS names
 * has the part's name in it. Without that variable, as always otherwise, it is the clock itself.
 */
export function clockOf(part: FaultyPart, clock: Clock): Clock {
	const path = process.env.BELLWETHER_TEST_FAULTS;
	if (!path) return clock;
	let lookedAt = Number.NEGATIVE_INFINITY;
	let stopped: { readonly now: number; readonly monotonic: number } | undefined;
	const look = () => {
		const monotonic = clock.monotonic();
		if (monotonic - lookedAt < LOOK_EVERY_MS) return;
		lookedAt = monotonic;
		const isFaulty = planted(path).includes(part);
		stopped = isFaulty ? (stopped ?? { now: clock.now(), monotonic }) : undefined;
	};
	return {
		now() {
			look();
			return stopped?.now ?? clock.now();
		},
		monotonic() {
			look();
			return stopped?.monotonic ?? clock.monotonic();
		},
	};
}

function planted(path: string): string[] {
	try {
		return readFileSync(path, "utf8").split(/\s+/);
	} catch {
		return [];
	}
}
