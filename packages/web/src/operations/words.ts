import type { CellState, FeedState, HealthPart, SourceView } from "../api-types.ts";

/** How the pages of the administration write what they know. Pure, so that what is unknown can be proven to stay so. */

/** The look of a state of these pages: the same signs as on the fleet page, with words of their own. */
export const LOOK_OF_PART: Readonly<Record<HealthPart["state"], CellState>> = {
	well: "healthy",
	attention: "at-risk",
	failing: "breach",
	unknown: "no-data",
};

export type SourceState = SourceView["state"] | "quiet";

export const LOOK_OF_SOURCE: Readonly<Record<SourceState, CellState>> = {
	quiet: "no-data",
	ok: "healthy",
	behind: "at-risk",
	failing: "breach",
	silent: "no-data",
	late: "at-risk",
	down: "no-data",
	starting: "no-data",
};

export type FeedLook = FeedState["state"] | "failing";

/** A feed that is asked and did not answer last is failing, whatever it said before; what is stale stays so. */
export function stateOfFeed({ state, pull }: Pick<FeedState, "state" | "pull">): FeedLook {
	return pull?.state === "failing" && state !== "stale" ? "failing" : state;
}

export const LOOK_OF_FEED: Readonly<Record<FeedLook, CellState>> = {
	failing: "at-risk",
	live: "healthy",
	stale: "at-risk",
	waiting: "no-data",
};

const QUIET_AFTER_MS = 900_000;

/** A sender whose rhythm is not known is not called late; after a quarter of an hour it is not called well either. */
export function stateOfSource(source: Pick<SourceView, "state" | "how" | "lastSuccessAt">, now: number): SourceState {
	const { state, how, lastSuccessAt } = source;
	const isQuiet = lastSuccessAt === null || now - lastSuccessAt > QUIET_AFTER_MS;
	return state === "ok" && how === "push" && isQuiet ? "quiet" : state;
}

/** `1,204,551`. */
export function formatCount(value: number): string {
	return Math.round(value).toLocaleString("en");
}

/** `412 kB`, `38 MB`, `1.2 GB`; never 0 of something that is there. */
export function formatBytes(value: number): string {
	if (value >= 1e9) return `${(value / 1e9).toFixed(1)}\u00a0GB`;
	if (value >= 1e6) return `${Math.round(value / 1e6)}\u00a0MB`;
	return `${Math.ceil(value / 1e3)}\u00a0kB`;
}

/** What another program says, as a sentence of ours: `check url` is `Check url.` */
export function asSentence(text: string): string {
	const trimmed = text.trim();
	if (trimmed === "") return "";
	return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`;
}

/** A name that files and addresses can have, made of an id: `Contoso Ltd.` is `contoso-ltd`; undefined: it has no letters. */
export function suggestName(value: string): string | undefined {
	const name = value
		.normalize("NFKD")
		.replace(/[\u0300-\u036f]/g, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 63)
		.replace(/-+$/, "");
	return name === "" ? undefined : name;
}
