import type { Catalogue, Person } from "#catalogue";
import { type Incident, incidentSentence, publishIncidentFact, tenantName } from "#incidents";
import { enqueue, type Message, type MessagePayload, type Outcome, SYSTEM, type Tx } from "#platform";
import { pageCard } from "./page-card.ts";
import type { ResponseDeps } from "./types.ts";

export interface PageOccasion {
	readonly now: number;
	/** Index of the escalation step; the page says it counted from 1. */
	readonly step: number;
	readonly isRepeat: boolean;
	/** Put before the sentence, e.g. that a mitigation did not hold. */
	readonly lead?: string | undefined;
}

/**
 * Queues one page per contact of the person. A page of the same incident to the same address that was tried and still
 * waits for its next attempt is dropped: after an outage of a receiver one page must come through, not all of them.
 */
export async function queuePage(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	person: Person,
	occasion: PageOccasion,
): Promise<void> {
	const { now } = occasion;
	const catalogue = deps.catalogue();
	const payload = pagePayload(incident, person, catalogue, deps.publicUrl(), occasion);
	const contacts = contactsNow(person, catalogue);
	for (const { channel, address } of contacts) {
		await tx
			.updateTable("outbox")
			.set({ state: "cancelled", last_error: "replaced by a newer page" })
			.where("incident_id", "=", incident.id)
			.where("kind", "=", "page")
			.where("channel", "=", channel)
			.where("address", "=", address)
			.where("state", "=", "pending")
			.where("attempts", ">", 0)
			.execute();
		await enqueue(tx, deps.ids, now, {
			kind: "page",
			delivery: "at-least-once",
			tenant: incident.tenant,
			incidentId: incident.id,
			channel,
			address,
			payload,
		});
	}
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "page.queued",
		data: {
			person: person.name,
			personDisplayName: person.displayName,
			step: occasion.step + 1,
			isRepeat: occasion.isRepeat,
			channels: contacts.map((contact) => contact.channel).join(" and "),
		},
	});
}

/**
 * Whom a chain wakes stays as it was when the chain began; through which channel cannot, where the catalogue has lost
 * that channel since. Then the person is reached as the catalogue says now; if it knows no way at all, the old one is
 * tried, so that its failure is seen.
 */
function contactsNow(person: Person, catalogue: Catalogue): Person["contacts"] {
	const channels = new Set(catalogue.channels.map((channel) => channel.name));
	const isThere = (contact: Person["contacts"][number]) => channels.has(contact.channel);
	if (person.contacts.every(isThere)) return person.contacts;
	const current = catalogue.people.find((each) => each.name === person.name)?.contacts ?? [];
	const all = [...person.contacts, ...current].filter(isThere);
	const distinct = new Map(all.map((contact) => [`${contact.channel}\n${contact.address}`, contact]));
	return distinct.size > 0 ? [...distinct.values()] : person.contacts;
}

/** What a page says: who and what in the subject, the incident's sentence, and the link to the page with the button. */
export function pagePayload(
	incident: Incident,
	person: Person,
	catalogue: Catalogue,
	publicUrl: string,
	occasion: PageOccasion,
): MessagePayload {
	const url = `${publicUrl.replace(/\/+$/, "")}/p/${incident.id}`;
	const sentence = incidentSentence(incident, catalogue, { now: occasion.now, timeZone: person.timeZone });
	const lead = occasion.lead ?? (occasion.isRepeat ? "Nobody has acknowledged it yet." : undefined);
	const text = [lead, sentence, `See and acknowledge ${incident.id}: ${url}`].filter(Boolean).join("\n\n");
	return {
		subject: `[Sev ${incident.severity.key}] ${incident.title}`,
		text,
		url,
		person: person.displayName,
		data: {
			type: "incident.page",
			incident: incident.id,
			title: incident.title,
			severity: { ...incident.severity },
			tenant: incident.tenant,
			tenantDisplayName: tenantName(catalogue, incident.tenant),
			slo: incident.slo,
			workload: incident.workload,
			sentence,
			detectedAt: incident.detectedAt,
			person: person.name,
			escalationStep: occasion.step + 1,
			isRepeat: occasion.isRepeat,
			acknowledgeUrl: url,
		},
		card: pageCard(incident, person, catalogue, { publicUrl, now: occasion.now }),
	};
}

/** What became of an attempt to page, as the dispatcher tells it in the transaction that records it. Ignores notices. */
export async function recordPageOutcome(
	tx: Tx,
	deps: Pick<ResponseDeps, "bus">,
	message: Message,
	outcome: Outcome,
): Promise<void> {
	if (message.kind !== "page" || message.incidentId === undefined) return;
	// The second failure of one page tells nothing new in the timeline; the deliveries list has every attempt.
	if (outcome.status === "retrying" && message.attempt > 1) return;
	const type = outcome.status === "retrying" ? "page.failed" : `page.${outcome.status}`;
	const incident = { id: message.incidentId, tenant: message.tenant };
	await publishIncidentFact(tx, deps, incident, SYSTEM, outcome.at, {
		type,
		data: {
			messageId: message.id,
			channel: message.channel,
			person: message.payload.data.person ?? null,
			personDisplayName: message.payload.person ?? null,
			attempt: message.attempt,
			isRetried: outcome.status === "retrying",
			detail: outcome.detail,
		},
	});
}
