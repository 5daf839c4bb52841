import type { Feed } from "#catalogue";
import { gather, MAX_OBJECTS, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, lookUp, names, objectOf, objectsOf, textOf } from "./read.ts";
import type { FeedMessage, ParsedFeed, PlatformHealthFact, PlatformState } from "./types.ts";

const EVENT_STATES: Readonly<Record<string, PlatformState | undefined>> = {
	serviceissue: "degraded",
	plannedmaintenance: "maintenance",
};
const OUTAGE_LEVELS = new Set(["error", "critical"]);

/**
 * Azure Resource Graph, table ServiceHealthResources, type microsoft.resourcehealth/events
 * (https://learn.microsoft.com/azure/service-health/resource-graph-samples): rows under `data`, as objects. The REST list
 * of Resource Health (`value`, names in lower camel case) is read too. Advisories and billing events are left out: they
 * say nothing about how the service is now.
 */
export function parseAzureServiceHealth(feed: Feed, { body }: FeedMessage): ParsedFeed {
	const message = objectOf(body);
	const rows = Array.isArray(body) ? body : (message?.data ?? message?.value);
	const list = Array.isArray(rows) ? rows : message?.properties !== undefined ? [message] : undefined;
	if (!list) {
		const table = objectOf(message?.data)?.columns !== undefined;
		const remedy = table ? " Ask Resource Graph for resultFormat objectArray." : "";
		return { status: "malformed", message: `The body has no list of rows under \`data\` or \`value\`.${remedy}` };
	}
	if (list.length > MAX_OBJECTS)
		return { status: "malformed", message: `More than ${MAX_OBJECTS} rows in one message.` };
	return { status: "parsed", gives: "platform-health", ...gather(feed, "data", list, eventOf) };
}

function eventOf(row: JsonObject): Reading<PlatformHealthFact> {
	const written = objectOf(row.properties);
	if (!written) return { fault: "properties are missing" };
	const properties = lowered(written);
	const eventType = textOf(properties.eventtype, 60) ?? "";
	const state = lookUp(EVENT_STATES, eventType.toLowerCase());
	if (state === undefined) return eventType === "" ? { fault: "EventType is missing" } : "leave";
	const id = textOf(properties.trackingid, 100) ?? textOf(row.name, 100);
	const startedAt = instantOf(properties.impactstarttime);
	const status = textOf(properties.status, 60);
	if (id === undefined) return { fault: "TrackingId is missing" };
	if (startedAt === undefined) return { fault: "ImpactStartTime is missing or no time" };
	if (status === undefined) return { fault: "Status is missing" };
	const revisedAt = instantOf(properties.lastupdatetime) ?? startedAt;
	const mitigatedAt = instantOf(properties.impactmitigationtime);
	const isEnded = status.toLowerCase() !== "active";
	const level = textOf(properties.eventlevel ?? properties.level, 30)?.toLowerCase() ?? "";
	const impacts = objectsOf(properties.impact).map(lowered);
	const base = {
		revisedAt,
		rank: isEnded ? 1 : 0,
		title: textOf(properties.title) ?? id,
		state: state === "degraded" && OUTAGE_LEVELS.has(level) ? ("outage" as const) : state,
		sourceStatus: `${eventType} ${status}`,
		startedAt,
		isStartKnown: true,
		endedAt: isEnded ? Math.max(startedAt, mitigatedAt ?? revisedAt) : undefined,
	};
	const facts = impacts.flatMap((impact): PlatformHealthFact[] => {
		const service = textOf(impact.impactedservice);
		if (service === undefined) return [];
		const regions = objectsOf(impact.impactedregions).flatMap((each) => textOf(lowered(each).impactedregion) ?? []);
		if (regions.length === 0) regions.push("");
		return regions.map((region) => ({
			...base,
			externalId: `event:${id}:${service}:${region}`,
			title: region === "" ? base.title : `${base.title} (${region})`,
			component: names(region === "" ? undefined : `${service}/${region}`, service),
		}));
	});
	return facts.length > 0 ? facts : { fault: "Impact names no service" };
}

/** Resource Graph and the REST interface write the same names in different case. */
function lowered(object: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
}
