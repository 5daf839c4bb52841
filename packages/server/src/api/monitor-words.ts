import { describeDuration } from "@bellwether/model";
import { badWords, type Monitor, type Slo } from "#catalogue";
import type { Breach } from "#incidents";

/** What a monitor watches, in one sentence. */
export function watchWords(monitor: Monitor, slos: readonly Slo[]): string {
	const what =
		monitor.slos === undefined ? everySlo(slos.length) : listWords(slos.map(({ displayName }) => displayName));
	return `Watches ${what} of every key tenant and of the platform by burn rate.`;
}

function everySlo(count: number): string {
	return count === 1 ? "the one SLO" : `all ${count} SLOs`;
}

/** How it decides, one sentence each. */
export function howWords(monitor: Monitor): string[] {
	const once = Math.round(1 / monitor.evidenceP).toLocaleString("en");
	return [
		"It fires while a long and a short window both spend the error budget faster than a factor that follows from the SLO’s period.",
		"Page tiers open incidents; ticket tiers show a tenant at risk.",
		`A page also needs evidence: so many bad events must have a chance below 1 in ${once} if the objective is just met.`,
		"A claim must hold for 0.3 s, and rests on data that every source has completed.",
		"It ends when no page tier is true and the short window has events again.",
	];
}

/** What it saw: "94.1% bad over 1 h, burn 94× (limit 13.4×)". */
export function firingWords({ evidence }: Breach, slo: Slo | undefined): string {
	const { long, tier } = evidence;
	const what = slo ? badWords(slo) : "bad events";
	const burn = long.burn === undefined ? "" : `: burn ${round(long.burn)}×, limit ${round(tier.factor)}×`;
	const counts = `${count(long.bad)} of ${count(long.total)}`;
	return `${counts} in ${describeDuration(long.ms)} were bad (${what})${burn}.`;
}

function listWords(names: readonly string[]): string {
	if (names.length <= 4) return names.join(", ");
	return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more SLOs`;
}

function round(burn: number): string {
	return burn >= 100 ? String(Math.round(burn)) : String(Number(burn.toPrecision(3)));
}

function count(events: number): string {
	return Math.round(events).toLocaleString("en");
}
