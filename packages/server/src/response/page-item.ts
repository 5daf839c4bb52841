import type { ContactRuleName } from "#catalogue";
import type { Incident } from "#incidents";

/** Why a person is paged for an incident, kept with what waits. */
export interface PageOccasion {
	/** Index of the escalation step; −1: none, as for the lead. */
	readonly step: number;
	readonly isRepeat: boolean;
	readonly rule?: ContactRuleName | undefined;
	/** Put before the sentence, e.g. that a mitigation did not hold. */
	readonly lead?: string | undefined;
}

/** One incident's part of a page. */
export interface PageItem {
	readonly incident: Incident;
	readonly occasion: PageOccasion;
}
