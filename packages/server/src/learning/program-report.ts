import { describeDuration } from "@bellwether/model";
import { type Catalogue, monitorFor } from "#catalogue";
import { type Incident, isResolved, listIncidents } from "#incidents";
import { type Db, inScope, type TenantScope, type Tx } from "#platform";
import { type CaseEvidence, caseEvidence, escalationsPerTenant, NO_CASES } from "./case-evidence.ts";
import { measuresOf } from "./measures.ts";
import { median, wilsonInterval } from "./statistics.ts";
import type { Measure, ProgramNumber, ProgramReport } from "./types.ts";

/** Below this many, a number is told with the warning that it shows no trend. */
const SMALL_SAMPLE = 30;
const CRITICAL_RANK = 25;
/** Missed detections listed in full. */
const MAX_MISSED = 100;

/** The six numbers of the programme, over the incidents of the scope's tenants. */
export async function programReport(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	now: number,
): Promise<ProgramReport> {
	const incidents: Incident[] = [];
	for (let after: string | undefined; ; ) {
		const page = await listIncidents(db, scope, { order: "oldest", limit: 500, after });
		// Tests are nobody's trouble.
		incidents.push(...page.items.filter(({ evidence }) => evidence.drill === undefined));
		after = page.next;
		if (after === undefined) break;
	}
	const inView = { ...catalogue, tenants: catalogue.tenants.filter((tenant) => inScope(scope, tenant.name)) };
	return reportOn(incidents, inView, now, await caseEvidence(db, scope, inView, incidents, now));
}

/**
 * The report as a pure function. What counts: incidents of one tenant that a person judged real. Platform incidents and
 * their children are the platform's own monitoring; noise, expected changes and duplicates are no incidents; those that
 * nobody judged yet are pending.
 */
export function reportOn(
	incidents: readonly Incident[],
	catalogue: Catalogue,
	now: number,
	cases: CaseEvidence = NO_CASES,
): ProgramReport {
	const ofTenants = incidents.filter((each) => each.kind === "tenant" && each.parentId === undefined);
	const real = ofTenants.filter((each) => each.verdict === "real-impact" || each.verdict === "real-no-impact");
	const sample: Sample = { real, unjudged: ofTenants.filter((each) => each.verdict === undefined).length, cases };
	return {
		at: now,
		from: Math.min(now, ...incidents.map((each) => each.detectedAt)),
		numbers: [
			autoDetectedShare(sample, catalogue),
			timeToDetect(sample, catalogue),
			timeToMitigate(sample),
			customerReportedCritical(sample),
			escalationRate(sample, catalogue),
			tenantsCovered(catalogue),
		],
		unreviewed: incidents.filter((each) => !isResolved(each) || each.verdict === undefined).length,
		missed: cases.missed.slice(0, MAX_MISSED),
	};
}

interface Sample {
	readonly real: readonly Incident[];
	readonly unjudged: number;
	readonly cases: CaseEvidence;
}

const COUNTED = "Counted: incidents of one tenant that a person judged real.";

function autoDetectedShare({ real, unjudged, cases }: Sample, catalogue: Catalogue): ProgramNumber {
	const n = real.length + cases.missed.length;
	const hits = real.filter((each) => isFoundFirst(each, cases)).length;
	const baseline = catalogue.settings.baselines.autoDetectedShare;
	const interval = wilsonInterval(hits, n);
	const missed = cases.isConnected
		? `; ${cases.missed.length} of them cases of customers without an incident`
		: "; no source of cases is connected, so what nobody detected is not in it";
	return {
		key: "auto-detected-share",
		name: "Auto-detected share",
		definition: `Incidents that a monitor found before a customer reported them ÷ all, with those that only customers reported. ${COUNTED}`,
		unit: "ratio",
		baseline,
		baselineText: percent(baseline),
		value: n > 0 ? hits / n : null,
		valueText: n > 0 ? `${percent(hits / n)} (${hits} of ${n})` : NOT_YET,
		n,
		pending: unjudged + cases.pending,
		unknown: cases.notJudged,
		note: `${
			interval
				? `${sizeNote(n)}; 95% interval ${percent(interval.low)} to ${percent(interval.high)} (Wilson)`
				: sizeNote(n)
		}${missed}`,
	};
}

function isFoundFirst(incident: Incident, cases: CaseEvidence): boolean {
	return incident.detectedBy === "monitor" && !cases.customerFirst.has(incident.id);
}

function timeToDetect(sample: Sample, catalogue: Catalogue): ProgramNumber {
	const { ttdManualMs, ttdAutoMs } = catalogue.settings.baselines;
	return {
		key: "time-to-detect",
		name: "Time to detect",
		definition: `Median of detection − start of the impact, which the windows tell. ${COUNTED}`,
		baseline: ttdAutoMs,
		baselineText: `${coarseDuration(ttdManualMs)} manual, ${coarseDuration(ttdAutoMs)} automatic`,
		...medianOf(sample, (incident) => measuresOf(incident).ttd),
	};
}

