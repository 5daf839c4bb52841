import type { Clock } from "@bellwether/model";
import type { PullError, PullStatus, PullTrial } from "#api";
import type { PullQuery, PullSettings, Slo, Source } from "#catalogue";
import {
	backOffMs,
	CountRows,
	type EngineQuery,
	type PullEngine,
	type PulledAnswer,
	type PulledRow,
	PullFailure,
	type PullFailureReason,
	type PullOutcome,
	type PullRange,
	type PullState,
	planPull,
	SeriesBytes,
} from "#telemetry";

export interface PullRunnerOptions {
	/** Raw samples that are older are not taken, so they are not asked for. */
	readonly latenessMs: number;
	readonly clock: Clock;
	/** 0 ≤ x < 1; spreads back-off. */
	readonly random: () => number;
	/** Resolves after the time, or at once when the signal is aborted. */
	readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
	readonly take: (answer: PulledAnswer) => Promise<PullOutcome>;
	/** For trials: what an operator asks by hand waits for no rate and no catch-up. */
	readonly trialEngine: PullEngine;
	readonly stateOf: (source: string, slo: string) => Promise<PullState | undefined>;
	readonly onStatus: (status: PullStatus) => void;
}

type PulledSource = Source & { readonly pull: PullSettings };

/** Failures that all queries of a source have in common: asking the next one would only fail as well. */
const OF_SOURCE: ReadonlySet<PullFailureReason> = new Set(["blocked", "unreached", "denied", "throttled"]);
const SAMPLE_ROWS = 10;
/** Rows are given to the store's thread only as a whole; nobody waits longer than this for one. */
const WHOLE_QUERY_MS = 15 * 60_000;
const STORE_RETRY_MS = 2_000;

interface QueryState {
	readonly asked: EngineQuery;
	known: PullState | undefined;
	isRead: boolean;
	failures: number;
	notBefore: number;
	/** Ranges of its plan that are still to be asked for: a plan is carried out before the next is made, else its overlap would begin anew each time. */
	ranges: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Asks one source, query after query, for ever: a range per query and turn, so that a long catch-up of one SLO does not hold
 * up the others. Sources do not know of each other.
 */
export class PullRunner {
	readonly #source: PulledSource;
	readonly #engine: PullEngine;
	readonly #options: PullRunnerOptions;
	readonly #abort = new AbortController();
	readonly #queries: QueryState[];
	#ended: Promise<void> = Promise.resolve();
	#sourceFailures = 0;
	#nextAt: number | undefined;
	#lastAttemptAt: number | undefined;
	#lastSuccessAt: number | undefined;
	#asked = 0;
	#rows = 0;
	#rejected = 0;
	#revised = 0;
	#vanished = 0;
	#skippedMs = 0;
	#failures: Partial<Record<PullFailureReason, number>> = {};
	#errors = new Map<string, PullError>();
	#notes = new Map<string, string>();

