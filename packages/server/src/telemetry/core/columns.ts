/** Where columns of numbers get their memory. What a column holds in the beginning is zero. */
export interface Columns {
	bytes(count: number): Uint8Array;
	ints(count: number): Int32Array;
	counts(count: number): Uint32Array;
	floats(count: number): Float64Array;
	/** Nobody uses the column any more. */
	release(column: Uint8Array | Int32Array | Uint32Array | Float64Array): void;
}

export const ON_HEAP: Columns = {
	bytes: (count) => new Uint8Array(count),
	ints: (count) => new Int32Array(count),
	counts: (count) => new Uint32Array(count),
	floats: (count) => new Float64Array(count),
	release: () => {},
};

/** The column with room for so many; its content is kept, or what of it fits. */
export function resized<A extends Uint8Array | Int32Array | Uint32Array | Float64Array>(
	columns: Columns,
	old: A,
	count: number,
): A {
	const fresh = like(columns, old, count);
	fresh.set(count < old.length ? old.subarray(0, count) : old);
	columns.release(old);
	return fresh as A;
}

function like(columns: Columns, old: Uint8Array | Int32Array | Uint32Array | Float64Array, count: number) {
	if (old instanceof Float64Array) return columns.floats(count);
	if (old instanceof Int32Array) return columns.ints(count);
	return old instanceof Uint32Array ? columns.counts(count) : columns.bytes(count);
}
