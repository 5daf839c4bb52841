import { LATE_AFTER_MS } from "../counting/cells.ts";
import type { Streams } from "./streams.ts";

/** A stream without points for this long is forgotten; by then its start and its ranges are older than any lateness limit. */
const IDLE_MS = 24 * 3_600_000;
const CHECK_EVERY_MS = 3_600_000;
/** Share of idle streams from which on they are forgotten, and share of `maxStreams` beyond which any are. */
const FORGET_FROM = 0.05;
const FORGET_BEYOND = 0.5;

export interface StreamLimits {
	readonly latenessMs: number;
	readonly maxStreams: number;
}

/** Which streams are to be forgotten, asked for at each fold and looked for once an hour. Instants are ms epoch. */
export class IdleStreams {
	#checkedAt: number;

	constructor(now: number) {
		this.#checkedAt = now;
	}

	/** Nothing is idle right after loading: the next look is an hour later. */
	putOff(now: number): void {
		this.#checkedAt = now;
	}

	/**
	 * Stored ids of streams that are worth forgetting now; mostly none. Forgetting builds everything anew while requests
	 * wait: a few streams are not worth it, as long as there is room.
	 */
	due(streams: Streams, limits: StreamLimits, now: number): readonly number[] {
		if (now - this.#checkedAt < CHECK_EVERY_MS) return [];
		this.#checkedAt = now;
		const idle = idleStreams(streams, limits, now);
		const isFull = streams.registered > FORGET_BEYOND * limits.maxStreams;
		return isFull || idle.length > FORGET_FROM * streams.registered ? idle : [];
	}
}

/** Stored ids of streams whose newest point is older than a day, or than the lateness limit if that is longer. */
export function idleStreams(streams: Streams, { latenessMs }: StreamLimits, now: number): number[] {
	const idle: number[] = [];
	const oldestUs = (now - Math.max(IDLE_MS, latenessMs + LATE_AFTER_MS)) * 1000;
	for (let slot = 0; slot < streams.count; slot++) {
		const lastUs = streams.lastTimes[slot] as number;
		if (lastUs > 0 && lastUs < oldestUs && (streams.ids[slot] as number) > 0) idle.push(streams.ids[slot] as number);
	}
	return idle;
}