	constructor(source: PulledSource, slos: readonly Slo[], engine: PullEngine, options: PullRunnerOptions) {
		this.#source = source;
		this.#engine = engine;
		this.#options = options;
		this.#queries = source.pull.queries.flatMap((query) => {
			const slo = slos.find((each) => each.name === query.slo);
			if (!slo) return [];
			return [{ asked: { query, slo }, known: undefined, isRead: false, failures: 0, notBefore: 0, ranges: [] }];
		});
	}

	start(): void {
		this.#ended = this.#run();
	}

	/** Resolves when nothing is under way any more. */
	async stop(): Promise<void> {
		this.#abort.abort();
		await this.#ended;
		await this.#engine.close();
		await this.#options.trialEngine.close();
	}

	/** Asks for the newest ripe steps and shows what came; nothing of it is counted. */
	async test(slo: string | undefined): Promise<PullTrial | undefined> {
		const query = this.#queries.find(({ asked }) => slo === undefined || asked.slo.name === slo);
		if (!query) return undefined;
		const { clock } = this.#options;
		const { stepMs, delayMs } = this.#source.pull;
		const to = Math.floor((clock.now() - delayMs) / stepMs) * stepMs;
		const range = { from: to - 5 * stepMs, to, stepMs };
		const began = clock.monotonic();
		const sample: PulledRow[] = [];
		let rows = 0;
		let error: PullTrial["error"];
		try {
			const counts = new CountRows(query.asked.query, stepMs, to - stepMs);
			for await (const row of this.#trialRows(query.asked, range)) {
				rows++;
				if (sample.length < SAMPLE_ROWS) sample.push(row);
				if (!this.#isSamples(query.asked.query)) counts.add(row);
			}
		} catch (thrown) {
			const { reason, message, remedy } = asFailure(thrown);
			error = { reason, message, remedy };
		}
		return { slo: query.asked.slo.name, ...range, tookMs: clock.monotonic() - began, rows, sample, error };
	}

	async #run(): Promise<void> {
		const { clock, random, sleep } = this.#options;
		const { signal } = this.#abort;
		this.#tell();
		// A restart must not ask a hundred sources in the same millisecond.
		await sleep(random() * Math.min(1_000, this.#source.pull.intervalMs), signal);
		while (!signal.aborted) {
			const wait = await this.#turn();
			this.#nextAt = clock.now() + wait;
			this.#tell();
			await sleep(wait, signal);
		}
	}

	/** One range of every query that is due; returns how long to wait for the next turn. */
	async #turn(): Promise<number> {
		const { clock, random } = this.#options;
		for (const query of this.#queries) {
			if (this.#abort.signal.aborted) return 0;
			if (clock.now() < query.notBefore) continue;
			try {
				await this.#askOnce(query);
				query.failures = 0;
				this.#sourceFailures = 0;
			} catch (thrown) {
				if (this.#abort.signal.aborted) return 0;
				if (thrown instanceof StoreBusy) return thrown.retryAfterMs;
				const failure = asFailure(thrown);
				this.#note(query, failure);
				if (OF_SOURCE.has(failure.reason)) return backOffMs(++this.#sourceFailures, random(), failure.retryAfterMs);
				query.notBefore = clock.now() + backOffMs(++query.failures, random(), failure.retryAfterMs);
			}
			this.#tell();
		}
		return this.#waitMs();
	}

	/** At once while somebody is behind; else until the next step is ripe. */
	#waitMs(): number {
		const now = this.#options.clock.now();
		const { intervalMs, delayMs } = this.#source.pull;
		const nextRound = (Math.floor((now - delayMs) / intervalMs) + 1) * intervalMs + delayMs;
		const spread = this.#options.random() * Math.min(1_000, intervalMs / 10);
		let next = nextRound + spread;
		for (const { ranges, notBefore } of this.#queries)
			if (ranges.length > 0) next = Math.min(next, Math.max(now, notBefore));
		return Math.max(0, next - now);
	}

	async #askOnce(query: QueryState): Promise<void> {
		const { clock, stateOf, latenessMs } = this.#options;
		const { name, pull } = this.#source;
		const { asked } = query;
		if (!query.isRead) {
			query.known = await stateOf(name, asked.slo.name).catch((error: Error) => {
				throw new StoreBusy(error.message, STORE_RETRY_MS);
			});
			query.isRead = true;
		}
		const form = this.#isSamples(asked.query) ? "samples" : "counts";
		const catchUpMs =
			form === "samples" ? Math.min(pull.catchUpMs, Math.max(pull.stepMs, latenessMs - pull.delayMs)) : pull.catchUpMs;
		if (query.ranges.length === 0) {
			const { ranges, skipped } = planPull({ ...pull, form, catchUpMs }, query.known, clock.now());
			query.ranges = ranges;
			this.#notes.delete(asked.slo.name);
			if (skipped) {
				this.#skippedMs += skipped.to - skipped.from;
				const words = `${new Date(skipped.from).toISOString()} to ${new Date(skipped.to).toISOString()}`;
				this.#notes.set(asked.slo.name, `${words} lies before the catch-up limit and was not asked for`);
			}
		}
		const [range, ...rest] = query.ranges;
		if (!range) return;
		this.#lastAttemptAt = clock.now();
		this.#asked++;
		const body = await this.#read(asked, { ...range, stepMs: pull.stepMs });
		const outcome = await this.#store({
			source: name,
			slo: asked.slo.name,
			form,
			...range,
			stepMs: pull.stepMs,
			overlapMs: pull.overlapMs,
			tenantAttribute: asked.query.tenantAttribute,
			body,
		});
		query.known = outcome.state;
		query.ranges = rest;
		this.#lastSuccessAt = clock.now();
		this.#rows += outcome.rows;
		this.#rejected += outcome.rejected;
		this.#revised += outcome.revised;
		this.#vanished += outcome.vanished;
		this.#errors.delete(asked.slo.name);
		if (outcome.message !== "") this.#notes.set(asked.slo.name, outcome.message);
	}

	/** The whole answer in few bytes, or PullFailure: half an answer is never counted. */
	async #read(asked: EngineQuery, range: PullRange): Promise<Uint8Array> {
		const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(WHOLE_QUERY_MS)]);
		if (this.#isSamples(asked.query) && this.#engine.series) {
			const bytes = new SeriesBytes();
			const isGauge = asked.slo.indicator.kind === "threshold";
			for await (const series of this.#engine.series(asked, range, signal)) bytes.add(series, isGauge);
			return bytes.take();
		}
		const rows = new CountRows(asked.query, range.stepMs, range.to - range.stepMs);
		for await (const row of this.#engine.rows(asked, range, signal)) rows.add(row);
		return rows.take();
	}

	async *#trialRows(asked: EngineQuery, range: PullRange): AsyncIterable<PulledRow> {
		const { trialEngine } = this.#options;
		const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#source.pull.timeoutMs * 2)]);
		if (!this.#isSamples(asked.query) || !trialEngine.series) {
			yield* trialEngine.rows(asked, range, signal);
			return;
		}
		for await (const { labels, samples } of trialEngine.series(asked, range, signal)) {
			const [at, value] = samples.at(-1) ?? [];
			yield { ...labels, at, value, samples: samples.length };
		}
	}

	async #store(answer: PulledAnswer): Promise<PullOutcome & { status: "accepted" }> {
		const outcome = await this.#options.take(answer).catch((error: Error) => {
			throw new StoreBusy(error.message, STORE_RETRY_MS);
		});
		if (outcome.status === "accepted") return outcome;
		if (outcome.status === "unavailable") throw new StoreBusy(outcome.message, outcome.retryAfterS * 1000);
		throw new PullFailure("too_large", outcome.message, "lower maxRange of the source");
	}

	#isSamples(query: PullQuery): boolean {
		return this.#engine.series !== undefined && query.promql === undefined && query.text === undefined;
	}

	#note(query: QueryState, { reason, message, remedy }: PullFailure): void {
		this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
		const slo = query.asked.slo.name;
		this.#errors.set(slo, { at: this.#options.clock.now(), slo, reason, message, remedy });
	}

	#tell(): void {
		const watermarks = this.#queries.map(({ known }) => known?.pulledUntil);
		const queue = this.#queries.reduce((sum, { ranges }) => sum + ranges.length, 0);
		const error = [...this.#errors.values()].at(-1);
		this.#options.onStatus({
			source: this.#source.name,
			state: error ? "failing" : this.#lastSuccessAt === undefined ? "starting" : queue > 0 ? "behind" : "ok",
			lastAttemptAt: this.#lastAttemptAt,
			lastSuccessAt: this.#lastSuccessAt,
			nextAt: this.#nextAt,
			watermarkAt: watermarks.includes(undefined) ? undefined : Math.min(...(watermarks as number[])),
			queue,
			queries: this.#asked,
			rows: this.#rows,
			rejected: this.#rejected,
			revised: this.#revised,
			vanished: this.#vanished,
			failures: { ...this.#failures },
			skippedMs: this.#skippedMs,
			error,
			note: [...this.#notes].map(([slo, words]) => `${slo}: ${words}`).join("; "),
		});
	}
}

/** The store cannot take anything now; that is no fault of the source. */
class StoreBusy extends Error {
	readonly retryAfterMs: number;
	constructor(message: string, retryAfterMs: number) {
		super(message);
		this.retryAfterMs = retryAfterMs;
	}
}

function asFailure(thrown: unknown): PullFailure {
	if (thrown instanceof PullFailure) return thrown;
	const { message } = thrown as Error;
	return new PullFailure("failed", message, "report this message: the query stumbled inside Bellwether");
}
