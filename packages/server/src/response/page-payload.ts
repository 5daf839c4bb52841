import type { Catalogue, Channel, Person } from "#catalogue";
import { type Incident, incidentSentence, tenantName } from "#incidents";
import type { MessageCard, MessagePayload } from "#platform";
import { pageCard } from "./page-card.ts";

/** Lines of a page that names many; the others are counted, and all of them are in its data. */
const LINES = 20;

/** What a page says besides its incidents. */
export interface PageWords {
	readonly now: number;
	/** Index of the escalation step; the page says it counted from 1. */
	readonly step: number;
	readonly isRepeat: boolean;
	/** Put before the sentence, e.g. that a mitigation did not hold. */
	readonly lead?: string | undefined;
}

/** How somebody acknowledges without signing in. `link` opens a page that asks once more. */
export interface PageAnswers {
	readonly link: string;
	readonly token: string;
	readonly code?: string | undefined;
}

/** Kinds of channels that show a link well, and people open there; others get the page that one signs in to. */
const LINKED: ReadonlySet<Channel["kind"]> = new Set(["mail", "teams", "slack"]);

/** What a page says by one kind of channel. `incidents`: the most severe first, at least one. */
export function pagePayload(
	incidents: readonly [Incident, ...Incident[]],
	person: Person,
	catalogue: Catalogue,
	publicUrl: string,
	words: PageWords,
	kind: Channel["kind"] | undefined,
	answers: PageAnswers,
): MessagePayload {
	const base = publicUrl.replace(/\/+$/, "");
	const [first, ...others] = incidents;
	const isOne = others.length === 0;
	const url = isOne ? `${base}/p/${first.id}` : answers.link;
	const isLinked = kind !== undefined && LINKED.has(kind);
	const acknowledge: NonNullable<MessageCard["acknowledge"]> = {
		url: isLinked ? answers.link : url,
		...(isLinked ? { token: answers.token } : {}),
		...(answers.code === undefined ? {} : { code: answers.code }),
	};
	const reader = { now: words.now, timeZone: person.timeZone };
	const sentence = incidentSentence(first, catalogue, reader);
	const lead = words.lead ?? (words.isRepeat && isOne ? "Nobody has acknowledged it yet." : undefined);
	const body = isOne ? sentence : listOf(incidents, catalogue, reader);
	const see = isOne ? `See and acknowledge ${first.id}: ${url}` : `See and acknowledge all ${incidents.length}: ${url}`;
	const byLink = kind === "mail" && isOne ? `Acknowledge without signing in (it asks once more): ${answers.link}` : "";
	const byCode = answers.code === undefined ? "" : `Answer ${answers.code} to acknowledge.`;
	const card = pageCard(first, person, catalogue, { publicUrl, now: words.now, acknowledge });
	return {
		subject: `[Sev ${first.severity.key}] ${isOne ? first.title : manyTitle(incidents)}`,
		text: [lead, body, byCode, see, byLink].filter(Boolean).join("\n\n"),
		url,
		person: person.displayName,
		data: {
			type: "incident.page",
			incident: first.id,
			title: first.title,
			severity: { ...first.severity },
			tenant: first.tenant,
			tenantDisplayName: tenantName(catalogue, first.tenant),
			slo: first.slo,
			workload: first.workload,
			sentence,
			detectedAt: first.detectedAt,
			person: person.name,
			escalationStep: words.step + 1,
			isRepeat: words.isRepeat,
			acknowledgeUrl: isOne ? url : acknowledge.url,
			...(isOne ? {} : { incidents: incidents.map((incident) => incident.id) }),
		},
		card: isOne
			? card
			: {
					...card,
					short: manyTitle(incidents),
					sentence: body,
					facts: [{ label: "Incidents", value: String(incidents.length) }, ...card.facts.slice(0, 1)],
					incidentUrl: `${base}/incidents`,
				},
	};
}

function manyTitle(incidents: readonly [Incident, ...Incident[]]): string {
	return `${incidents.length} incidents: ${incidents[0].title}, and ${incidents.length - 1} more`;
}

function listOf(
	incidents: readonly Incident[],
	catalogue: Catalogue,
	reader: { readonly now: number; readonly timeZone: string },
): string {
	const lines = incidents
		.slice(0, LINES)
		.map((incident) => `Sev ${incident.severity.key} ${incident.id}: ${incidentSentence(incident, catalogue, reader)}`);
	const more = incidents.length - LINES;
	return [...lines, ...(more > 0 ? [`… and ${more} more.`] : [])].join("\n");
}
