import { loadOnCallState, phoneTree } from "#response";
import type { ConfigControl } from "../config-control.ts";
import { VERSION } from "../version.ts";
import { createWatchdog, startStatusFiles } from "../watchdog/index.ts";
import { selfCheckToken } from "../watchdog/self-check-rows.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

export interface OwnWatchOptions {
	readonly config: ConfigControl;
	/** Folder of the sheet for the time without this process. */
	readonly statusDir: string;
}

/** The watch over the system itself. `start`: from then on it sends an event of its own to `otlpUrl` and looks what comes of it. */
export function createOwnWatch(ground: Ground, { selfCheck }: Rooms, { config, statusDir }: OwnWatchOptions) {
	const { clock, log, lifecycle, store, ids, telemetry, catalogue, publicUrl, diskFreeBytes } = ground;
	const watchdog = createWatchdog({
		store,
		clock,
		ids,
		selfCheck,
		telemetry,
		catalogue,
		config,
		diskFreeBytes,
		publicUrl,
		version: VERSION,
		onChange: (reasons) => {
			if (reasons.length === 0) log.warn("the system's check of itself passes again; heartbeats leave");
			else log.error({ reasons }, "the system's check of itself failed; no heartbeat leaves");
		},
	});

	function start(otlpUrl: string): void {
		watchdog.start(async () => selfCheck.open({ otlpUrl, token: await selfCheckToken(store, ids, clock.now()) }));
		lifecycle.onStop("watchdog", () => watchdog.stop());
		const statusFiles = startStatusFiles({
			dir: statusDir,
			store,
			clock,
			catalogue,
			status: () => watchdog.status(),
			publicUrl,
			response: { phoneTree, loadOnCallState },
			onError: (error) => log.error({ err: error }, "the sheet for the time without this process could not be written"),
		});
		lifecycle.onStop("status files", () => statusFiles.stop());
	}

	return { watchdog, start };
}
