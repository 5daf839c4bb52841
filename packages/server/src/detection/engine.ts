import { burnRate, describeDuration, errorBudget, formatDuration, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { FLEET, type WindowSnapshots } from "#telemetry";
import { Absences } from "./absences.ts";
import { type Finding, newsOf } from "./claim.ts";
import { isProven } from "./evidence.ts";
import { Explanations } from "./explain.ts";
import { PairWindows } from "./pair-windows.ts";
import type { RadarChange } from "./radar/types.ts";
import { RadarWatch } from "./radar-watch.ts";
import { type CompleteUntil, isTrueWithout, unripeCounts } from "./ripe.ts";
import { hasEvidence, LONG_WINDOW, PAGE_TIERS, type Rule, ruleKey, ruleOf, SHORT_WINDOW } from "./rules.ts";
import { SeasonalWatch } from "./seasonal-watch.ts";
import { type ShadowFiring, ShadowFirings } from "./shadow-firings.ts";
import { isSilent, silenceHorizon } from "./silence.ts";
import { Thresholds } from "./thresholds.ts";
import type {
	BreachClosed,
	BreachOpened,
	DetectionEngine,
	DetectionOptions,
	DetectionPair,
	DetectorKind,
	Drill,
	PairState,
	PairStatus,
} from "./types.ts";
import { windowSnapshots } from "./window-snapshots.ts";
import {
	PERIOD_WINDOW,
	RING,
	SUMS_STRIDE,
	TOUCHED_BY_EVENTS,
	TOUCHED_FOR_JUDGE,
	TOUCHED_FOR_SILENCE,
	TOUCHED_FOR_STATUS,
	WINDOWS_MS,
	type WindowTable,
} from "./windows.ts";

/** Verdicts on a pair, worst last; one byte per pair. */
const NONE = 0;
const RISK = 1;
const BREACH = 2;

const TIER_COUNT = LONG_WINDOW.length;
const HOUR_WINDOW = WINDOWS_MS.indexOf(HOUR_MS);
const STRIP_HOURS = 24;

export function createDetection(options: DetectionOptions): DetectionEngine {
	return new Engine(options);
}

class Engine implements DetectionEngine {
	readonly #windows: PairWindows;
	readonly snapshots: WindowSnapshots;
	readonly #confirmMs: number;
	readonly #completeUntil: CompleteUntil;
	#heldAt: number;
	#silenceMinute = Number.NEGATIVE_INFINITY;
	#isFirstEvaluation = true;

	/** The rules' judging limits, TIER_COUNT for each rule, and each pair's rule as an offset into them. */
	readonly #limits: Float64Array;
	readonly #limitsOf: Uint32Array;

	/** The confirmed verdict, and the one that waits since `#pendingAt` to be confirmed (equal: none waits). */
	readonly #verdict: Uint8Array;
	readonly #pending: Uint8Array;
	readonly #pendingAt: Float64Array;
	/** When the announced breach was detected; NaN: none is open. A shadow's breach is a verdict without this. */
	readonly #openedAt: Float64Array;
	readonly #isSilent: Uint8Array;
	/** Tiers that are true with evidence, as bits. */
	readonly #tiers: Uint8Array;
	readonly #shadows = new ShadowFirings();
	readonly #thresholds: Thresholds;
	readonly #absences: readonly Absences[];
	readonly #seasons: SeasonalWatch;
	readonly #radar: RadarWatch | undefined;

	constructor(options: DetectionOptions) {
		const { pairs, now } = options;
		checkFleetPairs(pairs);
		const rules = new Map<string, { rule: Rule; offset: number }>();
		const ruleOfPair = pairs.map((pair) => {
			const key = ruleKey(pair);
			const known = rules.get(key) ?? { rule: ruleOf(pair), offset: rules.size * TIER_COUNT };
			rules.set(key, known);
			return known;
		});
		this.#limits = Float64Array.from([...rules.values()].flatMap(({ rule }) => rule.judgingLimits));
		this.#limitsOf = Uint32Array.from(ruleOfPair, ({ offset }) => offset);
		this.#windows = new PairWindows(
			pairs,
			ruleOfPair.map(({ rule }) => rule),
			options.futureMs,
			now,
		);
		this.snapshots = windowSnapshots(this.#windows, (pair, at) => this.#radar?.mark(pair, at));
		this.#confirmMs = options.confirmMs;
		this.#completeUntil = options.completeUntil ?? (() => Number.POSITIVE_INFINITY);
		this.#heldAt = now;
		this.#verdict = new Uint8Array(pairs.length);
		this.#pending = new Uint8Array(pairs.length);
		this.#pendingAt = new Float64Array(pairs.length);
		this.#openedAt = new Float64Array(pairs.length).fill(Number.NaN);
		this.#isSilent = new Uint8Array(pairs.length).fill(1);
		this.#tiers = new Uint8Array(pairs.length);

		const openKeys = new Set(options.openBreaches.map((breach) => openKey(breach.detector, breach)));
		const isOpen = (detector: DetectorKind) => (pair: number) =>
			openKeys.has(openKey(detector, pairs[pair] as DetectionPair));
		this.#thresholds = new Thresholds(this.#windows, this.#completeUntil, isOpen("threshold"));
		this.#absences = [
			new Absences(this.#windows, now, "live", isOpen("absence")),
			new Absences(this.#windows, now, "shadow", () => false),
		];
		const { history } = options;
		this.#seasons = new SeasonalWatch(this.#windows, this.#completeUntil, options, isOpen("seasonal"));
		this.#radar = RadarWatch.of({ windows: this.#windows, history, now, isOpen: isOpen("radar") });

		const openedAtOf = new Map(
			options.openBreaches
				.filter((breach) => breach.detector === "burn-rate")
				.map((breach) => [JSON.stringify([breach.tenant, breach.slo]), breach.openedAt]),
		);
		if (openedAtOf.size === 0) return;
		for (const [index, pair] of pairs.entries()) {
			const openedAt = openedAtOf.get(JSON.stringify([pair.tenant, pair.slo]));
			if (openedAt === undefined) continue;
			this.#openedAt[index] = openedAt;
			this.#verdict[index] = BREACH;
			this.#pending[index] = BREACH;
		}
	}

	add(pair: number, at: number, bad: number, total: number): void {
		this.#windows.table(pair).add(this.#windows.row(pair), at, bad, total);
		this.#windows.calendars?.add(pair, at, bad, total);
		this.#radar?.mark(pair, at);
	}

	work(): boolean {
		return this.#seasons.work() || (this.#radar?.work() ?? false);
	}

	learnt(): number {
		return Math.min(this.#seasons.learnt, this.#radar?.learnt ?? 1);
	}

	drill({ monitor, tenant, slo, by }: Drill, now: number): BreachOpened | undefined {
		const pair = this.#windows.pairs.findIndex((each) => each.tenant === tenant && each.slo === slo);
		const held = this.#windows.pairs[pair];
		if (!held) return undefined;
		const detector = held.also?.find(({ name }) => name === monitor)?.detector ?? "burn-rate";
		const says = `A test of the monitor ${monitor}, asked for by ${by}: nothing is known to be wrong.`;
		const finding = { pair, monitor, detector, is: "open", since: now, says, scope: "tenant" } as const;
		const claim = newsOf(this.#windows, finding, now) as BreachOpened;
		return { ...claim, evidence: { ...claim.evidence, drill: { by } } };
	}

	change(change: RadarChange): void {
		this.#radar?.change(change);
	}

	tick(now: number): void {
		if (!(now > this.#heldAt)) return;
		this.#heldAt = now;
		const windows = this.#windows;
		for (const table of windows.tables) table.advance(now);
		for (const pair of windows.calendars?.advance(now) ?? [])
			touch(windows.table(pair), windows.row(pair), TOUCHED_FOR_STATUS);
	}

	evaluate(now: number): (BreachOpened | BreachClosed)[] {
		this.tick(now);
		const minute = Math.floor(this.#heldAt / MINUTE_MS);
		const isSilenceDue = minute !== this.#silenceMinute;
		this.#silenceMinute = minute;
		const horizon = silenceHorizon(this.#heldAt);
		const changed: number[] = [];
		let first = 0;
		for (const table of this.#windows.tables) {
			const { touched, lastAt, pairCount } = table;
			for (let row = 0; row < pairCount; row++) {
				const flags = touched[row] as number;
				const isDue = (flags & TOUCHED_FOR_JUDGE) !== 0;
				if (!isDue && !isSilenceDue) continue;
				const pair = first + row;
				// Fresh events end a silence at once, older ones within a minute; without any, a silent pair stays silent.
				const isFresh = (lastAt[row] as number) >= horizon;
				const mayChange = (flags & TOUCHED_FOR_SILENCE) !== 0 || this.#isSilent[pair] === 0;
				if (mayChange && (isFresh || isSilenceDue)) {
					const isQuiet = !isFresh && isSilent(table, row, this.#silenceAt(pair));
					if (isQuiet !== (this.#isSilent[pair] === 1)) {
						this.#isSilent[pair] = isQuiet ? 1 : 0;
						touched[row] = flags | TOUCHED_FOR_STATUS;
					}
					touched[row] = (touched[row] as number) & ~TOUCHED_FOR_SILENCE;
				}
				if (!isDue) continue;
				touched[row] = (touched[row] as number) & (TOUCHED_FOR_STATUS | TOUCHED_FOR_SILENCE);
				const tiers = this.#burningTiers(table, row, pair);
				if (tiers === 0 && this.#verdict[pair] === NONE && this.#pending[pair] === NONE) continue;
				if (this.#judge(table, row, pair, tiers, now)) changed.push(pair);
			}
			first += pairCount;
		}
		this.#isFirstEvaluation = false;
		return [...this.#announce(changed, now), ...this.#findings(now)];
	}

	statuses(now: number): PairStatus[] {
		return this.#windows.pairs.map((_, pair) => this.#status(pair, now));
	}

	changedStatuses(now: number): PairStatus[] {
		const statuses: PairStatus[] = [];
		let first = 0;
		for (const { touched, pairCount } of this.#windows.tables) {
			for (let row = 0; row < pairCount; row++) {
				const flags = touched[row] as number;
				if ((flags & TOUCHED_FOR_STATUS) === 0) continue;
				touched[row] = flags & ~TOUCHED_FOR_STATUS;
				statuses.push(this.#status(first + row, now));
			}
			first += pairCount;
		}
		return statuses;
	}

	sums(pair: number, windowMs: number): { bad: number; total: number } {
		const windows = this.#windows;
		const fixed = WINDOWS_MS.indexOf(windowMs);
		const { tenant, slo, periodMs } = windows.pair(pair);
		if (fixed < 0 && windowMs !== periodMs) {
			const kept = [...WINDOWS_MS, periodMs].map(formatDuration).join(", ");
			throw new RangeError(`detection: no window of ${windowMs} ms is kept for "${tenant}", ${slo}; ask for ${kept}`);
		}
		const window = fixed < 0 ? PERIOD_WINDOW : fixed;
		return { bad: windows.bad(pair, window), total: windows.total(pair, window) };
	}

	hourStrip(pair: number, now: number): PairState[] {
		const thisHour = Math.floor(now / HOUR_MS);
		const table = this.#windows.table(pair);
		return Array.from({ length: STRIP_HOURS }, (_, i) => {
			const hour = thisHour - STRIP_HOURS + 1 + i;
			const { bad, total } = table.bucket(RING.hour, this.#windows.row(pair), hour);
			return stateOfHour(bad, total, this.#windows.rule(pair));
		});
	}

	shadowBreaches(pair: number): number {
		return this.#shadows.count(pair);
	}

	takeShadowFirings(): readonly ShadowFiring[] {
		return this.#shadows.take();
	}

	bytesPerPair(): number {
		const own = [this.#limitsOf, this.#verdict, this.#pending, this.#pendingAt, this.#openedAt, this.#isSilent];
		let bytes = this.#tiers.byteLength + this.#limits.byteLength;
		for (const array of own) bytes += array.byteLength;
		for (const table of this.#windows.tables) bytes += table.bytes();
		return bytes / Math.max(1, this.#windows.pairs.length);
	}

	/** Tiers whose two windows burn above their limits, as bits; no evidence asked yet. */
	#burningTiers(table: WindowTable, row: number, pair: number): number {
		const { sums } = table;
		const limits = this.#limits;
		const offset = row * SUMS_STRIDE;
		const firstLimit = this.#limitsOf[pair] as number;
		let tiers = 0;
		for (let tier = 0; tier < TIER_COUNT; tier++) {
			const short = offset + 2 * (SHORT_WINDOW[tier] as number);
			const bad = sums[short] as number;
			// Most pairs have no bad event in most short windows: one look is enough.
			if (bad <= 0) continue;
			const limit = limits[firstLimit + tier] as number;
			const total = sums[short + 1] as number;
			if (!(total > 0 && bad > limit * total)) continue;
			const long = offset + 2 * (LONG_WINDOW[tier] as number);
			if ((sums[long] as number) > limit * (sums[long + 1] as number)) tiers |= 1 << tier;
		}
		return tiers;
	}

	/**
	 * Moves the pair's verdict; true when an announced breach is to be opened or closed. Verdicts wait until they held
	 * for `confirmMs`, for worse and for better, so that a request split in parts neither wakes anybody nor ends a breach.
	 */
	#judge(table: WindowTable, row: number, pair: number, burning: number, now: number): boolean {
		const rule = this.#windows.rule(pair);
		const isOpen = this.#verdict[pair] === BREACH;
		const proven = this.#proven(pair, burning);
		if (proven !== this.#tiers[pair]) {
			this.#tiers[pair] = proven;
			touch(table, row, TOUCHED_FOR_STATUS);
		}
		let verdict = proven === 0 ? NONE : RISK;
		if (isOpen) {
			// An open breach needs no new evidence to stay open: it ends when its burning does, and events show it.
			const isBurning = (burning & PAGE_TIERS) !== 0;
			const hasFreshEvents = this.#windows.total(pair, rule.closingWindow) > 0;
			if (isBurning || !hasFreshEvents) verdict = BREACH;
		} else if ((proven & PAGE_TIERS) !== 0 && rule.claims !== "none" && !this.#isPaused(pair, now)) {
			if (this.#isRipe(pair, proven & PAGE_TIERS, rule, now)) verdict = BREACH;
			// Time alone makes it ripe.
			else touch(table, row, TOUCHED_FOR_JUDGE);
		}

		const settled = this.#verdict[pair] as number;
		if (verdict === settled) {
			this.#pending[pair] = settled;
			return false;
		}
		const pendingAt = this.#pendingAt[pair] as number;
		if (this.#pending[pair] !== verdict || now < pendingAt) {
			this.#pending[pair] = verdict;
			this.#pendingAt[pair] = now;
		}
		// What history shows at the start is no split request: a risk is shown at once.
		const isKnownRisk = this.#isFirstEvaluation && verdict === RISK;
		if (now - (this.#pendingAt[pair] as number) < this.#confirmMs && !isKnownRisk) {
			touch(table, row, TOUCHED_FOR_JUDGE);
			return false;
		}
		this.#verdict[pair] = verdict;
		touch(table, row, TOUCHED_FOR_STATUS);
		if (verdict === BREACH && rule.claims === "shadow") {
			this.#shadowFired(pair, this.#windows.pair(pair).monitor?.name ?? "", now, this.#burnWords(pair));
			return false;
		}
		return verdict === BREACH || (settled === BREACH && !Number.isNaN(this.#openedAt[pair]));
	}

	#isPaused(pair: number, now: number): boolean {
		return now < (this.#windows.pair(pair).monitor?.pausedUntil ?? Number.NEGATIVE_INFINITY);
	}

	#proven(pair: number, burning: number): number {
		let proven = 0;
		for (let tier = 0; tier < TIER_COUNT; tier++) {
			if ((burning & (1 << tier)) === 0) continue;
			const long = LONG_WINDOW[tier] as number;
			const counts = { bad: this.#windows.bad(pair, long), total: this.#windows.total(pair, long) };
			if (isProven(this.#windows, pair, tier, counts, Number.POSITIVE_INFINITY)) proven |= 1 << tier;
		}
		return proven;
	}

	/** Whether one of these tiers is true without what may still be a part only. */
	#isRipe(pair: number, tiers: number, rule: Rule, now: number): boolean {
		const completeUntil = this.#completeUntil(pair, now);
		const unripe = unripeCounts(this.#windows, pair, completeUntil);
		if (unripe.bad === 0 && unripe.total === 0) return true;
		for (let tier = 0; tier < TIER_COUNT; tier++)
			if ((tiers & (1 << tier)) !== 0 && isTrueWithout(unripe, completeUntil, this.#windows, pair, tier, rule))
				return true;
		return false;
	}

	/** Of the other detectors; burn rate's claims go first, because they say how much of the budget is at stake. */
	#findings(now: number): (BreachOpened | BreachClosed)[] {
		const at = this.#heldAt;
		const radar = this.#radar?.evaluate(at) ?? [];
		const findings = [
			...radar,
			...this.#seasons.evaluate(at),
			...this.#thresholds.evaluate(at),
			...this.#absences.flatMap((absences) => absences.evaluate(at)),
		];
		return findings.flatMap((finding) => (this.#isTold(finding) ? newsOf(this.#windows, finding, now) : []));
	}

	#shadowFired(pair: number, monitor: string, at: number, says: string): void {
		const { tenant, slo } = this.#windows.pair(pair);
		this.#shadows.add(pair, { monitor, tenant, slo, at, says });
	}

	/** What the strongest burning tier sees: "1,200 of 12,000 events in 1h were bad: burn 100×, limit 13.4×." */
	#burnWords(pair: number): string {
		const { objective, tiers } = this.#windows.rule(pair);
		const tier = lowestBit(this.#tiers[pair] as number);
		const long = LONG_WINDOW[tier] as number;
		const bad = this.#windows.bad(pair, long);
		const total = this.#windows.total(pair, long);
		const [count, of] = [bad, total].map((events) => Math.round(events).toLocaleString("en"));
		const [burn, limit] = [burnRate(bad, total, objective) ?? 0, tiers[tier]?.factor ?? 0].map((rate) =>
			Number(rate.toPrecision(3)),
		);
		const span = describeDuration(WINDOWS_MS[long] as number);
		return `${count} of ${of} events in ${span} were bad: burn ${burn}×, limit ${limit}×.`;
	}

	/** A shadow's claims are noted, not told. */
	#isTold(finding: Finding): boolean {
		const { pair, monitor } = finding;
		const also = this.#windows.pair(pair).also?.find(({ name }) => name === monitor);
		if (also?.mode === "live") return true;
		if (finding.is === "open") this.#shadowFired(pair, monitor, this.#heldAt, finding.says);
		return false;
	}

	#announce(changed: readonly number[], now: number): (BreachOpened | BreachClosed)[] {
		if (changed.length === 0) return [];
		const isFleet = (pair: number) => this.#windows.pair(pair).tenant === FLEET;
		const ordered = [...changed.filter(isFleet), ...changed.filter((pair) => !isFleet(pair))];
		const explanations = new Explanations(this.#windows, now);
		return ordered.map((pair) => {
			const { tenant, slo, monitor } = this.#windows.pair(pair);
			const claim = { tenant, slo, detector: "burn-rate" as const };
			if (this.#verdict[pair] !== BREACH) {
				this.#openedAt[pair] = Number.NaN;
				return { type: "breach.closed", ...claim, closedAt: now, reason: "recovered" };
			}
			this.#openedAt[pair] = now;
			const explained = explanations.dated(pair, lowestBit(this.#tiers[pair] as number));
			return { type: "breach.opened", ...claim, monitor: monitor?.name ?? "", detectedAt: now, ...explained };
		});
	}

	#status(pair: number, now: number): PairStatus {
		const windows = this.#windows;
		const { tenant, slo, objective } = windows.pair(pair);
		const tiers = this.#tiers[pair] as number;
		const total1h = windows.total(pair, HOUR_WINDOW);
		const bad1h = Math.max(0, windows.bad(pair, HOUR_WINDOW));
		const burnWindow = tiers === 0 ? HOUR_WINDOW : (SHORT_WINDOW[lowestBit(tiers)] as number);
		const lastAt = windows.lastAt(pair);
		const openedAt = this.#openedAt[pair] as number;
		const budget = errorBudget(windows.bad(pair, PERIOD_WINDOW), windows.total(pair, PERIOD_WINDOW), objective);
		return {
			tenant,
			slo,
			objective,
			state: this.#state(pair),
			sli: total1h > 0 ? Math.max(0, 1 - bad1h / total1h) : undefined,
			burn: windows.burn(pair, burnWindow),
			total1h,
			budgetRemaining: budget?.remaining,
			period: windows.calendars?.span(pair),
			lastAt: Number.isFinite(lastAt) ? Math.min(lastAt, now) : undefined,
			breachSince: Number.isNaN(openedAt) ? undefined : openedAt,
		};
	}

	/** Whether events that no evaluation has seen yet ended a silence. */
	#hasSpoken(pair: number): boolean {
		const table = this.#windows.table(pair);
		const row = this.#windows.row(pair);
		const hasNewEvents = ((table.touched[row] as number) & TOUCHED_BY_EVENTS) !== 0;
		return hasNewEvents && !isSilent(table, row, this.#silenceAt(pair));
	}

	/** A slice that is running says nothing yet. */
	#silenceAt(pair: number): number {
		return this.#heldAt - (this.#windows.pair(pair).sliceMs ?? 0);
	}

	#state(pair: number): PairState {
		if (!Number.isNaN(this.#openedAt[pair])) return "breach";
		if (this.#isSilent[pair] === 1 && !this.#hasSpoken(pair)) return "no-data";
		return this.#verdict[pair] === NONE ? "healthy" : "at-risk";
	}
}

/** One hour by itself: the quick page's factor with evidence is a breach, more than the budget's pace is a risk. */
function stateOfHour(bad: number, total: number, rule: Rule): PairState {
	const burn = burnRate(bad, total, rule.objective);
	if (burn === undefined) return "no-data";
	if (burn <= 1 || !hasEvidence(bad, total, rule.objective, rule.evidenceP)) return "healthy";
	return bad > (rule.limits[0] as number) * total ? "breach" : "at-risk";
}

function openKey(detector: string, { tenant, slo }: { readonly tenant: string; readonly slo: string }): string {
	return JSON.stringify([detector, tenant, slo]);
}

function touch(table: WindowTable, row: number, flag: number): void {
	table.touched[row] = (table.touched[row] as number) | flag;
}

function lowestBit(mask: number): number {
	return 31 - Math.clz32(mask & -mask);
}

function checkFleetPairs(pairs: readonly DetectionPair[]): void {
	for (const [index, pair] of pairs.entries()) {
		const fleet = pairs[pair.fleetPair];
		const isRight = fleet?.tenant === FLEET && fleet.slo === pair.slo && (pair.tenant !== FLEET || fleet === pair);
		if (isRight) continue;
		throw new Error(
			`detection: pairs[${index}] ("${pair.tenant}", ${pair.slo}): fleetPair ${pair.fleetPair} is not the fleet's pair of ${pair.slo}; give the index of the pair with tenant "" and the same SLO`,
		);
	}
}
