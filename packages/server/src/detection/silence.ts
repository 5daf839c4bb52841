import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { RING, type WindowTable } from "./windows.ts";

/** No pair is called silent before; pushes every minute and collectors that retry stay below it. */
const SILENCE_MIN_MS = 15 * MINUTE_MS;
/** −ln of the probability, 1e-4, below which a silence cannot be chance. */
const SURPRISE = Math.log(1e4);

/**
 * Whether a pair is `no-data` at `now`: it had no event in the last day, or its last event is older than each of
 * - 15 minutes,
 * - the silence that has a probability of 1e-4 at its own rate over the day that ended with that event
 *   (3 events per hour: 3 h; more than 37 per hour: the 15 minutes decide),
 * - three times the longest pause between its events in the last 6 hours, when there are at least three moments to
 *   compare, so that a source that delivers by the hour does not flap.
 * Depends only on what the windows hold, so a restart does not change it; once silent, a pair stays so until an event.
 */
export function isSilent(table: WindowTable, pair: number, now: number): boolean {
	const lastAt = table.lastAt[pair] as number;
	const silenceMs = now - lastAt;
	if (silenceMs <= SILENCE_MIN_MS) return false;
	if (silenceMs > DAY_MS) return true;
	if (silenceMs <= (SURPRISE * DAY_MS) / dayTotal(table, pair, lastAt)) return false;
	return silenceMs > 3 * longestPauseMs(table, pair);
}

/** No silence shorter than this needs a look at the windows. */
export function silenceHorizon(now: number): number {
	return now - SILENCE_MIN_MS;
}

/** Events over the day that ended with the last one, scaled up to a day when the pair is younger. */
function dayTotal(table: WindowTable, pair: number, lastAt: number): number {
	const { widthMs } = table.shape(RING.hour);
	const lastHour = Math.floor(lastAt / widthMs);
	let total = 0;
	let firstHour = lastHour;
	for (let hour = lastHour; hour > lastHour - DAY_MS / widthMs; hour--) {
		const events = table.bucketTotal(RING.hour, pair, hour);
		if (events > 0) firstHour = hour;
		total += events;
	}
	const spanMs = Math.min(DAY_MS, Math.max(SILENCE_MIN_MS, lastAt - firstHour * widthMs));
	return (total * DAY_MS) / spanMs;
}

function longestPauseMs(table: WindowTable, pair: number): number {
	const { current, widthMs, length } = table.shape(RING.fiveMinutes);
	let longest = 0;
	let moments = 0;
	let previous = 0;
	for (let bucket = current - length + 1; bucket <= current; bucket++) {
		if (table.bucketTotal(RING.fiveMinutes, pair, bucket) <= 0) continue;
		if (moments > 0) longest = Math.max(longest, bucket - previous);
		moments++;
		previous = bucket;
	}
	return moments < 3 ? 0 : longest * widthMs;
}
