import type { Worker } from "node:worker_threads";
import { isOwnName } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import type { BreachClosed, BreachOpened, Drill, PairStatus, RadarChange, ShadowFiring } from "#detection";
import type {
	Accounting,
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	ImportFormat,
	ImportOutcome,
	IngestOptions,
	IngestOutcome,
	Latencies,
	LatenciesQuery,
	Protocol,
	PulledAnswer,
	PullOutcome,
	PullState,
	SourceState,
	TenantValues,
	TenantValuesQuery,
	WindowBucket,
	WindowsQuery,
} from "#telemetry";
import { BodyMemory } from "./body-memory.ts";
import type {
	Answer,
	Call,
	FromWorker,
	HourStrip,
	OpenBreach,
	TelemetryHealth,
	ToWorker,
	WorkerStart,
} from "./telemetry-protocol.ts";

import { warmTelemetryWorker } from "./warm-worker.ts";

export type { HourStrip, OpenBreach, TelemetryHealth } from "./telemetry-protocol.ts";

export interface TelemetryListener {
	breach?(event: BreachOpened | BreachClosed): void;
	/** What monitors in shadow would have claimed just now, oldest first. */
	shadowFirings?(firings: readonly ShadowFiring[]): void;
	statuses?(changed: PairStatus[]): void;
	/** The thread or its store failed; it recovers by itself, ingest answers `unavailable` meanwhile. */
	failure?(error: Error): void;
}

/**
 * Telemetry and detection, on a thread of their own: nothing here decodes. An outcome other than `unavailable` is given
 * only after what it says is on disk. Calls never reject because of input; they reject when the thread is closed or down.
 */
export interface TelemetryThread {
	readonly bodies: BodyMemory;
	/** Takes `body`, a view of `bodies` or transferred: do not touch it afterwards. `encoding`: the request's Content-Encoding. */
	ingest(
		protocol: Protocol,
		encoding: string | undefined,
		body: Uint8Array,
		more?: IngestOptions,
	): Promise<IngestOutcome>;
	/**
	 * NDJSON lines `{tenant, slo, at, good, total}`, or CSV with these columns; history up to 400 d. The same key again gives the same answer and
	 * counts nothing. A tenant that is not a key tenant feeds the fleet only.
	 */
	importEvents(idempotencyKey: string, body: Uint8Array, format?: ImportFormat): Promise<ImportOutcome>;
	/** One answer of a pulled source; see `Telemetry.takePulled`. `body` is transferred. */
	takePulled(answer: PulledAnswer): Promise<PullOutcome>;
	pullState(source: string, slo: string): Promise<PullState | undefined>;
	/** Undefined: no such pair. Buckets without data are absent, never zero. */
	windows(query: WindowsQuery): Promise<WindowBucket[] | undefined>;
	/** Undefined: no such pair, or none whose latencies are kept. */
	latencies(query: LatenciesQuery): Promise<Latencies | undefined>;
	/** Bad and total events by tenant, then step; 0 where there were none. */
	columns(query: ColumnsQuery): Promise<Float64Array>;
	/** Counts by attributes; undefined for each that the SLI does not keep. */
	attributes(queries: readonly AttributesQuery[]): Promise<(AttributeCounts | undefined)[]>;
	accounting(tenant?: string, source?: string): Promise<Accounting[]>;
	hourStrips(): Promise<HourStrip[]>;
	/** How the sources that sent behave. */
	sourceStates(): Promise<SourceState[]>;
	/** Values of attributes that may name a tenant, as streams had them since the catalogue was loaded. */
	tenantValues(query: TenantValuesQuery): Promise<TenantValues>;
	/**
	 * Mirror kept in this thread: no wait. Who reads it finds every number at most a second old from the second read on;
	 * while nobody does, numbers come every five seconds, and breaches at once all the same. Of very many pairs they come
	 * less often, at the latest after half a minute: telling rests many times its own cost.
	 */
	statuses(): PairStatus[];
	/** The catalogue changed; history of unchanged pairs stays. */
	configure(catalogue: Catalogue, openBreaches: readonly OpenBreach[]): Promise<void>;
	health(): Promise<TelemetryHealth>;
	/** Makes a claim that says it is a test; false: there is no such pair. */
	drill(asked: Drill): Promise<boolean>;
	/** What changed lately; the same again changes nothing. */
	tellChanges(changes: readonly RadarChange[]): Promise<void>;
	on(listener: TelemetryListener): void;
	close(): Promise<void>;
}

