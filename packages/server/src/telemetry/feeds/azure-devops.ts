import type { Feed } from "#catalogue";
import { isEnd, rankOf } from "./custom-fields.ts";
import { gather, MAX_OBJECTS, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, lookUp, names, objectOf, textOf, valueAt } from "./read.ts";
import type { ChangeFact, ChangeState, FeedMessage, ParsedFeed } from "./types.ts";

/**
 * Azure DevOps service hooks (https://learn.microsoft.com/azure/devops/service-hooks/events): deployments of classic
 * releases (`ms.vss-release.…`), states of pipeline runs and stages (`ms.vss-pipelines.…`), and `build.complete`.
 * A deployment's start and end are one change. Other events are left out. Lists of the REST interface are read too.
 */
export function parseAzureDevOps(feed: Feed, { body }: FeedMessage): ParsedFeed {
	const message = objectOf(body);
	if (Array.isArray(message?.value)) return parseList(feed, message.value);
	const eventType = textOf(message?.eventType, 100);
	if (!message || eventType === undefined) {
		return { status: "malformed", message: "The body has no eventType, so it is no service hook of Azure DevOps." };
	}
	const read = lookUp(READERS, eventType);
	if (!read) return { status: "parsed", gives: "changes", facts: [], left: 1, faults: [] };
	return { status: "parsed", gives: "changes", ...gather(feed, "", [message], read) };
}

/**
 * A list of the REST interface: classic releases' deployments (`_apis/release/deployments`) and builds, which runs of
 * pipelines are too (`_apis/build/builds`); https://learn.microsoft.com/rest/api/azure/devops. Ids are those of the hooks.
 */
function parseList(feed: Feed, list: readonly unknown[]): ParsedFeed {
	if (list.length > MAX_OBJECTS) return { status: "malformed", message: `More than ${MAX_OBJECTS} objects at once.` };
	const read = (object: JsonObject) => {
		if (objectOf(object.releaseEnvironment)) return listedDeploymentOf(object);
		return object.buildNumber === undefined
			? { fault: "is neither a deployment of a release nor a build" }
			: buildOf({ resource: object });
	};
	return { status: "parsed", gives: "changes", ...gather(feed, "value", list, read) };
}

/** A deployment of the list, told as the hook of its completion tells it. */
function listedDeploymentOf(deployment: JsonObject): Reading<ChangeFact> {
	const environment = objectOf(deployment.releaseEnvironment);
	const release = objectOf(deployment.release);
	const releaseDefinition = objectOf(deployment.releaseDefinition);
	return deploymentOf({
		createdDate: deployment.lastModifiedOn ?? deployment.completedOn ?? deployment.startedOn ?? deployment.queuedOn,
		resource: {
			environment: { ...environment, releaseDefinition },
			release,
			deployment: { ...deployment, startedOn: deployment.startedOn ?? deployment.queuedOn },
			project: deployment.projectReference,
		},
	});
}

const READERS: Readonly<Record<string, (message: JsonObject) => Reading<ChangeFact>>> = {
	"ms.vss-release.deployment-started-event": (message) => deploymentOf(message),
	"ms.vss-release.deployment-completed-event": (message) => deploymentOf(message),
	"ms.vss-pipelines.run-state-changed-event": (message) => pipelineOf(message, "run"),
	"ms.vss-pipelines.stage-state-changed-event": (message) => pipelineOf(message, "stage"),
	"build.complete": buildOf,
};

const STATES: Readonly<Record<string, ChangeState>> = {
	succeeded: "succeeded",
	partiallysucceeded: "succeeded",
	failed: "failed",
	rejected: "failed",
	canceled: "cancelled",
	cancelled: "cancelled",
	stopped: "cancelled",
	skipped: "cancelled",
	inprogress: "running",
	canceling: "running",
	queued: "planned",
	notstarted: "planned",
	notdeployed: "planned",
	scheduled: "planned",
	waiting: "planned",
	pending: "planned",
};

function stateOf(...words: readonly unknown[]): ChangeState {
	for (const word of words) {
		const state = lookUp(STATES, textOf(word)?.toLowerCase());
		if (state !== undefined) return state;
	}
	return "unknown";
}

function sentAt(message: JsonObject): number | undefined {
	return instantOf(message.createdDate);
}

