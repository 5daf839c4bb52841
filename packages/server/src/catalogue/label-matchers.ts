import { matcherTest } from "./matcher.ts";
import { formatSelector, parseSelector } from "./selector.ts";
import type { Matcher } from "./types.ts";

/** Name → value. A label that is missing equals "". */
export type Labels = Readonly<Record<string, string>>;

export type MatchersReading =
	| { readonly status: "ok"; readonly matchers: readonly Matcher[] }
	| { readonly status: "invalid"; readonly message: string; readonly remedy: string };

const EXAMPLE = 'Write matchers such as tenant="woodgrove", severity=~"1|2".';

/** Reads `label="value", other=~"pattern"`, with or without braces, as PromQL has it. Never throws. */
export function parseMatchers(text: string): MatchersReading {
	const trimmed = text.trim();
	const inner = trimmed.startsWith("{") && trimmed.endsWith("}") ? trimmed.slice(1, -1) : trimmed;
	if (inner.trim() === "") return { status: "invalid", message: "is empty", remedy: EXAMPLE };
	// The grammar reads selectors, which need a name; what it says of the whole text holds for the matchers.
	const reading = parseSelector(`incident{${inner}}`);
	if (reading.status === "invalid") {
		const isOfSelectors = /metric|selector/.test(reading.message);
		const message = isOfSelectors ? "is more than a list of matchers" : reading.message.replace(/\}" on$/, '" on');
		return { status: "invalid", message, remedy: /RE2|backslash/.test(reading.remedy) ? reading.remedy : EXAMPLE };
	}
	return { status: "ok", matchers: reading.selector.where };
}

/** The matchers in PromQL, without braces; `parseMatchers` reads them back. */
export function formatMatchers(matchers: readonly Matcher[]): string {
	return formatSelector({ metric: "x", where: matchers }).slice(2, -1);
}

const tests = new WeakMap<Matcher, (value: string) => boolean>();

/** True when every matcher holds. */
export function matchesLabels(matchers: readonly Matcher[], labels: Labels): boolean {
	return matchers.every((matcher) => {
		let test = tests.get(matcher);
		if (!test) {
			test = matcherTest(matcher);
			tests.set(matcher, test);
		}
		return test(labelOf(labels, matcher.name));
	});
}

export function labelOf(labels: Labels, name: string): string {
	return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}
