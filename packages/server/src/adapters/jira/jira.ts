import type { Integration, TicketState } from "#catalogue";
import {
	createdBy,
	createTicketHttp,
	factsFor,
	fieldValues,
	foundBy,
	type InboundMessage,
	instantOf,
	kindOfMove,
	listOf,
	mentions,
	ourState,
	reachedBy,
	recordOf,
	type TicketRef,
	type TicketResult,
	type TicketSystem,
	type TicketSystemOptions,
	textOf,
	theirSeverity,
	theirState,
} from "#incidents";

const API = "/rest/api/2";

/**
 * Jira's REST API v2, which Cloud and Data Center share; our key is a label. Cloud's search shows a new issue seconds to
 * minutes late, so that a create in doubt is looked up only after two minutes.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v2/, …/cloud/jira/platform/search-and-reconcile/
 */
export function createJira(options: TicketSystemOptions): TicketSystem {
	const { integration } = options;
	const ask = createTicketHttp(options);

	async function search(key: string) {
		const body = {
			jql: `project = "${integration.project}" AND labels = "${key}" ORDER BY created ASC`,
			fields: ["status", "labels"],
			maxResults: 10,
		};
		const answer = await ask({ method: "POST", path: `${API}/search/jql`, body });
		// Data Center has the older search alone, which reads its own writes.
		return answer.status === "gone" ? ask({ method: "POST", path: `${API}/search`, body }) : answer;
	}

	function refOf(issue: Readonly<Record<string, unknown>>): TicketRef | undefined {
		const id = textOf(issue.id);
		const name = textOf(issue.key);
		if (id === undefined || name === undefined) return undefined;
		const status = recordOf(recordOf(issue.fields).status);
		const url = `${integration.url}/browse/${encodeURIComponent(name)}`;
		return { id, name, url, state: "name" in status ? stateOf(integration, status) : undefined };
	}

	async function transit(ref: TicketRef, state: TicketState): Promise<TicketResult> {
		const issue = `${API}/issue/${encodeURIComponent(ref.id)}`;
		const now = await ask({ method: "GET", path: `${issue}?fields=status` });
		if (now.status !== "ok") return now;
		const status = recordOf(recordOf(recordOf(now.json).fields).status);
		if (isStatus(integration, status, state))
			return { status: "done", proof: `${now.said}, ${ref.name} is ${textOf(status.name)}` };
		const list = await ask({ method: "GET", path: `${issue}/transitions` });
		if (list.status !== "ok") return list;
		const ways = listOf(recordOf(list.json).transitions).map(recordOf);
		const wanted = theirState(integration, state);
		const way =
			ways.find((each) => sameName(recordOf(each.to).name, wanted)) ??
			ways.find((each) => isStatus(integration, recordOf(each.to), state));
		if (!way) {
			const names = ways.map((each) => textOf(recordOf(each.to).name)).join(", ") || "none";
			return {
				status: "refused",
				detail: `the workflow leads from ${textOf(status.name)} to ${names}, not to ${wanted}: set spec.states`,
			};
		}
		const answer = await ask({
			method: "POST",
			path: `${issue}/transitions`,
			body: { transition: { id: textOf(way.id) } },
		});
		return answer.status === "ok" ? { status: "done", proof: `${answer.said}, ${ref.name} to ${wanted}` } : answer;
	}

	/** Projects without a field for the priority refuse it by name; then the ticket goes without. */
	async function withoutPriority(method: "POST" | "PUT", path: string, fields: Record<string, unknown>) {
		const answer = await ask({ method, path, body: { fields } });
		if (answer.status !== "refused" || !("priority" in fields) || !answer.detail.includes("priority:")) return answer;
		const { priority: _unwanted, ...rest } = fields;
		return Object.keys(rest).length === 0 ? answer : ask({ method, path, body: { fields: rest } });
	}

	return {
		settleMs: 120_000,
		async find(key) {
			const isOurs = (issue: Readonly<Record<string, unknown>>) => listOf(recordOf(issue.fields).labels).includes(key);
			return foundBy(
				await search(key),
				(json) => recordOf(json).issues,
				(issue) => (isOurs(issue) ? refOf(issue) : undefined),
			);
		},
		async create(key, content) {
			const fields = fieldValues(integration.fields, factsFor(integration, content));
			if (fields.status === "failed") return { status: "refused", detail: fields.reason };
			const answer = await withoutPriority("POST", `${API}/issue`, {
				project: { key: integration.project },
				issuetype: { name: integration.type },
				summary: content.title,
				description: content.text,
				labels: ["bellwether", key],
				priority: { name: theirSeverity(integration, content.severity) },
				...fields.values,
			});
			return createdBy(answer, (json) => refOf(recordOf(json)));
		},
		async update(ref, _key, change) {
			const fields = {
				...(change.title === undefined ? {} : { summary: change.title }),
				...(change.severity === undefined ? {} : { priority: { name: theirSeverity(integration, change.severity) } }),
			};
			let result: TicketResult = { status: "done", proof: "nothing changed" };
			if (Object.keys(fields).length > 0) {
				const path = `${API}/issue/${encodeURIComponent(ref.id)}`;
				const answer = await withoutPriority("PUT", path, fields);
				const isPriorityAlone = answer.status === "refused" && answer.detail.includes("priority:");
				if (answer.status !== "ok" && !isPriorityAlone) return answer;
				result = { status: "done", proof: answer.status === "ok" ? `${answer.said}, ${ref.name}` : answer.detail };
			}
			return change.state === undefined ? result : transit(ref, change.state);
		},
		async note(ref, _key, note) {
			const path = `${API}/issue/${encodeURIComponent(ref.id)}/comment`;
			const there = note.mayBeThere
				? await ask({ method: "GET", path: `${path}?orderBy=-created&maxResults=50` })
				: undefined;
			if (there && mentions(there, note.marker)) return { status: "done", proof: "the comment was there already" };
			const answer = await ask({ method: "POST", path, body: { body: note.text } });
			if (answer.status !== "ok") return answer;
			return { status: "done", proof: `${answer.said}, comment ${textOf(recordOf(answer.json).id) ?? ""}` };
		},
		async check() {
			return reachedBy(await ask({ method: "GET", path: `${API}/project/${encodeURIComponent(integration.project)}` }));
		},
		read: (_headers, body) => readMessage(integration, body),
	};
}

