import type { Clock } from "@bellwether/model";
import { type IngestSilence, ingestSilence, type PullStatus, type SenderStatus, type SourceGate } from "#api";
import type { Catalogue } from "#catalogue";
import type { TelemetryThread } from "./telemetry-thread.ts";

export interface SenderWatchOptions {
	readonly clock: Clock;
	readonly telemetry: Pick<TelemetryThread, "sourceStates">;
	readonly gate: Pick<SourceGate, "uses">;
	readonly catalogue: () => Catalogue;
	readonly pulled: () => readonly PullStatus[];
	/** Everything fell silent, or no longer is. */
	readonly onChange: (silence: IngestSilence | undefined) => void;
}

export interface SenderWatch {
	/** As of now; rejects when the telemetry thread is down. */
	senders(): Promise<SenderStatus[]>;
	/** As of a few seconds ago. */
	silence(): IngestSilence | undefined;
	stop(): void;
}

const EVERY_MS = 5_000;

/** Watches the sources that send; the place to start from for whoever is to be paged when all of them stop. */
export function startSenderWatch(options: SenderWatchOptions): SenderWatch {
	const { clock, telemetry, gate, catalogue } = options;
	const startedAt = clock.now();
	let silence: IngestSilence | undefined;

	async function senders(): Promise<SenderStatus[]> {
		const states = await telemetry.sourceStates();
		const uses = new Map(gate.uses().map((use) => [use.source, use]));
		const known = states.map((state) => {
			const { refusedRequests = 0, isOver = false } = uses.get(state.source) ?? {};
			return { ...state, refusedRequests, isOver };
		});
		return known;
	}

	async function look(): Promise<void> {
		const now = clock.now();
		const isAnyAnswering = options.pulled().some(({ state }) => state === "ok" || state === "behind");
		const next = ingestSilence(await senders(), catalogue().sources, { now, startedAt, isAnyAnswering });
		const isChange = next?.since !== silence?.since;
		silence = next;
		if (isChange) options.onChange(next);
	}

	// A thread that is down is told of elsewhere.
	const timer = setInterval(() => void look().catch(() => {}), EVERY_MS);
	return { senders, silence: () => silence, stop: () => clearInterval(timer) };
}
