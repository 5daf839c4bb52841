import { hash } from "node:crypto";
import type { Catalogue, Slo } from "#catalogue";
import type { ByteWriter } from "../core/bytes.ts";
import type { Applier } from "../counting/apply.ts";
import type { Cells } from "../counting/cells.ts";
import { COUNTED, DUPLICATE, type Ledger, REJECTED } from "../intake/ledger.ts";
import type { Origins } from "../intake/origins.ts";
import { leaveOutEvents, overQuotaOutcome, type Quotas } from "../intake/quotas.ts";
import { isSilent, PROTOCOLS, REASON, REASONS, remedyOf } from "../intake/reasons.ts";
import { readLogsJson, readLogsProtobuf } from "../otlp/logs.ts";
import { readTracesJson, readTracesProtobuf } from "../otlp/traces.ts";
import type { Selection } from "../selection/selection.ts";
import type { SeenTenantValues } from "../selection/tenant-values.ts";
import type { FoldWriter, StoredAnswer, TelemetryStore } from "../store/store.ts";
import type { EventError, EventProtocol, EventsAnswer, IngestOptions, IngestOutcome } from "../types.ts";
import { EventApplier } from "./event-applier.ts";
import { EventContext } from "./event-context.ts";
import { EventIds, hourOfMinute } from "./event-ids.ts";
import { EventSelection } from "./event-selection.ts";
import { EventStage } from "./event-stage.ts";
import { type EntryFaults, readEvents } from "./events-body.ts";

/** How long the answer to an Idempotency-Key is kept: longer than events may be late. */
const ANSWERS_KEPT_MS = 48 * 3_600_000;
/** About 200 MB. */
const MAX_EVENT_IDS = 10_000_000;
/** Errors of one answer that are listed. */
const MAX_ERRORS = 1_000;
const RETRY_WHEN_FULL_S = 60;
const SEED_KEY = "event_seed";
const FLOOR_KEY = "event_floor";
const HELD_KEY = "event_held";

/**
 * Reads a decoded body of spans, log records or events into the context's stage. Throws Malformed; then nothing of the
 * body counts. What is wrong with single entries of the Events API is told in `faults`.
 */
export function readEventBody(
	context: EventContext,
	protocol: EventProtocol,
	body: Uint8Array,
	{ format = protocol === "events" ? "json" : "protobuf", idempotencyKey }: IngestOptions = {},
	faults: EntryFaults = new Map(),
): void {
	if (protocol === "events") readEvents(context, body, format === "ndjson", idempotencyKey, faults);
	else if (protocol === "otlp-traces")
		if (format === "protobuf") readTracesProtobuf(context, body);
		else readTracesJson(context, body);
	else if (format === "protobuf") readLogsProtobuf(context, body);
	else readLogsJson(context, body);
}

export interface EventIntakeParts {
	readonly store: TelemetryStore;
	readonly selection: Selection;
	readonly slos: readonly Slo[];
	readonly applier: Applier;
	readonly cells: Cells;
	readonly ledger: Ledger;
	/** Told of the tenants that events name. */
	readonly seen?: SeenTenantValues | undefined;
	readonly limits: Catalogue["settings"]["telemetry"];
	/** Taken for a store that has none yet: hashes of identities outlive the process. */
	readonly seed: number;
	readonly now: number;
}

/** Events of traces, logs and the Events API: everything about them between a body and the store. */
export class EventIntake {
	readonly context: EventContext;
	readonly selection: EventSelection;
	readonly ids = new EventIds();
	readonly #store: TelemetryStore;
	readonly #applier: EventApplier;
	readonly #origins: Origins;
	readonly #maxEventIds: number;
	readonly #tenants: readonly string[];
	/** Of this commit, by key; stored with its row. */
	readonly #answers = new Map<string, StoredAnswer>();
	#now = 0;
	#clockMs = 0;
	/** Undefined: tenants have no limits. */
	quotas: Quotas | undefined;

