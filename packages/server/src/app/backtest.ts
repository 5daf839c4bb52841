import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type BreachClosed, type BreachOpened, createDetection, type DetectionPair } from "#detection";
import { type Pair, Telemetry } from "#telemetry";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { detectionPairs } from "./detection-pairs.ts";

const STEP_MS = 10 * SECOND_MS;
/** What the windows and the radar need to have seen before the first claim counts. */
const WARM_UP_MS = 3 * DAY_MS;

/** A claim that would have been made. `endedAt` undefined: it still stands at the end. */
export interface BacktestClaim extends BreachOpened {
	readonly endedAt: number | undefined;
}

export interface BacktestOptions {
	readonly catalogue: Catalogue;
	/** Data folder of a server, also while it runs, or a backup. It is copied and never written. */
	readonly dataDir: string;
	/** ms epoch; default: the last day before `to`. */
	readonly from?: number | undefined;
	/** Default: the newest counts. */
	readonly to?: number | undefined;
	readonly now: number;
	readonly onProgress?: ((doneRatio: number) => void) | undefined;
}

export interface Backtest {
	readonly from: number;
	readonly to: number;
	readonly claims: readonly BacktestClaim[];
}

/**
 * The engine that runs live, over the counts on disk: what the catalogue's monitors would have claimed. Shadows and drafts
 * are taken for live, pauses for over, because what they would do is the question. Counts are taken as complete: when they
 * came is not on disk. Throws when the folder has no counts.
 */
export async function backtest(options: BacktestOptions): Promise<Backtest> {
	const folder = await mkdtemp(join(tmpdir(), "bellwether-backtest-"));
	try {
		const copy = join(folder, "telemetry.db");
		const source = new DatabaseSync(join(options.dataDir, "telemetry.db"), { readOnly: true, timeout: 5_000 });
		try {
			await backup(source, copy);
		} finally {
			source.close();
		}
		return replay(options, copy);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function replay(options: BacktestOptions, path: string): Backtest {
	const { catalogue } = options;
	let pairs: readonly Pair[] = [];
	let newest = Number.NEGATIVE_INFINITY;
	const clock: Clock = { now: () => options.now, monotonic: () => 0 };
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(path),
		catalogue,
		clock,
		seed: 1,
		openWindows: (opened) => {
			pairs = opened;
			return {
				add(_pair, at, _bad, total) {
					if (total > 0 && at > newest) newest = at;
				},
			};
		},
	});
	try {
		if (!Number.isFinite(newest)) throw new Error(`${options.dataDir} holds no counts of this catalogue's SLOs`);
		const to = floor(Math.min(options.to ?? Number.POSITIVE_INFINITY, newest + STEP_MS, options.now), STEP_MS);
		const from = floor(options.from ?? to - DAY_MS, STEP_MS);
		const claims = new Claims();
		const judged = detectionPairs(catalogue, pairs, from).map(asLive);
		const start = floor(from - WARM_UP_MS, HOUR_MS);
		const engine = createDetection({
			pairs: judged,
			futureMs: catalogue.settings.telemetry.futureMs,
			confirmMs: 0,
			openBreaches: [],
			now: start,
			history: (slo, tenants, since, until) =>
				telemetry.columns({ slo, tenants, from: since, to: until, resolutionMs: MINUTE_MS }),
			percentiles: (query) => telemetry.percentiles(query),
		});
		const counts = new HourOfCounts(telemetry, judged);
		// As a start does: what is usual is learnt from the minutes before, and the last hour stands in the windows.
		counts.read(start - HOUR_MS, MINUTE_MS);
		for (let at = start - HOUR_MS; at < start; at += MINUTE_MS)
			counts.each(at, (pair, bad, total) => engine.add(pair, at, bad, total));
		while (engine.work());
		for (let hour = start; hour < to; hour += HOUR_MS) {
			const isWarmUp = hour + HOUR_MS <= from;
			const everyMs = isWarmUp ? MINUTE_MS : STEP_MS;
			counts.read(hour, everyMs);
			for (let at = hour; at < Math.min(to, hour + HOUR_MS); at += everyMs) {
				// Windows know a time once the clock has reached it.
				engine.tick(at + everyMs);
				counts.each(at, (pair, bad, total) => engine.add(pair, at, bad, total));
				claims.take(engine.evaluate(at + everyMs));
			}
			options.onProgress?.((hour - start) / (to - start));
		}
		return { from, to, claims: claims.since(from) };
	} finally {
		telemetry.close();
	}
}

