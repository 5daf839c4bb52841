import { SourceGate } from "#api";
import { createFeedKeeping } from "../feed-keeping.ts";
import { startPullControl } from "../pull-control.ts";
import type { Ground } from "./ground.ts";

export type Incoming = ReturnType<typeof startIncoming>;

/**
 * What comes in: sources that are asked, on a thread of their own, which hands what they answer to the telemetry thread,
 * and the gate for those that send.
 */
export function startIncoming(ground: Ground) {
	const { clock, log, lifecycle, store, bus, telemetry, catalogue, diskFreeBytes } = ground;
	const pulled = startPullControl({
		catalogue: catalogue(),
		telemetry,
		keepFeed: createFeedKeeping({ store, bus, catalogue, diskFreeBytes }),
		onError: (error) => log.error({ err: error }, "the pull thread failed; it restarts by itself"),
	});
	lifecycle.onStop("pulled sources", () => pulled.stop());
	const gate = new SourceGate({
		sources: () => catalogue().sources,
		limits: () => catalogue().settings.telemetry.limits,
		monotonic: () => clock.monotonic(),
	});
	return { pulled, gate, startedAt: clock.now() };
}
