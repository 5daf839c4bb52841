import { type Text, times } from "../text.ts";

/** Why a page is held back and until when, in a few words. */
export function heldWords(t: Text, kind: string, until: number | null, now: number): string {
	const what =
		kind === "mute" || kind === "maintenance" || kind === "inhibition" || kind === "interval"
			? t(`held.${kind}`)
			: kind;
	return until === null ? what : t("held.until", { what, until: times.at(until, now) });
}
