import type { Feed } from "#catalogue";
import { type JsonObject, objectOf, textOf, valueAt } from "./read.ts";
import type { FeedFault } from "./types.ts";

/** More would hold up other work: reading and holding a thousand takes a third of a second on a small machine. */
export const MAX_OBJECTS = 1_000;
/** Faults named per message; one slip can cause thousands. */
const MAX_FAULTS = 20;

export interface Gathered<Fact> {
	readonly facts: Fact[];
	readonly left: number;
	readonly faults: FeedFault[];
}

/** `leave`: the object is none of ours; a text: why it cannot be used. */
export type Reading<Fact> = readonly Fact[] | "leave" | { readonly fault: string };

/** Reads each object of a list by itself: one that cannot be used stands beside the others, it does not stop them. */
export function gather<Fact>(
	feed: Feed,
	place: string,
	objects: readonly unknown[],
	read: (object: JsonObject) => Reading<Fact>,
): Gathered<Fact> {
	const facts: Fact[] = [];
	const faults: FeedFault[] = [];
	let left = 0;
	for (const [k, value] of objects.entries()) {
		const object = objectOf(value);
		const reading =
			object === undefined ? { fault: "is not an object" } : isWanted(feed, object) ? read(object) : "leave";
		if (reading === "leave") left += 1;
		else if ("fault" in reading) {
			if (faults.length < MAX_FAULTS)
				faults.push({ place: `${place}${place === "" ? "" : "."}${k}`, message: reading.fault });
		} else facts.push(...reading);
	}
	return { facts, left, faults };
}

/** The feed's `only`: numbers and booleans are compared by their text. */
export function isWanted(feed: Feed, object: unknown): boolean {
	return Object.entries(feed.only).every(([path, values]) => {
		const value = valueAt(object, path);
		const texts = [value].flat().map((each) => (typeof each === "boolean" ? String(each) : textOf(each)));
		return texts.some((text) => text !== undefined && values.includes(text));
	});
}
