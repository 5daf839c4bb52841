import type { Feed, FeedKind } from "#catalogue";
import { parseAlertmanager } from "./alertmanager.ts";
import { parseAzureDevOps } from "./azure-devops.ts";
import { parseAzureServiceHealth } from "./azure-service-health.ts";
import { parseCloudEvents } from "./cloudevents.ts";
import { parseGitHub } from "./github.ts";
import { parseJson } from "./json.ts";
import { parseM365Health } from "./m365-health.ts";
import { parseStatusJson } from "./status-json.ts";
import type { FeedMessage, ParsedFeed } from "./types.ts";

type Parser = (feed: Feed, message: FeedMessage) => ParsedFeed;

const PARSERS: Readonly<Record<FeedKind, Parser>> = {
	alertmanager: parseAlertmanager,
	"status-json": parseStatusJson,
	"m365-health": parseM365Health,
	"azure-service-health": parseAzureServiceHealth,
	cloudevents: parseCloudEvents,
	github: parseGitHub,
	"azure-devops": parseAzureDevOps,
	json: parseJson,
};

/** What a message of a feed says. Never throws; the same message gives the same facts. */
export function parseFeed(feed: Feed, message: FeedMessage): ParsedFeed {
	return PARSERS[feed.kind](feed, message);
}
