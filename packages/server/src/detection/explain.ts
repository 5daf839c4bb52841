import { type BurnRateTier, burnRate, maskingShareLimit, SECOND_MS } from "@bellwether/model";
import { FLEET } from "#telemetry";
import { datedOnset } from "./dated-onset.ts";
import { proofOf } from "./evidence.ts";
import { countsSince, findOnset, type Onset } from "./onset.ts";
import type { PairWindows } from "./pair-windows.ts";
import { LONG_WINDOW, SHORT_WINDOW } from "./rules.ts";
import type { BurnWindow, Evidence } from "./types.ts";
import { WINDOWS_MS } from "./windows.ts";

/** Key tenants of one SLO that must burn together before it is the platform's problem. */
const PLATFORM_MIN_TENANTS = 3;
const ALSO_BURNING_MAX = 100;
/** Change points that one evaluation looks for on one SLO; each takes some ten milliseconds. */
const DATED_MAX = 4;

/**
 * Scope and evidence of the claims of one evaluation. Windows stand still during it, so what one claim looks up about its
 * siblings serves the next: in an outage of the platform each tenant claims, and each asks about all.
 */
export class Explanations {
	readonly #windows: PairWindows;
	readonly #now: number;
	/** Keyed by pair (or fleet pair) and tier in one number. */
	readonly #burning = new Map<number, ReadonlySet<number>>();
	readonly #onsets = new Map<number, Onset>();
	readonly #episodes = new Map<string, BurnWindow>();
	/** Claims with one onset have one scope; an outage of the platform has few onsets. */
	readonly #scopes = new Map<string, "tenant" | "platform">();

	/** By SLO, so that what another SLO claims at the same moment changes nothing. */
	readonly #datedCounts = new Map<number, number>();

	constructor(windows: PairWindows, now: number) {
		this.#windows = windows;
		this.#now = now;
	}

