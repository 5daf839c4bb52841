import type { Integration, TicketState } from "#catalogue";
import {
	createdBy,
	createTicketHttp,
	factsFor,
	fieldValues,
	foundBy,
	type InboundEvent,
	type InboundMessage,
	instantOf,
	kindOfMove,
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
	webAddress,
} from "#incidents";

const VERSION = "api-version=7.1";
const PATCH_TYPE = { "content-type": "application/json-patch+json" };
const PRIORITY = "Microsoft.VSTS.Common.Priority";

/**
 * Azure DevOps work items, with our key as a tag.
 * https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/create, …/wiql/query-by-wiql
 */
export function createAzureDevOps(options: TicketSystemOptions): TicketSystem {
	const { integration } = options;
	const ask = createTicketHttp(options);
	const base = `/${integration.project.split("/").map(encodeURIComponent).join("/")}/_apis/wit`;

	function refOf(item: Readonly<Record<string, unknown>>): TicketRef | undefined {
		const id = textOf(item.id);
		if (id === undefined) return undefined;
		const state = textOf(recordOf(item.fields)["System.State"]);
		return {
			id,
			name: `#${id}`,
			url: webAddress(recordOf(recordOf(item._links).html).href) ?? editAddress(id),
			state: state === undefined ? undefined : stateOf(integration, state),
		};
	}

	function editAddress(id: string): string {
		const project = integration.project.split("/").map(encodeURIComponent).join("/");
		return `${integration.url}/${project}/_workitems/edit/${encodeURIComponent(id)}`;
	}

	async function patch(ref: TicketRef, fields: Readonly<Record<string, string>>): Promise<TicketResult> {
		const path = `${base}/workitems/${encodeURIComponent(ref.id)}?${VERSION}`;
		const answer = await ask({ method: "PATCH", path, headers: PATCH_TYPE, body: operations(fields) });
		if (answer.status !== "ok") return answer;
		return {
			status: "done",
			proof: `${answer.said}, revision ${textOf(recordOf(answer.json).rev) ?? "?"} of ${ref.name}`,
		};
	}

	return {
		settleMs: 15_000,
		async find(key) {
			const query = `SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Tags] CONTAINS '${key}' ORDER BY [System.CreatedDate] ASC`;
			const answer = await ask({ method: "POST", path: `${base}/wiql?$top=10&${VERSION}`, body: { query } });
			return foundBy(answer, (json) => recordOf(json).workItems, refOf);
		},
		async create(key, content) {
			const fields = fieldValues(integration.fields, factsFor(integration, content));
			if (fields.status === "failed") return { status: "refused", detail: fields.reason };
			const { "System.Tags": tags, ...others } = fields.values;
			const answer = await ask({
				method: "POST",
				path: `${base}/workitems/$${encodeURIComponent(integration.type)}?${VERSION}`,
				headers: PATCH_TYPE,
				body: operations({
					"System.Title": content.title,
					"System.Description": html(content.text),
					[PRIORITY]: theirSeverity(integration, content.severity),
					...others,
					"System.Tags": ["bellwether", key, ...(tags ? [tags] : [])].join("; "),
				}),
			});
			return createdBy(answer, (json) => refOf(recordOf(json)));
		},
		update: (ref, _key, change, content) =>
			patch(ref, {
				...(change.title === undefined ? {} : { "System.Title": change.title }),
				...(change.severity === undefined ? {} : { [PRIORITY]: theirSeverity(integration, change.severity) }),
				...(change.state === undefined ? {} : { "System.State": theirState(integration, change.state) }),
				...(change.state === "resolved" && content.resolution !== ""
					? { "System.History": html(content.resolution) }
					: {}),
			}),
		async note(ref, _key, note) {
			const path = `${base}/workItems/${encodeURIComponent(ref.id)}/comments?$top=50&order=desc&api-version=7.1-preview.4`;
			const there = note.mayBeThere ? await ask({ method: "GET", path }) : undefined;
			if (there && mentions(there, note.marker)) return { status: "done", proof: "the comment was there already" };
			return patch(ref, { "System.History": html(note.text) });
		},
		async check() {
			const path = `${base}/workitemtypes/${encodeURIComponent(integration.type)}?${VERSION}`;
			return reachedBy(await ask({ method: "GET", path }));
		},
		read: (_headers, body) => readMessage(integration, body),
	};
}

