import { createHash } from "node:crypto";
import type { Clock } from "@bellwether/model";
import type { FeedPullStatus } from "#api";
import type { Feed, FeedPullSettings } from "#catalogue";
import {
	backOffMs,
	type FeedAnswer,
	type FeedEngine,
	newsDigest,
	type ParsedFeed,
	PullFailure,
	type PullFailureReason,
	parsePulled,
} from "#telemetry";

export type PulledFeed = Feed & { readonly pull: FeedPullSettings };

/** What was read from a feed that is asked. */
export interface PulledFacts {
	readonly feed: string;
	readonly parsed: Extract<ParsedFeed, { readonly status: "parsed" }>;
	/** False: a part of it did not answer, so only news in it prove that the feed lives. */
	readonly provesLife: boolean;
	readonly askedAt: number;
}

export type FeedStoreOutcome =
	| { readonly status: "kept" }
	/** Nothing can be written now. */
	| { readonly status: "unavailable"; readonly message: string; readonly retryAfterMs: number };

export interface FeedPullerOptions {
	readonly clock: Clock;
	/** 0 ≤ x < 1; spreads the schedule and the back-off. */
	readonly random: () => number;
	/** Resolves after the time, or at once when the signal is aborted. */
	readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
	/** Rejects when the main thread failed to keep it. */
	readonly keep: (facts: PulledFacts) => Promise<FeedStoreOutcome>;
	readonly onStatus: (status: FeedPullStatus) => void;
}

/** What is told again is held again so often, for what is not told for a day fades. */
const TOLD_AGAIN_MS = 3_600_000;
const STORE_RETRY_MS = 5_000;
/** All addresses and pages together; nobody waits longer. */
const WHOLE_TURN_MS = 10 * 60_000;

/** What to do about each reason; the words of queries, which failures of sources have, do not fit a feed. */
const REMEDIES: Readonly<Record<PullFailureReason, string>> = {
	blocked: "allow host:port in settings.egress.allow if that system is yours",
	unreached: "check pull.url, the network and the certificate",
	timeout: "raise pull.timeout, or see why that system is slow",
	denied: "check pull.auth and what it may read",
	throttled: "raise pull.every",
	refused: "correct pull.url: it must be the address that answers itself, for redirects are not followed",
	failed: "look at that system; it is asked again by itself",
	partial: "see why a part is missing or old; until then nothing is well",
	too_large: "narrow pull.url, or raise pull.maxResponseBytes",
	malformed:
		"check that pull.url leads to the JSON itself, not to a page for people or a sign-in, and that kind is right; if it tells too much at once, narrow it",
};

/** Asks one feed for ever, by its rhythm. Feeds do not know of each other. */
export class FeedPuller {
	readonly #feed: PulledFeed;
	readonly #engine: FeedEngine;
	readonly #options: FeedPullerOptions;
	readonly #abort = new AbortController();
	#ended: Promise<void> = Promise.resolve();
	#nextAt: number | undefined;
	#lastAttemptAt: number | undefined;
	#lastSuccessAt: number | undefined;
	#misses = 0;
	#failures: Partial<Record<PullFailureReason, number>> = {};
	#error: FeedPullStatus["error"];
	#told: { readonly digest: string; readonly at: number } | undefined;

	constructor(feed: PulledFeed, engine: FeedEngine, options: FeedPullerOptions) {
		this.#feed = feed;
		this.#engine = engine;
		this.#options = options;
	}

	start(): void {
		this.#ended = this.#run();
	}

	/** Resolves when nothing is under way any more. */
	async stop(): Promise<void> {
		this.#abort.abort();
		await this.#ended;
	}

