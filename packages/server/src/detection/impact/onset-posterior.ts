import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";

/** Counts of one stretch of time. A bucket whose total is 0 says nothing: nothing is taken for healthy. */
export interface OnsetBucket {
	readonly startAt: number;
	readonly widthMs: number;
	readonly bad: number;
	readonly total: number;
}

type Shape = "step" | "ramp" | "intermittent";

export interface OnsetPosterior {
	/** Nats by which an onset explains the counts better than none. */
	readonly evidence: number;
	/** Probability that it began before the first bucket. */
	readonly openMass: number;
	readonly shape: Shape;
	readonly usualErrorRatio: number;
	readonly errorRatio: number;
	/** Instant before which this much of the probability lies, 0-1, what lies before the first bucket included. ms epoch. */
	quantile(share: number): number;
}

/** A bucket is looked at in so many parts: it began somewhere inside one. */
const PARTS = 6;

/** How often troubles that come and go do: mean time on and off. */
const RHYTHMS = [
	{ shape: "step", weight: 0.5, onMs: 2 * DAY_MS, offMs: 20 * MINUTE_MS },
	{ shape: "intermittent", weight: 0.08, onMs: 5 * MINUTE_MS, offMs: 8 * MINUTE_MS },
	{ shape: "intermittent", weight: 0.08, onMs: 15 * MINUTE_MS, offMs: 20 * MINUTE_MS },
	{ shape: "intermittent", weight: 0.04, onMs: 40 * MINUTE_MS, offMs: 40 * MINUTE_MS },
] as const;
const RAMPS_MS = [5, 10, 20, 40, 75, 150, 300].map((minutes) => minutes * MINUTE_MS);
const RAMP_WEIGHT = 0.3;

/** Blips of minutes that are over before the trouble begins. */
const BLIP_EVERY_MS = 12 * HOUR_MS;
const BLIP_MS = 2.5 * MINUTE_MS;

/** Rise of the error ratio that is looked for at least, as a factor. */
const LEAST_RISE = 1.3;
const COARSE_LEVELS = 10;
const ROUNDS = 4;
/** Standard deviations around the likeliest ratio, and their weights. */
const AROUND = [
	[-1.5, 0.2],
	[0, 0.6],
	[1.5, 0.2],
] as const;

/** Probability over the instants at which the trouble may have begun. */
export function posterior(buckets: readonly OnsetBucket[], given: number | undefined): OnsetPosterior {
	const series = new Series(buckets);
	let usual = given ?? series.quietRatio();
	let ratio = series.roughRatio(usual);
	for (let round = 0; round < ROUNDS; round++) {
		const step = RHYTHMS.map((rhythm) => comeAndGo(series, rhythm, usual, ratio)).reduce((best, one) =>
			one.evidence > best.evidence ? one : best,
		);
		const fit = series.refit(step.healthy, step.ill, given);
		usual = fit.usual;
		ratio = Math.max(fit.ratio, LEAST_RISE * usual);
	}
	series.measureSpread(usual, ratio);
	const cells = new Float64Array(buckets.length * PARTS);
	const parts: { readonly logWeight: number; readonly shape: Shape; readonly curve: Curve; readonly ratio: number }[] =
		[];
	for (const rhythm of RHYTHMS)
		for (const [deviations, weight] of AROUND) {
			const level = series.levelAround(usual, ratio, deviations);
			const curve = comeAndGo(series, rhythm, usual, level).curve;
			parts.push({ logWeight: Math.log(rhythm.weight * weight), shape: rhythm.shape, curve, ratio: level });
		}
	for (const { curve, level, weight } of ramps(series, usual, ratio))
		parts.push({ logWeight: Math.log(RAMP_WEIGHT * weight), shape: "ramp", curve, ratio: level });
	const top = Math.max(...parts.map(({ logWeight, curve }) => logWeight + curve.top));
	const shapes: Record<Shape, number> = { step: 0, ramp: 0, intermittent: 0 };
	let open = 0;
	let ratioSum = 0;
	for (const { logWeight, shape, curve, ratio: level } of parts) {
		const scale = Math.exp(logWeight + curve.top - top);
		let mass = curve.open * scale;
		open += mass;
		for (let cell = 0; cell < cells.length; cell++) {
			const own = (curve.cells[cell] as number) * scale;
			cells[cell] = (cells[cell] as number) + own;
			mass += own;
		}
		shapes[shape] += mass;
		ratioSum += mass * level;
	}
	const all = cells.reduce((sum, mass) => sum + mass, open);
	const shape = (Object.keys(shapes) as Shape[]).reduce((best, one) => (shapes[one] > shapes[best] ? one : best));
	return {
		evidence: Math.log(all) + top - series.quietLikelihood(usual),
		openMass: open / all,
		shape,
		usualErrorRatio: usual,
		errorRatio: ratioSum / all,
		quantile: (share) => quantile(buckets, cells, open, share * all),
	};
}