/** Every status has one of three categories, whatever people call it. */
const CATEGORIES: Readonly<Record<string, TicketState>> = {
	new: "open",
	indeterminate: "acknowledged",
	done: "resolved",
};

function stateOf(integration: Integration, status: Readonly<Record<string, unknown>>): TicketState | undefined {
	const named = ourState(integration, textOf(status.name) ?? "");
	return named ?? CATEGORIES[textOf(recordOf(status.statusCategory).key) ?? ""];
}

/** A state that the catalogue names is that status alone; others are any status of the category. */
function isStatus(integration: Integration, status: Readonly<Record<string, unknown>>, state: TicketState): boolean {
	if (sameName(status.name, theirState(integration, state))) return true;
	if (integration.states[state] !== undefined) return false;
	const found = stateOf(integration, status);
	return found === (state === "mitigated" ? "acknowledged" : state);
}

function sameName(a: unknown, b: string): boolean {
	return textOf(a)?.toLowerCase() === b.toLowerCase();
}

/** https://developer.atlassian.com/cloud/jira/platform/webhooks/ */
function readMessage(integration: Integration, body: unknown): InboundMessage {
	const message = recordOf(body);
	const type = textOf(message.webhookEvent);
	if (type === undefined) return { status: "malformed", message: "webhookEvent is missing" };
	const issue = recordOf(message.issue);
	const fields = recordOf(issue.fields);
	const comment = recordOf(message.comment);
	const user = recordOf(type === "comment_created" ? comment.author : message.user);
	const { auth } = integration;
	const about = {
		key: listOf(fields.labels).find(
			(label): label is string => typeof label === "string" && label.startsWith("bellwether-"),
		),
		id: textOf(issue.id),
		name: textOf(issue.key),
		actor: textOf(user.displayName) ?? textOf(user.name) ?? "",
		at: instantOf(message.timestamp),
		isOurs: auth.kind === "basic" && textOf(user.emailAddress ?? user.name) === auth.user,
	};
	// Its identifier stands in a header that nobody signed, so that the message is known by its body alone.
	switch (type) {
		case "comment_created":
			return { status: "read", events: [{ ...about, kind: "note", text: textOf(comment.body) ?? "" }] };
		case "jira:issue_deleted":
			return { status: "read", events: [{ ...about, kind: "deleted" }] };
		case "jira:issue_updated": {
			const moves = listOf(recordOf(message.changelog).items)
				.map(recordOf)
				.filter((item) => item.field === "status");
			const events = moves.map((move) => {
				const from = ourState(integration, textOf(move.fromString) ?? "");
				const to = stateOf(integration, { ...recordOf(fields.status), name: move.toString });
				return { ...about, kind: kindOfMove(from, to) };
			});
			return { status: "read", events };
		}
		default:
			return { status: "read", events: [{ ...about, kind: "other" }] };
	}
}
