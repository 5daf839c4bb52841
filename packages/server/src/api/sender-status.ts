import type { Source } from "#catalogue";
import type { SourceState } from "#telemetry";

/** How a source that sends fares. */
export interface SenderStatus extends SourceState {
	/** Refused for its limits since start. */
	readonly refusedRequests: number;
	/** It was refused for its limits within the last minute. */
	readonly isOver: boolean;
}

/** `late`: longer than three of its usual intervals, or than it is expected; `down`: three times as long as that. */
export type Punctuality = "ok" | "late" | "down" | "unknown";

/** Senders that repeat several times a minute are not late for want of one request. */
const LEAST_EXPECTED_MS = 60_000;
const MISSED_INTERVALS = 3;
const DOWN_AFTER = 3;
/** Requests of a shorter time are no rhythm. */
const KNOWN_AFTER_MS = 5 * 60_000;
/** A sender that has been away for longer is gone: nobody waits for it. */
const GONE_MS = 24 * 3_600_000;

/** Within how long the next request of a source is expected, ms; undefined: it has no rhythm that is known. */
export function expectedWithinMs(sender: SourceState, source: Source | undefined): number | undefined {
	if (source?.expectEveryMs !== undefined) return source.expectEveryMs;
	const knownForMs = sender.lastRequestAt - sender.firstRequestAt;
	if (sender.usualIntervalMs === undefined || knownForMs < KNOWN_AFTER_MS) return undefined;
	return Math.max(LEAST_EXPECTED_MS, MISSED_INTERVALS * sender.usualIntervalMs);
}

/** `startedAt`: while this server was not there, nobody could send. */
export function punctualityOf(
	sender: SourceState,
	source: Source | undefined,
	{ now, startedAt }: { readonly now: number; readonly startedAt: number },
): Punctuality {
	const withinMs = expectedWithinMs(sender, source);
	if (withinMs === undefined) return "unknown";
	const silentMs = now - Math.max(sender.lastRequestAt, startedAt);
	if (silentMs <= withinMs) return "ok";
	return silentMs > DOWN_AFTER * withinMs ? "down" : "late";
}

/** Every source that used to send is silent: that is one thing, and about ourselves or the way to us. */
export interface IngestSilence {
	readonly sources: number;
	/** When the last of them sent. */
	readonly since: number;
}

/**
 * Says so when all sources are late or down together, instead of a statement on each. Undefined: some send, or too little is
 * known. `isAnyAnswering`: a source that is asked gives data.
 */
export function ingestSilence(
	senders: readonly SenderStatus[],
	sources: readonly Source[],
	at: { readonly now: number; readonly startedAt: number; readonly isAnyAnswering: boolean },
): IngestSilence | undefined {
	if (at.isAnyAnswering) return undefined;
	const regular = senders.filter(({ lastRequestAt }) => at.now - lastRequestAt < GONE_MS);
	if (regular.length === 0) return undefined;
	for (const sender of regular) {
		const source = sources.find(({ name }) => name === sender.source);
		const state = punctualityOf(sender, source, at);
		if (state !== "late" && state !== "down") return undefined;
	}
	return { sources: regular.length, since: Math.max(...regular.map(({ lastRequestAt }) => lastRequestAt)) };
}
