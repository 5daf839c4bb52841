/**
 * Staging, applying and cells read and write through one table of pointers and numbers, 8 bytes each; `src/telemetry/core/core.ts`
 * names the entries in the same order.
 */
let table: usize = 0;

export function setTable(at: usize): void {
	table = at;
}

// @ts-ignore: decorator
@inline
export function pointer(entry: usize): usize {
	return <usize>load<f64>(table + entry * 8);
}

// @ts-ignore: decorator
@inline
export function number(entry: usize): f64 {
	return load<f64>(table + entry * 8);
}

// @ts-ignore: decorator
@inline
export function tell(entry: usize, value: f64): void {
	store<f64>(table + entry * 8, value);
}

export const STAGE_CODES: usize = 0;
export const STAGE_TIMES: usize = 1;
export const STAGE_STARTS: usize = 2;
export const STAGE_NAMES: usize = 3;
export const STAGE_VALUES: usize = 4;
export const KINDS: usize = 5;
export const LAST_TIMES: usize = 6;
export const STARTS: usize = 7;
export const NEEDS_BASE: usize = 8;
export const VALUE_AT: usize = 9;
export const VALUES: usize = 10;
export const FRESH: usize = 11;
export const IDS: usize = 12;
export const POINTS: usize = 13;
export const ROLE_OF: usize = 14;
export const HAS_RANGES: usize = 15;
export const RAW_LO: usize = 16;
export const RAW_HI: usize = 17;
export const NEXT: usize = 18;
export const STREAM_COUNT: usize = 19;
export const IS_DIRTY: usize = 20;
export const PAGE_COUNT: usize = 21;
export const ROLES: usize = 22;
export const CELL_PAIRS: usize = 23;
export const CELL_BUCKETS: usize = 24;
export const CELL_BAD: usize = 25;
export const CELL_TOTAL: usize = 26;
export const CELL_LATE: usize = 27;
export const CELL_REVISION: usize = 28;
export const CELL_INDEX: usize = 29;
export const CELL_MASK: usize = 30;
export const CELL_COUNT: usize = 31;
export const LAST_OF_PAIR: usize = 32;
export const NOW: usize = 33;
export const OLDEST: usize = 34;
export const LATEST: usize = 35;
export const PREVIOUS_ID: usize = 36;
export const PREVIOUS_TIME: usize = 37;
export const RECORDS: usize = 38;
export const RECORDS_LENGTH: usize = 39;
export const RUNS: usize = 40;
export const RUN_COUNT: usize = 41;
export const DIRTY: usize = 42;
export const DIRTY_COUNT: usize = 43;
export const VALUE_INDEX: usize = 44;
export const PREVIOUS_SLOT: usize = 45;
export const STAGE_COUNT: usize = 46;
export const STAGE_VALUE_COUNT: usize = 47;
/** The entries from CELL_PAIRS to LAST_OF_PAIR again, so much further on, for the cells that wait for a fold. */
export const WAITING: usize = 25;

export const DELTA_SUM: u32 = 0;
export const CUMULATIVE_SUM: u32 = 1;
