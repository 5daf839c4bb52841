import type { AllRejected, TelemetryFacts } from "./audit-types.ts";

/** A pause in what is counted must be longer than any lately by this factor, and than this. */
const FACTOR = 2;
const LEAST_MS = 15_000;
/** As long as the usual pauses are not known. */
const UNKNOWN_MS = 120_000;
const KNOWN_AFTER_LOOKS = 10;
const REMEMBERED_LOOKS = 100;

/**
 * Tells when nothing is counted any more although points come. One sender with a wrong clock is no such thing while
 * others are counted, however rarely they send: their usual pauses are known.
 */
export function createRejectionWatch(): {
	/** `now`: ms epoch. Undefined: something is counted, nothing comes, or it is not known. */
	look(facts: TelemetryFacts | undefined, now: number): AllRejected | undefined;
} {
	let startedAt: number | undefined;
	/** The figures when something was counted last. */
	let since: TelemetryFacts | undefined;
	let ages: number[] = [];
	return {
		look(facts, now) {
			startedAt ??= now;
			if (!facts) return undefined;
			// Counters begin anew with the thread.
			if (!since || facts.lastSampleAt !== since.lastSampleAt || facts.malformed < since.malformed) {
				if (facts.lastSampleAt !== undefined) ages = [...ages, now - facts.lastSampleAt].slice(-REMEMBERED_LOOKS);
				since = facts;
				return undefined;
			}
			const points = facts.rejected - since.rejected;
			const requests = facts.malformed - since.malformed;
			const forMs = now - Math.max(facts.lastSampleAt ?? 0, startedAt);
			if (points + requests === 0) {
				// A pause in which nothing came tells how rarely something does.
				ages = [...ages, forMs].slice(-REMEMBERED_LOOKS);
				return undefined;
			}
			const isKnown = ages.length >= KNOWN_AFTER_LOOKS;
			const limitMs = isKnown ? Math.max(LEAST_MS, FACTOR * Math.max(...ages)) : UNKNOWN_MS;
			return forMs >= limitMs ? { forMs, points, requests } : undefined;
		},
	};
}