function quantile(buckets: readonly OnsetBucket[], cells: Float64Array, open: number, mass: number): number {
	let left = mass - open;
	const first = buckets[0] as OnsetBucket;
	if (left <= 0) return first.startAt;
	let previousEnd = first.startAt;
	for (const [k, { startAt, widthMs }] of buckets.entries()) {
		// Nothing was heard between two buckets: it may have begun there as well, which its first part stands for.
		for (let part = 0; part < PARTS; part++) {
			const own = cells[k * PARTS + part] as number;
			const from = part === 0 ? previousEnd : startAt + (part / PARTS) * widthMs;
			const to = startAt + ((part + 1) / PARTS) * widthMs;
			if (left <= own) return from + (own > 0 ? left / own : 0) * (to - from);
			left -= own;
		}
		previousEnd = startAt + widthMs;
	}
	return previousEnd;
}

/** Masses relative to e^top: before the first bucket, and by part of a bucket. */
interface Curve {
	readonly top: number;
	readonly open: number;
	readonly cells: Float64Array;
}

interface Passed {
	readonly curve: Curve;
	readonly evidence: number;
	/** By bucket: probability of being healthy (before it or between) and ill. */
	readonly healthy: Float64Array;
	readonly ill: Float64Array;
}

interface Rhythm {
	readonly onMs: number;
	readonly offMs: number;
}

/**
 * A chain of states: healthy, a blip (which ends), then on and off for the rest of the time. Summed forward and backward, so
 * that each instant's probability of being where "on" began is exact for the chain. Prior: every instant alike.
 */
function comeAndGo(series: Series, { onMs, offMs }: Rhythm, usual: number, ratio: number): Passed {
	const { count, widths, gaps } = series;
	const well = series.likelihoods(usual);
	const ill = series.likelihoods(ratio);
	const blip = series.blips(usual);
	// Backward: log-likelihood of all later buckets given the state in this one.
	const laterOn = new Float64Array(count);
	const laterOff = new Float64Array(count);
	for (let k = count - 2; k >= 0; k--) {
		const span = (gaps[k + 1] as number) + ((widths[k] as number) + (widths[k + 1] as number)) / 2;
		const [toOff, toOn] = switching(span, onMs, offMs);
		const on = (ill[k + 1] as number) + (laterOn[k + 1] as number);
		const off = (well[k + 1] as number) + (laterOff[k + 1] as number);
		laterOn[k] = logAdd(on + Math.log1p(-toOff), off + Math.log(toOff));
		laterOff[k] = logAdd(on + Math.log(toOn), off + Math.log1p(-toOn));
	}
	// Forward: log-likelihood of all buckets up to this one, healthy or in a blip in this one.
	const healthy = new Float64Array(count);
	const inBlip = new Float64Array(count);
	const before = new Float64Array(count);
	for (let k = 0; k < count; k++) {
		if (k > 0) before[k] = logAdd(healthy[k - 1] as number, inBlip[k - 1] as number);
		const span = k === 0 ? (widths[0] as number) : (gaps[k] as number) + (widths[k] as number);
		const [toBlip, toEnd] = [-Math.expm1(-span / BLIP_EVERY_MS), -Math.expm1(-span / BLIP_MS)];
		const wasHealthy = k === 0 ? 0 : (healthy[k - 1] as number);
		const wasBlip = k === 0 ? Number.NEGATIVE_INFINITY : (inBlip[k - 1] as number);
		healthy[k] = (well[k] as number) + logAdd(wasHealthy + Math.log1p(-toBlip), wasBlip + Math.log(toEnd));
		inBlip[k] = (blip[k] as number) + logAdd(wasHealthy + Math.log(toBlip), wasBlip + Math.log1p(-toEnd));
	}
	const mixed = series.mixed(usual, ratio);
	const logs = new Float64Array(count * PARTS);
	const openLog = (ill[0] as number) + (laterOn[0] as number) + Math.log(series.openShare);
	let top = openLog;
	for (let k = 0; k < count; k++)
		for (let part = 0; part < PARTS; part++) {
			const cell = k * PARTS + part;
			const span = (widths[k] as number) / PARTS + (part === 0 ? (gaps[k] as number) : 0);
			const log =
				(before[k] as number) + (mixed[cell] as number) + (laterOn[k] as number) + Math.log(span / series.spanMs);
			logs[cell] = log;
			if (log > top) top = log;
		}
	const cells = logs.map((log) => Math.exp(log - top));
	const open = Math.exp(openLog - top);
	const all = cells.reduce((sum, mass) => sum + mass, open);
	return {
		curve: { top, open, cells },
		evidence: top + Math.log(all),
		...statesOf({ series, cells, open, all, well, ill, laterOn, laterOff, onMs, offMs }),
	};
}

