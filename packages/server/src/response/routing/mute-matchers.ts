import { formatMatchers, type Matcher, parseMatchers } from "#catalogue";

/** Parsed texts are few and asked for again with every decision. */
const MAX_KEPT = 1_000;
const known = new Map<string, readonly (readonly Matcher[])[]>();

/** The sets of a mute as they are stored: JSON list of texts, each in PromQL. What cannot be read matches nothing. */
export function readSets(stored: string): readonly (readonly Matcher[])[] {
	let sets = known.get(stored);
	if (!sets) {
		sets = (JSON.parse(stored) as string[]).flatMap((text) => {
			const reading = parseMatchers(text);
			return reading.status === "ok" ? [reading.matchers] : [];
		});
		if (known.size >= MAX_KEPT) known.clear();
		known.set(stored, sets);
	}
	return sets;
}

export function writeSets(sets: readonly (readonly Matcher[])[]): string {
	return JSON.stringify(sets.map(formatMatchers));
}
