import type { Clock } from "@bellwether/model";
import type { ByteWriter } from "../core/bytes.ts";
import { type Core, CoreFull } from "../core/core.ts";
import type { Applied, Applier } from "../counting/apply.ts";
import type { Loaded } from "../loading.ts";
import { readOtlpJson } from "../otlp/json.ts";
import { readOtlpProtobuf } from "../otlp/protobuf.ts";
import { readPulledSamples } from "../pull/samples.ts";
import { readRemoteWrite } from "../remote-write/remote-write.ts";
import { readRemoteWrite2 } from "../remote-write/remote-write-2.ts";
import { type RoleSet, rolesAt } from "../selection/selection.ts";
import type { EventProtocol, IngestOptions, IngestOutcome, Protocol, Written } from "../types.ts";
import { release, unpack } from "./content.ts";
import type { DecoderContext } from "./decoder.ts";
import { fingerprintOf } from "./folded-requests.ts";
import { unnamedSource } from "./origins.ts";
import { leaveOutTenants, overQuotaOutcome, type QuotaPoints } from "./quotas.ts";
import { isEventProtocol, PROTOCOLS, REASONS, remedyOf } from "./reasons.ts";
import type { Stage } from "./stage.ts";
import { TooLarge } from "./wire.ts";

export interface IngestRequest extends IngestOptions {
	readonly protocol: Protocol;
	readonly encoding: string | undefined;
	readonly body: Uint8Array;
}

/** Where a journal row is written while its requests are applied. */
export interface JournalWriters {
	readonly row: ByteWriter;
	readonly records: ByteWriter;
}

const READERS: Readonly<Record<Exclude<Protocol, EventProtocol>, (context: DecoderContext, body: Uint8Array) => void>> =
	{
		"otlp-protobuf": readOtlpProtobuf,
		"otlp-json": readOtlpJson,
		"remote-write-1": readRemoteWrite,
		pull: readPulledSamples,
		"remote-write-2": readRemoteWrite2,
	};

/** One request at a time: unpacked, decoded, held against the quotas and applied to the row of the commit at hand. */
export class RequestIntake {
	readonly #loaded: Loaded;
	readonly #core: Core;
	readonly #clock: Clock;
	readonly #maxBodyBytes: number;
	readonly #writers: JournalWriters;
	readonly #stage: Stage;

	constructor(loaded: Loaded, core: Core, clock: Clock, maxBodyBytes: number, writers: JournalWriters) {
		this.#loaded = loaded;
		this.#core = core;
		this.#clock = clock;
		this.#maxBodyBytes = maxBodyBytes;
		this.#writers = writers;
		this.#stage = loaded.stage;
	}

