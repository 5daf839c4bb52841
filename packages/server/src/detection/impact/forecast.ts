import { burnRate, describeDuration } from "@bellwether/model";

export interface ForecastInput {
	/** Share of the period's error budget that is left, signed; undefined: nothing is known of it. */
	readonly remaining: number | undefined;
	readonly objective: number;
	readonly periodMs: number;
	/** Period of a calendar budget, ms epoch; left out: it rolls. */
	readonly calendar?: { readonly startsAt: number; readonly endsAt: number } | undefined;
	readonly now: number;
	/** Counts of the last hour, of the last six hours and so on: how fast it burns, and how much that differs. */
	readonly recent: readonly { readonly ms: number; readonly bad: number; readonly total: number }[];
}

/** When a budget will be spent if what burns now goes on. Instants ms epoch. */
export type Forecast =
	| {
			readonly status: "expected";
			/** In nine of ten cases between these, as far as recent burn tells; `late` undefined: perhaps not in this period. */
			readonly early: number;
			readonly likely: number;
			readonly late: number | undefined;
			readonly explanation: string;
	  }
	| { readonly status: "spent" | "not-in-sight" | "unknown"; readonly explanation: string };

/** Standard normal deviate of a one-sided 5 %. */
const DEVIATE = 1.645;

/**
 * A range, not a point: from the slowest to the fastest burn that recent windows leave open, each with the luck of its own
 * counts. Bad events that leave a rolling period give budget back; that is left out, so a rolling budget may last longer.
 */
export function forecastExhaustion({ remaining, objective, periodMs, calendar, now, recent }: ForecastInput): Forecast {
	if (remaining === undefined) return { status: "unknown", explanation: "Nothing is known of this budget: no events." };
	if (remaining <= 0) return { status: "spent", explanation: "The error budget is spent." };
	const heard = recent.filter(({ total }) => total > 0);
	if (heard.length === 0) return { status: "unknown", explanation: "No recent events tell how fast the budget burns." };
	const burns = heard.map(({ bad, total }) => {
		const perEvent = (count: number) => burnRate(count, total, objective) ?? 0;
		return { low: perEvent(countAtLeast(bad)), middle: perEvent(bad), high: perEvent(countAtMost(bad)) };
	});
	// A calendar budget is what all events so far allow: it grows while it burns, and only what is faster than 1 spends it.
	const spentAt = (burn: number) => {
		if (!calendar) return now + (remaining * periodMs) / burn;
		return burn > 1 ? now + (remaining * (now - calendar.startsAt)) / (burn - 1) : Number.POSITIVE_INFINITY;
	};
	const horizon = calendar?.endsAt ?? now + periodMs;
	const [fast, slow] = [Math.max(...burns.map(({ high }) => high)), Math.min(...burns.map(({ low }) => low))];
	const positive = burns.filter(({ middle }) => middle > 0);
	const middle = Math.exp(positive.reduce((sum, burn) => sum + Math.log(burn.middle), 0) / positive.length);
	const notInSight: Forecast = {
		status: "not-in-sight",
		explanation: `At the pace of the last ${describeDuration(Math.max(...heard.map(({ ms }) => ms)))} the budget outlasts its period.`,
	};
	if (positive.length === 0 || spentAt(middle) > horizon) return notInSight;
	const early = spentAt(fast);
	const likely = spentAt(middle);
	const late = spentAt(slow) > horizon ? undefined : spentAt(slow);
	const until = late === undefined ? "perhaps not in this period" : `at the latest in ${describeDuration(late - now)}`;
	return {
		status: "expected",
		early,
		likely,
		late,
		explanation: `If it goes on, the budget is spent in about ${describeDuration(likely - now)}: at the earliest in ${describeDuration(early - now)}, ${until}.`,
	};
}

/** 5 % bound of the mean behind a Poisson count, by Wilson and Hilferty's cube root (1931). */
function countAtLeast(count: number): number {
	if (count <= 0) return 0;
	return count * Math.max(0, 1 - 1 / (9 * count) - DEVIATE / (3 * Math.sqrt(count))) ** 3;
}

/** 95 % bound. */
function countAtMost(count: number): number {
	const next = Math.max(0, count) + 1;
	return next * (1 - 1 / (9 * next) + DEVIATE / (3 * Math.sqrt(next))) ** 3;
}
