/** Careful reading of JSON from outside: a value that is not as expected is absent, never an exception. */

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_TEXT = 300;

export function objectOf(value: unknown): JsonObject | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

export function objectsOf(value: unknown): readonly JsonObject[] {
	return listOf(value).flatMap((each): JsonObject[] => {
		const object = objectOf(each);
		return object === undefined ? [] : [object];
	});
}

/** One line of at most 300 characters without controls, or undefined when nothing is left. Numbers count as text. */
export function textOf(value: unknown, max = MAX_TEXT): string | undefined {
	if (typeof value !== "string" && typeof value !== "number") return undefined;
	// Cut first: only so much of a huge text is looked at.
	const text = String(value)
		.slice(0, max * 4)
		.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, " ")
		.trim()
		.slice(0, max)
		.toWellFormed();
	return text === "" ? undefined : text;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?$/;
/** Numbers below are seconds: as ms they would be before April 1970. */
const SECONDS_BELOW = 1e10;
/** What a Date can hold. */
const MAX_INSTANT = 8.64e15;

/** RFC 3339 (without an offset: UTC), or seconds or ms since the epoch. Year 1 is how Go says "not set". */
export function instantOf(value: unknown): number | undefined {
	if (typeof value === "number") {
		const ms = Math.round(value < SECONDS_BELOW ? value * 1000 : value);
		return value > 0 && ms <= MAX_INSTANT ? ms : undefined;
	}
	if (typeof value !== "string" || value.length > 40) return undefined;
	if (/^\d{9,16}$/.test(value)) return instantOf(Number(value));
	if (!RFC_3339.test(value)) return undefined;
	const hasOffset = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(value);
	const at = Date.parse(hasOffset ? value : `${value.replace(" ", "T")}Z`);
	return at > 0 ? at : undefined;
}

/** Links are shown to people: only what a browser opens as a page. */
export function linkOf(value: unknown): string | undefined {
	if (typeof value !== "string" || value.length > 2_000 || !URL.canParse(value)) return undefined;
	const url = new URL(value);
	return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === ""
		? url.href
		: undefined;
}

/** What a table says to a word from outside; a word such as `constructor` is in no table of ours. */
export function lookUp<Value>(table: Readonly<Record<string, Value>>, word: string | undefined): Value | undefined {
	return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** The value at a dotted path; a step may be an index of a list. Own properties alone. */
export function valueAt(value: unknown, path: string): unknown {
	let at = value;
	for (const step of path.split(".")) {
		if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
		at = (at as Record<string, unknown>)[step];
	}
	return at;
}

/** Every different text among the values, in their order. */
export function names(...values: readonly unknown[]): string[] {
	return [...new Set(values.flatMap((value) => textOf(value) ?? []))];
}