	/** Of a claim by the tier with index `tier`. */
	of(pair: number, tier: number): { scope: "tenant" | "platform"; evidence: Evidence } {
		const windows = this.#windows;
		const { fleetPair, tenant } = windows.pair(pair);
		const rule = windows.rule(pair);
		const fleetRule = windows.rule(fleetPair);
		const long = LONG_WINDOW[tier] as number;
		const short = SHORT_WINDOW[tier] as number;
		const fleetTotal = windows.total(fleetPair, long);
		const onset = this.#onset(pair, tier);
		const since = startOfSlice(onset.since, windows.pair(pair).sliceMs);
		const alsoBurning = [...take(this.#burningOn(fleetPair, tier), ALSO_BURNING_MAX + 1)]
			.filter((sibling) => sibling !== pair)
			.slice(0, ALSO_BURNING_MAX)
			.map((sibling) => windows.pair(sibling).tenant);
		return {
			scope: tenant === FLEET ? "platform" : this.#scope(pair, tier),
			evidence: {
				tier: rule.tiers[tier] as BurnRateTier,
				objective: rule.objective,
				long: this.#window(pair, long),
				short: this.#window(pair, short),
				episode: { ...this.#episode(pair, onset.since), ms: this.#now - since },
				...proofOf(windows, pair, tier),
				fleet: {
					long: this.#window(fleetPair, long),
					short: this.#window(fleetPair, short),
					episode: this.#episode(fleetPair, onset.since),
				},
				share: fleetTotal > 0 ? windows.total(pair, long) / fleetTotal : 0,
				maskingShare: maskingShareLimit((fleetRule.tiers[tier] as BurnRateTier).factor, fleetRule.objective),
				alsoBurning,
				since,
			},
		};
	}

	/**
	 * The same, with its beginning by change point: of the first claims of an evaluation. In an outage of everybody the
	 * others began when these did, and a claim must not wait for arithmetic.
	 */
	dated(pair: number, tier: number): { scope: "tenant" | "platform"; evidence: Evidence } {
		const told = this.of(pair, tier);
		const windows = this.#windows;
		const { fleetPair, sliceMs } = windows.pair(pair);
		if (sliceMs !== undefined || (this.#datedCounts.get(fleetPair) ?? 0) >= DATED_MAX) return told;
		this.#datedCounts.set(fleetPair, (this.#datedCounts.get(fleetPair) ?? 0) + 1);
		const dated = datedOnset(windows.table(pair), windows.row(pair), told.evidence.since, this.#now);
		if (!dated) return told;
		const episode = this.#episode(pair, dated.since);
		const fleet = { ...told.evidence.fleet, episode: this.#episode(fleetPair, dated.since) };
		return { ...told, evidence: { ...told.evidence, ...dated, episode, fleet } };
	}

	/**
	 * `platform` when at least three key tenants burn in the short window, this one included, and they are at least half of
	 * those that can tell. Either reading suffices:
	 * - those whose burning began no earlier than this tenant's may have, among them and those that sent events since its
	 *   onset. It finds an outage of all while most, pushing once a minute at seconds of their own, have not yet told of
	 *   it, and does not take older troubles for a part of it;
	 * - all that burn, among those that sent events since this tenant's last healthy bucket. It finds an outage that
	 *   spreads from tenant to tenant.
	 */
	#scope(pair: number, tier: number): "tenant" | "platform" {
		const { fleetPair } = this.#windows.pair(pair);
		const onset = this.#onset(pair, tier);
		const key = [fleetPair, tier, onset.since, onset.quietUntil].join();
		let scope = this.#scopes.get(key);
		if (!scope) {
			scope = this.#scopeSince(fleetPair, tier, onset);
			this.#scopes.set(key, scope);
		}
		return scope;
	}

	#scopeSince(fleetPair: number, tier: number, onset: Onset): "tenant" | "platform" {
		const windows = this.#windows;
		const burning = this.#burningOn(fleetPair, tier);
		const together = { burning: 0, judged: 0 };
		const overall = { burning: 0, judged: 0 };
		for (const sibling of windows.members(fleetPair)) {
			const lastAt = windows.lastAt(sibling);
			const isBurning = burning.has(sibling);
			if (lastAt >= onset.quietUntil) {
				overall.judged++;
				if (isBurning) overall.burning++;
			}
			if (isBurning && this.#onset(sibling, tier).since >= onset.quietUntil) {
				together.burning++;
				together.judged++;
			} else if (lastAt >= onset.since) {
				together.judged++;
			}
		}
		return isMost(together) || isMost(overall) ? "platform" : "tenant";
	}

	#burningOn(fleetPair: number, tier: number): ReadonlySet<number> {
		const key = memoKey(fleetPair, tier);
		let burning = this.#burning.get(key);
		if (!burning) {
			const members = this.#windows.members(fleetPair);
			burning = new Set(members.filter((sibling) => this.#windows.isBurning(sibling, tier)));
			this.#burning.set(key, burning);
		}
		return burning;
	}

	#onset(pair: number, tier: number): Onset {
		const key = memoKey(pair, tier);
		let onset = this.#onsets.get(key);
		if (!onset) {
			const windows = this.#windows;
			const rule = windows.rule(pair);
			const start = this.#now - (rule.tiers[tier] as BurnRateTier).shortMs;
			onset = findOnset(windows.table(pair), windows.row(pair), rule.limits[tier] as number) ?? {
				since: start,
				quietUntil: start,
			};
			this.#onsets.set(key, onset);
		}
		return onset;
	}

	#episode(pair: number, since: number): BurnWindow {
		const windows = this.#windows;
		const key = `${pair},${since}`;
		let episode = this.#episodes.get(key);
		if (!episode) {
			const counts = countsSince(windows.table(pair), windows.row(pair), since);
			const burn = burnRate(counts.bad, counts.total, windows.pair(pair).objective);
			episode = { ms: this.#now - since, ...counts, burn };
			this.#episodes.set(key, episode);
		}
		return episode;
	}

	#window(pair: number, window: number): BurnWindow {
		const windows = this.#windows;
		const counts = { bad: windows.bad(pair, window), total: windows.total(pair, window) };
		return { ms: WINDOWS_MS[window] as number, ...counts, burn: windows.burn(pair, window) };
	}
}

/** Slices stand in their last 10 s: the first that a bucket can hold began so much earlier. */
function startOfSlice(bucketAt: number, sliceMs: number | undefined): number {
	if (sliceMs === undefined) return bucketAt;
	return (Math.ceil((bucketAt + 10 * SECOND_MS) / sliceMs) - 1) * sliceMs;
}

function isMost({ burning, judged }: { burning: number; judged: number }): boolean {
	return burning >= PLATFORM_MIN_TENANTS && 2 * burning >= judged;
}

function memoKey(pair: number, tier: number): number {
	return pair * LONG_WINDOW.length + tier;
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
	let left = count;
	for (const item of items) {
		if (left-- === 0) return;
		yield item;
	}
}
