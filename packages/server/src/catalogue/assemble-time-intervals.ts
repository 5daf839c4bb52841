import type { Entry } from "./entries.ts";
import type { Context } from "./references.ts";
import type { Range, TimeInterval, TimeIntervalPart } from "./routing-types.ts";
import { alwaysHolds, neverHolds } from "./time-interval.ts";
import { type Path, pathText, show } from "./wording.ts";

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = [
	"january",
	"february",
	"march",
	"april",
	"may",
	"june",
	"july",
	"august",
	"september",
	"october",
	"november",
	"december",
];

interface RangeRule {
	readonly read: (word: string) => number | undefined;
	readonly remedy: string;
	readonly isOrdered: (from: number, to: number) => boolean;
}

const inOrder = (from: number, to: number) => from <= to;
const number = (word: string, from: number, to: number) =>
	/^-?\d{1,4}$/.test(word) && Number(word) >= from && Number(word) <= to ? Number(word) : undefined;
const index = (words: readonly string[], word: string, first: number) => {
	const at = words.indexOf(word.toLowerCase());
	return at < 0 ? undefined : at + first;
};

const RULES = {
	weekdays: {
		read: (word) => index(WEEKDAYS, word, 0),
		remedy: "Write days such as monday:friday; the week begins with sunday, so write sunday and saturday apart.",
		isOrdered: inOrder,
	},
	daysOfMonth: {
		read: (word) => (word === "0" ? undefined : number(word, -31, 31)),
		remedy: 'Write days such as "1:5", or from the end of the month such as "-3:-1".',
		// From the end to a day from the start turns round in some months; the rest is judged by the shortest month.
		isOrdered: (from, to) => !(from < 0 && to > 0) && (from < 0 ? 28 + from : from) <= (to < 0 ? 28 + to : to),
	},
	months: {
		read: (word) => index(MONTHS, word, 1) ?? number(word, 1, 12),
		remedy: "Write months such as march or 4:6; over the turn of the year write two ranges.",
		isOrdered: inOrder,
	},
	years: { read: (word) => number(word, 1970, 9999), remedy: 'Write years such as "2026:2028".', isOrdered: inOrder },
} satisfies Record<string, RangeRule>;

export function assembleTimeIntervals(context: Context): TimeInterval[] {
	return context.entries.of("TimeInterval").map((entry) => ({
		name: entry.name,
		parts: entry.input.spec.intervals.map((part, k) => assemblePart(context, entry, ["spec", "intervals", k], part)),
	}));
}

type Written = Entry<"TimeInterval">["input"]["spec"]["intervals"][number];

function assemblePart(context: Context, entry: Entry<"TimeInterval">, path: Path, written: Written): TimeIntervalPart {
	const before = context.findings.errors;
	const times = written.times?.map(({ startTime, endTime }, k) => {
		const [from, to] = [minutesOf(startTime), minutesOf(endTime)];
		if (from >= to) {
			const at = [...path, "times", k];
			const message = `${pathText(at)} ends at ${endTime}, not after it begins at ${startTime}, so it never is.`;
			context.error(entry, at, message, 'Over midnight write two: one until "24:00", one from "00:00".', "key");
		}
		return { from, to };
	});
	const part: TimeIntervalPart = {
		...(times && { times }),
		...rangesOf(context, entry, path, written, "weekdays"),
		...rangesOf(context, entry, path, written, "daysOfMonth"),
		...rangesOf(context, entry, path, written, "months"),
		...rangesOf(context, entry, path, written, "years"),
		timeZone: written.location ?? "UTC",
	};
	if (context.findings.errors > before) return part;
	const at = `${pathText(path)} of ${show(entry.name)}`;
	if (neverHolds(part)) {
		const remedy = "No day of the calendar is all of this. Correct days, months, weekdays or years.";
		context.error(entry, path, `${at} never is.`, remedy, "key");
	} else if (alwaysHolds(part)) {
		const remedy = "Write times, weekdays, daysOfMonth, months or years that leave something out.";
		context.error(entry, path, `${at} always is, so it changes nothing or mutes for ever.`, remedy, "key");
	}
	return part;
}

function rangesOf<K extends keyof typeof RULES>(
	context: Context,
	entry: Entry<"TimeInterval">,
	path: Path,
	written: Written,
	field: K,
): { [P in K]?: Range[] } {
	const list = written[field];
	if (list === undefined) return {};
	const rule: RangeRule = RULES[field];
	const ranges = list.map((each, k): Range => {
		const words = String(each).split(":");
		const [from, to] = [rule.read(words[0]?.trim() ?? ""), rule.read((words[1] ?? words[0] ?? "").trim())];
		if (words.length <= 2 && from !== undefined && to !== undefined && rule.isOrdered(from, to)) return { from, to };
		const at = [...path, field, k];
		const isTurned = words.length === 2 && from !== undefined && to !== undefined;
		const says = isTurned ? "ends before it begins" : "is no range of this field";
		context.error(entry, at, `${pathText(at)} ${show(each)} ${says}.`, rule.remedy);
		return { from: 1, to: 1 };
	});
	return { [field]: ranges } as { [P in K]?: Range[] };
}

function minutesOf(time: string): number {
	return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
