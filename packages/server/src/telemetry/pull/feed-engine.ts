import type { PulledMessages } from "../feeds/pulled.ts";
import type { PullFailure } from "./pull-engine.ts";

/**
 * A system that tells facts and is asked for them. What its answers mean is read elsewhere: an engine asks, follows pages,
 * and says in words what went wrong.
 */
export interface FeedEngine {
	/**
	 * All that it says now. Throws PullFailure when nothing can be used; what answered beside what did not is given along
	 * with the failure. Stops soon after `signal` is aborted.
	 */
	ask(signal: AbortSignal): Promise<FeedAnswer>;
	/** Requests since it was made. */
	readonly requests: number;
	/** Answers that were as before, which the system said without sending them again. */
	readonly unchanged: number;
}

export interface FeedAnswer extends PulledMessages {
	/** Why it is not whole. */
	readonly failure: PullFailure | undefined;
}
