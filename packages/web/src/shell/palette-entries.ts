/** A place that the palette goes to. */
export interface Entry {
	readonly kind: "tenant" | "workload" | "slo" | "monitor" | "incident" | "page";
	/** Where it is, as an address. */
	readonly to: string;
	readonly name: string;
	/** More words by which it is found and told from others. */
	readonly about: string;
}

/** So many are shown: a longer list is answered by writing more. */
export const SHOWN = 12;

/** What fits, the best first: the name begins so, a word of it does, it is somewhere in it; among equals as they came. */
export function matching(entries: readonly Entry[], text: string): Entry[] {
	const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
	const ranked = entries
		.map((entry, at) => ({ entry, at, rank: rankOf(entry, words) }))
		.filter(({ rank }) => rank !== undefined);
	ranked.sort((a, b) => (a.rank as number) - (b.rank as number) || a.at - b.at);
	return ranked.slice(0, SHOWN).map(({ entry }) => entry);
}

/** Undefined: some word is nowhere. The sum over the words. */
function rankOf({ name, about }: Entry, words: readonly string[]): number | undefined {
	const title = name.toLowerCase();
	const all = `${title} ${about.toLowerCase()}`;
	let rank = 0;
	for (const word of words) {
		if (!all.includes(word)) return undefined;
		if (title.startsWith(word)) rank += 0;
		else if (title.split(/[\s,–-]+/).some((part) => part.startsWith(word))) rank += 1;
		else rank += title.includes(word) ? 2 : 3;
	}
	return rank;
}
