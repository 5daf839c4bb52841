import { AlertBook } from "./alert-book.ts";
import { risesOf } from "./candidates.ts";
import { MINUTE_MS, minuteOf, RING, SLOT } from "./clock-minutes.ts";
import { EpisodeWatch } from "./episode-watch.ts";
import { Episodes } from "./episodes.ts";
import type { Pool } from "./error-channel.ts";
import { Memory } from "./memory.ts";
import { findGroup, risingErrors } from "./scope.ts";
import { SETTLE, TenantSignal } from "./tenant-signal.ts";
import type {
	Radar,
	RadarChange,
	RadarEvent,
	RadarMaintenance,
	RadarOptions,
	RadarTenant,
	TenantMinute,
} from "./types.ts";

/** A minute is judged this long after its end; what comes later is judged then. */
const RIPE_MS = 20_000;
/** Silence of all of a tenant's signals may be telemetry that is held up: it counts as silence only after this. */
const LEAST_GAP_MINUTES = 18;
const MOST_GAP_MINUTES = 40;
const DEFAULT_FALSE_PAGES = 0.05;
const CHANGES_KEPT_MS = 6 * 3_600_000;

interface TenantState {
	readonly tenant: RadarTenant;
	readonly series: TenantSignal[];
	/** By slot: the minute of which anything at all has come. */
	readonly heard: Int32Array;
	masks: RadarMaintenance[];
}

export function createRadar(options: RadarOptions): Radar {
	return new RadarEngine(options);
}

class RadarEngine implements Radar {
	readonly #tenants: TenantState[];
	readonly #byTenant = new Map<string, TenantState>();
	readonly #byKey = new Map<string, Map<string, TenantSignal>>();
	readonly #series: TenantSignal[] = [];
	readonly #watches = new Map<TenantSignal, EpisodeWatch>();
	readonly #bySignal: TenantSignal[][];
	readonly #episodes: Episodes;
	readonly #book: AlertBook;
	#changes: RadarChange[] = [];
	#judged: number | undefined;
	#firstMinute = Infinity;
	#gapMinutes = LEAST_GAP_MINUTES;
	readonly #heardTenants = new Int32Array(RING);
	readonly #heardMinute = new Int32Array(RING).fill(-1);
	#now = -Infinity;

