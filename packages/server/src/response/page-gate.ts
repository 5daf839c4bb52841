import { HOUR_MS, SECOND_MS } from "@bellwether/model";

/** Pages to one person that come closer together than this become one. */
const BUNDLE_MS = 10 * SECOND_MS;
/** Repetitions come as often as their policy says; those that fall together are one all the same. */
const REPEAT_BUNDLE_MS = SECOND_MS;
export const DEFAULT_PAGES_PER_HOUR = 30;

/** What a person's last hour of pages was like. `lastAt` ms epoch; undefined: there was none. */
export interface RecentPages {
	readonly lastAt: number | undefined;
	readonly inLastHour: number;
}

/** `now`, or together with others at `at`, and why. */
export type Gate =
	| { readonly status: "now" }
	| { readonly status: "waits"; readonly at: number; readonly why: "bundle" | "cap" };

/**
 * When a page to a person leaves. At most `perHour` do in any hour, and none is dropped: two fifths of them leave at
 * once (but for ten seconds, in which others join), of which repetitions may use half; beyond those, a page that comes
 * long enough after the last one still leaves at once, so that the first page of a storm never waits, and the others
 * wait for that time and then leave as one. With 30 an hour: 12 at once, then one every 200 s.
 */
export function whenToPage(recent: RecentPages, isRepeat: boolean, now: number, perHour: number): Gate {
	if (recent.lastAt === undefined) return { status: "now" };
	// The clock may have been set back since.
	const lastAt = Math.min(recent.lastAt, now);
	const { atOnce, spacingMs } = shares(perHour);
	const isFree = recent.inLastHour < (isRepeat ? Math.floor(atOnce / 2) : atOnce);
	const at = lastAt + (isFree ? (isRepeat ? REPEAT_BUNDLE_MS : BUNDLE_MS) : spacingMs);
	return at <= now ? { status: "now" } : { status: "waits", at, why: isFree ? "bundle" : "cap" };
}

/** How many pages of an hour may leave at once, and how far apart the others are. */
function shares(perHour: number): { readonly atOnce: number; readonly spacingMs: number } {
	const atOnce = Math.floor(perHour * 0.4);
	return { atOnce, spacingMs: Math.ceil(HOUR_MS / (perHour - atOnce)) };
}
