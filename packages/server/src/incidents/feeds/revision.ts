import { createHash } from "node:crypto";
import { canonicalJson } from "#platform";

/** Which version of a fact is held. */
export interface Revision {
	readonly revised_at: number;
	readonly revision_rank: number;
	readonly digest: string;
}

/** Of what a fact says, without the time of its version. */
export function digestOf(content: object): string {
	return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

/**
 * Whether a version replaces the one that is held. The order is total, so that the same messages lead to the same state
 * in whatever order they come: the later one, then the higher rank, then (arbitrary, but the same for all) the digest.
 */
export function compareRevision(held: Revision | undefined, next: Revision): "new" | "changed" | "same" | "older" {
	if (held === undefined) return "new";
	const order =
		next.revised_at - held.revised_at ||
		next.revision_rank - held.revision_rank ||
		(next.digest === held.digest ? 0 : next.digest > held.digest ? 1 : -1);
	if (order < 0) return "older";
	return next.digest === held.digest ? "same" : "changed";
}
