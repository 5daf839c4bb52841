import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";

/**
 * Wall clock of a zone by arithmetic: its offsets are asked of the zone's rules once per span of years and kept, so
 * that looking up costs a binary search. A local time is ms of its fields as though they were UTC.
 */
export interface ZoneClock {
	localAt(instant: number): number;
	/** The first instant at which the wall clock shows this local time or a later one: skipped → next valid, twice → first. */
	instantOf(local: number): number;
}

/** Offsets east of UTC, ms: `offsets[i]` holds from `at[i]` until `at[i + 1]`. */
interface Rules {
	readonly from: number;
	readonly to: number;
	readonly at: number[];
	readonly offsets: number[];
}

const SPAN_MS = 20 * 366 * DAY_MS;
/** No zone is further from UTC. */
const WIDEST_MS = 27 * HOUR_MS;

const clocks = new Map<string, ZoneClock>();

/** The clock of a zone; the same object each time. Throws RangeError when there is no such zone. */
export function zoneClock(timeZone: string): ZoneClock {
	const known = clocks.get(timeZone);
	if (known) return known;
	const clock = createZoneClock(timeZone);
	clocks.set(timeZone, clock);
	return clock;
}

function createZoneClock(timeZone: string): ZoneClock {
	const spans = new Map<number, Rules>();
	let last: Rules = rulesOf(timeZone, 1);
	spans.set(1, last);

	function rulesAt(instant: number): Rules {
		// A margin on both sides, so that a look-up near the edge finds its neighbours.
		if (instant >= last.from + 2 * WIDEST_MS && instant < last.to - 2 * WIDEST_MS) return last;
		const span = Math.floor(instant / SPAN_MS);
		let rules = spans.get(span);
		if (!rules) {
			rules = rulesOf(timeZone, span);
			spans.set(span, rules);
		}
		last = rules;
		return rules;
	}

	return {
		localAt(instant) {
			const rules = rulesAt(instant);
			return instant + (rules.offsets[indexAt(rules.at, instant)] as number);
		},
		instantOf(local) {
			const rules = rulesAt(local);
			const { at, offsets } = rules;
			for (let i = indexAt(at, local - WIDEST_MS); ; i++) {
				const instant = local - (offsets[i] as number);
				const end = at[i + 1] ?? Number.POSITIVE_INFINITY;
				if (instant < end) return Math.max(instant, at[i] as number);
			}
		},
	};
}

function rulesOf(timeZone: string, span: number): Rules {
	const from = span * SPAN_MS - 4 * WIDEST_MS;
	const to = (span + 1) * SPAN_MS + 4 * WIDEST_MS;
	let moment = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone);
	const at = [Number.NEGATIVE_INFINITY];
	const offsets = [moment.offsetNanoseconds / 1e6];
	for (;;) {
		const next = moment.getTimeZoneTransition("next");
		if (!next || next.epochMilliseconds >= to) return { from, to, at, offsets };
		const offset = next.offsetNanoseconds / 1e6;
		if (offset !== offsets.at(-1)) {
			at.push(next.epochMilliseconds);
			offsets.push(offset);
		}
		moment = next;
	}
}

/** The last index whose value is ≤ `value`; the first value is −∞. */
function indexAt(values: readonly number[], value: number): number {
	let low = 0;
	let high = values.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((values[middle] as number) <= value) low = middle;
		else high = middle - 1;
	}
	return low;
}
