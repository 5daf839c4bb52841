import type { TicketState } from "#catalogue";
import {
	createTicketHttp,
	fieldValues,
	type InboundEvent,
	type InboundMessage,
	instantOf,
	mentions,
	notGone,
	reachedBy,
	recordOf,
	type Secrets,
	type TicketContent,
	type TicketRef,
	type TicketResult,
	type TicketSystem,
	type TicketSystemOptions,
	textOf,
	theirSeverity,
	webAddress,
} from "#incidents";

const STATES: Readonly<Record<string, TicketState>> = {
	triggered: "open",
	acknowledged: "acknowledged",
	resolved: "resolved",
};
const ACTIONS = {
	open: "trigger",
	acknowledged: "acknowledge",
	mitigated: "acknowledge",
	resolved: "resolve",
} as const;
const CREATED_BY_US = /inbound_integration_reference$/;

/**
 * PagerDuty's Events API v2, with our key as dedup_key, so that an alert is never opened twice while it is open. With a
 * REST token tickets are looked up, renamed and noted besides; without one those are left out, and what cannot be looked
 * up is taken for absent. https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export function createPagerDuty(options: TicketSystemOptions): TicketSystem {
	const { integration } = options;
	const { auth } = integration;
	if (auth.kind !== "pagerduty") throw new Error(`integration ${integration.name} has no routing key`);
	const { routingKeyRef, tokenRef, from, apiUrl } = auth;
	const events = createTicketHttp(options);
	const rest = createTicketHttp({
		...options,
		authorization: (secrets: Secrets) => ({
			authorization: `Token token=${tokenRef === undefined ? "" : secrets(tokenRef)}`,
			accept: "application/vnd.pagerduty+json;version=2",
			...(from === undefined ? {} : { from }),
		}),
	});

	async function enqueue(action: string, key: string, content?: TicketContent): Promise<TicketResult> {
		const fields = content ? fieldValues(integration.fields, content.facts) : undefined;
		if (fields?.status === "failed") return { status: "refused", detail: fields.reason };
		const answer = await events({
			method: "POST",
			path: "/v2/enqueue",
			body: (secrets: Secrets) => ({
				routing_key: secrets(routingKeyRef),
				event_action: action,
				dedup_key: key,
				...(content && action === "trigger" ? alertOf(content, fields?.values ?? {}) : {}),
			}),
		});
		if (answer.status !== "ok") return notGone(answer);
		// A proxy that answers for PagerDuty does not know the key.
		if (textOf(recordOf(answer.json).dedup_key) !== key) {
			return { status: "uncertain", detail: `${answer.said}: the answer does not name our key` };
		}
		return { status: "done", proof: `${answer.said}, dedup_key ${key}` };
	}

	function alertOf(content: TicketContent, fields: Readonly<Record<string, string>>) {
		return {
			client: "Bellwether",
			client_url: content.link,
			links: [{ href: content.link, text: "Incident in Bellwether" }],
			payload: {
				summary: content.title,
				source: content.facts.tenantName || "platform",
				severity: theirSeverity(integration, content.severity),
				timestamp: content.facts.detectedAt,
				component: content.facts.workloadName,
				group: content.facts.workload,
				class: content.facts.slo,
				custom_details: { text: content.text, severity: content.severity, ...fields },
			},
		};
	}

	async function find(key: string): ReturnType<TicketSystem["find"]> {
		if (tokenRef === undefined) return { status: "done", proof: "no REST token: not looked up", refs: [] };
		const query = new URLSearchParams({ incident_key: key, date_range: "all", limit: "10" });
		const answer = await rest({ method: "GET", url: apiUrl, path: `/incidents?${query}` });
		if (answer.status !== "ok") return answer;
		const list = recordOf(answer.json).incidents;
		if (!Array.isArray(list))
			return { status: "uncertain", detail: `${answer.said}: the answer is no list of incidents` };
		const refs = list.map(recordOf).flatMap((each) => (textOf(each.incident_key) === key ? [refOf(key, each)] : []));
		return { status: "done", proof: `${answer.said}, ${refs.length} found`, refs };
	}

	/** The REST id of the ticket; PagerDuty's own, which the events do not tell. */
	async function restId(ref: TicketRef, key: string): Promise<{ readonly id: string } | TicketResult> {
		if (ref.alias !== undefined) return { id: ref.alias };
		const found = await find(key);
		if (found.status !== "done") return found;
		const id = found.refs[0]?.alias;
		// Events are taken in first and worked on later.
		return id === undefined ? { status: "retry", detail: "PagerDuty does not show the incident yet" } : { id };
	}

	/** A trigger gives an open alert the new severity, and opens a second one when it is resolved: so only for one known to be open. */
	async function isOpenThere(key: string): Promise<boolean> {
		// Without a look-up, what its messages told last must do; without those, nobody knows.
		if (tokenRef === undefined) return integration.inbound !== undefined;
		const found = await find(key);
		return found.status === "done" && found.refs.every(({ state }) => state !== "resolved");
	}

	return {
		// Events are accepted first and processed later, and the list of incidents shows them later still.
		settleMs: 15_000,
		find,
		async create(key, content) {
			const result = await enqueue("trigger", key, content);
			if (result.status !== "done") return result;
			return { ...result, ref: { id: key, name: key, state: "open" } };
		},
		async update(ref, key, change, content) {
			let result: TicketResult = { status: "done", proof: "nothing that PagerDuty can hold changed" };
			if (change.title !== undefined && tokenRef !== undefined) {
				const target = await restId(ref, key);
				if ("status" in target) return target;
				const answer = await rest({
					method: "PUT",
					url: apiUrl,
					path: `/incidents/${encodeURIComponent(target.id)}`,
					body: { incident: { type: "incident_reference", title: change.title } },
				});
				if (answer.status !== "ok") return answer;
				result = { status: "done", proof: `${answer.said}, incident ${target.id}` };
			}
			const isOpen = (change.state ?? content.state) !== "resolved" && ref.state !== "resolved";
			if (change.severity !== undefined && change.state !== "open" && isOpen && (await isOpenThere(key))) {
				result = await enqueue("trigger", key, content);
				if (result.status !== "done") return result;
			}
			if (change.state === undefined) return result;
			return enqueue(ACTIONS[change.state], key, content);
		},
		async note(ref, key, note) {
			if (tokenRef === undefined)
				return { status: "refused", detail: "notes need auth.apiToken of PagerDuty's REST API" };
			const target = await restId(ref, key);
			if ("status" in target) return target;
			const path = `/incidents/${encodeURIComponent(target.id)}/notes`;
			const there = note.mayBeThere ? await rest({ method: "GET", url: apiUrl, path }) : undefined;
			if (there && mentions(there, note.marker)) return { status: "done", proof: "the note was there already" };
			const answer = await rest({
				method: "POST",
				url: apiUrl,
				path,
				body: { note: { content: note.text } },
			});
			if (answer.status !== "ok") return answer;
			return { status: "done", proof: `${answer.said}, note ${textOf(recordOf(recordOf(answer.json).note).id) ?? ""}` };
		},
		async check() {
			if (tokenRef === undefined) {
				// The events API knows no harmless question: an alert that is closed at once is the test.
				return { status: "refused", detail: "without auth.apiToken only a test ticket can tell" };
			}
			return reachedBy(await rest({ method: "GET", url: apiUrl, path: "/abilities" }));
		},
		read: readMessage,
	};
}

