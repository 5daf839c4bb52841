/** Steps from a document's root to a value: keys of maps, indexes of lists. */
export type Path = readonly (string | number)[];

/** Characters that could rewrite a terminal line or reverse text, written out. */
export function escapeControls(text: string): string {
	return text.replace(
		/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}

/** `spec.objectives.0.target`; keys that are no plain word in brackets: `spec.match["tenant.id"]`. */
export function pathText(path: Path): string {
	if (path.length === 0) return "The document";
	return path
		.map((step, k) => {
			if (typeof step === "number" || /^[A-Za-z_][\w-]*$/.test(step)) return k === 0 ? `${step}` : `.${step}`;
			return `[${show(step)}]`;
		})
		.join("");
}

/** A value as it stands in a message: texts in quotes and cut, containers by their sort. */
export function show(value: unknown): string {
	if (typeof value === "string") {
		const cut = value.length > 60 ? `${value.slice(0, 57)}...` : value;
		return `"${escapeControls(cut)}"`;
	}
	if (Array.isArray(value)) return "(a list)";
	if (typeof value === "object" && value !== null) return "(an object)";
	return String(value);
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
	if (words.length < 2) return words.join("");
	return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

export function count(n: number, one: string, many = `${one}s`): string {
	return `${n} ${n === 1 ? one : many}`;
}

/** The known word nearest to what was written, when it is near enough to be meant. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
	let best: string | undefined;
	let bestDistance = Math.max(1, Math.floor(Math.min(written.length, 24) / 3)) + 1;
	for (const word of known) {
		if (Math.abs(word.length - written.length) >= bestDistance) continue;
		const distance = editDistance(written.toLowerCase(), word.toLowerCase());
		if (distance < bestDistance) {
			best = word;
			bestDistance = distance;
		}
	}
	return best;
}

/** Something left out, such as `Tenant` for `KeyTenant`. */
function isPartOf(written: string, word: string): boolean {
	return written.length >= 4 && word.toLowerCase().includes(written.toLowerCase());
}

/** Did you mean …? Else what is known, when that is short enough to read. */
export function suggest(written: string, known: readonly string[], nothingKnown: string): string {
	const near = nearest(written, known) ?? known.find((word) => isPartOf(written, word));
	if (near !== undefined) return `Did you mean "${near}"?`;
	if (known.length === 0) return nothingKnown;
	return known.length <= 12
		? `Write ${oneOf(known)}.`
		: `Known are ${known.slice(0, 8).join(", ")} and ${known.length - 8} more.`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
	let before: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, k) => k);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const cost = a[i - 1] === b[j - 1] ? 0 : 1;
			let value = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + cost);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
				value = Math.min(value, (before[j - 2] as number) + 1);
			row.push(value);
		}
		before = last;
		last = row;
	}
	return last[b.length] as number;
}
