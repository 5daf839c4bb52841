import { ByteWriter } from "../../packages/server/src/telemetry/core/bytes.ts";
import { Core } from "../../packages/server/src/telemetry/core/core.ts";
import { Applier } from "../../packages/server/src/telemetry/counting/apply.ts";
import { Cells } from "../../packages/server/src/telemetry/counting/cells.ts";
import { EVENT_SLOS } from "../../packages/server/src/telemetry/events/event-fixture.ts";
import { EventIntake } from "../../packages/server/src/telemetry/events/event-intake.ts";
import { DecoderContext } from "../../packages/server/src/telemetry/intake/decoder.ts";
import { Ledger } from "../../packages/server/src/telemetry/intake/ledger.ts";
import { PROTOCOLS } from "../../packages/server/src/telemetry/intake/reasons.ts";
import { Stage } from "../../packages/server/src/telemetry/intake/stage.ts";
import { Selection } from "../../packages/server/src/telemetry/selection/selection.ts";
import { MemoryTelemetryStore } from "../../packages/server/src/telemetry/store/memory-store.ts";
import { Streams } from "../../packages/server/src/telemetry/streams/streams.ts";
import { catalogue, NOW, SLOS } from "../../packages/server/src/telemetry/telemetry-fixture.ts";
import type { EventProtocol, IngestOptions, Protocol } from "../../packages/server/src/telemetry/types.ts";

/** Requests that share a row, as those do that arrive together. */
const ROW = 64;
const MAX_EVENT_IDS = 200_000;

/** Everything between a body and the store, without what catches exceptions on the way: here they must show. */
export class World {
	readonly selection: Selection;
	readonly #core = new Core(7);
	readonly #stage = new Stage(this.#core);
	readonly #row = new ByteWriter();
	readonly #records = new ByteWriter();
	readonly #cells = new Cells(this.#core);
	readonly #ledger: Ledger;
	readonly #applier: Applier;
	readonly #decoder: DecoderContext;
	readonly #events: EventIntake;
	#inRow = 0;
	/** Points and events that the decoders found. */
	received = 0;

	constructor() {
		const { settings, ...parts } = catalogue({ slos: [...SLOS, ...EVENT_SLOS], maxStreams: 20_000 });
		const limits = { ...settings.telemetry, maxEventIds: MAX_EVENT_IDS };
		const store = new MemoryTelemetryStore();
		this.selection = new Selection({ ...parts });
		const streams = new Streams(this.selection, limits.maxStreams, limits, this.#core);
		this.#ledger = new Ledger(this.selection.tenants, []);
		this.#applier = new Applier(streams, this.#cells, this.#ledger, limits, this.#core);
		this.#decoder = new DecoderContext(this.selection, streams, this.#stage, 7, this.#core);
		this.#events = new EventIntake({
			store,
			selection: this.selection,
			slos: parts.slos,
			applier: this.#applier,
			cells: this.#cells,
			ledger: this.#ledger,
			limits,
			seed: 7,
			now: NOW,
		});
	}

	/** True when it was taken. Throws what the decoder throws. */
	points(protocol: Protocol, read: (context: DecoderContext, body: Uint8Array) => void, body: Uint8Array): boolean {
		this.#begin();
		read(this.#decoder, body);
		this.received += this.#stage.count;
		this.#applier.apply(this.#stage, PROTOCOLS.indexOf(protocol), this.#row, this.#records);
		return true;
	}

	events(protocol: EventProtocol, options: IngestOptions, body: Uint8Array): boolean {
		this.#begin();
		const outcome = this.#events.take(protocol, body, options, this.#row, this.#records);
		if (outcome.status === "accepted") this.received += outcome.points;
		return outcome.status === "accepted";
	}

	#begin(): void {
		if (this.#inRow++ % ROW !== 0) return;
		if (this.#inRow > 1) this.#applier.finish(this.#row, this.selection.tenants);
		this.#applier.begin(this.#row, NOW);
		this.#events.begin(NOW);
		if (this.#cells.count > 50_000) this.#cells.clear();
	}

	/** What is wrong with the books or the counts; undefined: nothing. */
	fault(): string | undefined {
		const booked = this.#ledger.report(undefined).reduce((sum, { received }) => sum + received, 0);
		if (booked !== this.received) return `${this.received} points were read and ${booked} are booked`;
		for (let k = 0; k < this.#cells.count; k++)
			if (!Number.isFinite(this.#cells.total[k]) || !Number.isFinite(this.#cells.bad[k]))
				return `a window holds ${this.#cells.bad[k]} of ${this.#cells.total[k]}`;
		return undefined;
	}
}
