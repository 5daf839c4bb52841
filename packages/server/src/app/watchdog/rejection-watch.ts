import type { AllRejected, TelemetryFacts } from "./audit-types.ts";

/** A pause in what is counted must be longer than any lately by this factor, and than this. */
const FACTOR = 1.5;
const LEAST_MS = 30_000;
/** As long as nothing was ever counted there is no rhythm to compare with. */
const FIRST_MS = 120_000;
const REMEMBERED_MS = 30 * 60_000;

/**
 * Tells when nothing is counted any more although points come. One sender with a wrong clock is no such thing while
 * others are counted, however rarely they send: their usual pauses are known.
 */
export function createRejectionWatch(): {
	/** `now`: monotonic, ms. Undefined: something is counted, or nothing comes. */
	look(facts: TelemetryFacts | undefined, now: number): AllRejected | undefined;
} {
	let before: TelemetryFacts | undefined;
	let countedAt: number | undefined;
	let begunAt: number | undefined;
	let since: Pick<TelemetryFacts, "rejected" | "malformed"> = { rejected: 0, malformed: 0 };
	let pauses: { readonly at: number; readonly ms: number }[] = [];
	return {
		look(facts, now) {
			const last = before;
			before = facts;
			begunAt ??= now;
			// Nothing can be compared, as after a restart of the thread.
			if (!facts || !last || facts.malformed < last.malformed || facts.counted < last.counted) {
				if (facts) since = facts;
				return undefined;
			}
			if (facts.counted > last.counted) {
				if (countedAt !== undefined) pauses.push({ at: now, ms: now - countedAt });
				pauses = pauses.filter(({ at }) => now - at < REMEMBERED_MS);
				countedAt = now;
				since = facts;
				return undefined;
			}
			const points = facts.rejected - since.rejected;
			const requests = facts.malformed - since.malformed;
			if (points + requests === 0) return undefined;
			const forMs = now - (countedAt ?? begunAt);
			const usualMs = Math.max(0, ...pauses.map(({ ms }) => ms));
			const limitMs = countedAt === undefined ? FIRST_MS : Math.max(LEAST_MS, FACTOR * usualMs);
			return forMs >= limitMs ? { forMs, points, requests } : undefined;
		},
	};
}
