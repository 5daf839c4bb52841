import type { Feed } from "#catalogue";
import { MAX_OBJECTS } from "./gather.ts";
import { parseFeed } from "./parse.ts";
import { listOf, objectOf, objectsOf } from "./read.ts";
import type { FeedFault, FeedMessage, ParsedFeed, PlatformHealthFact } from "./types.ts";

type Parsed = Extract<ParsedFeed, { readonly status: "parsed" }>;

export interface PulledMessages {
	/** Pages and parts of all that was asked, each read like a message that was sent. */
	readonly messages: readonly FeedMessage[];
	/** Every address and page answered. */
	readonly isWhole: boolean;
	/** When the first of them was asked: what came to be known later is not contradicted by its absence. */
	readonly askedAt: number;
}

/**
 * What a system that was asked says, as one message. An answer that is whole lists all that is open, so what it does not
 * name has ended; one with a part that cannot be read is not whole. Never throws.
 */
export function parsePulled(feed: Feed, { messages, isWhole, askedAt }: PulledMessages): ParsedFeed {
	const parts: Parsed[] = [];
	for (const message of messages) {
		const part = parseFeed(feed, message);
		if (part.status === "malformed") return part;
		parts.push(part);
	}
	const told = parts.flatMap((part): readonly unknown[] => part.facts);
	const faults = parts.flatMap((part): readonly FeedFault[] => part.faults);
	const left = parts.reduce((sum, part) => sum + part.left, 0);
	const isHealth = feed.gives === "platform-health";
	const prefix = isHealth && isWhole && faults.length === 0 ? openPrefix(feed, messages, told) : undefined;
	// Lists of issues go back for months. What ended long ago ends here as well by not being named.
	const facts = prefix === undefined ? told : told.filter((fact) => !isHistory(fact as PlatformHealthFact, askedAt));
	// Holding a thousand takes a third of a second of the thread that pages.
	if (facts.length > MAX_OBJECTS) {
		return { status: "malformed", message: `The answer tells more than ${MAX_OBJECTS} facts at once.` };
	}
	const { gives } = feed;
	if (gives !== "platform-health") return { status: "parsed", gives, facts, left, faults } as Parsed;
	return {
		status: "parsed",
		gives,
		facts: facts as PlatformHealthFact[],
		left,
		faults,
		complete: prefix === undefined ? undefined : { prefix, at: askedAt },
	};
}

const HISTORY_MS = 3 * 24 * 3_600_000;

function isHistory({ endedAt }: PlatformHealthFact, askedAt: number): boolean {
	return endedAt !== undefined && endedAt < askedAt - HISTORY_MS;
}

/** Ids of which the answer names all that are open. */
function openPrefix(feed: Feed, messages: readonly FeedMessage[], facts: readonly unknown[]): string | undefined {
	switch (feed.kind) {
		case "alertmanager":
			return "alert:";
		case "azure-service-health":
			return "event:";
		case "m365-health":
			return readsAllIssues(feed, messages, facts) ? "issue:" : undefined;
		case "status-json":
			// A page that lists its components alone says nothing of incidents, which may be sent besides.
			return messages.every(({ body }) => Array.isArray(objectOf(body)?.incidents)) ? "" : "component:";
		default:
			return undefined;
	}
}

/** Whether issues were asked for, and every one that came could be read; those inside a service have no faults of their own. */
function readsAllIssues(feed: Feed, messages: readonly FeedMessage[], facts: readonly unknown[]): boolean {
	if (!feed.pull?.urls.some((url) => /issues/i.test(url))) return false;
	const inside = messages.flatMap(({ body }) =>
		objectsOf(objectOf(body)?.value).flatMap(({ issues }) => listOf(issues)),
	);
	const read = facts.filter((fact) => (fact as PlatformHealthFact).externalId.startsWith("issue:"));
	return read.length >= inside.length;
}

/** Equal for two messages that say the same, whenever each was asked: a repetition need not be held again. */
export function newsDigest(parsed: Parsed): string {
	const facts = parsed.facts.map((fact) => {
		const { revisedAt, startedAt, ...rest } = fact as PlatformHealthFact;
		return rest.isStartKnown === false ? rest : { ...rest, revisedAt, startedAt };
	});
	const prefix = parsed.gives === "platform-health" ? parsed.complete?.prefix : undefined;
	return JSON.stringify([facts, prefix, parsed.faults]);
}
