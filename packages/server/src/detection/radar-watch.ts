import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { FLEET } from "#telemetry";
import type { Finding } from "./claim.ts";
import type { PairWindows } from "./pair-windows.ts";
import { type Counts, createCounts, withMore } from "./radar/counts.ts";
import { explain } from "./radar/explain.ts";
import { createRadar, type Radar, type RadarAlert, type RadarChange, type RadarEvent } from "./radar/index.ts";
import { RadarHistory, type ReadMinutes } from "./radar-history.ts";
import type { DetectionPair, PairMonitor, Planned, RadarSeen } from "./types.ts";
import { RING } from "./windows.ts";

/** A minute is told this long after its end; what comes later is told as it comes, for as long as minutes are kept. */
const RIPE_MS = 25_000;
/** Planned work is known to the radar so long before; at a start so far back, as minutes may come late. */
const PLANNED_AHEAD_MS = 2 * HOUR_MS;
const MINUTES_KEPT = HOUR_MS / MINUTE_MS;
/** How long before a start an alert may have begun to be told after it. */
const NEWS_MINUTES = 60;

interface Signal {
	readonly tenant: string;
	readonly workload: string;
	readonly signal: string;
	readonly monitor: PairMonitor;
}

/** What the radar has been told of one minute, and which pairs have had counts since. */
interface Told {
	bad: Counts;
	total: Counts;
	readonly isDirty: Uint8Array;
}

export interface RadarWatchOptions {
	readonly windows: PairWindows;
	/** Undefined: it begins without knowing what is usual. */
	readonly history: ReadMinutes | undefined;
	readonly now: number;
	/** Claimed before the restart. */
	readonly isOpen: (pair: number) => boolean;
}

/**
 * The radar on the pairs that a monitor names: told every minute's counts as the windows hold them, it claims on a tenant's
 * pair or, with what is wide, on the platform's pair and on those of the tenants that are hurt.
 *
 * What is usual is learnt anew after a start from the minutes on disk, a slice at a time (`work`); until that is done nothing
 * is claimed, and what comes meanwhile is told then.
 */
export class RadarWatch {
	readonly #windows: PairWindows;
	readonly #radar: Radar;
	/** By pair; undefined: not watched. */
	readonly #signals: readonly (Signal | undefined)[];
	readonly #pairs = new Map<string, number>();
	readonly #told = new Map<number, Told>();
	#lastMinute = Number.NaN;
	#lastTold: Told | undefined;
	/** Minutes before this were told from history. */
	#liveFrom: number;
	/** Planned work of the pairs that have some, and until when it was told. */
	readonly #planned: readonly { readonly tenant: string; readonly workload: string; readonly planned: Planned }[];
	#plannedUntil = Number.NEGATIVE_INFINITY;
	#advanced = Number.NEGATIVE_INFINITY;
	#history: RadarHistory | undefined;
	/** Alerts that are open, by id, and the pairs that each stands on. */
	readonly #alerts = new Map<string, { alert: RadarAlert; pairs: readonly number[] }>();
	/** Pairs that are claimed; value: whether it was told (not while paused). */
	readonly #claims = new Map<number, boolean>();

	/** Undefined when no monitor has the radar. */
	static of(options: RadarWatchOptions): RadarWatch | undefined {
		const signals = options.windows.pairs.map(signalOf);
		return signals.some((signal) => signal !== undefined) ? new RadarWatch(options, signals) : undefined;
	}

