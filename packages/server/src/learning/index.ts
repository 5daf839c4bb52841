/** Signatures first; the bodies follow. */
import type { Catalogue } from "#catalogue";
import type { Incident } from "#incidents";
import type { Db, TenantScope, Tx } from "#platform";
import type { Measures, ProgramReport } from "./types.ts";

export * from "./types.ts";
export declare function measuresOf(incident: Incident): Measures;
export declare function programReport(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	now: number,
): Promise<ProgramReport>;
