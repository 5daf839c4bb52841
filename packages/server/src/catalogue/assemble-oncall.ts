import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import type { Entry } from "./entries.ts";
import type { Kind } from "./kinds.ts";
import type { Context } from "./references.ts";
import { type Path, pathText, show } from "./wording.ts";

/** Local times are the zone's own; a time that the clocks skip is the next that exists, one that comes twice the first. */
export function instantOf(written: string, timeZone: string): number | undefined {
	try {
		if (/(?:Z|[+-]\d{2}:\d{2})$/.test(written)) return Temporal.Instant.from(written).epochMilliseconds;
		const local = Temporal.PlainDateTime.from(written, { overflow: "reject" });
		return local.toZonedDateTime(timeZone, { disambiguation: "compatible" }).epochMilliseconds;
	} catch {
		return undefined;
	}
}

/** A duration within bounds, the default when it is left out; outside them it is reported and the default stands in. */
export function bounded<K extends Kind>(
	context: Context,
	entry: Entry<K>,
	path: Path,
	written: string | undefined,
	defaultMs: number,
	minMs: number,
	maxMs: number,
): number {
	if (written === undefined) return defaultMs;
	const ms = parseDuration(written) ?? Number.NaN;
	if (ms >= minMs && ms <= maxMs) return ms;
	const range = `from ${shortDuration(minMs)} to ${shortDuration(maxMs)}`;
	context.error(entry, path, `${pathText(path)} ${show(written)} is not ${range}.`, `Write a duration ${range}.`);
	return defaultMs;
}

function shortDuration(ms: number): string {
	if (ms % DAY_MS === 0 && ms > 0) return `${ms / DAY_MS}d`;
	if (ms % HOUR_MS === 0 && ms > 0) return `${ms / HOUR_MS}h`;
	if (ms % MINUTE_MS === 0 && ms > 0) return `${ms / MINUTE_MS}m`;
	return `${ms / SECOND_MS}s`;
}
