import { type FeedMessage, PullFailure } from "#telemetry";
import { type ReadJson, sameOrigin } from "./read-json.ts";

type Json = Readonly<Record<string, unknown>>;

/** Older deployments are history: they were told when they were young, or are of no use for what happens now. */
const LOOK_BACK_MS = 3 * 24 * 3_600_000;
/** Each deployment's state is an answer of its own; the newest are asked first, and the rest is for a narrower address. */
const MAX_DETAILS = 60;

/**
 * GitHub's lists as the webhooks that would have told the same, so that both lead to one change:
 * `/repos/O/R/deployments`, each with its newest status, and `/repos/O/R/actions/runs`
 * (https://docs.github.com/rest/deployments/statuses, https://docs.github.com/rest/actions/workflow-runs).
 */
export async function gitHubMessages(
	url: string,
	answer: unknown,
	read: ReadJson,
	askedAt: number,
): Promise<FeedMessage[]> {
	const message = (event: string, body: Json): FeedMessage => ({
		headers: { "x-github-event": event },
		body,
		receivedAt: askedAt,
	});
	const { workflow_runs: runs } = (answer ?? {}) as Json;
	if (Array.isArray(runs))
		return objects(runs).map((run) => message("workflow_run", { workflow_run: run, repository: run.repository }));
	if (!Array.isArray(answer)) {
		const text = `${new URL(url).host} gave neither a list of deployments nor workflow_runs`;
		throw new PullFailure("malformed", text, "write …/repos/OWNER/REPOSITORY/deployments or …/actions/runs");
	}
	const young = objects(answer).filter(({ created_at }) => Date.parse(String(created_at)) > askedAt - LOOK_BACK_MS);
	const messages: FeedMessage[] = [];
	for (const deployment of young.slice(0, MAX_DETAILS)) {
		const status = await newestStatus(url, deployment, read);
		const repository = repositoryOf(deployment);
		messages.push(
			status === undefined
				? message("deployment", { deployment, repository })
				: message("deployment_status", { deployment, deployment_status: status, repository }),
		);
	}
	return messages;
}

async function newestStatus(url: string, { statuses_url: link }: Json, read: ReadJson): Promise<Json | undefined> {
	if (typeof link !== "string") return undefined;
	const statuses = await read(sameOrigin(link, url));
	const list = Array.isArray(statuses) ? objects(statuses) : [];
	return list.toSorted((a, b) => String(b.created_at).localeCompare(String(a.created_at)))[0];
}

/** The list does not hold the repository, but its address, which ends in the name that webhooks tell. */
function repositoryOf({ repository_url: link }: Json): Json {
	const name = /\/repos\/([^/]+\/[^/]+)$/.exec(typeof link === "string" ? link : "")?.[1];
	return name === undefined ? {} : { full_name: name };
}

function objects(list: readonly unknown[]): Json[] {
	return list.filter((each): each is Json => typeof each === "object" && each !== null);
}
