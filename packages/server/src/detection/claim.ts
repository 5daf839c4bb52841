import { burnRate } from "@bellwether/model";
import { FLEET } from "#telemetry";
import { Explanations } from "./explain.ts";
import { countsSince } from "./onset.ts";
import type { PairWindows } from "./pair-windows.ts";
import type { BreachClosed, BreachOpened, DetectorKind, Evidence } from "./types.ts";

/** What a detector other than burn rate found in one evaluation. */
export type Finding = {
	readonly pair: number;
	readonly monitor: string;
	readonly detector: DetectorKind;
} & (
	| {
			readonly is: "open";
			readonly since: number;
			readonly says: string;
			/** Undefined: as burn rate would say. */
			readonly scope?: "tenant" | "platform";
			readonly absence?: Evidence["absence"];
			readonly radar?: Evidence["radar"];
	  }
	| { readonly is: "closed" }
);

/** The finding as news: its evidence is the pair's windows, with the detector's own sentence. */
export function newsOf(windows: PairWindows, finding: Finding, now: number): BreachOpened | BreachClosed {
	const { tenant, slo, objective } = windows.pair(finding.pair);
	const claim = { tenant, slo, detector: finding.detector };
	if (finding.is === "closed") return { type: "breach.closed", ...claim, closedAt: now, reason: "recovered" };
	// The windows of the quick page: an hour, and five minutes.
	const { scope, evidence } = new Explanations(windows, now).of(finding.pair, 0);
	const { tier: _, facts: __, ...seen } = evidence;
	const since = Math.min(finding.since, now);
	const counts = finding.absence
		? { bad: 0, total: 0 }
		: countsSince(windows.table(finding.pair), windows.row(finding.pair), since);
	const episode = { ...counts, ms: now - since, burn: burnRate(counts.bad, counts.total, objective) };
	return {
		type: "breach.opened",
		...claim,
		monitor: finding.monitor,
		scope: tenant === FLEET ? "platform" : finding.absence ? "tenant" : (finding.scope ?? scope),
		detectedAt: now,
		evidence: {
			...seen,
			since,
			episode,
			says: finding.says,
			...(finding.absence && { absence: finding.absence }),
			...(finding.radar && { radar: finding.radar }),
		},
	};
}
