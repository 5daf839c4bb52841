import type { Entries, Entry } from "./entries.ts";

/** One SLO of the catalogue and where it is written: each objective of a document is one. */
export interface WrittenSlo {
	readonly name: string;
	readonly entry: Entry<"SLO">;
	/** Of the objective. */
	readonly index: number;
}

/**
 * The first objective has the document's name, others that name with their own behind it (or their number), so that a
 * reference means the same whatever is added.
 */
export function writtenSlos(entries: Entries): readonly WrittenSlo[] {
	const known = written.get(entries);
	if (known) return known;
	const slos = entries.of("SLO").flatMap((entry) =>
		entry.input.spec.objectives.map(({ displayName }, index) => {
			const suffix = slug(displayName ?? "") || String(index + 1);
			return { name: index === 0 ? entry.name : `${entry.name}-${suffix}`, entry, index };
		}),
	);
	written.set(entries, slos);
	return slos;
}

/** Every reference asks; entries are complete before the first does. */
const written = new WeakMap<Entries, readonly WrittenSlo[]>();

function slug(text: string): string {
	return text
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-+|-+$/g, "");
}