	async #run(): Promise<void> {
		const { clock, random, sleep } = this.#options;
		const { signal } = this.#abort;
		const { everyMs } = this.#feed.pull;
		this.#tell();
		// A restart must not ask a hundred feeds in the same millisecond.
		await sleep(random() * Math.min(2_000, everyMs / 10), signal);
		while (!signal.aborted) {
			const wait = await this.#turn();
			if (signal.aborted) return;
			this.#nextAt = clock.now() + wait;
			this.#tell();
			await sleep(wait, signal);
		}
	}

	/** Asks once; returns how long to wait. */
	async #turn(): Promise<number> {
		const { clock, random } = this.#options;
		const { everyMs } = this.#feed.pull;
		const began = clock.monotonic();
		this.#lastAttemptAt = clock.now();
		try {
			const answer = await this.#engine.ask(AbortSignal.any([this.#abort.signal, AbortSignal.timeout(WHOLE_TURN_MS)]));
			const outcome = await this.#keep(answer);
			if (outcome.status === "unavailable") return this.#notKept(outcome);
			if (outcome.failure) throw outcome.failure;
			this.#misses = 0;
			this.#error = undefined;
			this.#lastSuccessAt = this.#lastAttemptAt;
			// Never later than its rhythm, so that three misses are three.
			const due = everyMs * (1 - random() / 10);
			return Math.max(1_000, due - (clock.monotonic() - began));
		} catch (thrown) {
			if (this.#abort.signal.aborted) return 0;
			const { reason, message, retryAfterMs } = asFailure(thrown);
			this.#misses++;
			this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
			this.#error = { at: clock.now(), reason, message, remedy: REMEDIES[reason] };
			return backOffMs(this.#misses, random(), retryAfterMs);
		}
	}

	/** That nothing can be written is no fault of the feed, but why it grows stale must be said. */
	#notKept({ message, retryAfterMs }: Extract<FeedStoreOutcome, { status: "unavailable" }>): number {
		const remedy = "see that the disk of the data folder has room and can be written; it is asked again by itself";
		const said = `the answer could not be kept: ${message}`;
		this.#error = { at: this.#options.clock.now(), reason: "failed", message: said, remedy };
		return Math.max(STORE_RETRY_MS, retryAfterMs);
	}

	async #keep(
		answer: FeedAnswer,
	): Promise<
		| { readonly status: "kept"; readonly failure: PullFailure | undefined }
		| Extract<FeedStoreOutcome, { status: "unavailable" }>
	> {
		const parsed = parsePulled(this.#feed, answer);
		if (parsed.status === "malformed") throw new PullFailure("malformed", parsed.message, "");
		const nothing = parsed.facts.length === 0 && parsed.left === 0 ? parsed.faults[0] : undefined;
		if (nothing) {
			const message = `nothing of the answer can be used; ${nothing.place || "it"}: ${nothing.message}`;
			throw new PullFailure("malformed", message, "");
		}
		const failure = answer.failure ?? this.#missingAlert(answer);
		const digest = digestOf(newsDigest(parsed));
		const { askedAt } = answer;
		const isToldAgain = this.#told?.digest === digest && askedAt - this.#told.at < TOLD_AGAIN_MS;
		if (failure === undefined || !isToldAgain) {
			const outcome = await this.#options
				.keep({
					feed: this.#feed.name,
					parsed: isToldAgain ? heardOnly(parsed) : failure ? { ...parsed, ...NOT_COMPLETE } : parsed,
					provesLife: failure === undefined,
					askedAt,
				})
				.catch(
					(error: Error): FeedStoreOutcome => ({ status: "unavailable", message: error.message, retryAfterMs: 0 }),
				);
			if (outcome.status === "unavailable") return outcome;
			if (!isToldAgain) this.#told = failure ? undefined : { digest, at: askedAt };
		}
		return { status: "kept", failure };
	}

	/** Where the alert that always fires is missing, whatever evaluates alerts is down, and no alert says nothing. */
	#missingAlert({ messages }: FeedAnswer): PullFailure | undefined {
		const { expectAlert } = this.#feed.pull;
		if (expectAlert === undefined) return undefined;
		const alerts = messages.flatMap(({ body }) => (Array.isArray(body) ? body : []));
		if (alerts.some((alert) => alert?.labels?.alertname === expectAlert)) return undefined;
		return new PullFailure("partial", `the alert ${expectAlert}, which always fires, is not in the answer`, "");
	}

	#tell(): void {
		const isAnswered = this.#lastSuccessAt !== undefined;
		this.#options.onStatus({
			feed: this.#feed.name,
			state: this.#error ? "failing" : isAnswered ? "ok" : "starting",
			lastAttemptAt: this.#lastAttemptAt,
			lastSuccessAt: this.#lastSuccessAt,
			nextAt: this.#nextAt,
			requests: this.#engine.requests,
			unchanged: this.#engine.unchanged,
			misses: this.#misses,
			failures: { ...this.#failures },
			error: this.#error,
		});
	}
}

const NOT_COMPLETE = { complete: undefined };

/** The feed answered and says what it said before: nothing is held anew but that it was heard. */
function heardOnly(parsed: PulledFacts["parsed"]): PulledFacts["parsed"] {
	return { ...parsed, ...NOT_COMPLETE, facts: [], faults: [], left: 0 } as PulledFacts["parsed"];
}

function digestOf(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

function asFailure(thrown: unknown): PullFailure {
	if (thrown instanceof PullFailure) return thrown;
	const { message } = thrown as Error;
	return new PullFailure("failed", message, "");
}
