import type { RE2JS } from "re2js";
import { compilePattern } from "./matcher.ts";

/** Patterns of one index without plain text to look for first: each costs a match of its own for every new value. */
export const MAX_WITHOUT_TEXT = 100;

interface Item {
	readonly at: number;
	readonly text: string;
	/** Every value that fits holds all of them. */
	readonly runs: readonly string[];
	pattern: RE2JS | undefined;
}

/**
 * Many patterns, matched together: what plain text a pattern needs decides first, by a look-up of the beginnings or a
 * search for the text, so that a value meets the few patterns that may fit. Each match is linear in the value (RE2).
 */
export class PatternIndex {
	/** Patterns that begin with plain text, by its length and the text. */
	readonly #byBeginning = new Map<number, Map<string, Item[]>>();
	readonly #others: Item[] = [];

	constructor(patterns: readonly string[]) {
		patterns.forEach((text, at) => {
			const needed = neededText(text);
			const item: Item = { at, text, runs: needed?.runs ?? [], pattern: undefined };
			const beginning = needed?.beginsWith;
			if (beginning === undefined) {
				this.#others.push(item);
				return;
			}
			const ofLength = this.#byBeginning.get(beginning.length) ?? new Map<string, Item[]>();
			this.#byBeginning.set(beginning.length, ofLength);
			const items = ofLength.get(beginning);
			if (items) items.push(item);
			else ofLength.set(beginning, [item]);
		});
	}

	/** Indexes of the patterns that fit the whole value, ascending. */
	match(value: string): number[] {
		const found: number[] = [];
		for (const [length, items] of this.#byBeginning)
			for (const item of items.get(value.slice(0, length)) ?? []) if (fits(item, value)) found.push(item.at);
		for (const item of this.#others) if (fits(item, value)) found.push(item.at);
		return found.sort((a, b) => a - b);
	}
}

function fits(item: Item, value: string): boolean {
	for (const run of item.runs) if (!value.includes(run)) return false;
	// Compiled when a value comes near it: of a thousand patterns most meet none.
	item.pattern ??= compilePattern(item.text);
	return item.pattern.testExact(value);
}

/**
 * The runs of plain characters that every text that fits must hold, and the one that it must begin with. Undefined where
 * there are none or that is not plain to see: alternatives at the top, flags.
 */
export function neededText(
	pattern: string,
): { readonly runs: readonly string[]; readonly beginsWith: string | undefined } | undefined {
	if (pattern.includes("(?") || pattern.includes("\\Q")) return undefined;
	const runs: string[] = [];
	let beginsWith: string | undefined;
	let run = "";
	let from = 0;
	let depth = 0;
	const end = (): void => {
		if (run === "") return;
		if (from === 0) beginsWith = run;
		runs.push(run);
		run = "";
	};
	for (let k = 0; k < pattern.length; k++) {
		const char = pattern[k] as string;
		const begin = k;
		let plain: string | undefined;
		if (char === "\\") {
			const next = pattern[++k] ?? "";
			if (/[^a-zA-Z0-9]/.test(next)) plain = next;
			// Classes such as \pL and escapes such as \x{41} go on after the letter: what follows cannot be told apart.
			else if (!/[dDsSwW]/.test(next)) return undefined;
		} else if (char === "[") {
			k = endOfClass(pattern, k);
			if (k < 0) return undefined;
		} else if (char === "(") depth++;
		else if (char === ")") depth--;
		else if (char === "|" && depth === 0) return undefined;
		else if (char === "{") {
			k = pattern.indexOf("}", k);
			if (k < 0) return undefined;
		} else if (!/[.*+?^$|]/.test(char)) plain = char;
		const quantifier = /[*+?{]/.test(pattern[k + 1] ?? "");
		if (plain === undefined || depth > 0 || quantifier) end();
		else {
			if (run === "") from = begin;
			run += plain;
		}
	}
	end();
	return runs.length > 0 ? { runs, beginsWith } : undefined;
}

/** Where the character class that begins at `from` ends; -1: not plain to see. */
function endOfClass(pattern: string, from: number): number {
	let k = from + 1;
	if (pattern[k] === "^") k++;
	if (pattern[k] === "]") k++;
	for (; k < pattern.length; k++) {
		if (pattern[k] === "\\") k++;
		else if (pattern[k] === "[") return -1;
		else if (pattern[k] === "]") return k;
	}
	return -1;
}
