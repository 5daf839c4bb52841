import type { SliKind } from "../types.ts";
import type { DraftIndicator } from "./draft.ts";

/** What an SLI is about, told from what it counts: events below a bucket bound are latency; all else is availability. */
export function sliKindOf(indicator: DraftIndicator): SliKind {
	if (indicator.kind === "gauge") return "availability";
	const { part } = indicator;
	const hasBound = part.le !== undefined || part.where.some((matcher) => matcher.name === "le");
	return hasBound ? "latency" : "availability";
}