	constructor(parts: EventIntakeParts) {
		const { store, applier, cells, ledger, limits, now } = parts;
		this.#store = store;
		this.#origins = ledger.origins;
		this.#maxEventIds = limits.maxEventIds ?? MAX_EVENT_IDS;
		const known = store.meta(SEED_KEY);
		const seed = known === undefined ? parts.seed : Number(known);
		// Before anything is hashed with it: a row of the journal must mean the same to the next process.
		if (known === undefined) store.fold((writer) => writer.writeMeta(SEED_KEY, String(seed)));
		const events = new EventSelection(parts.selection, parts.slos, limits.tenantAttributes ?? []);
		this.selection = events;
		this.context = new EventContext(events, new EventStage(), seed, parts.seen);
		this.#applier = new EventApplier({
			events,
			ids: this.ids,
			cells,
			ledger,
			limits: { ...limits, maxEventIds: this.#maxEventIds },
			leaveOut: (tenant, origin, key, count) => applier.leaveOut(tenant, origin, key, count),
			beginSection: (row, origin) => applier.beginSection(row, origin),
		});
		applier.events = this.#applier;
		this.#applier.sketches = applier.sketches;
		this.ids.floor = Number(store.meta(FLOOR_KEY) ?? 0);
		this.#applier.forget(now);
		for (const { hour, packed } of store.eventIds()) this.ids.load(hour, packed);
		for (const [hour, tenant, count] of JSON.parse(store.meta(HELD_KEY) ?? "[]") as [number, string, number][])
			this.ids.hold(hour, parts.selection.tenantIndex(tenant), count);
		this.#tenants = parts.selection.tenants;
	}

	/** Starts a row; also before rows are replayed. `clockMs`: monotonic, for limits. */
	begin(now: number, clockMs = 0): void {
		this.#now = now;
		this.#clockMs = clockMs;
		this.#answers.clear();
		this.context.now = now;
		this.#applier.forget(now);
	}

	/** To be stored with the row. */
	answers(): StoredAnswer[] {
		return [...this.#answers.values()];
	}

	/** Decodes and applies one body, or says why not. Throws Malformed. */
	take(
		protocol: EventProtocol,
		body: Uint8Array,
		options: IngestOptions,
		row: ByteWriter,
		records: ByteWriter,
	): IngestOutcome {
		const { idempotencyKey } = options;
		const digest = idempotencyKey === undefined ? "" : hash("sha256", body, "hex");
		if (idempotencyKey !== undefined) {
			const known = this.#answers.get(idempotencyKey) ?? this.#store.eventAnswer(idempotencyKey);
			if (known) return known.digest === digest ? JSON.parse(known.answer) : keyConflict(idempotencyKey);
		}
		const faults: EntryFaults = new Map();
		readEventBody(this.context, protocol, body, options, faults);
		const { stage } = this.context;
		const tenantOf = (k: number) => this.context.events.rolesAt(stage.codes[k] as number).tenant;
		const judged = this.quotas?.judge({ count: stage.count, codes: stage.codes, tenantOf }, this.#clockMs);
		if (judged?.status === "refuse") return overQuotaOutcome(judged);
		if (judged?.status === "leave-out") leaveOutEvents(stage, judged.tenants, tenantOf);
		if (!this.#applier.fits(stage)) return this.#full();
		const origin = this.#origins.of(options.source, PROTOCOLS.indexOf(protocol));
		const applied = this.#applier.apply(stage, origin, row, records, protocol === "events");
		const outcome: IngestOutcome = {
			status: "accepted",
			points: stage.total,
			rejected: applied.rejected,
			message: applied.rejected === 0 ? "" : this.#messageOf(applied.rejected, applied.firstEvent, applied.firstReason),
			...(protocol === "events" ? { events: this.#eventsAnswer(faults) } : {}),
		};
		if (idempotencyKey !== undefined)
			this.#answers.set(idempotencyKey, {
				key: idempotencyKey,
				digest,
				answer: JSON.stringify(outcome),
				at: this.#now,
			});
		return outcome;
	}

	/** What belongs to this moment of the set of identities, to be written by the fold's last transaction. */
	seal(): (writer: FoldWriter) => void {
		const fresh = this.ids.fresh();
		const { floor } = this.ids;
		const held = [...this.ids.held].flatMap(([hour, byTenant]) =>
			[...byTenant].map(([tenant, count]) => [hour, this.#tenants[tenant], count]),
		);
		const now = this.#now;
		this.ids.clean();
		return (writer) => {
			for (const [hour, packed] of fresh) writer.addEventIds(hour, packed);
			writer.dropEventIdsBefore(hourOfMinute(floor));
			writer.writeMeta(FLOOR_KEY, String(floor));
			writer.writeMeta(HELD_KEY, JSON.stringify(held));
			writer.dropEventAnswersBefore(now - ANSWERS_KEPT_MS);
		};
	}

	#full(): IngestOutcome {
		const message = `the memory for identities of events has no room for new ones (it holds ${this.ids.count} of telemetry.maxEventIds ${this.#maxEventIds}; one tenant may take four times what is free): nothing of the request was counted; send it again later, send fewer events, or raise the limit`;
		return { status: "unavailable", message, retryAfterS: RETRY_WHEN_FULL_S };
	}

	#messageOf(rejected: number, firstEvent: number, firstReason: number): string {
		const { stage } = this.context;
		const time = (stage.times[firstEvent] as number) / 1000;
		const at = time > 0 && time < 8.64e15 ? ` at ${new Date(time).toISOString()}` : "";
		const name = JSON.stringify(stage.nameOf(firstEvent).slice(0, 200));
		return `${rejected} of ${stage.total} events rejected; the first: ${REASONS[firstReason]}, ${name}, number ${(stage.numbers[firstEvent] as number) + 1} of the request${at}: ${remedyOf(firstReason)}`;
	}

	#eventsAnswer(faults: EntryFaults): EventsAnswer {
		const { stage } = this.context;
		const answer = { received: stage.total, counted: 0, duplicate: 0, ignored: 0, rejected: 0 };
		const errors: EventError[] = [];
		this.#applier.fates.forEach((fate, index) => {
			const fault = faults.get(index);
			const reason = fate - REJECTED;
			if (fate === COUNTED) answer.counted++;
			else if (fate === DUPLICATE) answer.duplicate++;
			else if (!fault && isSilent(reason)) answer.ignored++;
			else {
				answer.rejected++;
				if (errors.length >= MAX_ERRORS) return;
				if (fault) errors.push({ index, ...fault });
				else errors.push({ index, reason: REASONS[reason] as EventError["reason"], ...this.#faultOf(index, reason) });
			}
		});
		return { ...answer, errors };
	}

	#faultOf(index: number, reason: number): { message: string; remedy: string } {
		if (reason !== REASON.too_old && reason !== REASON.future)
			return { message: `it is refused: ${REASONS[reason]?.replace("_", " ")}`, remedy: remedyOf(reason) };
		const at = new Date((this.context.stage.times[index] as number) / 1000).toISOString();
		const now = new Date(this.#now).toISOString();
		return {
			message: `at ${at} is ${REASONS[reason]?.replace("_", " ")}, it is ${now} here`,
			remedy: remedyOf(reason),
		};
	}
}

function keyConflict(key: string): IngestOutcome {
	const message = `the Idempotency-Key ${JSON.stringify(key)} was used for another body: take a new one`;
	return { status: "key-conflict", message };
}
