import type { Integration } from "#catalogue";
import {
	createdBy,
	createTicketHttp,
	factsFor,
	fieldValues,
	foundBy,
	type InboundEvent,
	type InboundMessage,
	instantOf,
	kindTold,
	mentions,
	ourState,
	reachedBy,
	recordOf,
	type TicketChange,
	type TicketContent,
	type TicketRef,
	type TicketResult,
	type TicketSystem,
	type TicketSystemOptions,
	textOf,
	theirSeverity,
	theirState,
	webAddress,
} from "#incidents";

const FIELDS = "sys_id,number,state,correlation_id";
/** Set when an incident is resolved, not when it is made: ServiceNow asks for it then. */
const CLOSE_CODE = "close_code";
const DEFAULT_CLOSE_CODE = "Solution provided";

/**
 * ServiceNow's Table API, with our key as correlation_id.
 * https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
 */
export function createServiceNow(options: TicketSystemOptions): TicketSystem {
	const { integration } = options;
	const ask = createTicketHttp(options);
	const table = `/api/now/table/${encodeURIComponent(integration.type)}`;

	/** Impact and urgency; ServiceNow makes the priority of them. */
	function severityFields(severity: TicketContent["severity"]) {
		const [impact, urgency] = theirSeverity(integration, severity).split("/");
		return { impact, urgency: urgency ?? impact };
	}

	function changeFields(change: TicketChange, content: TicketContent) {
		const { title, severity, state } = change;
		return {
			...(title === undefined ? {} : { short_description: title }),
			...(severity === undefined ? {} : severityFields(severity)),
			...(state === undefined ? {} : { state: theirState(integration, state) }),
			...(state === "resolved" ? { close_notes: content.resolution || "Resolved in Bellwether." } : {}),
		};
	}

	async function patch(ref: TicketRef, body: object): Promise<TicketResult> {
		const path = `${table}/${encodeURIComponent(ref.id)}?sysparm_fields=${FIELDS}`;
		const answer = await ask({ method: "PATCH", path, body });
		if (answer.status !== "ok") return answer;
		return {
			status: "done",
			proof: `${answer.said}, ${textOf(recordOf(recordOf(answer.json).result).number) ?? ref.name}`,
		};
	}

	function refOf(row: Readonly<Record<string, unknown>>): TicketRef | undefined {
		const id = textOf(row.sys_id);
		if (id === undefined) return undefined;
		const target = `${integration.type}.do?sys_id=${id}`;
		return {
			id,
			name: textOf(row.number) ?? id,
			url: `${integration.url}/nav_to.do?uri=${encodeURIComponent(target)}`,
			state: ourState(integration, textOf(row.state) ?? ""),
		};
	}

	return {
		settleMs: 15_000,
		async find(key) {
			const query = new URLSearchParams({
				sysparm_query: `correlation_id=${key}^ORDERBYsys_created_on`,
				sysparm_fields: FIELDS,
				sysparm_limit: "10",
			});
			return foundBy(
				await ask({ method: "GET", path: `${table}?${query}` }),
				(json) => recordOf(json).result,
				(row) => (textOf(row.correlation_id) === key ? refOf(row) : undefined),
			);
		},
		async create(key, content) {
			const fields = fieldValues(integration.fields, factsFor(integration, content));
			if (fields.status === "failed") return { status: "refused", detail: fields.reason };
			const { [CLOSE_CODE]: _later, ...now } = fields.values;
			const answer = await ask({
				method: "POST",
				path: `${table}?sysparm_fields=${FIELDS}`,
				body: {
					short_description: content.title,
					description: content.text,
					correlation_id: key,
					correlation_display: "Bellwether",
					...severityFields(content.severity),
					...now,
				},
			});
			return createdBy(answer, (json) => refOf(recordOf(recordOf(json).result)));
		},
		async update(ref, _key, change, content) {
			const fields =
				change.state === "resolved" ? fieldValues(integration.fields, factsFor(integration, content)) : undefined;
			if (fields?.status === "failed") return { status: "refused", detail: fields.reason };
			const closing = fields ? { [CLOSE_CODE]: fields.values[CLOSE_CODE] ?? DEFAULT_CLOSE_CODE } : {};
			return patch(ref, { ...changeFields(change, content), ...closing });
		},
		async note(ref, _key, note) {
			const query = new URLSearchParams({
				sysparm_query: `element_id=${ref.id}^element=work_notes^valueLIKE${note.marker}`,
				sysparm_fields: "value",
				sysparm_limit: "1",
			});
			const path = `/api/now/table/sys_journal_field?${query}`;
			// Not every user may read the journal; then the note is sent once more.
			const there = note.mayBeThere ? await ask({ method: "GET", path }) : undefined;
			if (there && mentions(there, note.marker)) return { status: "done", proof: "the note was there already" };
			return patch(ref, { work_notes: note.text });
		},
		async check() {
			return reachedBy(await ask({ method: "GET", path: `${table}?sysparm_limit=1&sysparm_fields=sys_id` }));
		},
		read: (_headers, body) => readMessage(integration, body),
	};
}

/** What the business rule in docs/integrations.md sends. */
function readMessage(integration: Integration, body: unknown): InboundMessage {
	const message = recordOf(body);
	const id = textOf(message.sys_id);
	const key = textOf(message.correlation_id);
	if (id === undefined && key === undefined)
		return { status: "malformed", message: "sys_id and correlation_id are missing" };
	const by = textOf(message.by) ?? "";
	const { auth } = integration;
	const told: InboundEvent = {
		kind: kindTold(integration, message.event, message.previous_state, message.state),
		key,
		id,
		actor: by,
		text: textOf(message.text) ?? "",
		at: instantOf(message.at),
		isOurs: auth.kind === "basic" && textOf(message.user) === auth.user,
		name: textOf(message.number),
		url: webAddress(message.url),
	};
	return { status: "read", id: textOf(message.id), events: [told] };
}
