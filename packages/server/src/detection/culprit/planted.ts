import { deviance } from "./fit.ts";
import type { Leaf } from "./types.ts";

/** Ranges that planted troubles are drawn from. Pairs are [least, most]; counts are drawn evenly in their logarithm. */
export interface PlantedRanges {
	readonly attributes: readonly [number, number];
	readonly leaves: readonly [number, number];
	/** Events of the window, in all. */
	readonly events: readonly [number, number];
	/** Healthy error ratio. */
	readonly usualRatio: readonly [number, number];
	/** Error ratio that a trouble adds. */
	readonly added: readonly [number, number];
	/** How unlike leaves are that are ill alike, as a share. */
	readonly spread: readonly [number, number];
	/** Events of the history ÷ events of the window. */
	readonly history: readonly [number, number];
	readonly sets: readonly [number, number];
}

export interface Planted {
	readonly attributes: readonly string[];
	readonly leaves: readonly Leaf[];
	/** Empty: the whole tenant. */
	readonly truth: readonly Readonly<Record<string, string>>[];
}

/** Nats without which nobody could tell a set from health, and a set from the one with an attribute less. */
const TELLING = 30;
const TELLING_PARENT = 15;

type Conjunction = readonly (readonly [attribute: number, value: number])[];

/** A tenant with a trouble that can be told from its data, or undefined where this draw cannot. `random` gives [0, 1). */
export function plant(random: () => number, ranges: PlantedRanges, isWhole: boolean): Planted | undefined {
	const between = ([low, high]: readonly [number, number]) => low + (high - low) * random();
	const even = ([low, high]: readonly [number, number]) => Math.exp(between([Math.log(low), Math.log(high)]));
	const whole = ([low, high]: readonly [number, number]) => low + Math.floor(random() * (high - low + 1));
	const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

	const attributeCount = whole(ranges.attributes);
	const leafCount = even(ranges.leaves);
	const sizes = Array.from({ length: attributeCount }, () => 0.5 + random());
	const scale = sizes.reduce((total, size) => total + size, 0);
	const widths = sizes.map((size) => Math.max(2, Math.round(leafCount ** (size / scale))));
	const weights = widths.map((width) => {
		const steep = between([0, 1.2]);
		return Array.from({ length: width }, (_, k) => (k + 1) ** -steep * Math.exp(0.3 * normal()));
	});
	const bias = widths.map((width) => Array.from({ length: width }, () => Math.exp(0.35 * normal())));
	const cells = widths.reduce((product, width) => product * width, 1);
	const kept = Math.min(1, leafCount / cells);
	const events = even(ranges.events);
	const usual = even(ranges.usualRatio);
	const spread = between(ranges.spread);
	const history = even(ranges.history);
	const drift = Math.exp(0.2 * normal());

	const rows: { codes: number[]; weight: number; ratio: number }[] = [];
	for (let cell = 0; cell < cells; cell++) {
		if (kept < 1 && random() >= kept) continue;
		const codes: number[] = [];
		for (let left = cell, a = 0; a < widths.length; a++) {
			codes.push(left % (widths[a] as number));
			left = Math.floor(left / (widths[a] as number));
		}
		const product = (of: readonly (readonly number[])[]) =>
			codes.reduce((all, code, a) => all * ((of[a] as readonly number[])[code] as number), 1);
		rows.push({
			codes,
			weight: product(weights) * Math.exp(0.3 * normal()),
			ratio: Math.min(0.3, usual * product(bias) * Math.exp(0.2 * normal())),
		});
	}
	const allWeight = rows.reduce((total, { weight }) => total + weight, 0);
	const expected = rows.map(({ weight }) => (events * weight) / allWeight);
	const sets: { readonly set: Conjunction; readonly added: number }[] = [];
	if (isWhole) {
		const added = even(ranges.added);
		if (telling(rows, expected, [], added) < TELLING) return undefined;
		sets.push({ set: [], added });
	} else {
		const count = whole(ranges.sets);
		for (let k = 0; k < count; k++) {
			const order = widths.map((_, a) => [random(), a] as const).sort(([x], [y]) => x - y);
			const depth = Math.min(widths.length, whole([1, 3]));
			const model = rows[Math.floor(random() * rows.length)];
			if (!model) return undefined;
			const chosen = order.slice(0, depth).map(([, a]) => a);
			sets.push({
				set: chosen.sort((x, y) => x - y).map((a) => [a, model.codes[a] as number] as const),
				added: even(ranges.added),
			});
		}
		if (!isTelling(rows, expected, sets)) return undefined;
	}
	const names = widths.map((_, a) => `a${a}`);
	const leaves = rows.map(({ codes, ratio }, row): Leaf => {
		const mean = expected[row] as number;
		const total = poisson(random, normal, mean);
		let now = Math.min(0.5, ratio * drift * Math.exp(spread * normal()));
		for (const { set, added } of sets)
			if (holds(set, codes)) now = 1 - (1 - now) * (1 - Math.min(1, added * Math.max(0, 1 + spread * normal())));
		const usualTotal = poisson(random, normal, mean * history);
		return {
			values: codes.map((code, a) => `${names[a]}v${code}`),
			bad: binomial(random, normal, total, now),
			total,
			usualBad: binomial(random, normal, usualTotal, ratio),
			usualTotal,
		};
	});
	return {
		attributes: names,
		leaves,
		truth: isWhole ? [] : sets.map(({ set }) => Object.fromEntries(set.map(([a, v]) => [`a${a}`, `a${a}v${v}`]))),
	};
}

