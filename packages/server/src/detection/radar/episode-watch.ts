import { assess, type Rise, risesOf } from "./candidates.ts";
import { MINUTE_MS, RING } from "./clock-minutes.ts";
import type { Episodes } from "./episodes.ts";
import type { TenantSignal } from "./tenant-signal.ts";

/** Rises that are over and were nobody's incident become experience. What lasted longer was hardly harmless. */
const LONGEST = 11.5;
const LONGEST_BURN = 52;

/** Follows the rises of one series through minutes that have settled, and hands those that fell again to the experience. */
export class EpisodeWatch {
	readonly #series: TenantSignal;
	/** Undefined: nothing rises, as in nearly all series at nearly all times. */
	#peaks: Map<string, { rise: Rise; at: number; from: number }> | undefined;

	constructor(series: TenantSignal) {
		this.#series = series;
	}

	settle(minute: number, episodes: Episodes, wasReal: (from: number, to: number) => boolean): void {
		const rises = risesOf(this.#series, minute);
		if (rises.length === 0 && this.#peaks === undefined) return;
		for (const rise of rises) {
			const key = rise.channel + (rise.part?.value ?? "");
			const peak = this.#peaks?.get(key);
			if (peak === undefined) {
				if (rise.minutes < 1) continue;
				this.#peaks ??= new Map();
				this.#peaks.set(key, { rise, at: minute, from: rise.onset });
			} else if (rise.minutes > peak.rise.minutes) {
				peak.rise = rise;
				peak.at = minute;
			}
		}
		const peaks = this.#peaks;
		if (peaks === undefined) return;
		for (const [key, peak] of peaks) {
			const now = rises.find((rise) => rise.channel + (rise.part?.value ?? "") === key);
			if (now !== undefined) continue;
			peaks.delete(key);
			const { rise, at } = peak;
			const isTooLong = rise.minutes > (rise.channel === "burn" ? LONGEST_BURN : LONGEST);
			if (rise.minutes < 1.5 || isTooLong || minute - at > RING - 90 || wasReal(peak.from, minute)) continue;
			if (rise.channel === "volume" && this.#series.sharedLoss === rise.onset) continue;
			const { sort, severity, nats } = assess(this.#series, rise, at);
			if (rise.channel === "slice" && nats === 0) continue;
			episodes.add({ kind: sort, at: minute * MINUTE_MS, severity, minutes: rise.minutes });
		}
		if (peaks.size === 0) this.#peaks = undefined;
	}
}