	constructor(options: RadarOptions) {
		const keys = options.tenants.filter((t) => t.isKey !== false).length;
		this.#episodes = new Episodes(keys, options.falsePagesPerTenantWeek ?? DEFAULT_FALSE_PAGES);
		this.#tenants = options.tenants.map((tenant) => ({
			tenant,
			series: [],
			heard: new Int32Array(RING).fill(-1),
			masks: [],
		}));
		for (const state of this.#tenants) this.#byTenant.set(state.tenant.tenant, state);
		const memory = new Memory();
		this.#bySignal = options.signals.map((signal) => {
			const pool: Pool = { bad: 0, total: 0 };
			const slowPool: Pool = { bad: 0, total: 0 };
			const members: TenantSignal[] = [];
			const map = new Map<string, TenantSignal>();
			this.#byKey.set(`${signal.workload}\n${signal.signal}`, map);
			for (const state of this.#tenants) {
				const series = new TenantSignal(state.tenant, signal, pool, slowPool, memory);
				state.series.push(series);
				members.push(series);
				map.set(state.tenant.tenant, series);
				this.#series.push(series);
			}
			return members;
		});
		this.#book = new AlertBook(this.#episodes, options.idPrefix ?? "radar-");
	}

	observe(observation: TenantMinute): boolean {
		const state = this.#byTenant.get(observation.tenant);
		const series = this.#byKey.get(`${observation.workload}\n${observation.signal}`)?.get(observation.tenant);
		if (state === undefined || series === undefined) return false;
		const minute = minuteOf(observation.minuteAt);
		const judged = this.#judged;
		if (judged !== undefined && minute <= judged - SETTLE) return false;
		if (!series.minutes.add(minute, observation)) return false;
		if (minute < this.#firstMinute) this.#firstMinute = minute;
		if (state.heard[minute & SLOT] !== minute) this.#hear(state, minute, judged);
		if (judged !== undefined && minute <= judged) {
			for (const other of state.series)
				if ((other === series || other.volume) && minute < other.dirtyFrom) other.dirtyFrom = minute;
		}
		return true;
	}

	change(change: RadarChange): void {
		this.#changes.push(change);
	}

	maintenance(window: RadarMaintenance): void {
		this.#byTenant.get(window.tenant)?.masks.push(window);
	}

	advance(now: number): readonly RadarEvent[] {
		if (now > this.#now) this.#now = now;
		const target = minuteOf(this.#now - RIPE_MS) - 1;
		const out: RadarEvent[] = [];
		if (this.#firstMinute === Infinity) return out;
		for (
			let m = this.#judged === undefined ? Math.min(this.#firstMinute, target) : this.#judged + 1;
			m <= target;
			m += 1
		) {
			this.#judged = m;
			this.#step(m, out);
		}
		for (const [i, event] of out.entries()) out[i] = { ...event, at: this.#now };
		return out;
	}

	open() {
		return this.#book.open();
	}

	#hear(state: TenantState, minute: number, judged: number | undefined): void {
		const slot = minute & SLOT;
		state.heard[slot] = minute;
		if (this.#heardMinute[slot] !== minute) {
			this.#heardMinute[slot] = minute;
			this.#heardTenants[slot] = 0;
		}
		this.#heardTenants[slot] = (this.#heardTenants[slot] as number) + 1;
		if (judged === undefined || minute > judged - 3) return;
		// A tenant of which nothing had come: how long telemetry can be held up here.
		const age = judged - minute;
		if (age < MOST_GAP_MINUTES && age * 1.2 + 2 > this.#gapMinutes && state.series.length > 1)
			this.#gapMinutes = Math.min(MOST_GAP_MINUTES, age * 1.2 + 2);
	}

	#step(minute: number, out: RadarEvent[]): void {
		this.#settleSilence(minute);
		for (const state of this.#tenants) {
			for (const series of state.series) {
				const from = Math.max(minute - SETTLE + 1, Math.min(series.dirtyFrom, minute));
				series.dirtyFrom = Infinity;
				for (let m = from; m <= minute; m += 1) {
					if (state.heard[m & SLOT] === m && !series.minutes.knows(m) && series.firstMinute !== undefined)
						series.minutes.settleEmpty(m);
					series.judge(m, this.#isMasked(state, series, m));
				}
			}
		}
		this.#settle(minute - SETTLE);
		this.#judgeAll(minute, out);
		if (minute % 60 === 0) this.#forget();
	}

	/** Where a tenant has been silent for longer than telemetry is ever held up, and others were heard: it is silent. */
	#settleSilence(minute: number): void {
		const old = minute - Math.ceil(this.#gapMinutes);
		if (this.#heardMinute[old & SLOT] !== old) return;
		const heard = this.#heardTenants[old & SLOT] as number;
		if (heard * 2 < this.#tenants.length) return;
		for (const state of this.#tenants) {
			if (state.heard[old & SLOT] === old) continue;
			for (const series of state.series) {
				if (!series.volume || series.firstMinute === undefined || series.minutes.knows(old)) continue;
				series.minutes.settleEmpty(old);
				series.dirtyFrom = Math.min(series.dirtyFrom, old);
			}
		}
	}

	#settle(minute: number): void {
		if (minute < this.#firstMinute) return;
		this.#episodes.begin(minute * MINUTE_MS);
		for (const state of this.#tenants)
			for (const series of state.series) {
				const { tenant } = state.tenant;
				const isAlerting = this.#book.isIll(tenant, series.signal.workload, minute);
				series.settle(minute, isAlerting, this.#isMasked(state, series, minute));
				if (state.tenant.isKey === false) continue;
				const watch = this.#watches.get(series) ?? new EpisodeWatch(series);
				this.#watches.set(series, watch);
				watch.settle(minute, this.#episodes, (from, to) =>
					this.#book.wasReal(tenant, series.signal.workload, from, to),
				);
			}
	}

	#judgeAll(minute: number, out: RadarEvent[]): void {
		for (const members of this.#bySignal) {
			const rising = risingErrors(members, minute);
			const group = findGroup(members, rising, minute);
			this.#book.judgeGroup(members, group, minute, this.#changes, out);
		}
		for (const state of this.#tenants) {
			if (state.tenant.isKey === false) continue;
			for (const series of state.series) {
				const rises = risesOf(series, minute);
				this.#book.judgeTenant(series, rises, minute, this.#changes, state.series, out);
			}
		}
		this.#book.review(minute, this.#changes, out);
	}

	#isMasked(state: TenantState, series: TenantSignal, minute: number): boolean {
		if (state.masks.length === 0) return false;
		const at = minute * MINUTE_MS;
		return state.masks.some(
			(w) =>
				(w.workload === undefined || w.workload === series.signal.workload) &&
				at >= w.from - MINUTE_MS &&
				at < w.to + 2 * MINUTE_MS,
		);
	}

	#forget(): void {
		const old = this.#now - CHANGES_KEPT_MS;
		this.#changes = this.#changes.filter((change) => change.at > old);
		for (const state of this.#tenants) state.masks = state.masks.filter((w) => w.to > old);
	}
}
