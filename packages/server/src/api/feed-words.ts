import type { PlatformWord as PlatformWordRecord } from "#incidents";
import type { PlatformWord } from "./schemas-feeds.ts";

export function wireWord(word: PlatformWordRecord): PlatformWord {
	return {
		...word,
		since: word.since ?? null,
		title: word.title ?? null,
		link: word.link ?? null,
		sourceStatus: word.sourceStatus ?? null,
		heardAt: word.heardAt ?? null,
	};
}
