import { cellOf } from "./cells";
import {
	CELL_BAD,
	CELL_LATE,
	CELL_TOTAL,
	CUMULATIVE_SUM,
	DELTA_SUM,
	DIRTY,
	DIRTY_COUNT,
	FRESH,
	HAS_RANGES,
	IDS,
	IS_DIRTY,
	KINDS,
	LAST_TIMES,
	LATEST,
	NEEDS_BASE,
	NOW,
	number,
	OLDEST,
	PAGE_COUNT,
	pointer,
	POINTS,
	PREVIOUS_ID,
	PREVIOUS_TIME,
	RECORDS,
	RECORDS_LENGTH,
	ROLE_OF,
	ROLES,
	RUN_COUNT,
	RUNS,
	STAGE_CODES,
	STAGE_STARTS,
	STAGE_TIMES,
	STAGE_VALUES,
	STARTS,
	tell,
	VALUE_AT,
	VALUE_INDEX,
	VALUES,
} from "./table";

/** Flags of a record in the journal; see `src/telemetry/counting/apply.ts`. */
const STEP: u32 = 1;
const TIME: u32 = 2;
const START: u32 = 4;
const ZERO: u32 = 64;
/** A row per role set: tenant, number of roles, then for each role pair, 0, bad, total (64-bit floats). */
const ROLE_ROW: usize = 8 + 8 * 24;
const PAGE_SHIFT: u32 = 8;
const BUCKET_US: f64 = 10000000;
const BUCKET_MS: f64 = 10000;
const LATE_AFTER_MS: f64 = 60000;
/** Whole numbers up to here are exact. */
const MAX_WHOLE: f64 = 9007199254740991;

/**
 * Counts points from `from` on, as long as they are usual: a cumulative sum that goes on without a reset, or a delta that
 * follows the one before without a gap, whole, within the limits, of a stream that has an id and one role per pair.
 * Returns the first point that is not. The same decisions, records and counts as `Applier` makes.
 */
