import type { Clock } from "@bellwether/model";
import type { Feed, FeedPullSettings } from "#catalogue";
import {
	type FeedAnswer,
	type FeedEngine,
	type FeedMessage,
	type PullCredentials,
	PullFailure,
	type PullHttp,
} from "#telemetry";
import { ConditionalReader } from "./conditional-reader.ts";
import { gitHubMessages } from "./github-lists.ts";
import { type ReadJson, sameOrigin } from "./read-json.ts";

export interface FeedEngineOptions {
	readonly feed: Feed & { readonly pull: FeedPullSettings };
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
	readonly clock: Clock;
}

const MAX_PAGES = 20;
const RESOURCE_GRAPH = /\/providers\/Microsoft\.ResourceGraph\/resources$/i;
/** What is open, and what ended lately: it is asked far more often than every three days. */
const RESOURCE_GRAPH_QUERY = `ServiceHealthResources
| where type =~ 'microsoft.resourcehealth/events'
| where properties.Status =~ 'Active' or todatetime(properties.LastUpdateTime) > ago(3d)
| project name, properties`;

/** Asks the addresses of a feed one after the other. One that fails does not keep the others from being read. */
export function createFeedEngine({ feed, http, credentials, clock }: FeedEngineOptions): FeedEngine {
	const { urls, timeoutMs, maxResponseBytes } = feed.pull;
	const accept = feed.kind === "github" ? "application/vnd.github+json" : "application/json";
	const reader = new ConditionalReader({
		http,
		credentials,
		timeoutMs,
		accept,
		maxAgeMs: feed.expectEveryMs ?? Number.POSITIVE_INFINITY,
		now: () => clock.now(),
	});
	return {
		get requests() {
			return reader.requests;
		},
		get unchanged() {
			return reader.unchanged;
		},
		async ask(signal): Promise<FeedAnswer> {
			const askedAt = clock.now();
			const messages: FeedMessage[] = [];
			let failure: PullFailure | undefined;
			for (const url of urls) {
				let bytesLeft = maxResponseBytes;
				const read: ReadJson = async (address, body) => {
					const { json, bytes } = await reader.read({ url: address, body, maxBytes: bytesLeft, signal });
					bytesLeft -= bytes;
					return json;
				};
				try {
					messages.push(...(await messagesAt(feed, url, read, askedAt)));
				} catch (error) {
					if (!(error instanceof PullFailure) || signal.aborted) throw error;
					failure = longerWait(failure, error);
				}
			}
			if (failure === undefined) reader.forgetUnused();
			else if (messages.length === 0) throw failure;
			return { messages, isWhole: failure === undefined, askedAt, failure };
		},
	};
}

async function messagesAt(
	feed: FeedEngineOptions["feed"],
	url: string,
	read: ReadJson,
	askedAt: number,
): Promise<FeedMessage[]> {
	const message = (body: unknown): FeedMessage => ({ headers: {}, body, receivedAt: askedAt });
	if (feed.kind === "github") return gitHubMessages(url, await read(url), read, askedAt);
	if (RESOURCE_GRAPH.test(new URL(url).pathname)) return (await resourceGraphPages(feed.pull, url, read)).map(message);
	return (await linkedPages(url, read)).map(message);
}

/** A list of Microsoft's names its next page; other answers have one page. */
async function linkedPages(first: string, read: ReadJson): Promise<unknown[]> {
	const pages: unknown[] = [];
	for (let url: string | undefined = first; url !== undefined; ) {
		if (pages.length === MAX_PAGES) throw tooManyPages(first);
		const page: unknown = await read(url);
		pages.push(page);
		const links = (page ?? {}) as { readonly "@odata.nextLink"?: unknown; readonly nextLink?: unknown };
		const next = links["@odata.nextLink"] ?? links.nextLink;
		url = typeof next === "string" && next !== "" ? sameOrigin(next, first) : undefined;
	}
	return pages;
}

async function resourceGraphPages(
	{ subscriptions }: FeedPullSettings,
	url: string,
	read: ReadJson,
): Promise<unknown[]> {
	const pages: unknown[] = [];
	for (let skipToken: string | undefined; ; ) {
		if (pages.length === MAX_PAGES) throw tooManyPages(url);
		const options = { resultFormat: "objectArray", ...(skipToken === undefined ? {} : { $skipToken: skipToken }) };
		const asked = { query: RESOURCE_GRAPH_QUERY, options, ...(subscriptions.length === 0 ? {} : { subscriptions }) };
		const page = await read(url, JSON.stringify(asked));
		pages.push(page);
		const { $skipToken: next, resultTruncated } = (page ?? {}) as Readonly<Record<string, unknown>>;
		if (typeof next === "string" && next !== "") skipToken = next;
		else if (resultTruncated === "true")
			throw new PullFailure("partial", `${new URL(url).host} left rows out`, "name fewer subscriptions");
		else return pages;
	}
}

function tooManyPages(url: string): PullFailure {
	return new PullFailure("too_large", `${new URL(url).host} has more than ${MAX_PAGES} pages`, "narrow the address");
}

/** Of several failures the first, but not asked again before any of them allows it. */
function longerWait(first: PullFailure | undefined, next: PullFailure): PullFailure {
	if (first === undefined) return next;
	const wait = Math.max(first.retryAfterMs ?? 0, next.retryAfterMs ?? 0);
	return wait === (first.retryAfterMs ?? 0) ? first : new PullFailure(first.reason, first.message, first.remedy, wait);
}
