import { RE2JS } from "re2js";
import type { Matcher } from "./types.ts";

/** Longer patterns are not written by hand, and their cost grows with their length. */
export const MAX_PATTERN_LENGTH = 256;
/** Steps of the compiled pattern: what one character of a value can cost. `.{0,255}` has about five hundred. */
const MAX_PATTERN_STEPS = 1_000;
/** Results kept per pattern; a value seen again costs a look-up. */
const MAX_KEPT_RESULTS = 10_000;

/** What is wrong with a pattern, or undefined. RE2 syntax: no look-around and no back references, so matching takes linear time. */
export function patternFault(pattern: string): string | undefined {
	if (pattern.length > MAX_PATTERN_LENGTH) return `has ${pattern.length} characters, more than ${MAX_PATTERN_LENGTH}`;
	try {
		const steps = compilePattern(pattern).programSize();
		return steps > MAX_PATTERN_STEPS
			? `has ${steps} steps once its repetitions are written out, more than ${MAX_PATTERN_STEPS}`
			: undefined;
	} catch (error) {
		return `is not a pattern: ${(error as Error).message.replace(/^error parsing regexp: /, "").replace("`(?s)", "`")}`;
	}
}

/** The pattern, fit for `matchesExactly` on whole values; `.` also stands for a line end, as in PromQL. */
export function compilePattern(pattern: string): RE2JS {
	return RE2JS.compile(pattern, RE2JS.DOTALL);
}

/** The condition as a function of the attribute's value ("" when it is missing). Patterns must be without fault. */
export function matcherTest(matcher: Matcher): (value: string) => boolean {
	const { op, values } = matcher;
	if (op === "=" || op === "!=") {
		const set = new Set(values);
		return op === "=" ? (value) => set.has(value) : (value) => !set.has(value);
	}
	const patterns = values.map(compilePattern);
	const wanted = op === "=~";
	const known = new Map<string, boolean>();
	return (value) => {
		let result = known.get(value);
		if (result === undefined) {
			result = patterns.some((pattern) => pattern.testExact(value)) === wanted;
			if (known.size >= MAX_KEPT_RESULTS) known.clear();
			known.set(value, result);
		}
		return result;
	};
}
