/** One event of a calendar after recurrences were expanded. */
export interface ReadEvent {
	readonly title: string;
	/** Names of people that the title means; empty: nobody that the catalogue knows. */
	readonly people: readonly string[];
	readonly priority: number | undefined;
	readonly from: number;
	readonly to: number;
}

/** What became of reading a calendar. */
export type CalendarReading =
	| {
			readonly status: "read";
			readonly events: readonly ReadEvent[];
			/** Titles that name nobody, each once. */
			readonly unknown: readonly string[];
	  }
	| { readonly status: "unreadable"; readonly reason: string };
