import type { Columns } from "./columns.ts";
import type { Cuboid, Cuboids, Element } from "./cuboids.ts";
import {
	type Counted,
	deviance,
	expectedOf,
	fitRest,
	fitSet,
	type Group,
	groupsOf,
	logLikelihood,
	type Raise,
	sumsOf,
} from "./fit.ts";

export interface Chosen extends Element {
	/** What it adds to the fit beside the sets before it, nats, less the price of having been looked for. */
	readonly gain: number;
}

export interface Model {
	readonly sets: readonly Chosen[];
	/** By how much it is better than "everything is raised alike", nats, less the prices of its sets. */
	readonly gain: number;
	/** Of the rest, then of each set. */
	readonly raises: readonly Raise[];
	/** By leaf: 0 for the rest, else its set, from 1. */
	readonly group: Uint8Array;
}

/** Numbers of the sums by element: seen, total, usual. */
const STRIDE = 3;
const MAX_SETS = 3;
/** Models that are grown further at each size, and elements that each is offered. */
const BEAM = 8;
const OFFERS = 12;
/** Of more leaves fewer models are tried, to stay within a second. */
const MANY_LEAVES = 20_000;
const BEAM_OF_MANY = 5;
/** A set with a smaller share of all bad events is no explanation. */
const MIN_SHARE = 0.005;
/**
 * Nats that a set must be worth beyond the logarithm of how many sets there are to look at: about one in fifty healthy
 * comparisons would show such a one by luck.
 */
const PRICE = 3.5;

/**
 * Looks for up to three elements whose own raises, beside one for the rest, explain the counts best. A beam, not the best
 * at each step: where two children of one value are ill, the value itself looks best alone and both children better
 * together. Elements are proposed from sums; each model is then judged leaf by leaf.
 */
export function searchSets(
	columns: Columns,
	cuboids: Cuboids,
	counted: Counted,
): { readonly best: Model; readonly singles: readonly Chosen[] } {
	const { length } = columns;
	const beamWidth = length > MANY_LEAVES ? BEAM_OF_MANY : BEAM;
	const scope: Scope = { columns, cuboids, counted, prices: pricesOf(cuboids), none: 0 };
	const start = judge({ ...scope, none: 0 }, []);
	const judged: Scope = { ...scope, none: start.gain };
	const whole: Model = { ...start, gain: 0 };
	const sums = new Float64Array(cuboids.elementCount * STRIDE);
	addLeaves(
		sums,
		cuboids,
		counted,
		Int32Array.from({ length }, (_, leaf) => leaf),
		1,
	);
	const scratch = new Float64Array(sums.length);
	let best = whole;
	let singles: readonly Chosen[] = [];
	let beam = [whole];
	const seen = new Set<string>();
	for (let size = 1; size <= MAX_SETS; size++) {
		const grown: { readonly sets: readonly Chosen[]; readonly hope: number }[] = [];
		for (const model of beam) {
			if (size > 1) {
				scratch.set(sums);
				addLeaves(scratch, cuboids, counted, takenLeaves(model.group), -1);
			}
			const offers = offersFor(judged, model, size > 1 ? scratch : sums);
			if (size === 1) singles = offers;
			for (const offer of offers) {
				const sets = [...model.sets, offer];
				const name = nameOf(sets);
				if (!seen.has(name)) grown.push({ sets, hope: model.gain + offer.gain });
				seen.add(name);
			}
		}
		grown.sort((x, y) => y.hope - x.hope);
		beam = grown
			.slice(0, size === 1 && length <= MANY_LEAVES ? OFFERS : beamWidth + 1)
			.map(({ sets }) => judge(judged, sets))
			.sort((x, y) => y.gain - x.gain)
			.slice(0, beamWidth);
		if (beam[0] && beam[0].gain > best.gain) best = beam[0];
	}
	return { best, singles };
}

interface Scope {
	readonly columns: Columns;
	readonly cuboids: Cuboids;
	readonly counted: Counted;
	/** By cuboid: what one of its elements must be worth. */
	readonly prices: ReadonlyMap<Cuboid, number>;
	/** Log-likelihood of "everything is raised alike". */
	readonly none: number;
}

function pricesOf(cuboids: Cuboids): Map<Cuboid, number> {
	const alike = new Map<number, number>();
	for (const { attributes } of cuboids.all) alike.set(attributes.length, (alike.get(attributes.length) ?? 0) + 1);
	return new Map(
		cuboids.all.map((cuboid) => [
			cuboid,
			PRICE + Math.log(cuboid.length) + Math.log(alike.get(cuboid.attributes.length) as number),
		]),
	);
}

