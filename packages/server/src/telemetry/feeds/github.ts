import type { Feed } from "#catalogue";
import { changeStateOf, isEnd, rankOf } from "./custom-fields.ts";
import { gather, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, lookUp, names, objectOf, textOf, valueAt } from "./read.ts";
import type { ChangeFact, ChangeState, FeedMessage, ParsedFeed } from "./types.ts";

/**
 * GitHub's webhooks `deployment`, `deployment_status` and `workflow_run`
 * (https://docs.github.com/webhooks/webhook-events-and-payloads). A deployment and its statuses are one change; each
 * status carries the whole deployment, so that it does not matter which of them arrive. Other events are left out.
 */
export function parseGitHub(feed: Feed, { headers, body }: FeedMessage): ParsedFeed {
	const event = headers["x-github-event"];
	const message = objectOf(body);
	if (event === undefined) return { status: "malformed", message: "The header X-GitHub-Event is missing." };
	if (!message) return { status: "malformed", message: "The body is not an object." };
	const read = lookUp(READERS, event);
	if (!read) return { status: "parsed", gives: "changes", facts: [], left: 1, faults: [] };
	return { status: "parsed", gives: "changes", ...gather(feed, event, [message], read) };
}

const READERS: Readonly<Record<string, (message: JsonObject) => Reading<ChangeFact>>> = {
	deployment: (message) => deploymentOf(message, undefined),
	deployment_status: (message) => deploymentOf(message, objectOf(message.deployment_status)),
	workflow_run: workflowOf,
};

const STATUS_STATES: Readonly<Record<string, ChangeState>> = {
	success: "succeeded",
	failure: "failed",
	error: "failed",
	// Another deployment took its place: it had succeeded.
	inactive: "succeeded",
	in_progress: "running",
	queued: "planned",
	pending: "planned",
	waiting: "planned",
};

function deploymentOf(message: JsonObject, status: JsonObject | undefined): Reading<ChangeFact> {
	const deployment = objectOf(message.deployment);
	const id = textOf(deployment?.id, 100);
	const createdAt = instantOf(deployment?.created_at);
	if (!deployment || id === undefined) return { fault: "deployment.id is missing" };
	if (createdAt === undefined) return { fault: "deployment.created_at is missing or no time" };
	const repository = textOf(valueAt(message, "repository.full_name"));
	const environment = textOf(status?.environment) ?? textOf(deployment.environment);
	const state = status === undefined ? "planned" : (lookUp(STATUS_STATES, textOf(status.state)) ?? "unknown");
	const revisedAt = instantOf(status?.updated_at) ?? instantOf(status?.created_at) ?? createdAt;
	const ref = textOf(deployment.ref, 100);
	const sha = textOf(deployment.sha, 12);
	return [
		{
			externalId: `deployment:${repository ?? ""}:${id}`,
			revisedAt,
			rank: status?.state === "inactive" ? 4 : rankOf(state),
			title:
				`Deployment of ${repository ?? "a repository"} ${ref ?? ""} to ${environment ?? "an environment"}`.replaceAll(
					"  ",
					" ",
				),
			link: linkOf(status?.log_url) ?? linkOf(status?.target_url) ?? linkOf(valueAt(message, "repository.html_url")),
			kind: "deployment",
			state,
			component: names(repository && environment && `${repository}/${environment}`, repository, environment),
			tenants: names(...[valueAt(deployment, "payload.tenants"), valueAt(deployment, "payload.tenant")].flat()),
			ring: textOf(valueAt(deployment, "payload.ring")),
			region: textOf(valueAt(deployment, "payload.region")),
			build: sha ?? ref,
			actor: textOf(valueAt(status ?? deployment, "creator.login")) ?? textOf(valueAt(message, "sender.login")),
			startedAt: createdAt,
			endedAt: isEnd(state) ? Math.max(createdAt, revisedAt) : undefined,
		},
	];
}

function workflowOf(message: JsonObject): Reading<ChangeFact> {
	const run = objectOf(message.workflow_run);
	const id = textOf(run?.id, 100);
	const startedAt = instantOf(run?.run_started_at) ?? instantOf(run?.created_at);
	if (!run || id === undefined) return { fault: "workflow_run.id is missing" };
	if (startedAt === undefined) return { fault: "workflow_run.run_started_at is missing or no time" };
	const repository = textOf(valueAt(message, "repository.full_name"));
	const name = textOf(run.name);
	const isCompleted = run.status === "completed";
	const conclusion = textOf(run.conclusion);
	const state: ChangeState = isCompleted
		? conclusion === "success" || conclusion === "neutral"
			? "succeeded"
			: changeStateOf(conclusion)
		: changeStateOf(textOf(run.status));
	const revisedAt = instantOf(run.updated_at) ?? startedAt;
	// Each attempt of a run is a change of its own.
	const attempt = textOf(run.run_attempt, 10) ?? "1";
	return [
		{
			externalId: `workflow:${repository ?? ""}:${id}:${attempt}`,
			revisedAt,
			rank: rankOf(state),
			title: `Workflow ${name ?? ""} of ${repository ?? "a repository"}: ${textOf(run.display_title) ?? textOf(run.head_branch) ?? ""}`,
			link: linkOf(run.html_url),
			kind: "workflow",
			state,
			component: names(repository && name && `${repository}/${name}`, repository),
			tenants: [],
			build: textOf(run.head_sha, 12),
			actor: textOf(valueAt(run, "triggering_actor.login")) ?? textOf(valueAt(run, "actor.login")),
			startedAt,
			endedAt: isCompleted ? Math.max(startedAt, revisedAt) : undefined,
		},
	];
}