export interface TelemetryThreadOptions {
	readonly dataDir: string;
	readonly catalogue: Catalogue;
	readonly openBreaches: readonly OpenBreach[];
	/** A thread that has loaded its code already; undefined: one is made. */
	readonly warmWorker?: Worker | undefined;
	/** Where threads made later keep their compiled code. */
	readonly compileCacheDir?: string | undefined;
}

/** Bodies in flight to the thread. Beyond it the answer is `unavailable` at once, so that a slow disk cannot fill the memory. */
const MAX_BYTES_IN_FLIGHT = 96 * 1024 * 1024;
const RESTART_AFTER_MS = [100, 500, 2_000, 5_000];

/** Reading statuses is told to the thread this often at most; it forgets it after three times as long. */
const WATCH_AGAIN_MS = 10_000;

interface Pending {
	readonly kind: Call["kind"];
	readonly bytes: number;
	resolve(answer: Answer): void;
	reject(error: Error): void;
}

/** Resolves when history is loaded and ingest may begin; rejects when the store cannot be opened (e.g. written by a newer version). */
export async function startTelemetryThread(options: TelemetryThreadOptions): Promise<TelemetryThread> {
	const thread = new Thread(options);
	await thread.start();
	return thread;
}

class Thread implements TelemetryThread {
	#start: TelemetryThreadOptions;
	#worker: Worker | undefined;
	#state: "starting" | "ready" | "down" | "closed" = "starting";
	#lastFailure: string | undefined;
	#restarts = 0;
	#restartTimer: NodeJS.Timeout | undefined;
	#nextId = 1;
	#bytesInFlight = 0;
	#watchedAt = Number.NEGATIVE_INFINITY;
	readonly #pending = new Map<number, Pending>();
	readonly #listeners: TelemetryListener[] = [];
	readonly bodies = new BodyMemory();
	readonly #statuses = new Map<string, PairStatus>();
	readonly #openBreaches = new Map<string, OpenBreach>();

	#warm: Worker | undefined;
	readonly #compileCacheDir: string | undefined;

	constructor(options: TelemetryThreadOptions) {
		const { dataDir, catalogue, openBreaches } = options;
		this.#start = { dataDir, catalogue, openBreaches };
		this.#warm = options.warmWorker;
		this.#compileCacheDir = options.compileCacheDir;
		this.#keepOpenBreaches(options.openBreaches);
	}

