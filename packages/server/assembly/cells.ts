import {
	CELL_BAD,
	CELL_BUCKETS,
	CELL_COUNT,
	CELL_INDEX,
	CELL_LATE,
	CELL_MASK,
	CELL_PAIRS,
	CELL_REVISION,
	CELL_TOTAL,
	LAST_OF_PAIR,
	number,
	pointer,
	tell,
	WAITING,
} from "./table";

/** Adds the counts of a commit to those that wait for a fold; there is room for them. What was late is a revision more. */
export function mergeCells(): void {
	const count = <u32>number(CELL_COUNT);
	const pairs = pointer(CELL_PAIRS);
	const buckets = pointer(CELL_BUCKETS);
	const bads = pointer(CELL_BAD);
	const totals = pointer(CELL_TOTAL);
	const lates = pointer(CELL_LATE);
	const intoBads = pointer(CELL_BAD + WAITING);
	const intoTotals = pointer(CELL_TOTAL + WAITING);
	const intoLates = pointer(CELL_LATE + WAITING);
	const intoRevisions = pointer(CELL_REVISION + WAITING);
	for (let k: u32 = 0; k < count; k++) {
		const narrow = <usize>k << 2;
		const wide = <usize>k << 3;
		const into = cellOf(load<i32>(pairs + narrow), load<i32>(buckets + narrow), WAITING);
		const bad = intoBads + (into << 3);
		store<f64>(bad, load<f64>(bad) + load<f64>(bads + wide));
		const total = intoTotals + (into << 3);
		store<f64>(total, load<f64>(total) + load<f64>(totals + wide));
		const late = load<i32>(lates + narrow);
		if (late <= 0) continue;
		const intoLate = intoLates + (into << 2);
		store<i32>(intoLate, load<i32>(intoLate) + late);
		const revision = intoRevisions + (into << 2);
		store<i32>(revision, load<i32>(revision) + 1);
	}
}

/** The entry of a cell, made if it is new; there is room for it. The same table as `src/telemetry/counting/cells.ts` keeps; `which`: 0 or WAITING. */
export function cellOf(pair: i32, bucket: i32, which: usize): usize {
	const pairs = pointer(CELL_PAIRS + which);
	const buckets = pointer(CELL_BUCKETS + which);
	const lastOfPair = pointer(LAST_OF_PAIR + which) + (<usize>pair << 2);
	const count = <u32>number(CELL_COUNT + which);
	const last = load<u32>(lastOfPair);
	if (
		last < count &&
		load<i32>(pairs + (<usize>last << 2)) == pair &&
		load<i32>(buckets + (<usize>last << 2)) == bucket
	)
		return <usize>last;
	const index = pointer(CELL_INDEX + which);
	const mask = <u32>number(CELL_MASK + which);
	let at = homeOf(pair, bucket) & mask;
	for (;;) {
		const entry = load<u32>(index + (<usize>at << 2));
		if (entry == 0) break;
		const found = <usize>(entry - 1);
		if (load<i32>(pairs + (found << 2)) == pair && load<i32>(buckets + (found << 2)) == bucket) {
			store<u32>(lastOfPair, entry - 1);
			return found;
		}
		at = (at + 17) & mask;
	}
	const entry = <usize>count;
	store<i32>(pairs + (entry << 2), pair);
	store<i32>(buckets + (entry << 2), bucket);
	store<f64>(pointer(CELL_BAD + which) + (entry << 3), 0);
	store<f64>(pointer(CELL_TOTAL + which) + (entry << 3), 0);
	store<i32>(pointer(CELL_LATE + which) + (entry << 2), 0);
	store<i32>(pointer(CELL_REVISION + which) + (entry << 2), 0);
	store<u32>(index + (<usize>at << 2), count + 1);
	store<u32>(lastOfPair, count);
	tell(CELL_COUNT + which, <f64>(count + 1));
	return entry;
}

function homeOf(pair: i32, bucket: i32): u32 {
	const group = ((pair >>> 4) * <i32>0x9e3779b1) ^ (bucket * <i32>0x85ebca6b);
	const mixed = (group ^ (group >>> 15)) * <i32>0xc2b2ae35;
	return <u32>(((mixed >>> 12) << 4) | ((pair + (mixed >>> 8)) & 15));
}
