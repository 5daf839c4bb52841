import { DAY_MS } from "@bellwether/model";

/** How long each tier of roll-ups is kept, ms, counted from now. */
export interface TierKeep {
	readonly "ten-seconds": number;
	readonly minutes: number;
	readonly "ten-minutes": number;
	readonly hours: number;
}

export interface RetentionSettings {
	readonly tenants: TierKeep;
	/** The fleet's own aggregates and cohorts. */
	readonly fleet: TierKeep;
	/** What the telemetry file may hold; near it the key tenants' finest tiers are kept for shorter. */
	readonly maxBytes: number;
}

/** What holds where nothing is written. */
export const DEFAULT_RETENTION: RetentionSettings = {
	tenants: { "ten-seconds": 3 * DAY_MS, minutes: 14 * DAY_MS, "ten-minutes": 60 * DAY_MS, hours: 400 * DAY_MS },
	fleet: { "ten-seconds": 3 * DAY_MS, minutes: 30 * DAY_MS, "ten-minutes": 120 * DAY_MS, hours: 400 * DAY_MS },
	maxBytes: 20 * 1024 ** 3,
};
