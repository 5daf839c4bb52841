import type { Message } from "./types.ts";

/** What a channel's own template may name. All are text; what a message does not have is empty. */
export type MessageFacts = Readonly<ReturnType<typeof messageFacts>>;

/** A message in flat pieces of text, the same at each attempt. `facts` has a line per fact: "Tenant: Contoso". */
export function messageFacts(message: Message) {
	const { payload } = message;
	const { data, card } = payload;
	const { key: severity = data.severity } = (data.severity ?? {}) as { readonly key?: unknown };
	return {
		id: message.id,
		kind: message.kind,
		type: text(data.type) || message.kind,
		timestamp: new Date(message.createdAt).toISOString(),
		subject: payload.subject,
		text: payload.text,
		url: payload.url ?? "",
		person: payload.person ?? "",
		tenant: message.tenant,
		tenantName: text(data.tenantDisplayName) || message.tenant,
		incident: message.incidentId ?? "",
		severity: text(severity),
		title: text(data.title) || payload.subject,
		sentence: card?.sentence ?? payload.text,
		slo: text(data.slo),
		workload: text(data.workload),
		facts: (card?.facts ?? []).map(({ label, value }) => `${label}: ${value}`).join("\n"),
		acknowledgeUrl: card?.acknowledge?.url ?? text(data.acknowledgeUrl),
		runbookUrl: card?.runbookUrl ?? "",
	};
}

function text(value: unknown): string {
	return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