/** Fits a model leaf by leaf. */
function judge({ columns, counted, prices, none }: Scope, sets: readonly Chosen[]): Model {
	const group = groupsOf(sets, columns.length);
	const sums = sumsOf(counted, group, sets.length + 1);
	const isFree = group.map((each) => (each === 0 ? 1 : 0));
	const rest = fitRest(counted, sums[0] as Group, isFree);
	const raises = [rest, ...sets.map((_, k) => fitSet(counted.kind, sums[k + 1] as Group, rest))];
	const price = sets.reduce((total, { cuboid }) => total + (prices.get(cuboid) as number), 0);
	return { sets, group, raises, gain: logLikelihood(counted, raises, group) - none - price };
}

/** Elements of the rest that stand out from it most; of those that hold the same counts the simplest. */
function offersFor(scope: Scope, model: Model, sums: Float64Array): Chosen[] {
	const { cuboids, counted, prices, columns } = scope;
	const { kind } = counted;
	const rest = sumsOf(counted, model.group, model.sets.length + 1)[0] as Group;
	const raise = model.raises[0] as Raise;
	const least = kind === "errors" ? MIN_SHARE * rest.seen : 0;
	const found: (Chosen & { seen: number; total: number })[] = [];
	let floor = Number.NEGATIVE_INFINITY;
	for (const cuboid of cuboids.all) {
		const price = prices.get(cuboid) as number;
		for (let element = 0; element < cuboid.length; element++) {
			const at = (cuboid.first + element) * STRIDE;
			const seen = sums[at] as number;
			if (seen < least) continue;
			const total = sums[at + 1] as number;
			const left = rest.total - total;
			if (!(left > 1e-9 * rest.total && total > 1e-9 * rest.total)) continue;
			const usual = sums[at + 2] as number;
			const expected = expectedOf(raise, usual, total);
			if (kind === "errors" ? seen <= expected : seen >= expected) continue;
			const others = expectedOf(raise, rest.usual - usual, left);
			const gain =
				deviance(kind, seen, total, expected) + deviance(kind, Math.max(0, rest.seen - seen), left, others) - price;
			if (gain <= floor) continue;
			if (model.sets.some((set) => isNested(columns, set, { cuboid, element }))) continue;
			if (found.some((other) => other.seen === seen && other.total === total && other.gain >= gain)) continue;
			found.push({ cuboid, element, gain, seen, total });
			if (found.length < 2 * OFFERS) continue;
			found.sort((x, y) => y.gain - x.gain);
			found.length = OFFERS;
			floor = (found[OFFERS - 1] as Chosen).gain;
		}
	}
	found.sort((x, y) => y.gain - x.gain);
	return found.slice(0, OFFERS).map(({ cuboid, element, gain }) => ({ cuboid, element, gain }));
}

/** Whether one of two elements names all that the other names: together they would say one thing twice. */
function isNested({ codes }: Columns, one: Element, other: Element): boolean {
	const [short, long] = one.cuboid.attributes.length <= other.cuboid.attributes.length ? [one, other] : [other, one];
	const shortLeaf = short.cuboid.example[short.element] as number;
	const longLeaf = long.cuboid.example[long.element] as number;
	return short.cuboid.attributes.every(
		(attribute) =>
			long.cuboid.attributes.includes(attribute) &&
			(codes[attribute] as Int32Array)[shortLeaf] === (codes[attribute] as Int32Array)[longLeaf],
	);
}

function takenLeaves(group: Uint8Array): Int32Array {
	const leaves: number[] = [];
	for (let leaf = 0; leaf < group.length; leaf++) if (group[leaf] !== 0) leaves.push(leaf);
	return Int32Array.from(leaves);
}

function addLeaves(
	sums: Float64Array,
	cuboids: Cuboids,
	{ seen, total, usual }: Counted,
	leaves: Int32Array,
	sign: 1 | -1,
): void {
	for (const { elements, first } of cuboids.all)
		for (let k = 0; k < leaves.length; k++) {
			const leaf = leaves[k] as number;
			const at = (first + (elements[leaf] as number)) * STRIDE;
			sums[at] = (sums[at] as number) + sign * (seen[leaf] as number);
			sums[at + 1] = (sums[at + 1] as number) + sign * (total[leaf] as number);
			sums[at + 2] = (sums[at + 2] as number) + sign * (usual[leaf] as number);
		}
}

function nameOf(sets: readonly Chosen[]): string {
	return sets
		.map(({ cuboid, element }) => cuboid.first + element)
		.sort((x, y) => x - y)
		.join();
}