function deploymentOf(message: JsonObject): Reading<ChangeFact> {
	const environment = objectOf(valueAt(message, "resource.environment"));
	const deployment = objectOf(valueAt(message, "resource.deployment"));
	const release =
		objectOf(valueAt(message, "resource.release")) ?? objectOf(environment?.release) ?? objectOf(deployment?.release);
	const releaseId = textOf(release?.id, 40) ?? textOf(environment?.releaseId, 40);
	const environmentId = textOf(environment?.id, 40);
	if (!environment || environmentId === undefined) return { fault: "resource.environment is missing" };
	const isStart = message.eventType === "ms.vss-release.deployment-started-event";
	const startedAt =
		instantOf(deployment?.startedOn) ??
		instantOf(environment.deployStartedOn) ??
		instantOf(environment.createdOn) ??
		sentAt(message);
	if (startedAt === undefined) return { fault: "createdDate is missing or no time" };
	const state = isStart ? "running" : stateOf(deployment?.deploymentStatus, environment.status);
	const sent = sentAt(message) ?? startedAt;
	const definition =
		textOf(valueAt(environment, "releaseDefinition.name")) ?? textOf(valueAt(release, "releaseDefinition.name"));
	const project = textOf(valueAt(message, "resource.project.name"));
	const name = textOf(environment.name);
	const attempt = textOf(deployment?.attempt, 10) ?? textOf(environment.attempt, 10) ?? "1";
	return [
		{
			externalId: `deployment:${releaseId ?? ""}:${environmentId}:${attempt}`,
			revisedAt: sent,
			rank: rankOf(state),
			title: `${textOf(release?.name) ?? "Release"} to ${name ?? "an environment"}`,
			link: linkOf(valueAt(release, "_links.web.href")) ?? linkOf(valueAt(message, "resource.url")),
			kind: "deployment",
			state,
			component: names(
				definition && name && `${definition}/${name}`,
				project && definition && `${project}/${definition}`,
				definition,
				name,
				project,
			),
			tenants: [],
			ring: name,
			build: textOf(release?.name),
			actor:
				textOf(valueAt(deployment, "requestedFor.displayName")) ?? textOf(valueAt(environment, "owner.displayName")),
			startedAt,
			endedAt: isEnd(state) ? Math.max(startedAt, instantOf(deployment?.completedOn) ?? sent) : undefined,
		},
	];
}

function pipelineOf(message: JsonObject, what: "run" | "stage"): Reading<ChangeFact> {
	const run = objectOf(valueAt(message, "resource.run"));
	const part = what === "run" ? run : objectOf(valueAt(message, "resource.stage"));
	const runId = textOf(run?.id, 40) ?? textOf(valueAt(message, "resource.runId"), 40);
	const startedAt = instantOf(part?.startTime) ?? instantOf(run?.createdDate) ?? sentAt(message);
	if (!part || runId === undefined) return { fault: `resource.${what} is missing` };
	if (startedAt === undefined) return { fault: "createdDate is missing or no time" };
	const stage = what === "stage" ? (textOf(part.displayName) ?? textOf(part.name)) : undefined;
	const pipeline = textOf(valueAt(message, "resource.pipeline.name"));
	const state = stateOf(part.result, part.state);
	const sent = sentAt(message) ?? startedAt;
	return [
		{
			externalId: `${what}:${runId}:${textOf(part.id, 60) ?? ""}`,
			revisedAt: sent,
			rank: rankOf(state),
			title: `Pipeline ${pipeline ?? ""} ${textOf(run?.name) ?? runId}${stage === undefined ? "" : `, stage ${stage}`}`,
			link: linkOf(valueAt(part, "_links.web.href")) ?? linkOf(valueAt(run, "_links.web.href")),
			kind: "workflow",
			state,
			component: names(pipeline && stage && `${pipeline}/${stage}`, pipeline),
			tenants: [],
			ring: stage,
			build: textOf(run?.name),
			startedAt,
			endedAt: isEnd(state)
				? Math.max(startedAt, instantOf(part.finishTime) ?? instantOf(part.finishedDate) ?? sent)
				: undefined,
		},
	];
}

function buildOf(message: JsonObject): Reading<ChangeFact> {
	const build = objectOf(message.resource);
	const id = textOf(build?.id, 40);
	const startedAt = instantOf(build?.startTime) ?? instantOf(build?.queueTime);
	if (!build || id === undefined) return { fault: "resource.id is missing" };
	if (startedAt === undefined) return { fault: "resource.startTime is missing or no time" };
	const state = stateOf(build.result, build.status);
	const definition = textOf(valueAt(build, "definition.name"));
	const project = textOf(valueAt(build, "project.name")) ?? textOf(valueAt(build, "definition.project.name"));
	const number = textOf(build.buildNumber);
	const isRunning = state === "running" || state === "planned";
	const endedAt = instantOf(build.finishTime) ?? startedAt;
	return [
		{
			externalId: `build:${id}`,
			revisedAt: endedAt,
			rank: rankOf(state),
			title: `Build ${number ?? id} of ${definition ?? "a pipeline"}`,
			link: linkOf(valueAt(build, "_links.web.href")),
			kind: "workflow",
			state,
			component: names(project && definition && `${project}/${definition}`, definition, project),
			tenants: [],
			build: number,
			actor: textOf(valueAt(build, "requestedFor.displayName")),
			startedAt,
			endedAt: isRunning ? undefined : Math.max(startedAt, endedAt),
		},
	];
}