type Row = { readonly codes: readonly number[]; readonly ratio: number };

function holds(set: Conjunction, codes: readonly number[]): boolean {
	return set.every(([attribute, value]) => codes[attribute] === value);
}

/** Nats by which rows of `set` that are in none of `without` tell `added` from health. */
function telling(
	rows: readonly Row[],
	expected: readonly number[],
	set: Conjunction,
	added: number,
	without: readonly Conjunction[] = [],
	isHealthy = false,
): number {
	let [bad, ill, total] = [0, 0, 0];
	for (const [row, { codes, ratio }] of rows.entries()) {
		if (!holds(set, codes) || without.some((other) => holds(other, codes))) continue;
		const n = expected[row] as number;
		total += n;
		bad += n * ratio;
		ill += n * (1 - (1 - ratio) * (1 - added));
	}
	if (total === 0) return 0;
	return isHealthy ? deviance("errors", bad, total, Math.min(ill, total - 1e-9)) : deviance("errors", ill, total, bad);
}

/** Each set shows by itself, is not most of the tenant, and differs from the sets with one attribute less. */
function isTelling(
	rows: readonly Row[],
	expected: readonly number[],
	sets: readonly { readonly set: Conjunction; readonly added: number }[],
): boolean {
	const all = expected.reduce((total, each) => total + each, 0);
	const share = (set: Conjunction) =>
		rows.reduce((total, { codes }, row) => total + (holds(set, codes) ? (expected[row] as number) : 0), 0) / all;
	const ill = rows.reduce(
		(total, { codes }, row) => total + (sets.some(({ set }) => holds(set, codes)) ? (expected[row] as number) : 0),
		0,
	);
	if (ill > 0.6 * all) return false;
	const isPart = (one: Conjunction, other: Conjunction) =>
		one.every(([attribute, value]) => other.some(([a, v]) => a === attribute && v === value));
	if (sets.some(({ set }, k) => sets.some((other, j) => j !== k && isPart(set, other.set)))) return false;
	const excess = sets.map(({ set, added }) => share(set) * added);
	const allExcess = excess.reduce((total, each) => total + each, 0);
	return sets.every(({ set, added }, k) => {
		const others = sets.filter((_, other) => other !== k).map((other) => other.set);
		if ((excess[k] as number) < 0.08 * allExcess) return false;
		if (telling(rows, expected, set, added, others) < TELLING) return false;
		return set.every((_, leftOut) => {
			const parent = set.filter((_, at) => at !== leftOut);
			return telling(rows, expected, parent, added, [set, ...others], true) >= TELLING_PARENT;
		});
	});
}

function poisson(random: () => number, normal: () => number, mean: number): number {
	if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
	const limit = Math.exp(-mean);
	let count = 0;
	for (let product = random(); product > limit; product *= random()) count++;
	return count;
}

function binomial(random: () => number, normal: () => number, total: number, ratio: number): number {
	const mean = total * ratio;
	const variance = mean * (1 - ratio);
	if (variance > 30) return Math.max(0, Math.min(total, Math.round(mean + Math.sqrt(variance) * normal())));
	if (total <= 60) {
		let count = 0;
		for (let k = 0; k < total; k++) if (random() < ratio) count++;
		return count;
	}
	return ratio <= 0.5
		? Math.min(total, poisson(random, normal, mean))
		: total - Math.min(total, poisson(random, normal, total - mean));
}
