import { type RE2JS, RE2Set, RE2JS as Re2 } from "re2js";
import { compilePattern } from "./matcher.ts";

/**
 * Many patterns, matched together in time linear in the text: those that begin with plain text as one automaton, those
 * with plain text further on only where the text stands in the value, the few others one by one.
 */
export class PatternIndex {
	readonly #begins: RE2Set | undefined;
	readonly #beginsAt: number[] = [];
	readonly #holding: { readonly at: number; readonly text: string; readonly pattern: RE2JS }[] = [];
	readonly #others: { readonly at: number; readonly pattern: RE2JS }[] = [];

	constructor(patterns: readonly string[]) {
		const begins = new RE2Set(RE2Set.ANCHOR_BOTH, Re2.DOTALL);
		patterns.forEach((pattern, at) => {
			const text = requiredText(pattern);
			if (text !== undefined && text.at === 0) {
				begins.add(pattern);
				this.#beginsAt.push(at);
			} else if (text !== undefined) this.#holding.push({ at, text: text.text, pattern: compilePattern(pattern) });
			else this.#others.push({ at, pattern: compilePattern(pattern) });
		});
		if (this.#beginsAt.length === 0) return;
		begins.compile();
		this.#begins = begins;
	}

	/** Indexes of the patterns that fit the whole value, ascending. */
	match(value: string): number[] {
		const found = this.#begins ? this.#begins.match(value).map((k) => this.#beginsAt[k] as number) : [];
		for (const { at, text, pattern } of this.#holding)
			if (value.includes(text) && pattern.testExact(value)) found.push(at);
		for (const { at, pattern } of this.#others) if (pattern.testExact(value)) found.push(at);
		return found.sort((a, b) => a - b);
	}
}

/**
 * The longest run of plain characters that every text that fits must hold, and where in the pattern it begins (the first
 * run wins when it stands at the start). Undefined where that is not plain to see: alternatives at the top, flags.
 */
export function requiredText(pattern: string): { readonly text: string; readonly at: number } | undefined {
	if (pattern.includes("(?") || pattern.includes("\\Q")) return undefined;
	const runs: { text: string; at: number }[] = [];
	let run = "";
	let from = 0;
	let depth = 0;
	const end = (): void => {
		if (run !== "") runs.push({ text: run, at: from });
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
	const [first] = runs;
	if (first?.at === 0) return first;
	const [longest] = runs.toSorted((a, b) => b.text.length - a.text.length);
	return longest && longest.text.length > 1 ? longest : undefined;
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
