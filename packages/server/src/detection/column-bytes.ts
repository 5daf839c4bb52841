/** Counts of one bucket, bad and total of each pair side by side. */
export type Column = Int32Array | Float64Array;

/** How the bad or the total counts of a column are written: by the narrowest type that holds them all. */
const NONE = 0;
const BYTES = 1;
const SHORTS = 2;
const INTS = 3;
const DOUBLES = 4;
const WIDTH_BYTES = [0, 1, 2, 4, 8];
const MISSING = 255;

/** Some columns one behind the other, of each its bad counts, then its totals; a missing one is one byte. */
export function packColumns(columns: readonly (Column | undefined)[]): Uint8Array {
	const parts: Uint8Array[] = [];
	for (const column of columns) {
		if (!column) parts.push(Uint8Array.of(MISSING));
		else for (const first of [0, 1]) parts.push(...packed(column, first));
	}
	return new Uint8Array(Buffer.concat(parts));
}

/** Columns of so many pairs each, as `packColumns` wrote them; undefined when the bytes are of something else. */
export function unpackColumns(bytes: Uint8Array, pairCounts: readonly number[]): (Column | undefined)[] | undefined {
	let at = 0;
	const columns: (Column | undefined)[] = [];
	for (const count of pairCounts) {
		if (bytes[at] === MISSING) {
			columns.push(undefined);
			at++;
			continue;
		}
		const halves: (Uint8Array | Uint16Array | Int32Array | Float64Array | undefined)[] = [];
		for (const _ of [0, 1]) {
			const width = bytes[at++] ?? MISSING;
			const length = (WIDTH_BYTES[width] ?? Number.POSITIVE_INFINITY) * count;
			if (at + length > bytes.length) return undefined;
			halves.push(numbers(width, bytes.slice(at, at + length)));
			at += length;
		}
		const isWide = halves.some((half) => half instanceof Float64Array);
		const column = isWide ? new Float64Array(2 * count) : new Int32Array(2 * count);
		for (const [first, half] of halves.entries())
			if (half) for (let k = 0; k < count; k++) column[2 * k + first] = half[k] as number;
		columns.push(column);
	}
	return at === bytes.length ? columns : undefined;
}

/** Every second number from `first` on, behind the byte that names its width. */
function packed(column: Column, first: number): Uint8Array[] {
	const count = column.length / 2;
	let least = 0;
	let most = 0;
	let isWhole = true;
	for (let k = first; k < column.length; k += 2) {
		const value = column[k] as number;
		if (value < least) least = value;
		if (value > most) most = value;
		if ((value | 0) !== value) isWhole = false;
	}
	const width = widthOf(least, most, isWhole);
	if (width === NONE) return [Uint8Array.of(NONE)];
	const body = new Uint8Array(count * (WIDTH_BYTES[width] as number));
	const into = numbers(width, body) as Float64Array;
	for (let k = 0; k < count; k++) into[k] = column[2 * k + first] as number;
	return [Uint8Array.of(width), body];
}

function widthOf(least: number, most: number, isWhole: boolean): number {
	if (!isWhole) return DOUBLES;
	if (least < 0 || most > 0xffff) return INTS;
	if (most > 0xff) return SHORTS;
	return most > 0 ? BYTES : NONE;
}

/** `bytes` as numbers; they begin at the start of their memory. */
function numbers(
	width: number,
	{ buffer, length }: Uint8Array,
): Uint8Array | Uint16Array | Int32Array | Float64Array | undefined {
	switch (width) {
		case BYTES:
			return new Uint8Array(buffer, 0, length);
		case SHORTS:
			return new Uint16Array(buffer, 0, length / 2);
		case INTS:
			return new Int32Array(buffer, 0, length / 4);
		case DOUBLES:
			return new Float64Array(buffer, 0, length / 8);
		default:
			return undefined;
	}
}
