import type { AllRejected, TelemetryFacts } from "./audit-types.ts";

/** A pause in what is counted must be longer than any lately by this factor, and than this. */
const FACTOR = 2;
const LEAST_MS = 10_000;
/** Before anything was counted since a start: senders come back from it one after the other. */
const LEAST_AFTER_START_MS = 40_000;
const KNOWN_AFTER = 10;
/** A few pauses are known soon after a start: they may not have been the longest. */
const FACTOR_OF_FEW = 3;
const FEW = 4;
/** As long as not even these are known. */
const UNKNOWN_MS = 120_000;
const REMEMBERED = 100;

/**
 * Tells when nothing is counted any more although points come. One sender with a wrong clock is no such thing while
 * others are counted, however rarely they send: their usual pauses are known. `kept`: those of before this start, ms.
 */
export function createRejectionWatch(kept: readonly number[] = []): {
	/**
	 * `now`: ms epoch. `isDisturbed`: this system itself was at fault since the last look, so that a pause tells nothing of
	 * senders. Undefined: something is counted, nothing comes, or it is not known.
	 */
	look(facts: TelemetryFacts | undefined, now: number, isDisturbed: boolean): AllRejected | undefined;
	/** Lately, ms, the newest last; the same list until there is another. */
	pauses(): readonly number[];
} {
	let startedAt: number | undefined;
	/** The figures when something was counted last. */
	let since: TelemetryFacts | undefined;
	/** How long ago that was at the last look; a pause that was told is no usual one. */
	let pauseMs: number | undefined;
	/** This pause has something to do with ourselves. */
	let isSpoilt = false;
	let pauses = kept;
	return {
		pauses: () => pauses,
		look(facts, now, isDisturbed) {
			startedAt ??= now;
			if (!facts) return undefined;
			if (!since || hasBegunAnew(facts, since) || facts.lastSampleAt !== since.lastSampleAt) {
				if (since && pauseMs !== undefined && !isDisturbed) pauses = [...pauses, pauseMs].slice(-REMEMBERED);
				pauseMs = facts.lastSampleAt === undefined || isDisturbed ? undefined : now - facts.lastSampleAt;
				since = facts;
				isSpoilt = isDisturbed;
				return undefined;
			}
			const points = facts.rejected - since.rejected;
			const requests = facts.malformed - since.malformed;
			const forMs = now - Math.max(facts.lastSampleAt ?? 0, startedAt);
			const least = (facts.lastSampleAt ?? 0) < startedAt ? LEAST_AFTER_START_MS : LEAST_MS;
			const isTold = points + requests > 0 && forMs >= Math.max(least, longestUsual(pauses));
			if (isDisturbed) isSpoilt = true;
			pauseMs = isTold || isSpoilt ? undefined : forMs;
			return isTold ? { forMs, points, requests } : undefined;
		},
	};
}

function longestUsual(pauses: readonly number[]): number {
	if (pauses.length < FEW) return UNKNOWN_MS;
	return (pauses.length < KNOWN_AFTER ? FACTOR_OF_FEW : FACTOR) * Math.max(...pauses);
}

/** As after a failure of the store, or with the thread. */
function hasBegunAnew(facts: TelemetryFacts, since: TelemetryFacts): boolean {
	return facts.malformed < since.malformed || facts.rejected < since.rejected;
}