	/** Before the first request of a row. */
	begin(now: number): void {
		const { applier, streams, events, quotas } = this.#loaded;
		applier.begin(this.#writers.row, now);
		streams.now = now;
		events.begin(now, this.#clock.monotonic());
		quotas.begin(this.#clock.monotonic());
	}

	/** Throws CoreFull; whatever else a body causes is its own outcome. */
	take(request: IngestRequest): IngestOutcome {
		const cellsBefore = this.#loaded.cells.commit.count;
		let body = request.body;
		try {
			const unpacked = unpack(request.encoding, request.body, this.#maxBodyBytes, this.#core);
			if (unpacked.status === "unsupported") return unpacked;
			body = unpacked.body;
			if (isEventProtocol(request.protocol)) return this.#takeEvents(request.protocol, body, request);
			READERS[request.protocol](this.#loaded.decoder, body);
			const refused = this.#overQuota();
			if (refused) return refused;
		} catch (error) {
			if (error instanceof TooLarge) return { status: "too-large", message: error.message };
			if (error instanceof CoreFull) throw error;
			// Decoding changes no count, so whatever a body made it stumble over stays this request's own problem.
			return { status: "malformed", message: (error as Error).message };
		}
		const applied = this.#apply(request, body);
		this.#observe(request, this.#stage, cellsBefore);
		const message = this.#messageOf(applied);
		if (body !== request.body && !this.#core.holds(body)) release(body);
		const { rejected } = applied;
		const written = request.protocol === "remote-write-2" ? writtenOf(this.#stage, applied) : undefined;
		return { status: "accepted", points: this.#stage.count, rejected, message, ...(written && { written }) };
	}

	#apply({ protocol, source }: IngestRequest, body: Uint8Array): ReturnType<Applier["apply"]> {
		const { applier, streams, ledger } = this.#loaded;
		const { row, records } = this.#writers;
		const origin = ledger.origins.of(source, PROTOCOLS.indexOf(protocol));
		// Only where streams are folded is it worth knowing whether the whole request came before.
		if (!streams.isFolding) return applier.apply(this.#stage, origin, row, records);
		const fingerprint = fingerprintOf(body);
		applier.recall(fingerprint);
		const applied = applier.apply(this.#stage, origin, row, records);
		applier.remember(row, fingerprint);
		return applied;
	}

	#takeEvents(protocol: EventProtocol, body: Uint8Array, request: IngestRequest): IngestOutcome {
		const { events, cells } = this.#loaded;
		const cellsBefore = cells.commit.count;
		const outcome = events.take(protocol, body, request, this.#writers.row, this.#writers.records);
		if (body !== request.body) release(body);
		if (outcome.status === "accepted") this.#observe(request, events.context.stage, cellsBefore);
		return outcome;
	}

	/** Looks at a request as far as that tells how complete its source's data are; what is pulled says so itself. */
	#observe(request: IngestRequest, stage: Pick<Stage, "count" | "codes" | "times">, cellsBefore: number): void {
		if (request.protocol === "pull") return;
		const { lags } = this.#loaded;
		const source = request.source ?? unnamedSource(request.protocol);
		lags.observe(source, lags.shownBy(stage), this.#clock.now(), this.#loaded.cells.commit, cellsBefore);
	}

	/** Leaves the points of tenants that are over their limits out of the request at hand, or refuses it. */
	#overQuota(): IngestOutcome | undefined {
		const { quotas, streams } = this.#loaded;
		const stage = this.#stage;
		const rolesOf = (k: number): RoleSet => {
			const roles = streams.roleSets[stage.codes[k] as number] as RoleSet;
			return roles.special === undefined ? roles : rolesAt(roles, stage.times[k] as number);
		};
		const points: QuotaPoints = { count: stage.count, codes: stage.codes, tenantOf: (k) => rolesOf(k).tenant };
		const judged = quotas.judge(points, this.#clock.monotonic());
		if (judged.status === "refuse") return overQuotaOutcome(judged);
		if (judged.status === "leave-out") {
			const tenantOf = (k: number) => rolesOf(k).tenant;
			leaveOutTenants(stage, judged.tenants, { tenantOf, valuesOf: (k) => rolesOf(k).bounds.length });
		}
		return undefined;
	}

	#messageOf({ rejected, firstPoint, firstReason }: Applied): string {
		if (rejected === 0) return "";
		const stage = this.#stage;
		const time = (stage.times[firstPoint] as number) / 1000;
		const at = time > 0 && time < 8.64e15 ? ` at ${new Date(time).toISOString()}` : "";
		const metric = JSON.stringify(stage.metricOf(firstPoint).slice(0, 200));
		const remedy = remedyOf(firstReason);
		return `${rejected} of ${stage.count} points rejected; the first: ${REASONS[firstReason]}, metric ${metric}, point ${firstPoint + 1} of the request${at}: ${remedy}`;
	}
}

function writtenOf(stage: Stage, { rejected, rejectedHistograms }: Applied): Written {
	let histograms = 0;
	for (let k = 0; k < stage.count; k++) if ((stage.names[k] as number) < 0) histograms++;
	const samples = stage.count - histograms - (rejected - rejectedHistograms);
	return { samples, histograms: histograms - rejectedHistograms, exemplars: stage.exemplars };
}
