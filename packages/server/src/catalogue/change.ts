import type { Catalogue } from "./types.ts";

export type ChangeKind =
	| "Settings"
	| "Tier"
	| "KeyTenant"
	| "Workload"
	| "SLO"
	| "Monitor"
	| "Person"
	| "Schedule"
	| "EscalationPolicy"
	| "Channel"
	| "NoticeTemplate";

/** One field that differs. `words` is for people: `objective 0.995 → 0.999`. */
export interface FieldChange {
	readonly path: string;
	readonly before: unknown;
	readonly after: unknown;
	readonly words: string;
}

/** What `apply` would do to one object. `fields` is empty unless `action` is `changed`. */
export interface Change {
	readonly action: "added" | "removed" | "changed";
	readonly kind: ChangeKind;
	readonly name: string;
	readonly fields: readonly FieldChange[];
}

/** Everything that differs between two catalogues, in the order of the kinds, then by name. `before` undefined: all is new. */
export function planChanges(_before: Catalogue | undefined, _after: Catalogue): Change[] {
	return [];
}
