import { type Message, messageFacts, strictLiquid } from "#platform";

/** The form of what is posted. `source` names this installation in CloudEvents. */
export type BodyForm =
	| { readonly kind: "standard" }
	| { readonly kind: "cloudevents"; readonly source: string }
	| { readonly kind: "template"; readonly template: string; readonly contentType: string };

export type WrittenBody =
	| { readonly status: "written"; readonly body: string; readonly contentType: string }
	| { readonly status: "failed"; readonly reason: string };

const liquid = strictLiquid();

/** The body of a message: the same at each attempt, because receivers compare. */
export function webhookBody(message: Message, form: BodyForm): WrittenBody {
	switch (form.kind) {
		case "standard":
			return json(standardBody(message), "application/json");
		case "cloudevents":
			return json(cloudEvent(message, form.source), "application/cloudevents+json; charset=utf-8");
		case "template":
			return fromTemplate(message, form);
	}
}

function json(value: unknown, contentType: string): WrittenBody {
	return { status: "written", body: JSON.stringify(value), contentType };
}

/** `timestamp` is when the message was written. */
function standardBody(message: Message): Readonly<Record<string, unknown>> {
	return { type: typeOf(message), timestamp: new Date(message.createdAt).toISOString(), data: dataOf(message) };
}

/** CloudEvents 1.0 in structured mode. */
function cloudEvent(message: Message, source: string): Readonly<Record<string, unknown>> {
	return {
		specversion: "1.0",
		id: message.id,
		source,
		type: `dev.bellwether.${typeOf(message)}`,
		...(message.incidentId === undefined ? {} : { subject: message.incidentId }),
		time: new Date(message.createdAt).toISOString(),
		datacontenttype: "application/json",
		data: dataOf(message),
	};
}

function typeOf(message: Message): string {
	const { type } = message.payload.data;
	return typeof type === "string" ? type : message.kind;
}

function dataOf(message: Message): Readonly<Record<string, unknown>> {
	const { subject, text, url, person, data } = message.payload;
	const { type: _, ...rest } = data;
	return { subject, text, url, person, tenant: message.tenant, incident: message.incidentId, ...rest };
}

function fromTemplate(message: Message, form: BodyForm & { readonly kind: "template" }): WrittenBody {
	let body: string;
	try {
		body = liquid.render(form.template, messageFacts(message));
	} catch (error) {
		return { status: "failed", reason: (error as Error).message.split("\n")[0] ?? "" };
	}
	if (/[/+]json\b/i.test(form.contentType)) {
		try {
			JSON.parse(body);
		} catch {
			return { status: "failed", reason: "what it gives is no JSON" };
		}
	}
	return { status: "written", body, contentType: form.contentType };
}
