import type { Feed } from "#catalogue";
import { customPaths, readCase, readChange } from "./custom-fields.ts";
import { gather, MAX_OBJECTS } from "./gather.ts";
import { objectOf, valueAt } from "./read.ts";
import type { FeedMessage, ParsedFeed } from "./types.ts";

const PATHS = customPaths("");

/** Objects of any system; the feed's `fields` say where ours stand in them. */
export function parseJson(feed: Feed, { body, receivedAt }: FeedMessage): ParsedFeed {
	const found = feed.items === undefined ? body : valueAt(body, feed.items);
	const objects = Array.isArray(found) ? found : objectOf(found) ? [found] : undefined;
	if (!objects) {
		const where = feed.items === undefined ? "The body" : `What stands at ${feed.items}`;
		return { status: "malformed", message: `${where} is neither an object nor a list.` };
	}
	if (objects.length > MAX_OBJECTS)
		return { status: "malformed", message: `More than ${MAX_OBJECTS} objects in one message.` };
	const place = feed.items ?? "";
	const fallback = { revisedAt: receivedAt };
	return feed.gives === "cases"
		? {
				status: "parsed",
				gives: "cases",
				...gather(feed, place, objects, (each) => readCase(feed, each, PATHS, fallback)),
			}
		: {
				status: "parsed",
				gives: "changes",
				...gather(feed, place, objects, (each) => readChange(feed, each, PATHS, fallback)),
			};
}
