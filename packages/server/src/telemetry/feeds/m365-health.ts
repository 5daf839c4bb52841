import type { Feed } from "#catalogue";
import { gather, MAX_OBJECTS } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, listOf, lookUp, names, objectOf, textOf } from "./read.ts";
import type { FeedMessage, ParsedFeed, PlatformHealthFact, PlatformState } from "./types.ts";

/**
 * What each status of Microsoft 365 service health means for the service
 * (https://learn.microsoft.com/graph/api/resources/servicehealth). `ended`: no longer a problem, or, as with a false
 * positive, never one. A status that is not listed is unknown, as is an investigation that was suspended.
 */
const STATUSES: Readonly<Record<string, PlatformState | "ended">> = {
	serviceOperational: "operational",
	reported: "degraded",
	confirmed: "degraded",
	investigating: "degraded",
	serviceDegradation: "degraded",
	restoringService: "degraded",
	verifyingService: "degraded",
	extendedRecovery: "degraded",
	serviceInterruption: "outage",
	serviceRestored: "ended",
	resolved: "ended",
	resolvedExternal: "ended",
	mitigated: "ended",
	mitigatedExternal: "ended",
	falsePositive: "ended",
	postIncidentReviewPublished: "ended",
	investigationSuspended: "unknown",
};

/**
 * Microsoft Graph `serviceAnnouncement/healthOverviews` (serviceHealth, with or without its issues) and
 * `serviceAnnouncement/issues` (serviceHealthIssue): a list under `value`, or one object.
 */
export function parseM365Health(feed: Feed, { body, receivedAt }: FeedMessage): ParsedFeed {
	const message = objectOf(body);
	const objects = Array.isArray(body) ? body : Array.isArray(message?.value) ? message.value : message ? [message] : [];
	if (objects.length === 0 && message?.value === undefined) {
		return {
			status: "malformed",
			message: "The body is neither a list `value` nor a serviceHealth or serviceHealthIssue.",
		};
	}
	if (objects.length > MAX_OBJECTS)
		return { status: "malformed", message: `More than ${MAX_OBJECTS} objects in one message.` };
	const gathered = gather(feed, "value", objects, (object) => {
		if (object.isResolved !== undefined || object.startDateTime !== undefined) return issueOf(object);
		const own = serviceOf(object, receivedAt);
		if ("fault" in own) return own;
		const issues = listOf(object.issues).flatMap((issue) => {
			const read = objectOf(issue);
			const facts = read && issueOf(read);
			return facts && !("fault" in facts) ? facts : [];
		});
		return [...own, ...issues];
	});
	return { status: "parsed", gives: "platform-health", ...gathered };
}

function serviceOf(
	service: JsonObject,
	receivedAt: number,
): readonly PlatformHealthFact[] | { readonly fault: string } {
	const name = textOf(service.service);
	const id = textOf(service.id, 100) ?? name;
	const status = textOf(service.status, 60);
	if (name === undefined || id === undefined) return { fault: "service is missing" };
	if (status === undefined) return { fault: "status is missing" };
	const state = lookUp(STATUSES, status) ?? "unknown";
	return [
		{
			externalId: `service:${id}`,
			// An overview has no time of its own; it says how it is when it is asked.
			revisedAt: receivedAt,
			rank: 0,
			title: `${name}: ${spaced(status)}`,
			component: names(name, id),
			state: state === "ended" ? "operational" : state,
			sourceStatus: status,
			startedAt: receivedAt,
			isStartKnown: false,
		},
	];
}

function issueOf(issue: JsonObject): readonly PlatformHealthFact[] | { readonly fault: string } {
	const id = textOf(issue.id, 100);
	const status = textOf(issue.status, 60);
	const startedAt = instantOf(issue.startDateTime);
	const service = textOf(issue.service);
	if (id === undefined) return { fault: "id is missing" };
	if (status === undefined) return { fault: "status is missing" };
	if (startedAt === undefined) return { fault: "startDateTime is missing or no time" };
	if (service === undefined) return { fault: "service is missing" };
	const revisedAt = instantOf(issue.lastModifiedDateTime) ?? startedAt;
	const meaning = lookUp(STATUSES, status) ?? "unknown";
	const isEnded = issue.isResolved === true || meaning === "ended";
	return [
		{
			externalId: `issue:${id}`,
			revisedAt,
			rank: isEnded ? 1 : 0,
			title: textOf(issue.title) ?? textOf(issue.impactDescription) ?? id,
			link: linkOf(issue.link),
			// The most precise first: a catalogue may tell features of one service apart.
			component: names(join(service, issue.feature), join(service, issue.featureGroup), service),
			state: meaning === "ended" ? "operational" : meaning,
			sourceStatus: status,
			startedAt,
			isStartKnown: true,
			endedAt: isEnded ? Math.max(startedAt, instantOf(issue.endDateTime) ?? revisedAt) : undefined,
		},
	];
}

function join(service: string, part: unknown): string | undefined {
	const text = textOf(part);
	return text && `${service}/${text}`;
}

/** serviceDegradation → service degradation. */
function spaced(status: string): string {
	return status.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
