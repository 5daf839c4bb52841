import type { Feed } from "#catalogue";
import { gather, MAX_OBJECTS, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, listOf, lookUp, names, objectOf, objectsOf, textOf } from "./read.ts";
import type { FeedMessage, ParsedFeed, PlatformHealthFact, PlatformState } from "./types.ts";

const COMPONENT_STATES: Readonly<Record<string, PlatformState>> = {
	operational: "operational",
	under_maintenance: "maintenance",
	degraded_performance: "degraded",
	partial_outage: "degraded",
	major_outage: "outage",
	// Other status pages speak alike with other words.
	degraded: "degraded",
	outage: "outage",
	maintenance: "maintenance",
};

const IMPACT_STATES: Readonly<Record<string, PlatformState>> = {
	none: "operational",
	minor: "degraded",
	major: "degraded",
	critical: "outage",
	maintenance: "maintenance",
};

const ENDED = new Set(["resolved", "postmortem", "completed"]);
const NOT_BEGUN = "scheduled";

/**
 * A status page's JSON: `summary.json` as Statuspage has it (https://www.atlassian.com/software/statuspage, "Status API"),
 * its webhooks for a component or an incident, or any object with `components` of `name` and `status`.
 */
export function parseStatusJson(feed: Feed, { body, receivedAt }: FeedMessage): ParsedFeed {
	const message = objectOf(body);
	if (!message) return { status: "malformed", message: "The body is not an object." };
	const page = objectOf(message.page);
	const pageLink = linkOf(page?.url);
	const update = objectOf(message.component_update);
	const oneComponent = objectOf(message.component);
	if (oneComponent) return componentWebhook(feed, update, oneComponent, receivedAt, pageLink);
	const oneIncident = objectOf(message.incident);
	if (oneIncident) return parsed([gather(feed, "incident", [oneIncident], (each) => incidentOf(each, receivedAt))]);
	const { components } = message;
	if (!Array.isArray(components)) {
		return { status: "malformed", message: "The body has no list `components`, no `component` and no `incident`." };
	}
	const incidents = [...listOf(message.incidents), ...listOf(message.scheduled_maintenances)];
	if (components.length + incidents.length > MAX_OBJECTS) {
		return { status: "malformed", message: `More than ${MAX_OBJECTS} components and incidents in one message.` };
	}
	const at = instantOf(page?.updated_at) ?? receivedAt;
	const all = parsed([
		gather(feed, "components", components, (each) => componentOf(each, at, pageLink)),
		gather(feed, "incidents", incidents, (each) => incidentOf(each, receivedAt)),
	]);
	// A summary names every incident that is open: one that it no longer names is over.
	const isSummary = Array.isArray(message.incidents);
	return isSummary && all.status === "parsed" && all.gives === "platform-health"
		? { ...all, complete: { prefix: "incident:", at: receivedAt } }
		: all;
}

function parsed(parts: readonly ReturnType<typeof gather<PlatformHealthFact>>[]): ParsedFeed {
	return {
		status: "parsed",
		gives: "platform-health",
		facts: parts.flatMap((part) => part.facts),
		left: parts.reduce((sum, part) => sum + part.left, 0),
		faults: parts.flatMap((part) => part.faults),
	};
}

function componentWebhook(
	feed: Feed,
	update: JsonObject | undefined,
	component: JsonObject,
	receivedAt: number,
	page: string | undefined,
): ParsedFeed {
	const at = instantOf(update?.created_at) ?? receivedAt;
	const now = { ...component, status: update?.new_status ?? component.status, updated_at: update?.created_at };
	return parsed([gather(feed, "component", [now], (each) => componentOf(each, at, page))]);
}

function componentOf(component: JsonObject, at: number, page: string | undefined): Reading<PlatformHealthFact> {
	// A group only repeats what its components say.
	if (component.group === true) return "leave";
	const name = textOf(component.name);
	const id = textOf(component.id, 100) ?? name;
	const status = textOf(component.status, 60);
	if (name === undefined || id === undefined) return { fault: "name is missing" };
	if (status === undefined) return { fault: "status is missing" };
	const startedAt = instantOf(component.updated_at) ?? at;
	return [
		{
			externalId: `component:${id}`,
			revisedAt: startedAt,
			rank: 0,
			title: `${name}: ${status.replaceAll("_", " ")}`,
			link: page,
			component: names(name, id),
			state: lookUp(COMPONENT_STATES, status.toLowerCase()) ?? "unknown",
			sourceStatus: status,
			startedAt,
			isStartKnown: false,
		},
	];
}

function incidentOf(incident: JsonObject, receivedAt: number): Reading<PlatformHealthFact> {
	const id = textOf(incident.id, 100);
	const status = textOf(incident.status, 60);
	if (id === undefined) return { fault: "id is missing" };
	if (status === undefined) return { fault: "status is missing" };
	if (status === NOT_BEGUN) return "leave";
	const components = objectsOf(incident.components);
	if (components.length === 0) return "leave";
	const startedAt =
		instantOf(incident.scheduled_for) ?? instantOf(incident.started_at) ?? instantOf(incident.created_at) ?? receivedAt;
	const revisedAt = instantOf(incident.updated_at) ?? startedAt;
	const isEnded = ENDED.has(status);
	const impact = textOf(incident.impact, 60) ?? "";
	return components.map((component) => ({
		externalId: `incident:${id}:${textOf(component.id, 100) ?? textOf(component.name) ?? ""}`,
		revisedAt,
		rank: isEnded ? 1 : 0,
		title: textOf(incident.name) ?? "Incident",
		link: linkOf(incident.shortlink) ?? linkOf(incident.url),
		component: names(component.name, component.id),
		state: lookUp(IMPACT_STATES, impact) ?? "unknown",
		sourceStatus: status,
		startedAt,
		isStartKnown: true,
		endedAt: isEnded ? (instantOf(incident.resolved_at) ?? revisedAt) : undefined,
	}));
}
