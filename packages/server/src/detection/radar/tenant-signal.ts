import { SLOT } from "./clock-minutes.ts";
import { Evidence } from "./cusum.ts";
import { BURN, DEGRADED, ErrorChannel, OUTAGE, type Pool } from "./error-channel.ts";
import { LatencyChannel } from "./latency-channel.ts";
import type { Memory } from "./memory.ts";
import { SignalMinutes } from "./minutes.ts";
import type { RadarSignal, RadarTenant } from "./types.ts";
import { VolumeChannel } from "./volume-channel.ts";

/** Minutes after which a minute is final: it is learnt from and not judged again. */
export const SETTLE = Evidence.KEPT - 4;
/** Trouble that lasts this long is the new usual. */
const ADOPT_MINUTES = 30 * 60;
const YOUNG_MINUTES = 1440;

/** One tenant's signal: its minutes and the channels that judge them. */
export class TenantSignal {
	readonly tenant: RadarTenant;
	readonly signal: RadarSignal;
	readonly minutes: SignalMinutes;
	readonly errors: ErrorChannel | undefined;
	readonly latency: LatencyChannel | undefined;
	/** Latency of which only the slow share is known. */
	readonly slow: ErrorChannel | undefined;
	readonly volume: VolumeChannel | undefined;
	/** First minute that must be judged again. */
	dirtyFrom = Infinity;
	#troubledMinutes = 0;
	firstMinute: number | undefined;
	/** Onset of a loss that the tenant's other signals shared: its people are away. */
	sharedLoss: number | undefined;

	constructor(tenant: RadarTenant, signal: RadarSignal, pool: Pool, slowPool: Pool, memory: Memory) {
		this.tenant = tenant;
		this.signal = signal;
		this.minutes = new SignalMinutes(signal, memory);
		const { latency } = signal;
		if (signal.errors) this.errors = new ErrorChannel(this.minutes, "bad", pool, memory);
		if (latency?.boundsMs) this.latency = new LatencyChannel(this.minutes, latency.boundsMs, memory);
		else if (latency) this.slow = new ErrorChannel(this.minutes, "slow", slowPool, memory);
		if (signal.volume) this.volume = new VolumeChannel(this.minutes, tenant.utcOffsetMinutes ?? 0, memory);
	}

	judge(minute: number, isMasked: boolean): void {
		this.errors?.judge(minute, isMasked);
		this.errors?.judgeSlices(minute, isMasked);
		this.latency?.judge(minute, isMasked);
		this.slow?.judge(minute, isMasked);
		this.volume?.judge(minute, isMasked);
	}

	/** Learns a minute that has settled, and nothing from announced work. `isSet`: an alert is open or work was announced, so it is not what is usual. */
	settle(minute: number, isSetAside: boolean, isAnnounced: boolean): void {
		this.firstMinute ??= this.minutes.knows(minute) ? minute : undefined;
		const isYoung = (this.errors?.learntMinutes ?? this.volume?.learntMinutes ?? 0) < YOUNG_MINUTES;
		const isTroubled = !isYoung && (isSetAside || this.#isTroubled(minute));
		this.#troubledMinutes = isTroubled ? this.#troubledMinutes + 1 : 0;
		const isTrouble = isTroubled && this.#troubledMinutes < ADOPT_MINUTES;
		if (isAnnounced) {
			this.volume?.skip(minute);
			return;
		}
		this.errors?.learn(minute, isTrouble, isYoung);
		this.slow?.learn(minute, isTrouble, isYoung);
		this.latency?.learn(minute, isTrouble);
		this.volume?.learn(minute, isTrouble);
		if (!isTrouble) this.minutes.learn(minute);
		if (minute % 1440 === 0) this.minutes.forget(minute - 3 * 1440);
	}

	#isTroubled(minute: number): boolean {
		for (const channel of [this.errors, this.slow])
			if (
				channel &&
				(channel.evidence.sum(DEGRADED, minute) >= 7 ||
					channel.evidence.sum(OUTAGE, minute) >= 7 ||
					channel.evidence.sum(BURN, minute) >= 12)
			)
				return true;
		if (this.latency && (this.latency.evidence.sum(0, minute) >= 7 || this.latency.evidence.sum(1, minute) >= 7))
			return true;
		return (
			this.volume !== undefined &&
			(this.volume.evidence.sum(0, minute) >= 7 || this.volume.evidence.sum(1, minute) >= 7)
		);
	}

	totalAt(minute: number): number {
		return this.minutes.knows(minute) ? (this.minutes.total[minute & SLOT] as number) : 0;
	}
}
