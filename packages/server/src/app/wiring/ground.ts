import type { Clock } from "@bellwether/model";
import type { Logger } from "pino";
import type { Catalogue } from "#catalogue";
import type { ControlStore, EventBus, Ids } from "#platform";
import type { StreamHub } from "../../api/stream-hub.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { TelemetryThread } from "../telemetry-thread.ts";

/** What every part that is wired together stands on: it is there before any of them, and goes after all of them. */
export interface Ground {
	readonly clock: Clock;
	readonly log: Logger;
	/** Each part that starts something says here how it is stopped. */
	readonly lifecycle: Lifecycle;
	readonly store: ControlStore;
	readonly ids: Ids;
	readonly bus: EventBus;
	/** Tells open consoles of changes. */
	readonly hub: StreamHub;
	readonly telemetry: TelemetryThread;
	/** As it runs now: asked each time. */
	readonly catalogue: () => Catalogue;
	/** Address people use, without a slash at the end; known once the server listens. */
	readonly publicUrl: () => string;
	readonly diskFreeBytes: () => Promise<number>;
}
