import { type Incident, isResolved } from "#incidents";
import type { Measure, Measures } from "./types.ts";

const PENDING: Measure = { status: "pending", ms: null };
const UNKNOWN: Measure = { status: "unknown", ms: null };

/** The durations of one incident. What has not ended is pending; what lacks an end for good is unknown; neither is 0. */
export function measuresOf(incident: Incident): Measures {
	const { onsetAt, detectedAt, firstNoticeAt, mitigatedAt, firstResponse } = incident;
	// Of a reopened incident the response to its detection counts, not to its return.
	const pagedAt = firstResponse ? (firstResponse.pagedAt ?? undefined) : incident.pagedAt;
	const acknowledgedAt = firstResponse ? (firstResponse.acknowledgedAt ?? undefined) : incident.acknowledgedAt;
	const open = isResolved(incident) ? UNKNOWN : PENDING;
	const ttd = between(onsetAt, detectedAt, UNKNOWN);
	return {
		onset: ttd,
		ttd,
		// Acknowledged without a page (a child of a platform incident): there is no clock to read, and there will be none.
		tta: between(
			pagedAt,
			acknowledgedAt,
			acknowledgedAt === undefined && incident.parentId === undefined ? open : UNKNOWN,
		),
		firstNotice: between(detectedAt, firstNoticeAt, open),
		ttm: onsetAt === undefined ? UNKNOWN : between(onsetAt, mitigatedAt, open),
	};
}

function between(from: number | undefined, to: number | undefined, otherwise: Measure): Measure {
	if (from === undefined || to === undefined) return otherwise;
	// An end before its start is a wrong clock or a wrong entry, not a negative duration.
	return to < from ? UNKNOWN : { status: "recorded", ms: to - from };
}
