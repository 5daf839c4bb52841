import { burnRate, errorBudget, formatDuration, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { FLEET, type WindowSnapshots } from "#telemetry";
import { Absences } from "./absences.ts";
import { BurnRates } from "./burn-rates.ts";
import { type Finding, newsOf } from "./claim.ts";
import { PairWindows } from "./pair-windows.ts";
import type { RadarChange } from "./radar/types.ts";
import { RadarWatch } from "./radar-watch.ts";
import type { CompleteUntil } from "./ripe.ts";
import { hasEvidence, type Rule, ruleKey, ruleOf, SHORT_WINDOW } from "./rules.ts";
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
	TOUCHED_BY_EVENTS,
	TOUCHED_FOR_JUDGE,
	TOUCHED_FOR_SILENCE,
	TOUCHED_FOR_STATUS,
	WINDOWS_MS,
} from "./windows.ts";

const HOUR_WINDOW = WINDOWS_MS.indexOf(HOUR_MS);
const STRIP_HOURS = 24;

export function createDetection(options: DetectionOptions): DetectionEngine {
	return new Engine(options);
}

class Engine implements DetectionEngine {
	readonly #windows: PairWindows;
	readonly snapshots: WindowSnapshots;
	readonly #completeUntil: CompleteUntil;
	#heldAt: number;
	#silenceMinute = Number.NEGATIVE_INFINITY;

	readonly #isSilent: Uint8Array;
	readonly #shadows = new ShadowFirings();
	readonly #burnRates: BurnRates;
	readonly #thresholds: Thresholds;
	readonly #absences: readonly Absences[];
	readonly #seasons: SeasonalWatch;
	readonly #radar: RadarWatch | undefined;

	constructor(options: DetectionOptions) {
		const { pairs, now } = options;
		checkFleetPairs(pairs);
		const rules = new Map<string, Rule>();
		const ruleOfPair = pairs.map((pair) => {
			const rule = rules.get(ruleKey(pair)) ?? ruleOf(pair);
			rules.set(ruleKey(pair), rule);
			return rule;
		});
		this.#windows = new PairWindows(pairs, ruleOfPair, options.futureMs, now);
		this.snapshots = windowSnapshots(this.#windows, (pair, at) => this.#radar?.mark(pair, at));
		this.#completeUntil = options.completeUntil ?? (() => Number.POSITIVE_INFINITY);
		this.#heldAt = now;
		this.#isSilent = new Uint8Array(pairs.length).fill(1);

		const openedAt = new Map(options.openBreaches.map((one) => [openKey(one.detector, one), one.openedAt]));
		const openedAtOf = (detector: DetectorKind) => (pair: number) =>
			openedAt.size === 0 ? undefined : openedAt.get(openKey(detector, pairs[pair] as DetectionPair));
		const isOpen = (detector: DetectorKind) => (pair: number) => openedAtOf(detector)(pair) !== undefined;
		this.#burnRates = new BurnRates({
			windows: this.#windows,
			confirmMs: options.confirmMs,
			completeUntil: this.#completeUntil,
			openedAt: openedAtOf("burn-rate"),
			shadowFired: (pair, monitor, at, says) => this.#shadowFired(pair, monitor, at, says),
		});
		this.#thresholds = new Thresholds(this.#windows, this.#completeUntil, isOpen("threshold"));
		this.#absences = [
			new Absences(this.#windows, now, "live", isOpen("absence")),
			new Absences(this.#windows, now, "shadow", () => false),
		];
		const { history } = options;
		this.#seasons = new SeasonalWatch(this.#windows, this.#completeUntil, options, isOpen("seasonal"));
		this.#radar = RadarWatch.of({ windows: this.#windows, history, now, isOpen: isOpen("radar") });
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
			windows.table(pair).touch(windows.row(pair), TOUCHED_FOR_STATUS);
	}

	evaluate(now: number): (BreachOpened | BreachClosed)[] {
		this.tick(now);
		const minute = Math.floor(this.#heldAt / MINUTE_MS);
		const isSilenceDue = minute !== this.#silenceMinute;
		this.#silenceMinute = minute;
		const horizon = silenceHorizon(this.#heldAt);
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
				this.#burnRates.judge(table, row, pair, now);
			}
			first += pairCount;
		}
		return [...this.#burnRates.news(now), ...this.#findings(now)];
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
		let bytes = this.#burnRates.bytes() + this.#isSilent.byteLength;
		for (const table of this.#windows.tables) bytes += table.bytes();
		return bytes / Math.max(1, this.#windows.pairs.length);
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

	/** A shadow's claims are noted, not told. */
	#isTold(finding: Finding): boolean {
		const { pair, monitor } = finding;
		const also = this.#windows.pair(pair).also?.find(({ name }) => name === monitor);
		if (also?.mode === "live") return true;
		if (finding.is === "open") this.#shadowFired(pair, monitor, this.#heldAt, finding.says);
		return false;
	}

	#status(pair: number, now: number): PairStatus {
		const windows = this.#windows;
		const { tenant, slo, objective } = windows.pair(pair);
		const total1h = windows.total(pair, HOUR_WINDOW);
		const bad1h = Math.max(0, windows.bad(pair, HOUR_WINDOW));
		const tier = this.#burnRates.fastestTier(pair);
		const burnWindow = tier === undefined ? HOUR_WINDOW : (SHORT_WINDOW[tier] as number);
		const lastAt = windows.lastAt(pair);
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
			breachSince: this.#burnRates.openedAt(pair),
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
		if (this.#burnRates.openedAt(pair) !== undefined) return "breach";
		if (this.#isSilent[pair] === 1 && !this.#hasSpoken(pair)) return "no-data";
		return this.#burnRates.isHealthy(pair) ? "healthy" : "at-risk";
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