/** Rough shares of each bucket by state, for refitting the ratios: begun or not, then on or off by its own counts. */
function statesOf(chain: {
	readonly series: Series;
	readonly cells: Float64Array;
	readonly open: number;
	readonly all: number;
	readonly well: Float64Array;
	readonly ill: Float64Array;
	readonly laterOn: Float64Array;
	readonly laterOff: Float64Array;
	readonly onMs: number;
	readonly offMs: number;
}): { readonly healthy: Float64Array; readonly ill: Float64Array } {
	const { series, cells, open, all, well, ill, laterOn, laterOff, onMs, offMs } = chain;
	const { count, widths } = series;
	const healthy = new Float64Array(count);
	const sick = new Float64Array(count);
	let begun = open / all;
	let on = begun;
	for (let k = 0; k < count; k++) {
		let begins = 0;
		for (let part = 0; part < PARTS; part++) begins += (cells[k * PARTS + part] as number) / all;
		const [toOff, toOn] = switching(widths[k] as number, onMs, offMs);
		const off = Math.max(0, begun - on);
		const aheadOn = Math.max(0, on * (1 - toOff) + off * toOn);
		const aheadOff = Math.max(0, begun - aheadOn);
		const likelier = (ill[k] as number) + (laterOn[k] as number) - (well[k] as number) - (laterOff[k] as number);
		const odds = aheadOff > 0 ? (aheadOn / aheadOff) * Math.exp(Math.min(50, likelier)) : Number.POSITIVE_INFINITY;
		const isOn = begun > 0 ? (Number.isFinite(odds) ? odds / (1 + odds) : 1) : 0;
		on = begun * isOn;
		sick[k] = on;
		healthy[k] = Math.max(0, 1 - begun - begins) + (begun - on);
		begun = Math.min(1, begun + begins);
		on += begins;
	}
	return { healthy, ill: sick };
}

/** Probability of having changed state after a span: on to off, off to on. */
function switching(spanMs: number, onMs: number, offMs: number): readonly [number, number] {
	const rate = 1 / onMs + 1 / offMs;
	const settled = -Math.expm1(-spanMs * rate);
	return [(settled * (1 / onMs)) / rate, (settled * (1 / offMs)) / rate];
}

