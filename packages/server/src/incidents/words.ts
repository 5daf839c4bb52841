import { type Catalogue, effectiveObjective, failureWords, goodWords, type Slo } from "#catalogue";
import type { AbsenceAnswer, BurnWindow } from "#detection";
import { type Incident, PLATFORM } from "./types.ts";

/** "Sign-in success fails" and "sign-in latency is slow" say it twice: the verb tells what was measured. */
const KIND_SUFFIX = /\s+(?:success(?: rate)?|availability|latency|freshness|throughput|correctness|saturation)$/i;

export interface Reader {
	/** IANA zone of who reads; UTC when nobody in particular does. */
	readonly timeZone?: string | undefined;
	/** Instants of another day than this one carry their date. */
	readonly now: number;
}

export function tenantName(catalogue: Catalogue, tenant: string): string {
	if (tenant === PLATFORM) return "Platform";
	return catalogue.tenants.find((each) => each.name === tenant)?.displayName ?? tenant;
}

/** "Woodgrove Bank: policy creation fails". */
export function incidentTitle(catalogue: Catalogue, tenant: string, slo: string): string {
	const known = catalogue.slos.find((each) => each.name === slo);
	const subject = lowerFirst((known?.displayName ?? slo).replace(KIND_SUFFIX, ""));
	return `${tenantName(catalogue, tenant)}: ${subject} ${known ? failureWords(known) : "misses its objective"}`;
}

/** "Contoso: no sign-ins come in". */
export function absenceTitle(catalogue: Catalogue, tenant: string, slo: string, answer: AbsenceAnswer): string {
	if (answer === "everything-stopped") return "Telemetry: nothing comes in at all";
	const unit = catalogue.slos.find((each) => each.name === slo)?.unit ?? "events";
	if (answer === "source-down") return `Telemetry: a source of ${unit} is down`;
	return `${tenantName(catalogue, tenant)}: no ${unit} come in`;
}

/**
 * What, who, since when, how bad, against the platform:
 * "94.1% of policy creations by Woodgrove Bank succeed since 02:58 (01:58 UTC). Objective 99.9%, platform 99.96%."
 * The figures are those from the onset to the detection.
 */
export function incidentSentence(incident: Incident, catalogue: Catalogue, reader: Reader): string {
	const { evidence } = incident;
	const slo = catalogue.slos.find((each) => each.name === incident.slo);
	const share = describeSli(evidence.episode, evidence.objective);
	const unit = slo?.unit ?? "events";
	const tenant = incident.kind === "platform" ? undefined : tenantName(catalogue, incident.tenant);
	const by = tenant === undefined ? "of all tenants" : `by ${tenant}`;
	const since = incident.onsetAt === undefined ? "" : ` since ${describeInstant(incident.onsetAt, reader)}`;
	const good = slo ? goodWords(slo, tenant) : `of ${unit} ${by} are good`;
	if (evidence.drill || evidence.reported) return evidence.says ?? "";
	if (evidence.absence) return `There are no ${unit} ${by}${since}. ${evidence.says ?? ""}`.trim();
	const what = share === NO_TRAFFIC ? `There are no ${unit} ${by}${since}.` : `${share} ${good}${since}.`;
	const objective = `Objective ${describePercent(evidence.objective, evidence.objective)}`;
	if (incident.kind === "platform") return `${what} ${objective}.`;
	return `${what} ${objective}, platform ${describeSli(evidence.fleet.episode, fleetObjective(catalogue, slo) ?? evidence.objective)}.`;
}

function fleetObjective(catalogue: Catalogue, slo: Slo | undefined): number | undefined {
	return slo && effectiveObjective(catalogue, slo, undefined).objective;
}

const NO_TRAFFIC = "no traffic";

/** The SLI of a window in percent; 0 of 0 is no traffic, neither 0% nor 100%. */
export function describeSli(window: BurnWindow, objective: number): string {
	if (!(window.total > 0)) return NO_TRAFFIC;
	return describePercent(1 - Math.max(0, window.bad) / window.total, objective);
}

/**
 * A ratio as percent with one digit more than the objective has ("99.9%" → two digits, trailing zeros dropped).
 * Never rounded up to 100% and never down to 0%: both would claim what is not so.
 */
export function describePercent(ratio: number, objective: number): string {
	const digits = objectiveDigits(objective) + 1;
	const scale = 10 ** digits;
	// The product of a ratio carries noise in its last bits (0.9996 × 100 = 99.96000000000001).
	const steps = Number((ratio * 100 * scale).toPrecision(12));
	let rounded = Math.round(steps);
	if (rounded >= 100 * scale && ratio < 1) rounded = 100 * scale - 1;
	if (rounded <= 0 && ratio > 0) return `less than ${1 / scale}%`;
	return `${rounded / scale}%`;
}

function objectiveDigits(objective: number): number {
	const text = String(Number((objective * 100).toPrecision(10)));
	return text.split(".")[1]?.length ?? 0;
}

/** "03:07 (02:07 UTC)"; on another day "22 Nov 2026, 03:07 CET (02:07 UTC)". */
export function describeInstant(at: number, reader: Reader): string {
	const zone = reader.timeZone ?? "UTC";
	const utc = clockTime(at, "UTC");
	const isToday = calendarDay(at, zone) === calendarDay(reader.now, zone);
	if (zone === "UTC") return isToday ? `${utc} UTC` : `${calendarDay(at, zone)}, ${utc} UTC`;
	const local = clockTime(at, zone);
	if (isToday) return `${local} (${utc} UTC)`;
	return `${calendarDay(at, zone)}, ${local} ${zoneName(at, zone)} (${utc} UTC)`;
}

function clockTime(at: number, timeZone: string): string {
	return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(
		at,
	);
}

function calendarDay(at: number, timeZone: string): string {
	const parts = new Intl.DateTimeFormat("en-US", { day: "numeric", month: "short", year: "numeric", timeZone });
	const part = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
	return `${part.day} ${part.month} ${part.year}`;
}

/** "CET", "EST": each abbreviation is known to one English locale only; the other says "GMT+1". */
function zoneName(at: number, timeZone: string): string {
	const names = ["en-GB", "en-US"].map(
		(locale) =>
			new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" })
				.formatToParts(at)
				.find((part) => part.type === "timeZoneName")?.value ?? "",
	);
	return names.find((name) => !name.startsWith("GMT")) ?? (names[0] as string);
}

function lowerFirst(text: string): string {
	// "DLP policy creation" keeps its capitals, "Policy creation" does not.
	return /^\p{Lu}\p{Ll}/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
