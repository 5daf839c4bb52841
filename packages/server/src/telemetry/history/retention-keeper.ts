import { DEFAULT_RETENTION, type RetentionSettings } from "#catalogue";
import { HOUR_MS } from "../counting/cells.ts";
import { LEAF_TIERS } from "../leaves/leaf-rows.ts";
import type { RollUp, TelemetryStore } from "../store/store.ts";
import type { DamagedRange, StorageFigures } from "../types.ts";
import { DATA_CLASSES, type DataClass, type Keep, shortened, TIER_NAMES, TIERS } from "./retention.ts";
import type { RollUps } from "./roll-ups.ts";

/** Of the limit: above the first retention is shortened, below the second it is given back. */
const FULL = 0.9;
const ROOMY = 0.7;
const LATENCY = "latency-";
/** Of the limit: what latencies may take at most. */
const LATENCY_SHARE = 0.25;
const LOOK_EVERY_MS = 10_000;
const MIN_GROWTH_MS = HOUR_MS;
/** What was freed shows only once it was moved; giving back too soon would take it away again. */
const GIVE_BACK_EVERY_MS = 24 * HOUR_MS;

/** Decides how long each tier is kept, within what the file may hold, and has the roll-ups moved accordingly. */
export class RetentionKeeper {
	readonly #store: TelemetryStore;
	readonly #rollUps: RollUps;
	readonly #retention: RetentionSettings;
	#lookedAt = Number.NEGATIVE_INFINITY;
	#changedAt = Number.NEGATIVE_INFINITY;
	#usedBytes = 0;
	/** Of what was used when that was last looked at: all but latencies. */
	#countBytes = 0;

	constructor(store: TelemetryStore, rollUps: RollUps, retention: RetentionSettings | undefined) {
		this.#store = store;
		this.#rollUps = rollUps;
		this.#retention = retention ?? DEFAULT_RETENTION;
	}

	keep(of: DataClass): Keep {
		const written = this.#retention[of];
		return of === "fleet" ? written : shortened(written, this.#rollUps.state.shortenings).keep;
	}

	isDue(now: number): boolean {
		this.#look(now);
		return this.#hasTooManyLatencies || this.#rollUps.isDue(now, (of) => this.keep(of));
	}

	move(now: number): boolean {
		if (this.#hasTooManyLatencies) {
			this.#rollUps.dropLatencies(this.#roomForLatencies);
			return true;
		}
		return this.#rollUps.move(now, (of) => this.keep(of));
	}

	/** Latencies may have what counts leave, and never make them go earlier: the oldest are given up. */
	get #roomForLatencies(): number {
		return Math.max(0, Math.min(LATENCY_SHARE * this.limitBytes, FULL * this.limitBytes - this.#countBytes));
	}

	get #hasTooManyLatencies(): boolean {
		return this.#rollUps.latencyBytes > this.#roomForLatencies;
	}

	get limitBytes(): number {
		return this.#retention.maxBytes;
	}

	/** Retention was shortened for want of room. */
	get isShortOfRoom(): boolean {
		return this.#rollUps.state.shortenings > 0;
	}

	/** Even the shortest retention does not fit. */
	get isOverfull(): boolean {
		const { state } = this.#rollUps;
		const most = shortened(this.#retention.tenants, state.shortenings + 1).steps;
		return this.#usedBytes > FULL * this.limitBytes && most === state.shortenings;
	}

	figures(now: number): StorageFigures {
		const { state } = this.#rollUps;
		const size = this.#store.size();
		const growth = this.#growth(now, size.usedBytes);
		const left =
			growth !== undefined && growth > 0 ? Math.max(0, this.limitBytes - size.usedBytes) / growth : undefined;
		return {
			...size,
			limitBytes: this.limitBytes,
			tiers: DATA_CLASSES.flatMap((of) =>
				TIER_NAMES.map((tier) => ({
					of,
					tier,
					...state.usage[of][tier],
					from: state.marks[of][tier],
					keptMs: this.keep(of)[tier],
					configuredMs: this.#retention[of][tier],
				})),
			),
			shortenings: state.shortenings,
			isOverfull: this.isOverfull,
			growthBytesPerDay: growth,
			daysLeft: left,
			damaged: this.#damagedRanges(),
		};
	}

	/** From the oldest size of the last day that is known to now. */
	#growth(now: number, usedBytes: number): number | undefined {
		const first = this.#rollUps.state.sizes?.[0];
		if (!first || now - first.at < MIN_GROWTH_MS) return undefined;
		return ((usedBytes - first.usedBytes) / (now - first.at)) * 24 * HOUR_MS;
	}

	#damagedRanges(): DamagedRange[] {
		const rows = this.#store.damaged();
		const leaves = this.#store.leaves.damaged();
		if (rows.length + leaves.length === 0) return [];
		const pairs = new Map(this.#store.pairs().map((pair) => [pair.id, pair]));
		const range = (pair: number, block: number, blockMs: number) => ({
			tenant: pairs.get(pair)?.tenant ?? "",
			slo: pairs.get(pair)?.slo ?? "",
			from: block * blockMs,
			to: (block + 1) * blockMs,
		});
		return [
			...rows.map(({ kind, pair, block }): DamagedRange => {
				const isLatency = kind.startsWith(LATENCY);
				const tier = (isLatency ? kind.slice(LATENCY.length) : kind) as RollUp;
				return { what: isLatency ? "latencies" : "counts", tier, ...range(pair, block, TIERS[tier].blockMs) };
			}),
			...leaves.map((each): DamagedRange => {
				const what = "attributes";
				if (each.kind === "batch")
					return { what, tier: "minutes", tenant: "", slo: "", from: undefined, to: undefined };
				const { bucketMs, buckets } = LEAF_TIERS[each.kind];
				return { what, tier: each.kind, ...range(each.pair, each.block, bucketMs * buckets) };
			}),
		];
	}

	/** One size an hour, of the last day. */
	#noteSize(now: number): void {
		const { state } = this.#rollUps;
		const sizes = (state.sizes ?? []).filter(({ at }) => at <= now && now - at <= 24 * HOUR_MS);
		const last = sizes.at(-1);
		state.sizes = !last || now - last.at >= HOUR_MS ? [...sizes, { at: now, usedBytes: this.#usedBytes }] : sizes;
	}

	#look(now: number): void {
		if (now >= this.#lookedAt && now - this.#lookedAt < LOOK_EVERY_MS) return;
		this.#lookedAt = now;
		// Until what is due has moved, its bytes say nothing about the retention that holds now.
		if (this.#rollUps.isDue(now, (of) => this.keep(of))) return;
		this.#usedBytes = this.#store.size().usedBytes;
		this.#countBytes = this.#usedBytes - this.#rollUps.latencyBytes;
		this.#noteSize(now);
		if (this.#hasTooManyLatencies) return;
		const { state } = this.#rollUps;
		if (this.#usedBytes > FULL * this.limitBytes) {
			const next = shortened(this.#retention.tenants, state.shortenings + 1).steps;
			if (next === state.shortenings) return;
			state.shortenings = next;
			this.#changedAt = now;
		} else if (state.shortenings > 0 && this.#countBytes < ROOMY * this.limitBytes) {
			if (now >= this.#changedAt && now - this.#changedAt < GIVE_BACK_EVERY_MS) return;
			state.shortenings--;
			this.#changedAt = now;
		}
	}
}

export function keepOf(retention: RetentionSettings | undefined, of: DataClass): Keep {
	return (retention ?? DEFAULT_RETENTION)[of];
}
