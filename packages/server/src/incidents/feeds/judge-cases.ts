import { DAY_MS, HOUR_MS } from "@bellwether/model";
import type { Incident } from "../types.ts";
import type { CaseRecord, CaseVerdict } from "./types.ts";

/** A customer may feel it before the windows tell an onset. */
const EARLY_MS = HOUR_MS;
/** People report what is over; later than this it is about something else. */
const LATE_MS = 4 * HOUR_MS;
/** So long a detector may still find it: the slow page rule needs its windows. */
const PENDING_MS = HOUR_MS;
/** Cases from long before a feed was connected may be older than our watch. */
const BEFORE_FEED_MS = DAY_MS;

/** Which incidents can matter for cases: the others need not be read. Instants ms; undefined: none can. */
export function reachOf(
	cases: readonly Pick<Judged, "tenant" | "workload" | "openedAt">[],
): { readonly tenants: readonly string[]; readonly beganBefore: number; readonly endedAfter: number } | undefined {
	const judged = cases.filter(({ tenant, workload }) => tenant !== "" && workload !== "");
	if (judged.length === 0) return undefined;
	const opened = judged.map(({ openedAt }) => openedAt);
	return {
		tenants: [...new Set(judged.map(({ tenant }) => tenant)), ""],
		beganBefore: Math.max(...opened) + EARLY_MS,
		endedAfter: Math.min(...opened) - LATE_MS,
	};
}

type Judged = Pick<CaseRecord, "feed" | "tenant" | "workload" | "openedAt">;

/**
 * What each case says about our detection. An incident is at the time of a case when the case was opened from one hour
 * before the impact began until four hours after it ended; incidents that people judged as noise are none.
 */
export function judgeCases<Case extends Judged>(
	cases: readonly Case[],
	incidents: readonly Incident[],
	feedHeardAt: ReadonlyMap<string, number>,
	now: number,
): { readonly case: Case; readonly verdict: CaseVerdict }[] {
	const byScope = new Map<string, Incident[]>();
	for (const incident of incidents) {
		if (incident.verdict === "noise") continue;
		const key = scopeKey(incident.tenant, incident.workload);
		const list = byScope.get(key);
		if (list) list.push(incident);
		else byScope.set(key, [incident]);
	}
	return cases.map((each) => {
		if (each.tenant === "" || each.workload === "") return { case: each, verdict: none("not-judged") };
		const near = [
			...(byScope.get(scopeKey(each.tenant, each.workload)) ?? []),
			// A platform incident of the workload is this tenant's as well.
			...(byScope.get(scopeKey("", each.workload)) ?? []),
		].filter((incident) => covers(incident, each.openedAt));
		const first = near.toSorted((a, b) => a.detectedAt - b.detectedAt || a.number - b.number)[0];
		if (first) {
			const status = first.detectedAt <= each.openedAt ? "detected" : "customer-first";
			return { case: each, verdict: { status, incidentId: first.id } };
		}
		const heardAt = feedHeardAt.get(each.feed) ?? now;
		if (each.openedAt < heardAt - BEFORE_FEED_MS) return { case: each, verdict: none("not-judged") };
		return { case: each, verdict: none(now - each.openedAt < PENDING_MS ? "pending" : "missed") };
	});
}

function none(status: "missed" | "pending" | "not-judged"): CaseVerdict {
	return { status, incidentId: undefined };
}

function covers(incident: Incident, at: number): boolean {
	const from = (incident.onsetAt ?? incident.detectedAt) - EARLY_MS;
	const end = incident.mitigatedAt ?? incident.signalClearedAt ?? incident.resolvedAt;
	return at >= from && (end === undefined || at <= end + LATE_MS);
}

function scopeKey(tenant: string, workload: string): string {
	return `${tenant}\n${workload}`;
}
