/** Leaves as columns, in an order of their own: sorted by value, so that the order of the input never matters. */
export interface Columns {
	readonly attributes: readonly string[];
	/** By attribute: its values, sorted. */
	readonly values: readonly (readonly string[])[];
	/** By attribute: index of each leaf's value. */
	readonly codes: readonly Int32Array[];
	/** By leaf; what was asked of the input, in the order of `counts`. */
	readonly counts: readonly Float64Array[];
	readonly length: number;
}

/** Throws a RangeError where a leaf has another number of values, or a count that is no number of events. */
export function columnsOf<T extends { readonly values: readonly string[] }>(
	attributes: readonly string[],
	leaves: readonly T[],
	counts: readonly ((leaf: T) => number)[],
): Columns {
	for (const [index, leaf] of leaves.entries())
		if (leaf.values.length !== attributes.length)
			throw new RangeError(
				`culprit: leaves[${index}] has ${leaf.values.length} values; give one for each of ${attributes.length} attributes (${attributes.join(", ")})`,
			);
	const values: string[][] = [];
	const raw: Int32Array[] = [];
	for (let a = 0; a < attributes.length; a++) {
		const seen = new Map<string, number>();
		const codes = new Int32Array(leaves.length);
		for (let i = 0; i < leaves.length; i++) {
			const value = (leaves[i] as T).values[a] as string;
			let code = seen.get(value);
			if (code === undefined) {
				code = seen.size;
				seen.set(value, code);
			}
			codes[i] = code;
		}
		const sorted = [...seen.keys()].sort();
		const rank = new Int32Array(sorted.length);
		for (const [position, value] of sorted.entries()) rank[seen.get(value) as number] = position;
		for (let i = 0; i < codes.length; i++) codes[i] = rank[codes[i] as number] as number;
		values.push(sorted);
		raw.push(codes);
	}
	const read = counts.map((count, k) => {
		const column = new Float64Array(leaves.length);
		for (let i = 0; i < leaves.length; i++) {
			const value = count(leaves[i] as T);
			if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
				throw new RangeError(
					`culprit: leaves[${i}] (${(leaves[i] as T).values.join(", ")}): count ${k + 1} is ${value}; counts are 0 or more`,
				);
			column[i] = value;
		}
		return column;
	});
	return inOrder({ attributes, values, codes: raw, counts: read, length: leaves.length });
}

/** Sorted by the values' codes, then by counts; leaves with the same values are summed. */
function inOrder(columns: Columns): Columns {
	const { codes, counts, values, length } = columns;
	const keys = new Float64Array(length);
	// Beyond 2^53 keys would collide: sort by comparison then.
	const isNumeric = values.reduce((product, each) => product * Math.max(1, each.length), 1) * length < 2 ** 53;
	let order: Int32Array;
	if (isNumeric) {
		for (let i = 0; i < length; i++) {
			let key = 0;
			for (let a = 0; a < codes.length; a++)
				key = key * (values[a] as readonly string[]).length + ((codes[a] as Int32Array)[i] as number);
			keys[i] = key * length + i;
		}
		keys.sort();
		order = Int32Array.from(keys, (key) => key % length);
	} else {
		order = Int32Array.from({ length }, (_, i) => i).sort((x, y) => {
			for (const code of codes) {
				const difference = (code[x] as number) - (code[y] as number);
				if (difference !== 0) return difference;
			}
			return x - y;
		});
	}
	const isSame = (x: number, y: number) => codes.every((code) => code[x] === code[y]);
	const slot = new Int32Array(length);
	let last = -1;
	for (let k = 0; k < length; k++) {
		const leaf = order[k] as number;
		if (k === 0 || !isSame(order[k - 1] as number, leaf)) last++;
		slot[k] = last;
	}
	const outCodes = codes.map((code) => {
		const out = new Int32Array(last + 1);
		for (let k = 0; k < length; k++) out[slot[k] as number] = code[order[k] as number] as number;
		return out;
	});
	const outCounts = counts.map((count) => {
		const out = new Float64Array(last + 1);
		for (let k = 0; k < length; k++) {
			const at = slot[k] as number;
			out[at] = (out[at] as number) + (count[order[k] as number] as number);
		}
		return out;
	});
	return { ...columns, codes: outCodes, counts: outCounts, length: last + 1 };
}
