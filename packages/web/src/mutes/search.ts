import { given } from "../search.ts";

export interface MutesSearch {
	/** Those that ended instead of those that hold. */
	readonly show?: "over";
	/** The form is open with these matchers. */
	readonly make?: string;
}

export function mutesSearch(search: Record<string, unknown>): MutesSearch {
	return given({
		show: search.show === "over" ? ("over" as const) : undefined,
		make: typeof search.make === "string" ? search.make.slice(0, 1_000) : undefined,
	});
}