	private constructor({ windows, history, now, isOpen }: RadarWatchOptions, signals: readonly (Signal | undefined)[]) {
		this.#windows = windows;
		this.#signals = signals;
		this.#radar = createRadar(radarOptions(windows.pairs, signals));
		for (const [pair, { tenant, slo }] of windows.pairs.entries()) {
			this.#pairs.set(pairKey(tenant, slo), pair);
			// Also on the platform's pair, which has no signal: a wide claim that ended meanwhile must be closed there.
			if (isOpen(pair)) this.#claims.set(pair, true);
		}
		this.#planned = plannedOf(signals);
		this.#liveFrom = Math.floor(now / MINUTE_MS) - 2;
		if (history) {
			const watched = [...windows.pairs.entries()].filter(([pair]) => signals[pair] !== undefined);
			this.#history = new RadarHistory(
				watched.map(([pair, { tenant, slo }]) => ({ pair, tenant, slo })),
				history,
				this.#liveFrom,
			);
		}
	}

	/** Share of what is usual that has been learnt since the start; 1: it judges. */
	get learnt(): number {
		return this.#history?.progress ?? 1;
	}

	/** Counts of a pair changed at this time of event. */
	mark(pair: number, at: number): void {
		if (!this.#signals[pair]) return;
		const minute = Math.floor(at / MINUTE_MS);
		if (minute !== this.#lastMinute) {
			if (minute < this.#liveFrom) return;
			this.#lastMinute = minute;
			this.#lastTold = this.#toldOf(minute);
		}
		if (this.#lastTold) this.#lastTold.isDirty[pair] = 1;
	}

	change(change: RadarChange): void {
		this.#radar.change(change);
	}

	/** A slice of learning what is usual, some milliseconds; true while there is more. */
	work(): boolean {
		const history = this.#history;
		if (!history) return false;
		for (const minute of history.next()) {
			this.#tellPlanned(minute.at);
			for (const { pair, bad, total } of minute.counts) this.#observe(pair, minute.at, bad, total);
			for (const event of this.#radar.advance(minute.at + MINUTE_MS + RIPE_MS)) this.#keep(event);
		}
		if (history.progress < 1) return true;
		this.#history = undefined;
		this.#forgetOld();
		return false;
	}

	/** Once a minute. */
	evaluate(now: number): Finding[] {
		const minute = Math.floor((now - RIPE_MS) / MINUTE_MS);
		if (this.#history || minute === this.#advanced) return [];
		this.#advanced = minute;
		this.#tellPlanned(now);
		this.#tell(minute);
		for (const event of this.#radar.advance(now)) this.#keep(event);
		for (const old of this.#told.keys()) if (old <= minute - MINUTES_KEPT) this.#told.delete(old);
		this.#lastMinute = Number.NaN;
		return this.#findings(now);
	}

	/** A day of planned work ahead, before it begins: minutes that were judged are not judged again for it. */
	#tellPlanned(now: number): void {
		if (now + PLANNED_AHEAD_MS < this.#plannedUntil) return;
		const from = Math.max(this.#plannedUntil, now - PLANNED_AHEAD_MS);
		const to = now + DAY_MS;
		for (const { tenant, workload, planned } of this.#planned)
			for (const span of planned(from, to))
				this.#radar.maintenance({
					tenant,
					workload,
					from: Math.max(from, span.from),
					to: Math.min(to, span.until ?? to),
				});
		this.#plannedUntil = to;
	}

	/** What stood long before the start and was claimed by nobody is no news: it is what learning took for trouble. */
	#forgetOld(): void {
		const oldest = (this.#liveFrom - NEWS_MINUTES) * MINUTE_MS;
		for (const [id, { alert, pairs }] of this.#alerts)
			if (alert.onsetAt < oldest && !pairs.some((pair) => this.#claims.has(pair))) this.#alerts.delete(id);
	}

	#toldOf(minute: number): Told {
		let told = this.#told.get(minute);
		if (!told) {
			const count = this.#windows.pairs.length;
			told = { bad: createCounts(count), total: createCounts(count), isDirty: new Uint8Array(count) };
			this.#told.set(minute, told);
		}
		return told;
	}

	/** Whole minutes, oldest first; of what was told before only the rest. Counts that were taken back cannot be. */
	#tell(end: number): void {
		const windows = this.#windows;
		for (const minute of [...this.#told.keys()].sort((a, b) => a - b)) {
			if (minute >= end) break;
			const told = this.#told.get(minute) as Told;
			for (let pair = 0; pair < told.isDirty.length; pair++) {
				if (told.isDirty[pair] === 0) continue;
				told.isDirty[pair] = 0;
				const counts = windows.table(pair).bucket(RING.minute, windows.row(pair), minute);
				const total = Math.round(counts.total) - (told.total[pair] as number);
				const isBad = Math.max(0, Math.min(Math.round(counts.bad), Math.round(counts.total)));
				const bad = Math.min(Math.max(0, isBad - (told.bad[pair] as number)), Math.max(total, isBad));
				if (total < 0 || (total === 0 && bad === 0)) continue;
				told.total = withMore(told.total, pair, total);
				told.bad = withMore(told.bad, pair, bad);
				this.#observe(pair, minute * MINUTE_MS, bad, total);
			}
		}
	}

	#observe(pair: number, minuteAt: number, bad: number, total: number): void {
		const { tenant, workload, signal } = this.#signals[pair] as Signal;
		this.#radar.observe({
			tenant,
			workload,
			signal,
			minuteAt,
			isOnce: true,
			cells: [{ values: [], total, bad }],
		});
	}

	#keep(event: RadarEvent): void {
		if (event.type === "closed") this.#alerts.delete(event.id);
		else this.#alerts.set(event.alert.id, { alert: event.alert, pairs: this.#pairsOf(event.alert) });
	}

	/** The platform's pair first: what comes after belongs under its incident. */
	#pairsOf({ scope, tenant, tenants, sli }: RadarAlert): number[] {
		const names = scope === "tenant" ? [tenant ?? ""] : [FLEET, ...tenants];
		return names.flatMap((name) => this.#pairs.get(pairKey(name, sli)) ?? []);
	}

	/** What is claimed and was not, and the other way round. */
	#findings(now: number): Finding[] {
		const findings: Finding[] = [];
		const standing = new Set<number>();
		for (const { alert, pairs } of this.#alerts.values()) {
			for (const pair of pairs) {
				if (standing.has(pair)) continue;
				standing.add(pair);
				const monitor = monitorOf(this.#windows.pair(pair));
				if (!monitor || this.#claims.get(pair) || now < (monitor.pausedUntil ?? 0)) continue;
				this.#claims.set(pair, true);
				findings.push({
					pair,
					monitor: monitor.name,
					detector: "radar",
					is: "open",
					since: alert.onsetAt,
					says: worded(alert, monitor),
					scope: alert.scope === "tenant" ? "tenant" : "platform",
					radar: seenOf(alert),
				});
			}
		}
		for (const pair of [...this.#claims.keys()]) {
			if (standing.has(pair)) continue;
			this.#claims.delete(pair);
			const monitor = monitorOf(this.#windows.pair(pair));
			findings.push({ pair, monitor: monitor?.name ?? "", detector: "radar", is: "closed" });
		}
		return findings;
	}
}

/** The alert in words for people. */
function worded(alert: RadarAlert, { radar }: PairMonitor): string {
	const called = radar?.called;
	if (!called) return alert.explanation;
	return explain({ ...alert, tenant: called.tenant, workload: called.workload, sli: called.slo });
}

function seenOf({ scope, culprits, changes, evidence, cohort }: RadarAlert): RadarSeen {
	return { scope, culprits, changes, ...(cohort && { cohort }), ...evidence };
}

/** The live one where there is another in shadow. */
function monitorOf(pair: DetectionPair): PairMonitor | undefined {
	const watching = pair.also?.filter(({ radar, mode }) => radar !== undefined && mode !== "draft");
	return watching?.find(({ mode }) => mode === "live") ?? watching?.[0];
}

/** The fleet's pair has no signal of its own: the radar makes it of the tenants. */
function signalOf(pair: DetectionPair): Signal | undefined {
	const monitor = monitorOf(pair);
	if (!monitor?.radar || pair.tenant === FLEET || pair.sliceMs !== undefined) return undefined;
	return { tenant: pair.tenant, workload: monitor.radar.workload, signal: pair.slo, monitor };
}

/** Each tenant's workload once, whatever it has of SLOs. */
function plannedOf(signals: readonly (Signal | undefined)[]) {
	const known = new Map<string, { tenant: string; workload: string; planned: Planned }>();
	for (const signal of signals) {
		const planned = signal?.monitor.radar?.planned;
		if (!signal || !planned) continue;
		const { tenant, workload } = signal;
		known.set(pairKey(tenant, workload), { tenant, workload, planned });
	}
	return [...known.values()];
}

function radarOptions(pairs: readonly DetectionPair[], signals: readonly (Signal | undefined)[]) {
	const bySlo = new Map<string, Signal>();
	const offsets = new Map<string, number>();
	let falsePages = Number.POSITIVE_INFINITY;
	for (const [pair, signal] of signals.entries()) {
		if (!signal) continue;
		const { slo } = pairs[pair] as DetectionPair;
		if (!bySlo.has(slo)) bySlo.set(slo, signal);
		const radar = signal.monitor.radar as NonNullable<PairMonitor["radar"]>;
		offsets.set(signal.tenant, radar.utcOffsetMinutes);
		falsePages = Math.min(falsePages, radar.falsePagesPerTenantWeek);
	}
	return {
		signals: [...bySlo].map(([slo, { workload, monitor }]) => ({
			workload,
			signal: slo,
			attributes: [],
			cohortAttributes: [],
			...(monitor.radar?.watches.includes("errors") && { errors: { sli: slo } }),
			...(monitor.radar?.watches.includes("volume") && { volume: { sli: slo } }),
		})),
		tenants: [...offsets].map(([tenant, utcOffsetMinutes]) => ({ tenant, utcOffsetMinutes })),
		falsePagesPerTenantWeek: falsePages,
	};
}

function pairKey(tenant: string, slo: string): string {
	return `${slo}\n${tenant}`;
}
