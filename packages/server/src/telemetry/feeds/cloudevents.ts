import type { Feed } from "#catalogue";
import { customPaths, type Fallback, readCase, readChange } from "./custom-fields.ts";
import { gather, MAX_OBJECTS, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, names, objectOf, textOf, valueAt } from "./read.ts";
import type { CaseFact, ChangeFact, FeedMessage, ParsedFeed } from "./types.ts";

const PATHS = customPaths("data.");
const REQUIRED = ["id", "source", "type"] as const;

/**
 * CloudEvents 1.0 over HTTP (https://github.com/cloudevents/spec): structured (`application/cloudevents+json`), batched
 * (`application/cloudevents-batch+json`), and binary, where the attributes are headers `ce-…` and the body is the data.
 * A fact's id is that of its data, else the event's subject, else the event's own id.
 */
export function parseCloudEvents(feed: Feed, message: FeedMessage): ParsedFeed {
	const events = eventsOf(message);
	if (!events) {
		return {
			status: "malformed",
			message:
				"The message is no CloudEvent: it has neither the headers ce-specversion, ce-id, ce-source, ce-type nor those attributes.",
		};
	}
	if (events.length > MAX_OBJECTS)
		return { status: "malformed", message: `More than ${MAX_OBJECTS} events in one message.` };
	const place = events.length === 1 ? "" : "events";
	return feed.gives === "cases"
		? {
				status: "parsed",
				gives: "cases",
				...gather(feed, place, events, (event) =>
					reading<CaseFact>(event, message, (fallback) => readCase(feed, event, PATHS, fallback)),
				),
			}
		: {
				status: "parsed",
				gives: "changes",
				...gather(feed, place, events, (event) =>
					reading<ChangeFact>(event, message, (fallback) => readChange(feed, event, PATHS, fallback)),
				),
			};
}

function eventsOf({ headers, body }: FeedMessage): readonly unknown[] | undefined {
	if (headers["ce-specversion"] !== undefined) {
		const attributes = Object.entries(headers).flatMap(([name, value]) =>
			name.startsWith("ce-") && value !== undefined ? [[name.slice(3), unescaped(value)] as const] : [],
		);
		return [{ ...Object.fromEntries(attributes), data: body }];
	}
	if (Array.isArray(body)) return body;
	return objectOf(body)?.specversion === undefined ? undefined : [body];
}

/** Header values are percent-encoded UTF-8; one that is not stays as it is. */
function unescaped(value: string): string {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

function reading<Fact>(
	event: JsonObject,
	{ receivedAt }: FeedMessage,
	read: (fallback: Fallback) => Reading<Fact>,
): Reading<Fact> {
	if (textOf(event.specversion) !== "1.0") return { fault: "specversion is not 1.0" };
	const missing = REQUIRED.find((attribute) => textOf(event[attribute]) === undefined);
	if (missing) return { fault: `${missing} is missing` };
	const type = textOf(event.type) as string;
	const subject = textOf(event.subject, 200);
	const at = instantOf(event.time) ?? receivedAt;
	return read({
		id: subject ?? textOf(event.id, 200),
		title: subject === undefined ? type : `${type}: ${subject}`,
		kind: type,
		state: lastWord(type),
		// CDEvents names what was deployed, and where, in its subject.
		component: names(
			valueAt(event, "data.subject.content.environment.id"),
			valueAt(event, "data.subject.id"),
			subject,
			event.source,
		),
		revisedAt: at,
		startedAt: at,
	});
}

/** `dev.cdevents.service.deployed.0.1.0` → `deployed`: the past participle of what the event reports. */
function lastWord(type: string): string | undefined {
	return type
		.split(".")
		.filter((part) => /^[a-z]/i.test(part))
		.at(-1);
}
