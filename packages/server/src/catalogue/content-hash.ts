import { createHash } from "node:crypto";
import { withoutPlaces } from "./routing-types.ts";
import type { Catalogue } from "./types.ts";

/**
 * SHA-256, hex, over what the catalogue means: where something stands is left out, so that moving a document to another
 * file changes nothing. Object keys are sorted; the lists are sorted by the assembly already.
 */
export function contentHash(content: Omit<Catalogue, "hash">): string {
	const text = JSON.stringify(
		{
			...content,
			slos: content.slos.map(({ place: _, ...slo }) => slo),
			...(content.routing && { routing: withoutPlaces(content.routing) }),
		},
		(_key, value: unknown) => {
			if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
			const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
			return Object.fromEntries(entries);
		},
	);
	return createHash("sha256").update(text).digest("hex");
}
