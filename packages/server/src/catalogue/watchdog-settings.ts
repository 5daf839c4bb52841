import { SECOND_MS } from "@bellwether/model";

/** How the system watches itself. */
export interface WatchdogSettings {
	/** From the end of one check to the beginning of the next, ms. */
	readonly everyMs: number;
	readonly heartbeats: readonly HeartbeatTarget[];
	/** Signs statements, where a receiver has no key of its own. Undefined: they are not signed. */
	readonly secretRef?: string | undefined;
}

/** Who is told that the system can page. Exactly one of `url` and `urlRef` is there. */
export interface HeartbeatTarget {
	readonly url?: string | undefined;
	/** Secret reference whose value is the address. */
	readonly urlRef?: string | undefined;
	readonly method: "POST" | "GET";
	/** At most so often, ms; 0: after each passed check. */
	readonly everyMs: number;
	/** Undefined: that of the watchdog. */
	readonly secretRef?: string | undefined;
}

export const DEFAULT_WATCHDOG: WatchdogSettings = { everyMs: 20 * SECOND_MS, heartbeats: [] };