/** Ramps of several lengths and heights; before the onset as in the chain, after the height it stays. */
function ramps(
	series: Series,
	usual: number,
	ratio: number,
): { readonly curve: Curve; readonly level: number; readonly weight: number }[] {
	const { count, widths, gaps } = series;
	const before = series.prefix(usual);
	const heights = [0.7, 1, 1.5, 2.2, 3.5].map((factor) => Math.min(0.97, usual + (ratio - usual) * factor));
	const found: { curve: Curve; level: number; weight: number }[] = [];
	for (const rampMs of RAMPS_MS)
		for (const level of heights) {
			const after = series.suffix(level);
			const logs = new Float64Array(count * PARTS).fill(Number.NEGATIVE_INFINITY);
			let top = Number.NEGATIVE_INFINITY;
			for (let k = 0; k < count; k++) {
				// One start per bucket is enough for what is slow: its middle.
				const startAt = (series.starts[k] as number) + (widths[k] as number) / 2;
				let log = before[k] as number;
				let at = k;
				for (; at < count; at++) {
					const width = widths[at] as number;
					const middle = at === k ? startAt + width / 4 : (series.starts[at] as number) + width / 2;
					const risen = (middle - startAt) / rampMs;
					if (risen >= 1) break;
					log += series.at(at, usual + (level - usual) * (at === k ? risen / 2 : risen));
				}
				log += after[at] as number;
				for (let part = 0; part < PARTS; part++) {
					const span = (widths[k] as number) / PARTS + (part === 0 ? (gaps[k] as number) : 0);
					const own = log + Math.log(span / series.spanMs);
					logs[k * PARTS + part] = own;
					if (own > top) top = own;
				}
			}
			const cells = logs.map((log) => Math.exp(log - top));
			found.push({ curve: { top, open: 0, cells }, level, weight: 1 / (RAMPS_MS.length * heights.length) });
		}
	return found;
}

/** Counts as columns, and their likelihoods at a ratio, divided by how much more they vary than luck. */
class Series {
	readonly count: number;
	readonly starts: Float64Array;
	readonly widths: Float64Array;
	/** Time without events before each bucket. */
	readonly gaps: Float64Array;
	readonly spanMs: number;
	/** How likely it began before the first bucket, beside any time within the series. */
	readonly openShare = 0.25;
	readonly #bad: Float64Array;
	readonly #total: Float64Array;
	/** Variance of counts ÷ that of luck. */
	#spread = 1;

	constructor(buckets: readonly OnsetBucket[]) {
		this.count = buckets.length;
		this.starts = Float64Array.from(buckets, ({ startAt }) => startAt);
		this.widths = Float64Array.from(buckets, ({ widthMs }) => widthMs);
		this.#bad = Float64Array.from(buckets, ({ bad, total }) => Math.max(0, Math.min(bad, total)));
		this.#total = Float64Array.from(buckets, ({ total }) => total);
		this.gaps = this.starts.map((startAt, k) =>
			k === 0 ? 0 : Math.max(0, startAt - (this.starts[k - 1] as number) - (this.widths[k - 1] as number)),
		);
		const last = this.count - 1;
		this.spanMs = (this.starts[last] as number) + (this.widths[last] as number) - (this.starts[0] as number);
	}

	at(bucket: number, ratio: number): number {
		const bad = this.#bad[bucket] as number;
		const total = this.#total[bucket] as number;
		return (bad * Math.log(ratio) + (total - bad) * Math.log1p(-ratio)) / this.#spread;
	}

	likelihoods(ratio: number): Float64Array {
		const [hit, miss] = [Math.log(ratio), Math.log1p(-ratio)];
		return this.#bad.map((bad, k) => (bad * hit + ((this.#total[k] as number) - bad) * miss) / this.#spread);
	}

	/** By part of a bucket: it is healthy up to the middle of the part, and ill from there. */
	mixed(usual: number, ratio: number): Float64Array {
		const mixed = new Float64Array(this.count * PARTS);
		for (let part = 0; part < PARTS; part++) {
			const share = (part + 0.5) / PARTS;
			const own = this.likelihoods(usual * share + ratio * (1 - share));
			for (let k = 0; k < this.count; k++) mixed[k * PARTS + part] = own[k] as number;
		}
		return mixed;
	}

