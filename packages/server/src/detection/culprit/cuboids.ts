import type { Columns } from "./columns.ts";

/** A choice of attributes; its elements are the combinations of their values that some leaf has. */
export interface Cuboid {
	/** Indices of attributes, ascending. */
	readonly attributes: readonly number[];
	/** Elements are numbered through all cuboids: these begin at `first`. */
	readonly first: number;
	readonly length: number;
	/** By leaf: its element, from 0. */
	readonly elements: Int32Array;
	/** By element, from 0: a leaf of it, to read its values from. */
	readonly example: Int32Array;
}

export interface Element {
	readonly cuboid: Cuboid;
	readonly element: number;
}

export interface Cuboids {
	readonly all: readonly Cuboid[];
	/** Elements of all cuboids. */
	readonly elementCount: number;
}

/** 16 MiB of numbers. */
const MAX_TABLE = 2 ** 22;

/** Every choice of up to `depth` attributes that have more than one value; one with a single value tells nothing apart. */
export function cuboidsOf(columns: Columns, depth: number): Cuboids {
	const useful = columns.values.flatMap((values, attribute) => (values.length > 1 ? [attribute] : []));
	const all: Cuboid[] = [];
	const build = (from: number, parent: Cuboid | undefined) => {
		for (let k = from; k < useful.length; k++) {
			const attribute = useful[k] as number;
			const cuboid = refine(columns, parent, attribute);
			all.push(cuboid);
			if (cuboid.attributes.length < depth) build(k + 1, cuboid);
		}
	};
	build(0, undefined);
	all.sort((x, y) => x.attributes.length - y.attributes.length);
	let first = 0;
	const numbered = all.map((cuboid) => {
		const placed = { ...cuboid, first };
		first += cuboid.length;
		return placed;
	});
	return { all: numbered, elementCount: first };
}

function refine(columns: Columns, parent: Cuboid | undefined, attribute: number): Cuboid {
	const codes = columns.codes[attribute] as Int32Array;
	const width = (columns.values[attribute] as readonly string[]).length;
	const numberOf = numbering((parent?.length ?? 1) * width);
	const elements = new Int32Array(columns.length);
	const example: number[] = [];
	for (let leaf = 0; leaf < columns.length; leaf++) {
		const key = (parent ? (parent.elements[leaf] as number) * width : 0) + (codes[leaf] as number);
		const number = numberOf(key, example.length);
		if (number === example.length) example.push(leaf);
		elements[leaf] = number;
	}
	return {
		attributes: [...(parent?.attributes ?? []), attribute],
		first: 0,
		length: example.length,
		elements,
		example: Int32Array.from(example),
	};
}

/** Gives each key the number that was offered with it first. A table where it is small, else a map. */
function numbering(keyCount: number): (key: number, offer: number) => number {
	if (keyCount <= MAX_TABLE) {
		const numbers = new Int32Array(keyCount).fill(-1);
		return (key, offer) => {
			const known = numbers[key] as number;
			if (known >= 0) return known;
			numbers[key] = offer;
			return offer;
		};
	}
	const numbers = new Map<number, number>();
	return (key, offer) => {
		const known = numbers.get(key);
		if (known !== undefined) return known;
		numbers.set(key, offer);
		return offer;
	};
}