function timeToMitigate(sample: Sample): ProgramNumber {
	return {
		key: "time-to-mitigate",
		name: "Time to mitigate",
		definition: `Median of mitigation − start of the impact. ${COUNTED}`,
		baseline: null,
		baselineText: "not recorded before",
		...medianOf(sample, (incident) => measuresOf(incident).ttm),
	};
}

function customerReportedCritical({ real, unjudged, cases }: Sample): ProgramNumber {
	const n = real.length;
	const value = real.filter((each) => !isFoundFirst(each, cases) && each.severity.rank <= CRITICAL_RANK).length;
	return {
		key: "customer-reported-critical",
		name: "Customer-reported critical incidents",
		definition: `Incidents of severity 2.5 or worse that a customer reported first. ${COUNTED}`,
		unit: "count",
		baseline: null,
		baselineText: "not recorded before",
		value: n > 0 ? value : null,
		valueText: n > 0 ? String(value) : NOT_YET,
		n,
		pending: unjudged,
		unknown: 0,
		note: sizeNote(n),
	};
}

/** Escalations of cases, per tenant. A number made from our own pages would look like it and be another. */
function escalationRate({ real, cases }: Sample, catalogue: Catalogue): ProgramNumber {
	const base = {
		key: "escalation-rate",
		name: "Escalation rate against S500",
		definition: "Customer escalations per key tenant ÷ the same of the S500 tenants that are not key tenants.",
		unit: "ratio",
		baseline: 1,
		baselineText: "1, the S500 themselves",
		pending: 0,
	} as const;
	if (!cases.isConnected) {
		const note = "No source of support escalations is connected, so nothing is claimed";
		return { ...base, value: null, valueText: "unknown", n: 0, unknown: real.length, note };
	}
	const own = escalationsPerTenant(cases.escalated, catalogue.tenants.length);
	const others = escalationsPerTenant(cases.escalatedElsewhere, catalogue.settings.baselines.comparisonTenants);
	const n = cases.escalated + cases.escalatedElsewhere;
	const ownText = own === undefined ? "no key tenants yet" : `${short(own)} escalations per key tenant`;
	if (own === undefined || others === undefined || others === 0) {
		const note =
			others === 0
				? `${sizeNote(n)}; no escalation of the others, so there is nothing to divide by`
				: `${sizeNote(n)}; write spec.baselines.comparisonTenants in the settings to compare`;
		return { ...base, value: null, valueText: ownText, n, unknown: 0, note };
	}
	return {
		...base,
		value: own / others,
		valueText: `${short(own / others)} (${short(own)} ÷ ${short(others)})`,
		n,
		unknown: 0,
		note: sizeNote(n),
	};
}

function short(value: number): string {
	return String(Number(value.toPrecision(3)));
}

function tenantsCovered(catalogue: Catalogue): ProgramNumber {
	const n = catalogue.tenants.length;
	const watched = new Set(
		catalogue.slos.filter((slo) => monitorFor(catalogue, slo.name) !== undefined).map((slo) => slo.workload),
	);
	const value = catalogue.tenants.filter((tenant) => tenant.workloads.some((name) => watched.has(name))).length;
	return {
		key: "tenants-covered",
		name: "Tenants covered",
		definition: "Key tenants that use at least one workload with an SLO under a live monitor.",
		unit: "count",
		baseline: null,
		baselineText: "not recorded before",
		value: n > 0 ? value : null,
		valueText: n > 0 ? `${value} of ${n}` : "no key tenants yet",
		n,
		pending: 0,
		unknown: 0,
		note: `n = ${n} key tenants, all of them; not a sample`,
	};
}

const NOT_YET = "no judged incident yet";

function medianOf(
	{ real, unjudged }: Sample,
	measure: (incident: Incident) => Measure,
): Pick<ProgramNumber, "unit" | "value" | "valueText" | "n" | "pending" | "unknown" | "note"> {
	const measures = real.map(measure);
	const recorded = measures.flatMap((each) => (each.status === "recorded" ? [each.ms] : []));
	const value = median(recorded);
	return {
		unit: "ms",
		value: value ?? null,
		valueText: value === undefined ? NOT_YET : describeDuration(value),
		n: recorded.length,
		pending: unjudged + measures.filter((each) => each.status === "pending").length,
		unknown: measures.filter((each) => each.status === "unknown").length,
		note: sizeNote(recorded.length),
	};
}

function sizeNote(n: number): string {
	return n < SMALL_SAMPLE ? `n = ${n}: no trend claimed` : `n = ${n}`;
}

function percent(ratio: number): string {
	return `${Number((ratio * 100).toFixed(1))}%`;
}

/** Baselines are spoken in their largest unit: "6.7 d", "2.5 h". */
function coarseDuration(ms: number): string {
	const hours = ms / 3_600_000;
	return hours >= 24 ? `${Number((hours / 24).toFixed(1))} d` : `${Number(hours.toFixed(1))} h`;
}