function refOf(key: string, incident: Readonly<Record<string, unknown>>): TicketRef {
	const id = textOf(incident.id);
	const number = textOf(incident.incident_number ?? incident.number);
	return {
		id: key,
		name: number === undefined ? key : `#${number}`,
		alias: id,
		url: webAddress(incident.html_url),
		state: STATES[textOf(incident.status) ?? ""],
	};
}

const KINDS: Readonly<Record<string, InboundEvent["kind"]>> = {
	"incident.acknowledged": "acknowledged",
	"incident.resolved": "resolved",
	"incident.reopened": "reopened",
	"incident.unacknowledged": "other",
	"incident.annotated": "note",
};

/** https://developer.pagerduty.com/docs/webhooks/v3-overview/ */
function readMessage(_headers: Readonly<Record<string, string | undefined>>, body: unknown): InboundMessage {
	const event = recordOf(recordOf(body).event);
	const type = textOf(event.event_type);
	if (type === undefined) return { status: "malformed", message: "event.event_type is missing" };
	const data = recordOf(event.data);
	const agent = recordOf(event.agent);
	const isNote = type === "incident.annotated";
	const incident = isNote ? recordOf(data.incident) : data;
	const key = isNote ? undefined : textOf(data.incident_key);
	const number = textOf(data.number);
	const told: InboundEvent = {
		kind: KINDS[type] ?? "other",
		key,
		// Our own name for it, which PagerDuty calls its incident key.
		id: key,
		alias: textOf(incident.id),
		actor: textOf(agent.summary) ?? "",
		...(isNote ? { text: textOf(data.content) ?? "" } : {}),
		at: instantOf(event.occurred_at),
		isOurs: CREATED_BY_US.test(textOf(agent.type) ?? ""),
		...(isNote || number === undefined ? {} : { name: `#${number}` }),
		url: webAddress(incident.html_url),
	};
	return { status: "read", id: textOf(event.id), events: [told] };
}