	/** Of a blip of any height. */
	blips(usual: number): Float64Array {
		return this.#bad.map((bad, k) => {
			const total = this.#total[k] as number;
			const ratio = Math.min(1 - 1e-6, Math.max(usual, (bad + 0.5) / (total + 1)));
			return this.at(k, ratio) - 0.5 * Math.log1p(total / this.#spread);
		});
	}

	prefix(ratio: number): Float64Array {
		const sums = new Float64Array(this.count + 1);
		const own = this.likelihoods(ratio);
		for (let k = 0; k < this.count; k++) sums[k + 1] = (sums[k] as number) + (own[k] as number);
		return sums;
	}

	suffix(ratio: number): Float64Array {
		const sums = new Float64Array(this.count + 1);
		const own = this.likelihoods(ratio);
		for (let k = this.count - 1; k >= 0; k--) sums[k] = (sums[k + 1] as number) + (own[k] as number);
		return sums;
	}

	quietLikelihood(usual: number): number {
		return (this.prefix(usual)[this.count] as number) + 0;
	}

	/** Where nothing is known: the error ratio of the quieter half of time. */
	quietRatio(): number {
		const order = Array.from({ length: this.count }, (_, k) => k).sort(
			(x, y) =>
				(this.#bad[x] as number) / (this.#total[x] as number) - (this.#bad[y] as number) / (this.#total[y] as number),
		);
		let [bad, total] = [0.5, 1];
		for (const k of order.slice(0, Math.max(1, Math.ceil(order.length / 2)))) {
			bad += this.#bad[k] as number;
			total += this.#total[k] as number;
		}
		return Math.min(0.5, Math.max(1e-6, bad / total));
	}

	/** The ratio at which a single step fits best, coarsely. */
	roughRatio(usual: number): number {
		const before = this.prefix(usual);
		const low = Math.min(0.9, LEAST_RISE * usual);
		let best = { log: Number.NEGATIVE_INFINITY, ratio: low };
		for (let k = 0; k < COARSE_LEVELS; k++) {
			const ratio = low * (0.97 / low) ** (k / (COARSE_LEVELS - 1));
			const after = this.suffix(ratio);
			for (let at = 0; at < this.count; at++) {
				const log = (before[at] as number) + (after[at] as number);
				if (log > best.log) best = { log, ratio };
			}
		}
		return best.ratio;
	}

	/** Ratios of what was healthy and what was ill; a given usual ratio is worth a few bad events. */
	refit(
		healthy: Float64Array,
		ill: Float64Array,
		given: number | undefined,
	): { readonly usual: number; readonly ratio: number } {
		let [wellBad, wellAll] = given === undefined ? [0.3, 30] : [3, 3 / given];
		let [illBad, illAll] = [0.5, 1];
		for (let k = 0; k < this.count; k++) {
			wellBad += (healthy[k] as number) * (this.#bad[k] as number);
			wellAll += (healthy[k] as number) * (this.#total[k] as number);
			illBad += (ill[k] as number) * (this.#bad[k] as number);
			illAll += (ill[k] as number) * (this.#total[k] as number);
		}
		return {
			usual: Math.min(0.7, Math.max(1e-6, wellBad / wellAll)),
			ratio: Math.min(0.98, Math.max(1e-5, illBad / illAll)),
		};
	}

	/** Variance beyond luck of what is quiet; a quarter of the odd buckets are left out. */
	measureSpread(usual: number, ratio: number): void {
		const squares: number[] = [];
		const middle = Math.sqrt(usual * ratio);
		for (let k = 0; k < this.count; k++) {
			const total = this.#total[k] as number;
			const bad = this.#bad[k] as number;
			if (total * usual < 1 || bad / total > middle) continue;
			squares.push((bad - total * usual) ** 2 / (total * usual * (1 - usual)));
		}
		if (squares.length < 12) return;
		this.#spread = Math.min(6, Math.max(1, squares.reduce((sum, square) => sum + square, 0) / squares.length));
	}

	levelAround(usual: number, ratio: number, deviations: number): number {
		const events = this.#total.reduce((sum, total) => sum + total, 0) / 4;
		const deviation = Math.sqrt((ratio * (1 - ratio) * this.#spread) / Math.max(1, events));
		return Math.min(0.99, Math.max(1.1 * usual, ratio + deviations * deviation));
	}
}

function logAdd(x: number, y: number): number {
	if (x === Number.NEGATIVE_INFINITY) return y;
	if (y === Number.NEGATIVE_INFINITY) return x;
	return x > y ? x + Math.log1p(Math.exp(y - x)) : y + Math.log1p(Math.exp(x - y));
}
