import type { CatalogueFile } from "./types.ts";

/** A commented, valid catalogue to begin with: one tenant, one workload, one SLO. */
export function starterFiles(): CatalogueFile[] {
	return [];
}
