import type { AnswerField, Integration } from "#catalogue";
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
	ourState,
	reachedBy,
	recordOf,
	type TicketChange,
	type TicketRef,
	type TicketResult,
	type TicketSystem,
	type TicketSystemOptions,
	textOf,
	theirState,
	webAddress,
} from "#incidents";

/** The body of a new ticket where the catalogue maps nothing. */
const DEFAULT_FIELDS: Readonly<Record<string, string>> = {
	Title: "{{ title }}",
	Description: "{{ text }}",
	Severity: "{{ theirSeverity }}",
	Status: "{{ theirState }}",
	CorrelationId: "{{ key }}",
	OccurringLocation: "{{ tenantName }}",
	ImpactedService: "{{ workloadName }}",
	SourceUrl: "{{ link }}",
};

/**
 * ICM has no public API. What stands before it (a Logic App, a connector, a gateway) speaks the small contract of
 * docs/integrations.md: look up by key, create, change, note. Bodies are the fields that the catalogue maps.
 */
export function createIcm(options: TicketSystemOptions): TicketSystem {
	const { integration } = options;
	const ask = createTicketHttp(options);
	const mapped = Object.keys(integration.fields).length > 0 ? integration.fields : DEFAULT_FIELDS;

	function refOf(item: unknown): TicketRef | undefined {
		const id = textOf(at(item, integration.answer.id ?? "id"));
		if (id === undefined) return undefined;
		const status = textOf(read(item, "status"));
		return {
			id,
			name: textOf(read(item, "name")) ?? id,
			url: webAddress(read(item, "url")),
			state: status === undefined ? undefined : ourState(integration, status),
		};
	}

	function read(item: unknown, field: AnswerField): unknown {
		return at(item, integration.answer[field] ?? field);
	}

	const incidents = (id: string) => `/incidents/${encodeURIComponent(id)}`;

	async function send(
		request: { readonly method: "POST" | "PATCH"; readonly path: string; readonly body: unknown },
		name: string,
		id?: string,
	): Promise<TicketResult> {
		const answer = await ask({ ...request, headers: id === undefined ? {} : { "idempotency-key": id } });
		return answer.status === "ok" ? { status: "done", proof: `${answer.said}, ${name}` } : answer;
	}

	return {
		settleMs: 30_000,
		async find(key) {
			const answer = await ask({ method: "GET", path: `/incidents?correlationId=${encodeURIComponent(key)}` });
			return foundBy(answer, (json) => read(json, "items"), refOf);
		},
		async create(key, content) {
			const fields = fieldValues(mapped, factsFor(integration, { ...content, state: "open" }));
			if (fields.status === "failed") return { status: "refused", detail: fields.reason };
			const headers = { "idempotency-key": key };
			const body = { correlationId: key, fields: fields.values };
			const answer = await ask({ method: "POST", path: "/incidents", body, headers });
			return createdBy(answer, refOf);
		},
		async update(ref, key, change, content) {
			const after = { ...content, ...(change.state === undefined ? {} : { state: change.state }) };
			const fields = fieldValues(mapped, factsFor(integration, after));
			if (fields.status === "failed") return { status: "refused", detail: fields.reason };
			// Only fields that have to do with what changes: others may have been mended by people there.
			const touched = Object.entries(fields.values).filter(([field]) => touches(mapped[field] ?? "", change));
			const body = {
				correlationId: key,
				fields: Object.fromEntries(touched),
				...(change.state === undefined ? {} : { state: theirState(integration, change.state) }),
				...(change.state === "resolved" && content.resolution !== "" ? { resolution: content.resolution } : {}),
			};
			return send({ method: "PATCH", path: incidents(ref.id), body }, ref.name);
		},
		note: (ref, key, note) =>
			send(
				{ method: "POST", path: `${incidents(ref.id)}/notes`, body: { correlationId: key, text: note.text } },
				ref.name,
				`${key}:note:${note.seq}`,
			),
		async check() {
			return reachedBy(await ask({ method: "GET", path: "/incidents?correlationId=bellwether-check" }));
		},
		read: (_headers, body) => readMessage(integration, body),
	};
}

/** Which facts a change moves; a field that names one of them is sent anew. */
function touches(template: string, change: TicketChange): boolean {
	const facts = [
		...(change.title === undefined ? [] : ["title"]),
		...(change.severity === undefined ? [] : ["severity", "theirSeverity", "text"]),
		...(change.state === undefined ? [] : ["state", "theirState"]),
	];
	const words = new Set(template.match(/\w+/g) ?? []);
	return facts.some((fact) => words.has(fact));
}

function at(value: unknown, path: string): unknown {
	return path.split(".").reduce<unknown>((found, name) => recordOf(found)[name], value);
}

function readMessage(integration: Integration, body: unknown): InboundMessage {
	const message = recordOf(body);
	const id = textOf(message.incidentId);
	const key = textOf(message.correlationId);
	if (id === undefined && key === undefined)
		return { status: "malformed", message: "incidentId and correlationId are missing" };
	const told: InboundEvent = {
		kind: kindTold(integration, message.event, message.previousStatus, message.status),
		key,
		id,
		actor: textOf(message.by) ?? "",
		text: textOf(message.text) ?? "",
		at: instantOf(message.at),
		isOurs: message.isOurs === true,
		name: textOf(message.name),
		url: webAddress(message.url),
	};
	return { status: "read", id: textOf(message.id), events: [told] };
}
