import { type Clock, MINUTE_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import {
	createDetection,
	type DetectionEngine,
	type DetectionPair,
	type DetectorKind,
	type RadarChange,
	unwatchedBreaches,
} from "#detection";
import {
	type IngestRequest,
	type OpenTelemetryStore,
	type Pair,
	release,
	StoreFailure,
	Telemetry,
	type WindowSink,
} from "#telemetry";
import { detectionPairs } from "./detection-pairs.ts";
import { CONFIRM_MS, EvaluationPace, TICK_MS } from "./evaluation-pace.ts";
import { ripeness } from "./ripeness.ts";
import type {
	Answer,
	Call,
	FromWorker,
	HourStrip,
	OpenBreach,
	TelemetryHealth,
	ToWorker,
} from "./telemetry-protocol.ts";

export interface TelemetryHostOptions {
	readonly catalogue: Catalogue;
	readonly openBreaches: readonly OpenBreach[];
	readonly openStore: OpenTelemetryStore;
	/** What calls with a slot point into. */
	readonly bodyMemory?: SharedArrayBuffer;
	readonly clock: Clock;
	readonly seed: number;
	readonly send: (message: FromWorker) => void;
	readonly closed: () => void;
	/** See TelemetryOptions. */
	readonly foldEveryMs?: number | undefined;
}

/** Numbers of pairs are told every second while somebody reads them, else so often. Breaches are told at once. */
const UNWATCHED_TICKS = 5;
const WATCHED_MS = 30_000;
/** Of many thousands of pairs telling takes long, here and where it is heard: it rests so many times its own cost. */
const TELLING_REST = { watched: 10, unwatched: 50, limitMs: 30_000 };
/** Requests are committed together up to this many bytes; the rest waits for the next commit. */
const BATCH_BYTES = 8 * 1024 * 1024;
const NO_MEMORY = new SharedArrayBuffer(0);
const CHANGES_KEPT_MS = 6 * 60 * MINUTE_MS;
const REBUILD_AFTER_MS = [100, 500, 2_000, 10_000];

interface Waiting extends IngestRequest {
	readonly id: number;
	/** The body has memory of its own: it was transferred here, so nobody else has it. */
	readonly isOwn: boolean;
}

/** What corrections of a running clock make of it; windows bear that. */
const SET_BACK_MS = 10_000;
/** Following a clock rests so many times its own cost: one that is stepped to and fro must not keep the thread from counting. */
const FOLLOWING_REST = { times: 20, leastMs: 10_000 };

/**
 * What the telemetry thread does: groups requests into commits, evaluates after each and every second, and after a failure
 * of the store rebuilds memory from it while it answers `unavailable`.
 */
export class TelemetryHost {
	readonly #options: TelemetryHostOptions;
	readonly #clock: Clock;
	/** The latest that the wall clock told. */
	#wallAt = 0;
	/** By the monotonic clock. */
	#followsAgainAt = 0;
	readonly #pace: EvaluationPace;
	readonly #openBreaches = new Map<string, OpenBreach>();
	#catalogue: Catalogue;
	#telemetry: Telemetry;
	#engine: DetectionEngine | undefined;
	#queue: Waiting[] = [];
	#isScheduled = false;
	#failure: string | undefined;
	#rebuilds = 0;
	#timers: NodeJS.Timeout[] = [];
	#workTimer: NodeJS.Timeout | undefined;
	#learnTimer: NodeJS.Timeout | undefined;
	/** Changes of the last hours, told again when the windows are made anew. */
	#changes: RadarChange[] = [];
	#longestSliceMs = 0;
	#watchedUntil = 0;
	#ticksUntold = 0;
	#toldAt = 0;
	#tellingMs = 0;
	#isClosed = false;

	constructor(options: TelemetryHostOptions) {
		this.#options = options;
		this.#clock = options.clock;
		this.#pace = new EvaluationPace(options.clock, () => this.#evaluate());
		this.#catalogue = options.catalogue;
		for (const breach of options.openBreaches) this.#openBreaches.set(breachKey(breach), breach);
		this.#telemetry = new Telemetry({
			openStore: options.openStore,
			catalogue: options.catalogue,
			clock: options.clock,
			seed: options.seed,
			foldEveryMs: options.foldEveryMs,
			openWindows: (pairs) => this.#openWindows(pairs),
		});
	}

	start(): void {
		this.#timers.push(setInterval(() => this.tick(), TICK_MS));
		const statuses = this.#engine?.statuses(this.#clock.now()) ?? [];
		this.#engine?.changedStatuses(this.#clock.now());
		this.#options.send({ kind: "ready", statuses });
		this.#pace.soon();
	}

	receive({ id, call }: ToWorker): void {
		if (call.kind === "ingest") {
			const { kind: _, slot, body: own, ...request } = call;
			const body = slot
				? new Uint8Array(this.#options.bodyMemory ?? NO_MEMORY, slot.at, slot.length)
				: (own ?? new Uint8Array(0));
			this.#queue.push({ ...request, id, body, isOwn: !slot });
			if (!this.#isScheduled) {
				this.#isScheduled = true;
				// All messages that are already here are delivered before this runs: they share one commit.
				setImmediate(() => this.#commitQueue());
			}
			return;
		}
		try {
			this.#options.send({ kind: "answer", id, answer: this.#answer(call) });
		} catch (error) {
			if (error instanceof StoreFailure) this.#fail(error);
			if (call.kind === "import" || call.kind === "pull")
				this.#options.send({ kind: "answer", id, answer: unavailable((error as Error).message) });
			else this.#options.send({ kind: "fault", id, message: (error as Error).message });
		}
		if (call.kind === "close") this.#end();
	}

	/** Once a second: evaluates, tells what changed, folds when it is time. */
	tick(): void {
		if (this.#failure !== undefined) return;
		try {
			this.#followSetBack();
			this.#telemetry.tick();
		} catch (error) {
			this.#fail(error as Error);
			return;
		}
		this.#workOn();
		this.#learnOn();
		this.#evaluate();
		this.#ticksUntold++;
		const now = this.#clock.monotonic();
		const isWatched = now < this.#watchedUntil;
		const { watched, unwatched, limitMs } = TELLING_REST;
		const restMs = Math.min(limitMs, this.#tellingMs * (isWatched ? watched : unwatched));
		if (now - this.#toldAt >= restMs && (isWatched || this.#ticksUntold >= UNWATCHED_TICKS)) this.#tellChanged();
	}

	/**
	 * Windows only move on: those of a clock that was ahead would see nothing until time has caught up. So they are made
	 * anew from what is stored, as at a start.
	 */
	#followSetBack(): void {
		const now = this.#clock.now();
		if (now >= this.#wallAt - SET_BACK_MS) {
			this.#wallAt = Math.max(this.#wallAt, now);
			return;
		}
		const began = this.#clock.monotonic();
		if (began < this.#followsAgainAt) return;
		this.#wallAt = now;
		this.#telemetry.rebuild();
		this.#tellAll();
		const ended = this.#clock.monotonic();
		this.#followsAgainAt = ended + Math.max(FOLLOWING_REST.leastMs, FOLLOWING_REST.times * (ended - began));
	}

	/** Slices of folding and tidying, as long between them as each took: requests that wait go first. */
	#workOn(): void {
		if (this.#workTimer !== undefined || this.#failure !== undefined || this.#isClosed) return;
		try {
			if (!this.#telemetry.hasWork) return;
			const began = this.#clock.monotonic();
			this.#telemetry.work();
			const tookMs = this.#clock.monotonic() - began;
			this.#longestSliceMs = Math.max(this.#longestSliceMs, tookMs);
			this.#workTimer = setTimeout(() => {
				this.#workTimer = undefined;
				this.#workOn();
			}, Math.ceil(tookMs));
		} catch (error) {
			this.#fail(error as Error);
		}
	}

	/** The radar learns after a start what is usual: a third of the thread at most, requests go first. */
	#learnOn(): void {
		if (this.#learnTimer !== undefined || this.#failure !== undefined || this.#isClosed) return;
		const began = this.#clock.monotonic();
		try {
			if (!this.#engine?.work()) return;
		} catch (error) {
			this.#fail(error as Error);
			return;
		}
		this.#learnTimer = setTimeout(
			() => {
				this.#learnTimer = undefined;
				this.#learnOn();
			},
			Math.ceil(2 * (this.#clock.monotonic() - began)),
		);
	}

	#tellChanged(): void {
		this.#ticksUntold = 0;
		const began = this.#clock.monotonic();
		const changed = this.#engine?.changedStatuses(this.#clock.now()) ?? [];
		if (changed.length > 0) this.#options.send({ kind: "statuses", all: false, statuses: changed });
		this.#toldAt = this.#clock.monotonic();
		this.#tellingMs = this.#toldAt - began;
	}

	#commitQueue(): void {
		this.#isScheduled = false;
		let bytes = 0;
		let count = 0;
		while (count < this.#queue.length && (count === 0 || bytes < BATCH_BYTES))
			bytes += (this.#queue[count++] as Waiting).body.byteLength;
		const batch = this.#queue.splice(0, count);
		if (this.#queue.length > 0) {
			this.#isScheduled = true;
			setImmediate(() => this.#commitQueue());
		}
		const { send } = this.#options;
		if (this.#failure !== undefined) {
			for (const { id } of batch) send({ kind: "answer", id, answer: unavailable(this.#failure) });
			return;
		}
		try {
			this.#followSetBack();
			// A process that was suspended would count what comes first as of a far future.
			this.#engine?.tick(this.#clock.now());
			const outcomes = this.#telemetry.ingest(batch);
			for (const { body, isOwn } of batch) if (isOwn) release(body);
			// Only a commit that worked ends the back-off: a full disk can be read again and again.
			this.#rebuilds = 0;
			batch.forEach(({ id }, k) => {
				send({ kind: "answer", id, answer: outcomes[k] });
			});
		} catch (error) {
			this.#fail(error as Error);
			for (const { id } of batch) send({ kind: "answer", id, answer: unavailable((error as Error).message) });
			return;
		}
		this.#pace.soon();
	}

	#answer(call: Exclude<Call, { kind: "ingest" }>): Answer {
		if (call.kind === "health") return this.#health();
		if (call.kind === "close") return undefined;
		if (call.kind === "watch") {
			if (this.#clock.monotonic() >= this.#watchedUntil) this.#tellChanged();
			this.#watchedUntil = this.#clock.monotonic() + WATCHED_MS;
			return undefined;
		}
		if (this.#failure !== undefined) {
			if (call.kind === "import" || call.kind === "pull") return unavailable(this.#failure);
			throw new Error(`telemetry is being rebuilt from its store: ${this.#failure}`);
		}
		switch (call.kind) {
			case "import": {
				const outcome = this.#telemetry.importEvents(call.key, call.body, call.format);
				this.#pace.soon();
				return outcome;
			}
			case "pull": {
				const outcome = this.#telemetry.takePulled({ ...call.answer, body: call.body });
				this.#pace.soon();
				return outcome;
			}
			case "pull-state":
				return this.#telemetry.pullState(call.source, call.slo);
			case "windows":
				return this.#telemetry.windows(call.query);
			case "latencies":
				return this.#telemetry.latencies(call.query);
			case "columns":
				return this.#telemetry.columns(call.query);
			case "accounting":
				return this.#telemetry.accounting(call.tenant, call.source);
			case "hour-strips":
				return this.#hourStrips();
			case "source-states":
				return this.#telemetry.sourceStates();
			case "attributes":
				return call.queries.map((query) => this.#telemetry.attributes(query));
			case "tenant-values":
				return this.#telemetry.tenantValues(call.query);
			case "drill": {
				const event = this.#engine?.drill(call.asked, this.#clock.now());
				if (event) this.#options.send({ kind: "breach", event });
				return event !== undefined;
			}
			case "changes": {
				const known = new Set(this.#changes.map(({ id }) => id));
				const fresh = call.changes.filter(({ id }) => !known.has(id));
				const oldest = this.#clock.now() - CHANGES_KEPT_MS;
				this.#changes = [...this.#changes, ...fresh].filter(({ at }) => at > oldest);
				for (const change of fresh) this.#engine?.change(change);
				return undefined;
			}
			case "configure":
				this.#configure(call.catalogue, call.openBreaches);
				return undefined;
		}
	}

	#configure(catalogue: Catalogue, openBreaches: readonly OpenBreach[]): void {
		this.#openBreaches.clear();
		for (const breach of openBreaches) this.#openBreaches.set(breachKey(breach), breach);
		this.#catalogue = catalogue;
		this.#telemetry.configure(catalogue);
		this.#tellAll();
	}

	#tellAll(): void {
		const now = this.#clock.now();
		this.#engine?.changedStatuses(now);
		this.#options.send({ kind: "statuses", all: true, statuses: this.#engine?.statuses(now) ?? [] });
		this.#pace.soon();
	}

	#hourStrips(): HourStrip[] {
		const now = this.#clock.now();
		const engine = this.#engine;
		if (!engine) return [];
		return engine.statuses(now).map(({ tenant, slo }, pair) => ({ tenant, slo, hours: engine.hourStrip(pair, now) }));
	}

	#health(): TelemetryHealth {
		return {
			...this.#telemetry.counters(),
			state: this.#failure === undefined ? "ready" : "rebuilding",
			failure: this.#failure,
			rssBytes: process.memoryUsage.rss(),
			heapBytes: process.memoryUsage().heapUsed,
			...this.#pace.counters,
			radarLearnt: this.#engine?.learnt() ?? 1,
		};
	}

	#evaluate(): void {
		const engine = this.#engine;
		if (!engine || this.#failure !== undefined || this.#isClosed) return;
		const events = this.#pace.timed(() => engine.evaluate(this.#clock.now()));
		const firings = engine.takeShadowFirings();
		if (firings.length > 0) this.#options.send({ kind: "shadow-firings", firings });
		if (events.length === 0) return;
		// Statuses first: who hears of a breach then finds it in the mirror.
		this.#tellChanged();
		for (const event of events) {
			if (event.type === "breach.opened")
				this.#openBreaches.set(breachKey(event), { ...event, openedAt: event.detectedAt });
			else this.#openBreaches.delete(breachKey(event));
			this.#options.send({ kind: "breach", event });
		}
	}

	#openWindows(pairs: readonly Pair[]): WindowSink {
		const judged = detectionPairs(this.#catalogue, pairs, this.#clock.now());
		this.#closeUnwatched(judged);
		this.#engine = createDetection({
			pairs: judged,
			futureMs: this.#catalogue.settings.telemetry.futureMs,
			confirmMs: CONFIRM_MS,
			completeUntil: ripeness(this.#catalogue, pairs, () => this.#telemetry),
			openBreaches: [...this.#openBreaches.values()],
			history: (slo, tenants, from, to) => this.#telemetry.columns({ slo, tenants, from, to, resolutionMs: MINUTE_MS }),
			percentiles: (query) => this.#telemetry.percentiles(query),
			now: this.#clock.now(),
		});
		for (const change of this.#changes) this.#engine.change(change);
		return this.#engine;
	}

	/** A claim that nobody would ever end would page again and again after its incident is resolved. */
	#closeUnwatched(pairs: readonly DetectionPair[]): void {
		for (const breach of unwatchedBreaches(pairs, [...this.#openBreaches.values()])) {
			this.#openBreaches.delete(breachKey(breach));
			const { tenant, slo } = breach;
			const detector = breach.detector as DetectorKind;
			const end = { closedAt: this.#clock.now(), reason: "unwatched" } as const;
			this.#options.send({ kind: "breach", event: { type: "breach.closed", tenant, slo, detector, ...end } });
		}
	}

	#fail(error: Error): void {
		if (this.#failure !== undefined) return;
		this.#failure = error.message;
		this.#pace.suspend();
		this.#options.send({ kind: "failure", message: error.message });
		this.#rebuildLater();
	}

	#rebuildLater(): void {
		const after = REBUILD_AFTER_MS[Math.min(this.#rebuilds, REBUILD_AFTER_MS.length - 1)];
		this.#rebuilds++;
		this.#timers.push(
			setTimeout(() => {
				if (this.#isClosed) return;
				try {
					this.#telemetry.rebuild();
				} catch (error) {
					this.#failure = (error as Error).message;
					this.#rebuildLater();
					return;
				}
				this.#failure = undefined;
				this.#tellAll();
			}, after),
		);
	}

	#end(): void {
		this.#isClosed = true;
		for (const timer of this.#timers) clearTimeout(timer);
		this.#pace.stop();
		clearTimeout(this.#workTimer);
		clearTimeout(this.#learnTimer);
		try {
			this.#telemetry.close();
		} finally {
			this.#options.closed();
		}
	}
}

function breachKey(breach: { readonly tenant: string; readonly slo: string; readonly detector: string }): string {
	return `${breach.detector}\n${breach.slo}\n${breach.tenant}`;
}

function unavailable(message: string): { status: "unavailable"; message: string; retryAfterS: number } {
	return { status: "unavailable", message, retryAfterS: 2 };
}
