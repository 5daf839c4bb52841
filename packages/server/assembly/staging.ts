import { POINT_ROW } from "./otlp-points";
import { SAMPLE_ROW, SERIES_ROW } from "./remote-write";
import {
	CUMULATIVE_SUM,
	KINDS,
	NEXT,
	number,
	pointer,
	PREVIOUS_SLOT,
	RAW_HI,
	RAW_LO,
	ROLE_OF,
	STAGE_CODES,
	STAGE_COUNT,
	STAGE_NAMES,
	STAGE_STARTS,
	STAGE_TIMES,
	STAGE_VALUE_COUNT,
	STAGE_VALUES,
	STREAM_COUNT,
	tell,
} from "./table";

/** The stream that followed the one before last time, if it has this hash and is usual; else −1. */
// @ts-ignore: decorator
@inline
function usualSlot(previous: u32, lo: i32, hi: i32): i32 {
	const guess = load<u32>(pointer(NEXT) + (<usize>previous << 2));
	if (guess >= <u32>number(STREAM_COUNT)) return -1;
	const at = <usize>guess << 2;
	if (load<i32>(pointer(RAW_LO) + at) != lo || load<i32>(pointer(RAW_HI) + at) != hi) return -1;
	return load<i32>(pointer(ROLE_OF) + at) < 0 ? -1 : <i32>guess;
}

/** What a sum may say. */
// @ts-ignore: decorator
@inline
function isSound(value: f64): bool {
	return value >= 0 && value <= 9007199254740991;
}

/** Puts number points into the stage as long as they are usual, as `stageSeries` does; all are of one metric. */
export function stagePoints(from: u32, count: u32, rows: usize, name: u32): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const starts = pointer(STAGE_STARTS);
	const names = pointer(STAGE_NAMES);
	const values = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	let previous = <u32>number(PREVIOUS_SLOT);
	let staged = <usize>number(STAGE_COUNT);
	let valued = <usize>number(STAGE_VALUE_COUNT);
	let k = from;
	for (; k < count; k++) {
		const row = rows + <usize>k * POINT_ROW;
		const slot = usualSlot(previous, load<i32>(row), load<i32>(row, 4));
		if (slot < 0 || load<u32>(row, 16) != 0) break;
		if (<u32>load<u8>(kinds + <usize>slot) > CUMULATIVE_SUM) break;
		const value = load<f64>(row, 40);
		if (!isSound(value)) break;
		store<i32>(codes + (staged << 2), slot);
		store<f64>(starts + (staged << 3), load<f64>(row, 24));
		store<f64>(times + (staged << 3), load<f64>(row, 32));
		store<u32>(names + (staged << 2), name);
		store<f64>(values + (valued << 3), value);
		staged++;
		valued++;
		previous = <u32>slot;
	}
	tell(PREVIOUS_SLOT, previous);
	tell(STAGE_COUNT, <f64>staged);
	tell(STAGE_VALUE_COUNT, <f64>valued);
	return k;
}

/**
 * Puts series into the stage as long as each has one sample that is no stale marker and is the stream that followed the
 * one before last time; returns the first row that is not.
 */
export function stageSeries(from: u32, count: u32, series: usize, samples: usize): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const starts = pointer(STAGE_STARTS);
	const names = pointer(STAGE_NAMES);
	const values = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	let previous = <u32>number(PREVIOUS_SLOT);
	let staged = <usize>number(STAGE_COUNT);
	let valued = <usize>number(STAGE_VALUE_COUNT);
	let row = from;
	for (; row < count; row++) {
		const at = series + <usize>row * SERIES_ROW;
		if (load<u32>(at, 24) != 1) break;
		const slot = usualSlot(previous, load<i32>(at), load<i32>(at, 4));
		// Of others it takes more to know what a sample is.
		if (slot < 0 || <u32>load<u8>(kinds + <usize>slot) != CUMULATIVE_SUM) break;
		const sample = samples + <usize>load<u32>(at, 20) * SAMPLE_ROW;
		const value = load<f64>(sample, 8);
		const time = load<f64>(sample);
		if (!isSound(value) || time >= 8.64e15) break;
		store<i32>(codes + (staged << 2), slot);
		store<f64>(times + (staged << 3), time * 1000);
		store<f64>(starts + (staged << 3), 0);
		store<u32>(names + (staged << 2), load<u32>(at, 8));
		store<f64>(values + (valued << 3), value);
		staged++;
		valued++;
		previous = <u32>slot;
	}
	tell(PREVIOUS_SLOT, previous);
	tell(STAGE_COUNT, <f64>staged);
	tell(STAGE_VALUE_COUNT, <f64>valued);
	return row;
}