	start(): Promise<void> {
		return new Promise((resolve, reject) => {
			const worker = this.#warm ?? warmTelemetryWorker(this.#compileCacheDir);
			this.#warm = undefined;
			worker.ref();
			const openBreaches = [...this.#openBreaches.values()];
			worker.postMessage({ ...this.#start, bodyMemory: this.bodies.shared, openBreaches } satisfies WorkerStart);
			this.#worker = worker;
			this.#state = "starting";
			this.#watchedAt = Number.NEGATIVE_INFINITY;
			let failure: Error | undefined;
			worker.on("message", (message: FromWorker) => {
				if (message.kind === "ready") {
					this.#state = "ready";
					this.#restarts = 0;
					this.#lastFailure = undefined;
					this.#mirror(message.statuses, true);
					resolve();
				} else this.#receive(message);
			});
			worker.on("error", (error) => {
				failure = error instanceof Error ? error : new Error(String(error));
			});
			worker.on("exit", (code) => {
				const wasReady = this.#state === "ready";
				const error = failure ?? new Error(`the telemetry thread ended with code ${code}`);
				this.#abandon(error);
				if (this.#state === "closed") return resolve();
				this.#state = "down";
				this.#lastFailure = error.message;
				if (wasReady || this.#restarts > 0) this.#restartLater(error);
				reject(error);
			});
		});
	}

	async ingest(
		protocol: Protocol,
		encoding: string | undefined,
		body: Uint8Array,
		more: IngestOptions = {},
	): Promise<IngestOutcome> {
		const where = this.bodies.holds(body)
			? { slot: { at: body.byteOffset, length: body.byteLength } }
			: { body: own(body) };
		try {
			const call = { kind: "ingest", protocol, encoding, ...where, ...more } as const;
			return this.#busy(body.byteLength) ?? ((await this.#call(call)) as IngestOutcome);
		} finally {
			// Answered, or the thread is gone: either way nobody reads the slot any more.
			this.bodies.give(body);
		}
	}

	async importEvents(key: string, body: Uint8Array, format?: ImportFormat): Promise<ImportOutcome> {
		const busy = this.#busy(body.byteLength);
		if (busy) return busy;
		return (await this.#call({ kind: "import", key, body: own(body), format })) as ImportOutcome;
	}

	async takePulled({ body, ...answer }: PulledAnswer): Promise<PullOutcome> {
		const busy = this.#busy(body.byteLength);
		if (busy) return busy;
		return (await this.#call({ kind: "pull", answer, body: own(body) })) as PullOutcome;
	}

	async pullState(source: string, slo: string): Promise<PullState | undefined> {
		return (await this.#call({ kind: "pull-state", source, slo })) as PullState | undefined;
	}

	async windows(query: WindowsQuery): Promise<WindowBucket[] | undefined> {
		return (await this.#call({ kind: "windows", query })) as WindowBucket[] | undefined;
	}

	async latencies(query: LatenciesQuery): Promise<Latencies | undefined> {
		return (await this.#call({ kind: "latencies", query })) as Latencies | undefined;
	}

	async columns(query: ColumnsQuery): Promise<Float64Array> {
		return (await this.#call({ kind: "columns", query })) as Float64Array;
	}

	async attributes(queries: readonly AttributesQuery[]): Promise<(AttributeCounts | undefined)[]> {
		return (await this.#call({ kind: "attributes", queries })) as (AttributeCounts | undefined)[];
	}

	async accounting(tenant?: string, source?: string): Promise<Accounting[]> {
		const books = (await this.#call({ kind: "accounting", tenant, source })) as Accounting[];
		// Who asks by name sees the system's checks of itself; they are in nobody's totals.
		return tenant !== undefined && isOwnName(tenant) ? books : books.filter((book) => !isOwnName(book.tenant));
	}

	async hourStrips(): Promise<HourStrip[]> {
		return ((await this.#call({ kind: "hour-strips" })) as HourStrip[]).filter(({ slo }) => !isOwnName(slo));
	}

	async sourceStates(): Promise<SourceState[]> {
		const states = (await this.#call({ kind: "source-states" })) as SourceState[];
		return states.filter(({ source }) => !isOwnName(source.replace(/^token:/, "")));
	}

	async tenantValues(query: TenantValuesQuery): Promise<TenantValues> {
		return (await this.#call({ kind: "tenant-values", query })) as TenantValues;
	}

	statuses(): PairStatus[] {
		const now = performance.now();
		if (now - this.#watchedAt > WATCH_AGAIN_MS && this.#state === "ready") {
			this.#watchedAt = now;
			this.#call({ kind: "watch" }).catch(() => {});
		}
		return [...this.#statuses.values()];
	}

	async configure(catalogue: Catalogue, openBreaches: readonly OpenBreach[]): Promise<void> {
		this.#start = { ...this.#start, catalogue };
		this.#keepOpenBreaches(openBreaches);
		await this.#call({ kind: "configure", catalogue, openBreaches });
	}

	async health(): Promise<TelemetryHealth> {
		return (await this.#call({ kind: "health" })) as TelemetryHealth;
	}

	async drill(asked: Drill): Promise<boolean> {
		return (await this.#call({ kind: "drill", asked })) as boolean;
	}

	async tellChanges(changes: readonly RadarChange[]): Promise<void> {
		await this.#call({ kind: "changes", changes });
	}

	on(listener: TelemetryListener): void {
		this.#listeners.push(listener);
	}

	async close(): Promise<void> {
		if (this.#state === "closed") return;
		clearTimeout(this.#restartTimer);
		const worker = this.#worker;
		const ended =
			this.#state === "down" || !worker ? undefined : new Promise<void>((done) => worker.once("exit", () => done()));
		const closing = this.#state === "ready" ? this.#call({ kind: "close" }).catch(() => {}) : undefined;
		this.#state = "closed";
		if (!ended) return;
		if (closing) await closing;
		else await worker?.terminate();
		await ended;
	}

	#call(call: Call): Promise<Answer> {
		if (this.#state === "closed") return Promise.reject(new Error("the telemetry thread is closed"));
		const worker = this.#worker;
		if (!worker || this.#state === "down")
			return Promise.reject(new Error(`the telemetry thread is down: ${this.#lastFailure ?? "restarting"}`));
		const id = this.#nextId++;
		const body = "body" in call ? call.body : undefined;
		const bytes = "slot" in call ? (call.slot?.length ?? 0) : (body?.byteLength ?? 0);
		this.#bytesInFlight += bytes;
		return new Promise((resolve, reject) => {
			this.#pending.set(id, { kind: call.kind, bytes, resolve, reject });
			worker.postMessage({ id, call } satisfies ToWorker, body ? [body.buffer as ArrayBuffer] : []);
		});
	}

	#busy(bytes: number): (IngestOutcome & ImportOutcome & { status: "unavailable" }) | undefined {
		if (this.#state === "down" || this.#state === "closed")
			return { status: "unavailable", message: "telemetry is restarting", retryAfterS: 2 };
		if (this.#bytesInFlight > 0 && this.#bytesInFlight + bytes > MAX_BYTES_IN_FLIGHT)
			return { status: "unavailable", message: "more telemetry is waiting than memory allows", retryAfterS: 1 };
		return undefined;
	}

	#receive(message: Exclude<FromWorker, { kind: "ready" }>): void {
		switch (message.kind) {
			case "answer":
			case "fault": {
				const pending = this.#take(message.id);
				if (message.kind === "answer") pending?.resolve(message.answer);
				else pending?.reject(new Error(message.message));
				return;
			}
			case "breach": {
				const { event } = message;
				const key = `${event.detector}\n${event.slo}\n${event.tenant}`;
				// A test stays nowhere open.
				const isDrill = event.type === "breach.opened" && event.evidence.drill !== undefined;
				if (isDrill) this.#openBreaches.delete(key);
				else if (event.type === "breach.opened") this.#openBreaches.set(key, { ...event, openedAt: event.detectedAt });
				else this.#openBreaches.delete(key);
				for (const listener of this.#listeners) listener.breach?.(event);
				return;
			}
			case "shadow-firings":
				for (const listener of this.#listeners) listener.shadowFirings?.(message.firings);
				return;
			case "statuses":
				this.#mirror(message.statuses, message.all);
				return;
			case "failure":
				for (const listener of this.#listeners) listener.failure?.(new Error(message.message));
		}
	}

	#mirror(statuses: readonly PairStatus[], all: boolean): void {
		if (all) this.#statuses.clear();
		const told = statuses.filter(({ slo }) => !isOwnName(slo));
		for (const status of told) this.#statuses.set(`${status.slo}\n${status.tenant}`, status);
		if (all || told.length > 0) for (const listener of this.#listeners) listener.statuses?.(told);
	}

	#take(id: number): Pending | undefined {
		const pending = this.#pending.get(id);
		if (!pending) return undefined;
		this.#pending.delete(id);
		this.#bytesInFlight -= pending.bytes;
		return pending;
	}

	/** The thread is gone: nobody knows whether the last requests were stored, so the sender must send them again (dedup makes it safe). */
	#abandon(error: Error): void {
		for (const id of [...this.#pending.keys()]) {
			const pending = this.#take(id);
			if (pending?.kind === "ingest" || pending?.kind === "import" || pending?.kind === "pull")
				pending.resolve({ status: "unavailable", message: error.message, retryAfterS: 2 });
			else pending?.reject(error);
		}
	}

	#restartLater(error: Error): void {
		for (const listener of this.#listeners) listener.failure?.(error);
		const after = RESTART_AFTER_MS[Math.min(this.#restarts, RESTART_AFTER_MS.length - 1)];
		this.#restarts++;
		this.#restartTimer = setTimeout(() => this.start().catch(() => {}), after);
	}

	#keepOpenBreaches(openBreaches: readonly OpenBreach[]): void {
		this.#openBreaches.clear();
		for (const each of openBreaches) this.#openBreaches.set(`${each.detector}\n${each.slo}\n${each.tenant}`, each);
	}
}

/** A view on its own whole buffer can move; a part of a shared pool must be copied first. */
function own(body: Uint8Array): Uint8Array {
	const whole = body.byteOffset === 0 && body.byteLength === body.buffer.byteLength && body.byteLength > 0;
	return whole ? new Uint8Array(body.buffer) : new Uint8Array(body);
}