export function applyUsual(from: u32, count: u32): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const startsAt = pointer(STAGE_STARTS);
	const staged = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	const lastTimes = pointer(LAST_TIMES);
	const starts = pointer(STARTS);
	const needsBase = pointer(NEEDS_BASE);
	const valueAt = pointer(VALUE_AT);
	const values = pointer(VALUES);
	const fresh = pointer(FRESH);
	const ids = pointer(IDS);
	const points = pointer(POINTS);
	const roleOf = pointer(ROLE_OF);
	const hasRanges = pointer(HAS_RANGES);
	const isDirty = pointer(IS_DIRTY);
	const pageCount = <u32>number(PAGE_COUNT);
	const roleTable = pointer(ROLES);
	const records = pointer(RECORDS);
	const runs = pointer(RUNS);
	const dirty = pointer(DIRTY);
	const now = number(NOW);
	const oldest = number(OLDEST);
	const latest = number(LATEST);
	let out = records + <usize>number(RECORDS_LENGTH);
	let previousId = <u32>number(PREVIOUS_ID);
	let previousTime = number(PREVIOUS_TIME);
	let valueIndex = <usize>number(VALUE_INDEX);
	let runCount: usize = 0;
	let dirtyCount: usize = 0;
	let runTenant: i32 = -1;
	let runLength: i32 = 0;
	let bucketTime: f64 = -1;
	let bucket: i32 = 0;
	let isLate = false;
	let k = from;
	for (; k < count; k++) {
		const code = load<i32>(codes + (<usize>k << 2));
		if (code < 0) break;
		const slot = <usize>code;
		const role = load<i32>(roleOf + (slot << 2));
		if (role < 0) break;
		const time = load<f64>(times + (<usize>k << 3));
		const start = load<f64>(startsAt + (<usize>k << 3));
		const last = load<f64>(lastTimes + (slot << 3));
		const id = load<u32>(ids + (slot << 2));
		if (!(time > last) || last == 0 || time < oldest || time > latest || id == 0) break;
		const value = load<f64>(staged + (valueIndex << 3));
		const kind: u32 = load<u8>(kinds + slot);
		const channel = <usize>load<i32>(valueAt + (slot << 2)) << 3;
		let events: f64 = 0;
		let newStart: f64 = 0;
		if (kind == CUMULATIVE_SUM) {
			const known = load<f64>(starts + (slot << 3));
			// A start that moves on, but not to the last point, is no reset: some senders give a sliding one.
			if (start != 0 && start != known) {
				if (start < known || start >= last) break;
				newStart = start;
			}
			if (load<u8>(needsBase + slot) != 0) break;
			const base = load<f64>(values + channel);
			events = value - base;
			if (!(events >= 0) || value > MAX_WHOLE || floor(value) != value || floor(base) != base) break;
			store<f64>(values + channel, value);
			if (newStart != 0) store<f64>(starts + (slot << 3), newStart);
		} else if (kind == DELTA_SUM) {
			if (start != last || load<u8>(hasRanges + slot) != 0) break;
			if (!(value >= 0) || value > MAX_WHOLE || floor(value) != value) break;
			events = value;
		} else break;
		valueIndex++;
		store<f64>(fresh + channel, load<f64>(fresh + channel) + events);
		store<f64>(lastTimes + (slot << 3), time);
		store<u32>(points + (slot << 2), load<u32>(points + (slot << 2)) + 1);

		// The record.
		let flags: u32 = 0;
		if (id != previousId + 1) flags |= STEP;
		if (time != previousTime) flags |= TIME;
		if (newStart != 0) flags |= START;
		if (events == 0) flags |= ZERO;
		store<u8>(out++, flags);
		if (flags & STEP) out = putSigned(out, <i64>id - <i64>previousId - 1);
		if (flags & TIME) out = putSigned(out, <i64>time - <i64>previousTime);
		if (newStart != 0) out = putVarint(out, <u64>(time - newStart));
		if (events != 0) out = putVarint(out, <u64>events);
		previousId = id;
		previousTime = time;

		// The counts.
		if (time != bucketTime) {
			bucketTime = time;
			const index = floor(time / BUCKET_US);
			bucket = <i32>index;
			isLate = (index + 1) * BUCKET_MS + LATE_AFTER_MS < now;
		}
		const row = roleTable + <usize>role * ROLE_ROW;
		if (events != 0 || isLate) {
			const roleCount = <usize>load<i32>(row, 4);
			let entry = row + 8;
			for (let r: usize = 0; r < roleCount; r++, entry += 24) {
				const cell = cellOf(load<i32>(entry), bucket, 0);
				if (isLate) {
					const late = pointer(CELL_LATE) + (cell << 2);
					store<i32>(late, load<i32>(late) + 1);
				}
				const bad = pointer(CELL_BAD) + (cell << 3);
				store<f64>(bad, load<f64>(bad) + events * load<f64>(entry, 8));
				const total = pointer(CELL_TOTAL) + (cell << 3);
				store<f64>(total, load<f64>(total) + events * load<f64>(entry, 16));
			}
		}

		const page = id >>> PAGE_SHIFT;
		if (page >= pageCount || load<u8>(isDirty + page) == 0) {
			if (page < pageCount) store<u8>(isDirty + page, 1);
			store<u32>(dirty + (dirtyCount << 2), page);
			dirtyCount++;
		}

		const tenant = load<i32>(row);
		if (tenant != runTenant) {
			if (runLength > 0) {
				store<i32>(runs + (runCount << 3), runTenant);
				store<i32>(runs + (runCount << 3), runLength, 4);
				runCount++;
			}
			runTenant = tenant;
			runLength = 0;
		}
		runLength++;
	}
	if (runLength > 0) {
		store<i32>(runs + (runCount << 3), runTenant);
		store<i32>(runs + (runCount << 3), runLength, 4);
		runCount++;
	}
	tell(RECORDS_LENGTH, <f64>(out - records));
	tell(PREVIOUS_ID, previousId);
	tell(PREVIOUS_TIME, previousTime);
	tell(VALUE_INDEX, <f64>valueIndex);
	tell(RUN_COUNT, <f64>runCount);
	tell(DIRTY_COUNT, <f64>dirtyCount);
	return k;
}

function putVarint(at: usize, value: u64): usize {
	let rest = value;
	while (rest >= 0x80) {
		store<u8>(at++, (rest & 0x7f) | 0x80);
		rest >>>= 7;
	}
	store<u8>(at++, rest);
	return at;
}

function putSigned(at: usize, value: i64): usize {
	return putVarint(at, value < 0 ? <u64>(-value * 2 - 1) : <u64>(value * 2));
}
