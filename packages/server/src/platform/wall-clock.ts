import type { Clock } from "@bellwether/model";

export interface WallStep {
	/** How far the wall clock moved against the monotonic one, ms; negative: back. */
	readonly stepMs: number;
	/** Wall-clock time, after the step. */
	readonly newNow: number;
	/** The step happened at or after this instant, told in the time after the step: the last look before it. */
	readonly newFrom: number;
	/** More than two seconds: worth a record. Smaller ones are drift that is followed silently. */
	readonly isNotable: boolean;
}

export interface StepWatch {
	look(): WallStep | undefined;
	/** Takes a step as known; call it when its consequences are stored. */
	accept(step: WallStep): void;
}

const FOLLOWED_MS = 500;
const NOTABLE_MS = 2_000;
/** A pause between the readings of the two clocks looks like a step; such a reading is thrown away. */
const LONGEST_READING_MS = 50;

/**
 * Watches the wall clock against the monotonic one. Suspending the machine also looks like a step forward, because
 * the monotonic clock stands still meanwhile: a running chain then goes on where it stood.
 */
export function createStepWatch(clock: Clock): StepWatch {
	let wall = clock.now();
	const origin = clock.monotonic();
	let lastLook = origin;
	return {
		look() {
			const before = clock.monotonic();
			const newNow = clock.now();
			const after = clock.monotonic();
			if (after - before > LONGEST_READING_MS) return undefined;
			const stepMs = newNow - wall - Math.round(before - origin);
			const sinceLookMs = Math.ceil(before - lastLook);
			if (Math.abs(stepMs) > FOLLOWED_MS) {
				return { stepMs, newNow, newFrom: newNow - sinceLookMs, isNotable: Math.abs(stepMs) > NOTABLE_MS };
			}
			lastLook = before;
			return undefined;
		},
		accept(step) {
			wall += step.stepMs;
			lastLook = clock.monotonic();
		},
	};
}