function floor(at: number, stepMs: number): number {
	return Math.floor(at / stepMs) * stepMs;
}

function asLive(pair: DetectionPair): DetectionPair {
	const live = { mode: "live" as const, pausedUntil: undefined };
	return {
		...pair,
		monitor: pair.monitor && { ...pair.monitor, ...live },
		also: pair.also?.map((monitor) => ({ ...monitor, ...live })),
	};
}

/** Claims in the order in which they were made, each with its end. */
class Claims {
	readonly #all: { claim: BreachOpened; endedAt: number | undefined }[] = [];

	take(news: readonly (BreachOpened | BreachClosed)[]): void {
		for (const one of news) {
			if (one.type === "breach.opened") {
				this.#all.push({ claim: one, endedAt: undefined });
				continue;
			}
			const { tenant, slo, detector, closedAt } = one;
			const open = this.#all.findLast(
				({ claim, endedAt }) =>
					endedAt === undefined && claim.tenant === tenant && claim.slo === slo && claim.detector === detector,
			);
			if (open) open.endedAt = closedAt;
		}
	}

	since(from: number): BacktestClaim[] {
		return this.#all
			.filter(({ claim }) => claim.detectedAt >= from)
			.map(({ claim, endedAt }) => ({ ...claim, endedAt }));
	}
}

/** An hour's counts of all pairs, by step; by the minute, each in its last step, where nothing finer is kept. */
class HourOfCounts {
	readonly #telemetry: Telemetry;
	readonly #bySlo: ReadonlyMap<string, readonly number[]>;
	readonly #pairs: readonly DetectionPair[];
	#steps = new Map<number, [pair: number, bad: number, total: number][]>();

	constructor(telemetry: Telemetry, pairs: readonly DetectionPair[]) {
		this.#telemetry = telemetry;
		this.#pairs = pairs;
		this.#bySlo = Map.groupBy(pairs.keys(), (pair) => (pairs[pair] as DetectionPair).slo);
	}

	read(from: number, stepMs: number): void {
		this.#steps = new Map();
		const to = from + HOUR_MS;
		for (const [slo, of] of this.#bySlo) {
			if (this.#pairs[of[0] as number]?.sliceMs !== undefined) {
				for (const pair of of) this.#readSlices(pair, from, to, stepMs);
				continue;
			}
			const tenants = of.map((pair) => (this.#pairs[pair] as DetectionPair).tenant);
			const fine = this.#telemetry.columns({ slo, tenants, from, to, resolutionMs: stepMs });
			if (stepMs === MINUTE_MS || fine.some((value) => value !== 0)) this.#put(of, fine, from, stepMs, stepMs);
			else {
				const minutes = this.#telemetry.columns({ slo, tenants, from, to, resolutionMs: MINUTE_MS });
				this.#put(of, minutes, from, MINUTE_MS, stepMs);
			}
		}
	}

	each(at: number, tell: (pair: number, bad: number, total: number) => void): void {
		for (const [pair, bad, total] of this.#steps.get(at) ?? []) tell(pair, bad, total);
	}

	#put(of: readonly number[], columns: Float64Array, from: number, widthMs: number, stepMs: number): void {
		const steps = HOUR_MS / widthMs;
		for (const [row, pair] of of.entries())
			for (let k = 0; k < steps; k++) {
				const at = (row * steps + k) * 2;
				const bad = columns[at] as number;
				const total = columns[at + 1] as number;
				if (bad !== 0 || total !== 0) this.#add(from + (k + 1) * widthMs - stepMs, pair, bad, total);
			}
	}

	#readSlices(pair: number, from: number, to: number, stepMs: number): void {
		const { tenant, slo } = this.#pairs[pair] as DetectionPair;
		const buckets = this.#telemetry.windows({ tenant, slo, from, to, resolutionMs: STEP_MS, of: "slices" }) ?? [];
		for (const { at, bad, total } of buckets) this.#add(floor(at, stepMs), pair, bad, total);
	}

	#add(at: number, pair: number, bad: number, total: number): void {
		const step = this.#steps.get(at);
		if (step) step.push([pair, bad, total]);
		else this.#steps.set(at, [[pair, bad, total]]);
	}
}
