import type { SeriesVerdict } from "./types.ts";

const BASIS: Readonly<Record<NonNullable<SeriesVerdict["expert"]>, string>> = {
	recent: "after the last hours",
	level: "at the level of the last days",
	"time-of-day": "at this time of day",
	"hour-of-week": "at this hour of the week",
};

/**
 * What was expected and what came, in one sentence: "expected 820-1,130 at this hour of the week, saw 210; about once in
 * 90 days". `unit` stands behind the numbers as it is, with its own space, such as "%" or " ms".
 */
export function explainSeries(verdict: SeriesVerdict, value: number, unit = ""): string {
	const { expected, expert, learnsUntilAt, onceInDays, shape } = verdict;
	if (expected === undefined || expert === undefined || learnsUntilAt !== undefined) {
		const until = learnsUntilAt === undefined ? "" : ` until ${new Date(learnsUntilAt).toISOString()}`;
		return `still learning what is usual${until}, saw ${textOf(value)}${unit}`;
	}
	const [low, high] = [textOf(expected.low), textOf(expected.high)];
	const band = low === high ? low : `${low}${expected.low < 0 ? " to " : "-"}${high}`;
	const rarity = onceInDays === undefined ? "" : `; ${rarityOf(onceInDays)}`;
	const slow = shape === "slow" ? "; for hours it has been to one side" : "";
	return `expected ${band}${unit} ${BASIS[expert]}, saw ${textOf(value)}${unit}${slow}${rarity}`;
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
