import { type DemoFleet, type DemoTenant, eventsPerS, usualErrorRatio } from "./fleet.ts";
import { randomFor } from "./random.ts";
import type { ScenarioName } from "./scenario-names.ts";
import { type Signal, signalOf } from "./signals.ts";

/** Decides what fails, when. Pure: the history before `breakAt` and the live traffic ask the same questions. */
export interface Scenario {
	readonly name: ScenarioName;
	/** Instant at which the visible change begins. */
	readonly breakAt: number;
	/** One or two sentences for the person who watches; undefined when nothing happens. */
	readonly announcement: string | undefined;
	/** Ratio of bad events, or "silent": the tenant's telemetry does not leave. */
	errorRatio(tenant: DemoTenant, signal: Signal, at: number): number | "silent";
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A flap: down a little longer than the quick rule needs (49 s), then well for longer than its short window (5 min). */
const FLAP = { badMs: MINUTE_MS, cycleMs: 7 * MINUTE_MS };
/** A silence shows after 15 minutes; begun that long before, it shows when the person looks. */
const SILENT_BEFORE_MS = 15 * MINUTE_MS;
/** Between the slow rule's factor (5.6 over 6 h at 28 d) and the quick one's (13.44 over 1 h): only the slow one pages. */
const SLOW_BURN = 11;
const SLOW_FACTOR = 5.6;

export function makeScenario(name: ScenarioName, fleet: DemoFleet, breakAt: number): Scenario {
	const usual = usualErrors(fleet, breakAt);
	const only = (tenant: string, slo: string, ratio: (at: number) => number | undefined): Scenario["errorRatio"] => {
		return (who, signal, at) =>
			(who.name === tenant && signal.slo === slo ? ratio(at) : undefined) ?? usual(who, signal, at);
	};
	switch (name) {
		case "tenant-outage":
			return {
				name,
				breakAt,
				announcement:
					"Woodgrove Bank's policy creation breaks: every attempt fails. It is 0.06 % of the world's traffic, so the platform stays green; the page arrives in the phone panel about 50 s later: acknowledge it there.",
				errorRatio: only("woodgrove", "policy-create", (at) => (at > breakAt ? 1 : undefined)),
			};
		case "slow-burn": {
			const onsetAt = slowBurnOnset(fleet, breakAt);
			return {
				name,
				breakAt,
				announcement:
					"City Power has lost 5 % of its 28-day budget for opening files: 1.1 % of its opens have failed for hours, too few to notice. The slow rule (6 h) pages about then, give or take a few minutes: watch the phone panel.",
				errorRatio: only("city-power", "file-open", (at) =>
					at > onsetAt ? SLOW_BURN * (1 - signalOf("file-open").objective) : undefined,
				),
			};
		}
		case "platform-outage":
			return {
				name,
				breakAt,
				announcement:
					"signing in breaks for the whole world: nine of ten attempts fail. The platform is red; one platform incident opens about a minute later, one page arrives for it, and no tenant is paged for on its own.",
				errorRatio: (who, signal, at) =>
					signal.slo === "signin-success" && at > breakAt ? 0.9 : usual(who, signal, at),
			};
		case "silent-tenant":
			return {
				name,
				breakAt,
				announcement:
					"nothing has been heard of Trey Research for 15 minutes, the shortest silence that is no chance. Missing data are not health: within a minute or two its cells turn from healthy to no data. Nobody is paged for it.",
				errorRatio: (who, signal, at) =>
					who.name === "trey-research" && at > breakAt - SILENT_BEFORE_MS ? "silent" : usual(who, signal, at),
			};
		case "flapping":
			return {
				name,
				breakAt,
				announcement:
					"Northwind Traders cannot open files for one minute, then can for six, again and again. Watch how many times somebody is woken.",
				errorRatio: only("northwind-traders", "file-open", (at) =>
					at > breakAt && (at - breakAt) % FLAP.cycleMs <= FLAP.badMs ? 1 : undefined,
				),
			};
		case "quiet":
			return { name, breakAt, announcement: undefined, errorRatio: usual };
	}
}

/** Ordinary days, with a few past episodes so that budgets differ: none in the last four days, so that nothing burns now. */
function usualErrors(fleet: DemoFleet, breakAt: number): (who: DemoTenant, signal: Signal, at: number) => number {
	const ratios = new Map<string, number>();
	const episodes = pastEpisodes(fleet, breakAt);
	return (who, signal, at) => {
		const key = `${who.id} ${signal.slo}`;
		for (const episode of episodes.get(key) ?? [])
			if (at >= episode.from && at < episode.until) return episode.ratio * (1 - signal.objective);
		let ratio = ratios.get(key);
		if (ratio === undefined) {
			ratio = usualErrorRatio(fleet, who, signal);
			ratios.set(key, ratio);
		}
		return ratio;
	};
}

interface Episode {
	readonly from: number;
	readonly until: number;
	/** Burn rate while it lasted. */
	readonly ratio: number;
}

function pastEpisodes(fleet: DemoFleet, breakAt: number): Map<string, Episode[]> {
	const random = randomFor(fleet.seed, "episodes");
	const episodes = new Map<string, Episode[]>();
	for (let i = 0; i < 14; i++) {
		const who = fleet.keyTenants[Math.floor(random.next() * fleet.keyTenants.length)] as DemoTenant;
		const slo = ["signin-latency", "mail-delivery", "device-checkin", "file-open"][i % 4] as string;
		// Whole hours, since the old history is imported by the hour.
		const from = Math.floor((breakAt - (4 + 22 * random.next()) * 24 * HOUR_MS) / HOUR_MS) * HOUR_MS;
		const hours = 1 + Math.floor(random.next() * 4);
		const ratio = 10 + random.next() * 30;
		const key = `${who.id} ${slo}`;
		episodes.set(key, [...(episodes.get(key) ?? []), { from, until: from + hours * HOUR_MS, ratio }]);
	}
	return episodes;
}

/** When the slow burn must have begun for its 6-hour window to reach the factor at `breakAt`, weighted by traffic. */
function slowBurnOnset(fleet: DemoFleet, breakAt: number): number {
	const tenant = fleet.keyTenants.find((each) => each.name === "city-power");
	if (!tenant) throw new Error('The slow-burn scenario needs key tenant "city-power" in the catalogue.');
	const signal = signalOf("file-open");
	const usualBurn = usualErrorRatio(fleet, tenant, signal) / (1 - signal.objective);
	const minutes: number[] = [];
	for (let at = breakAt - 6 * HOUR_MS; at < breakAt; at += MINUTE_MS) minutes.push(eventsPerS(tenant, signal, at));
	const total = minutes.reduce((a, b) => a + b, 0);
	let burning = 0;
	for (let i = minutes.length - 1; i >= 0; i--) {
		burning += minutes[i] as number;
		if ((burning * SLOW_BURN + (total - burning) * usualBurn) / total > SLOW_FACTOR)
			return breakAt - (minutes.length - i) * MINUTE_MS;
	}
	return breakAt - 6 * HOUR_MS;
}
