import type { SeriesVerdict } from "./types.ts";

const BASIS: Readonly<Record<NonNullable<SeriesVerdict["expert"]>, string>> = {
	recent: "after the last hours",
	level: "at the level of the last days",
	"time-of-day": "at this time of day",
	"hour-of-week": "at this hour of the week",
};

/** A value that is known to lie between two others; Infinity: nobody knows how high. */
interface Between {
	readonly low: number;
	readonly high: number;
}

/** Bounds less apart than this, as a ratio, read as one number. */
const NARROW = 1.1;

/**
 * What was expected and what came, in one sentence: "expected 820-1,130 at this hour of the week, saw 210; about once in
 * 90 days". `unit` stands behind the numbers as it is, with its own space, such as "%" or " ms".
 */
export function explainSeries(verdict: SeriesVerdict, value: number | Between, unit = ""): string {
	const { expected, expert, learnsUntilAt, onceInDays, shape } = verdict;
	if (expected === undefined || expert === undefined || learnsUntilAt !== undefined) {
		const until = learnsUntilAt === undefined ? "" : ` until ${new Date(learnsUntilAt).toISOString()}`;
		return `still learning what is usual${until}, saw ${sawOf(value)}${unit}`;
	}
	const [low, high] = [textOf(expected.low), textOf(expected.high)];
	const band = low === high ? low : `${low}${expected.low < 0 ? " to " : "-"}${high}`;
	const rarity = onceInDays === undefined ? "" : `; ${rarityOf(onceInDays)}`;
	const slow = shape === "slow" ? "; for hours it has been to one side" : "";
	return `expected ${band}${unit} ${BASIS[expert]}, saw ${sawOf(value)}${unit}${slow}${rarity}`;
}

function sawOf(value: number | Between): string {
	if (typeof value === "number") return textOf(value);
	const { low, high } = value;
	if (high === Number.POSITIVE_INFINITY) return `more than ${textOf(low)}`;
	return high <= low * NARROW ? textOf(high) : `${textOf(Math.max(0, low))}-${textOf(high)}`;
}

/** Three digits say how far away something is; more would only look exact. */
function textOf(value: number): string {
	return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

const DAYS_PER_YEAR = 365;

function rarityOf(days: number): string {
	if (days > DAYS_PER_YEAR) return "less than once a year";
	if (days < 2) return "about once a day";
	return `about once in ${Math.round(days)} days`;
}