function operations(fields: Readonly<Record<string, string>>) {
	return Object.entries(fields).map(([field, value]) => ({ op: "add", path: `/fields/${field}`, value }));
}

/** The rich-text fields take HTML, so that what an incident says must not be read as it. */
function html(text: string): string {
	return text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;")
		.replaceAll("\n", "<br>");
}

/** States of the processes that Azure DevOps comes with, where the catalogue names none. */
const KNOWN: Readonly<Record<string, TicketState>> = {
	new: "open",
	"to do": "open",
	proposed: "open",
	doing: "acknowledged",
	committed: "acknowledged",
	resolved: "resolved",
	done: "resolved",
	closed: "resolved",
	removed: "resolved",
};

function stateOf(integration: Integration, theirs: string): TicketState | undefined {
	return ourState(integration, theirs) ?? KNOWN[theirs.toLowerCase()];
}

/** https://learn.microsoft.com/azure/devops/service-hooks/events#work-item-updated */
function readMessage(integration: Integration, body: unknown): InboundMessage {
	const message = recordOf(body);
	const type = textOf(message.eventType);
	if (type === undefined) return { status: "malformed", message: "eventType is missing" };
	const resource = recordOf(message.resource);
	const fields = recordOf(resource.fields);
	const whole = { ...fields, ...recordOf(recordOf(resource.revision).fields) };
	const workItem = textOf(resource.workItemId ?? resource.id);
	const by = recordOf(resource.revisedBy);
	const about = {
		key: keyOf(textOf(whole["System.Tags"])),
		id: workItem,
		name: workItem === undefined ? undefined : `#${workItem}`,
		actor: nameOf(by.displayName ?? whole["System.ChangedBy"]),
		at: instantOf(message.createdDate),
		isOurs: integration.auth.kind === "basic" && textOf(by.uniqueName) === integration.auth.user,
	};
	const events: InboundEvent[] = [];
	if (type === "workitem.commented") events.push({ ...about, kind: "note", text: plain(fields["System.History"]) });
	else if (type === "workitem.deleted") events.push({ ...about, kind: "deleted" });
	else if (type === "workitem.updated") {
		const move = recordOf(fields["System.State"]);
		const [from, to] = [move.oldValue, move.newValue].map((value) => stateOf(integration, textOf(value) ?? ""));
		if ("newValue" in move) events.push({ ...about, kind: kindOfMove(from, to) });
	} else events.push({ ...about, kind: "other" });
	return { status: "read", id: textOf(message.id), events };
}

function keyOf(tags: string | undefined): string | undefined {
	return tags
		?.split(";")
		.map((tag) => tag.trim())
		.find((tag) => tag.startsWith("bellwether-"));
}

/** People are "Jane Doe <jane@example.com>" in fields of work items. */
function nameOf(value: unknown): string {
	return (textOf(value) ?? textOf(recordOf(value).displayName) ?? "").replace(/\s*<[^<>]*>$/, "");
}

function plain(value: unknown): string {
	return (textOf(value) ?? "")
		.replace(/<br\s*\/?>|<\/(?:p|div)>/gi, "\n")
		.replace(/<[^<>]*>/g, "")
		.replaceAll("&lt;", "<")
		.replaceAll("&gt;", ">")
		.replaceAll("&quot;", '"')
		.replaceAll("&nbsp;", " ")
		.replaceAll("&amp;", "&")
		.trim();
}
