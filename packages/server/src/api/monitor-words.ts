import { describeDuration } from "@bellwether/model";
import { badWords, type Monitor, type Slo } from "#catalogue";
import type { Breach } from "#incidents";

type Threshold = NonNullable<Monitor["threshold"]>;

/** How each sort of monitor looks at an SLO, after "Watches … of every key tenant and of the platform". */
const LOOKS: Readonly<Record<string, string>> = {
	"burn-rate": "by how fast the error budget is spent",
	threshold: "against a fixed value",
	absence: "for events that stop coming",
	seasonal: "against what is usual at that hour",
	radar: "against the other tenants at the same moment",
};

/** What a monitor watches, in one sentence. */
export function watchWords(monitor: Pick<Monitor, "detector" | "slos">, slos: readonly Slo[]): string {
	const what =
		monitor.slos === undefined ? everySlo(slos.length) : listWords(slos.map(({ displayName }) => displayName));
	const how = LOOKS[monitor.detector] ?? `by ${monitor.detector}`;
	return `Watches ${what} of every key tenant and of the platform, ${how}.`;
}

function everySlo(count: number): string {
	return count === 1 ? "the one SLO" : `all ${count} SLOs`;
}

function listWords(names: readonly string[]): string {
	if (names.length <= 4) return names.join(", ");
	return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more SLOs`;
}

/** How it decides, one sentence each. */
export function howWords(monitor: Monitor): string[] {
	if (monitor.detector === "threshold")
		return [
			monitor.threshold?.measure === "events"
				? "Each whole minute is compared with the value; a minute without events is 0 while other tenants have some, and says nothing otherwise."
				: "Each whole minute is compared with the value; a minute without events says nothing.",
			"It fires when enough of the last minutes are on the wrong side, and ends when they have been on the right side long enough.",
		];
	if (monitor.detector === "absence")
		return [
			"It fires when events stop coming for longer than the time that holds for the tenant.",
			"Four cases are told apart: the tenant stopped, its quiet hours, its source is down, or everything stopped, which is about this system.",
			...(monitor.absence?.quietHours
				? ["Hours that were without events on other days are its habit and not told."]
				: []),
		];
	if (monitor.detector === "seasonal")
		return [
			"Every five minutes of a tenant are compared with what its last weeks make likely at that hour, in its own time zone.",
			...(monitor.seasonal?.measure === "latency"
				? [
						"Five minutes with too few latencies to tell the percentile say nothing; what chance or the width of a bucket explains is no deviation.",
					]
				: []),
			"It claims nothing before it has seen a day, and says what was expected and what came.",
			"It ends after three times five minutes well inside what was expected.",
		];
	if (monitor.detector === "radar")
		return [
			"Each key tenant is compared, minute by minute, with what is usual for it and with its peers; it needs no objective.",
			"What hurts one tenant is claimed on that tenant; what hurts many is one breach of the platform, and the tenants under it do not page.",
			"It ends when the tenant is as usual again.",
		];
	if (monitor.detector !== "burn-rate") return [];
	const once = chanceWords(monitor.evidenceP);
	return [
		"It fires while a long and a short window both spend the error budget faster than a factor that follows from the SLO’s period.",
		"Page tiers open incidents; ticket tiers show a tenant at risk.",
		`A page also needs evidence: so many bad events must have a chance below ${once} if the objective is just met.`,
		"A claim must hold for 0.3 s, and rests on data that every source has completed.",
		"It ends when no page tier is true and the short window has events again.",
	];
}

function chanceWords(p: number): string {
	return `1 in ${Math.round(1 / p).toLocaleString("en")}`;
}

/** When a monitor fires, in one sentence with its numbers; empty for burn rate, whose tiers say it. */
export function ruleWords({ threshold, absence, seasonal, radar }: Monitor, unit: string): string {
	if (threshold) return thresholdWords(threshold, unit);
	if (absence) return absenceWords(absence, unit);
	if (seasonal) return seasonalWords(seasonal, unit);
	return radar ? radarWords(radar) : "";
}

/** "Fires when the number of sign-ins is below what is likely at that hour." */
function seasonalWords(terms: NonNullable<Monitor["seasonal"]>, unit: string): string {
	const { measure, direction, percentile } = terms;
	const what = {
		events: `the number of ${unit}`,
		"bad-ratio": `the share of bad ${unit}`,
		latency: `the p${percentile} of the latency of ${unit}`,
	}[measure];
	const where = { up: "above", down: "below", both: "above or below" }[direction];
	return `Fires when ${what} is ${where} what is likely at that hour.`;
}

/** "3 of the last 5 minutes with more than 5% bad sign-ins; ends after 5 min without more than 4%." */
function thresholdWords(threshold: Threshold, unit: string): string {
	const { minutes, lookMs, clearMs, value, clear } = threshold;
	const of = Math.round(lookMs / 60_000);
	const when = minutes >= of ? `each of the last ${of} minutes` : `${minutes} of the last ${of} minutes`;
	const end = `ends after ${describeDuration(clearMs)} without ${limitWords(threshold, clear, unit)}`;
	return `Fires when ${when} ${minutes >= of ? "has" : "have"} ${limitWords(threshold, value, unit)}; ${end}.`;
}

function limitWords({ measure, is }: Threshold, value: number, unit: string): string {
	const side = is === "above" ? "more than" : "fewer than";
	if (measure === "bad-ratio") return `${is === "above" ? "more than" : "less than"} ${percent(value)} bad ${unit}`;
	return `${side} ${count(value)} ${measure === "bad-events" ? "bad " : ""}${unit}`;
}

/** "Fires after 15 min without sign-ins." */
function absenceWords({ afterMs, quietHours }: NonNullable<Monitor["absence"]>, unit: string): string {
	const after =
		afterMs === undefined
			? `Fires when the time without ${unit} cannot be chance at the tenant’s own rhythm`
			: `Fires after ${describeDuration(afterMs)} without ${unit}`;
	return `${after}${quietHours ? ", quiet hours left out" : ", quiet hours too"}.`;
}

/** "Fires when its errors or volume are worse than its own past and its peers explain; …" */
function radarWords({ watches, falsePagesPerTenantWeek }: NonNullable<Monitor["radar"]>): string {
	const noise = `set so that noise causes about ${falsePagesPerTenantWeek} false pages in a tenant’s week`;
	return `Fires when ${watches.join(" or ")} of a tenant are worse than its own past and its peers explain; ${noise}.`;
}

/** What it saw: "1,200 of 12,000 in 1 h were bad (sign-ins that fail): burn 100×, limit 13.4×." */
export function firingWords({ evidence }: Pick<Breach, "evidence">, slo: Slo | undefined): string {
	const { long, tier } = evidence;
	if (!tier) return evidence.says ?? "";
	const what = slo ? badWords(slo) : "bad events";
	const burn = long.burn === undefined ? "" : `: burn ${round(long.burn)}×, limit ${round(tier.factor)}×`;
	const counts = `${count(long.bad)} of ${count(long.total)}`;
	return `${counts} in ${describeDuration(long.ms)} were bad (${what})${burn}.`;
}

/** An effective value for people; `field` as it is written in the file. */
export function valueWords(field: string, value: unknown): string {
	if (field === "evidenceP") return chanceWords(value as number);
	if (field === "pause") {
		const { until, reason, owner } = value as NonNullable<Monitor["pause"]>;
		return `until ${new Date(until).toISOString().slice(0, 16).replace("T", " ")} UTC, by ${owner}: ${reason}`;
	}
	if (/\.(for|clearFor|after)$/.test(field)) return describeDuration(value as number);
	if (Array.isArray(value)) return value.join(", ");
	return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

function round(burn: number): string {
	return burn >= 100 ? String(Math.round(burn)) : String(Number(burn.toPrecision(3)));
}

function count(events: number): string {
	return Number.isInteger(events) ? events.toLocaleString("en") : String(Number(events.toPrecision(6)));
}

function percent(ratio: number): string {
	return `${Number((ratio * 100).toPrecision(6))}%`;
}
