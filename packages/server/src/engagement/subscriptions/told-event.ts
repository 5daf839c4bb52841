import { isOwnName } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { describeFactsFor, type Incident, incidentSentence, tenantName } from "#incidents";
import { type LoggedEvent, type Principal, scopeOf, type Tx } from "#platform";
import type { SubscriptionEvent, SubscriptionFilter, ToldEvent } from "./types.ts";

/** Of the names that receivers see. */
const TYPE_PREFIX = "dev.bellwether.";

/** What is told, with what filters look at. */
export interface Telling {
	readonly event: SubscriptionEvent;
	readonly tenant: string;
	/** Whose the fact is: one that names another tenant's change or incident is not for whoever sees the incident alone. */
	readonly factTenant: string;
	readonly workload: string;
	readonly severity: string | undefined;
	readonly isTest: boolean;
	readonly isPart: boolean;
	readonly incidentId: string | undefined;
	/** Undefined: it opened. */
	readonly change?: Parameters<typeof describeFactsFor>[2][number] | undefined;
	readonly body: ToldEvent;
}

interface Teller {
	readonly catalogue: Catalogue;
	readonly publicUrl: string;
	readonly now: number;
}

/** What an incident's opening, or any later fact about it, says to others. */
export function tellingOfIncident(incident: Incident, fact: LoggedEvent, teller: Teller): Telling {
	const event = fact.type === "incident.opened" ? "incident.opened" : "incident.changed";
	const data = incidentData(incident, teller);
	return {
		event,
		tenant: incident.tenant,
		factTenant: fact.tenant,
		workload: incident.workload,
		severity: incident.severity.key,
		isTest: incident.evidence.drill !== undefined,
		isPart: incident.parentId !== undefined,
		incidentId: incident.id,
		...(event === "incident.changed" ? { change: { type: fact.type, actor: fact.actor, data: fact.data } } : {}),
		body: bodyOf(event, incident.id, fact.at, data, teller),
	};
}

/** What one subscriber reads of it: what happened is said in the words that its token may read, and no private incident is named. */
export async function bodyFor(tx: Tx, { change, body }: Telling, { tenants }: Principal): Promise<ToldEvent> {
	if (change === undefined) return body;
	const [text] = await describeFactsFor(tx, scopeOf({ name: "", role: "viewer", tenants }), [change]);
	return { ...body, data: { ...body.data, change: { type: change.type, by: change.actor, text } } };
}

/** A private incident is for the people it names, and the system's test of itself for itself. */
export function isKept(incident: Incident): boolean {
	return incident.readers !== undefined || isOwnName(incident.tenant);
}

/** A claim as it is kept for subscribers. */
export interface ToldBreach {
	readonly id: string;
	readonly incidentId: string;
	readonly tenant: string;
	readonly slo: string;
	readonly detector: string;
	readonly monitor: string;
	readonly scope: string;
	readonly detectedAt: number;
	readonly objective: number;
	readonly bad: number;
	readonly total: number;
	readonly burnRate: number | null;
}

/** What a detector's claim says to others. `incident`: the one that it opened, or belongs to. */
export function tellingOfBreach(breach: ToldBreach, incident: Incident, teller: Teller): Telling {
	const { catalogue } = teller;
	const workload = catalogue.slos.find(({ name }) => name === breach.slo)?.workload ?? "";
	const { incidentId, detectedAt, burnRate, ...told } = breach;
	const data = {
		...told,
		tenantDisplayName: tenantName(catalogue, breach.tenant),
		workload,
		detectedAt: iso(detectedAt),
		...(burnRate === null ? {} : { burnRate }),
		incident: incidentId,
		severity: incident.severity.key,
		url: urlOf(incident, teller),
	};
	return {
		event: "breach.opened",
		tenant: breach.tenant,
		factTenant: breach.tenant,
		workload,
		severity: incident.severity.key,
		isTest: false,
		isPart: false,
		incidentId,
		body: bodyOf("breach.opened", breach.id, detectedAt, data, teller),
	};
}

/** Fields that a subscription's filter names must fit; those that it leaves out always do. */
export function fits(filter: SubscriptionFilter, telling: Telling): boolean {
	const isAmong = (list: readonly string[] | undefined, value: string | undefined) =>
		list === undefined || (value !== undefined && list.includes(value));
	return (
		isAmong(filter.tenants, telling.tenant) &&
		isAmong(filter.workloads, telling.workload) &&
		isAmong(filter.severities, telling.severity) &&
		(filter.includeTests === true || !telling.isTest) &&
		(filter.includeParts === true || !telling.isPart)
	);
}

function bodyOf(
	event: SubscriptionEvent,
	subject: string,
	at: number,
	data: Readonly<Record<string, unknown>>,
	teller: Teller,
): ToldEvent {
	return {
		specversion: "1.0",
		type: `${TYPE_PREFIX}${event}`,
		source: teller.publicUrl,
		subject,
		time: iso(at),
		datacontenttype: "application/json",
		data,
	};
}

/** Instants as RFC 3339, as flows and CloudEvents have them; what is not known is left out. */
function incidentData(incident: Incident, teller: Teller): Readonly<Record<string, unknown>> {
	const { catalogue, now } = teller;
	const workload = catalogue.workloads.find(({ name }) => name === incident.workload);
	return {
		id: incident.id,
		number: incident.number,
		title: incident.title,
		sentence: incidentSentence(incident, catalogue, { now }),
		kind: incident.kind,
		tenant: incident.tenant,
		tenantDisplayName: tenantName(catalogue, incident.tenant),
		workload: incident.workload,
		workloadDisplayName: workload?.displayName ?? incident.workload,
		slo: incident.slo,
		severity: incident.severity.key,
		severityRank: incident.severity.rank,
		state: incident.state,
		detectedBy: incident.detectedBy,
		isTest: incident.evidence.drill !== undefined,
		parent: incident.parentId,
		onsetAt: iso(incident.onsetAt),
		detectedAt: iso(incident.detectedAt),
		acknowledgedAt: iso(incident.acknowledgedAt),
		acknowledgedBy: incident.acknowledgedBy,
		mitigatedAt: iso(incident.mitigatedAt),
		resolvedAt: iso(incident.resolvedAt),
		verdict: incident.verdict,
		version: incident.version,
		url: urlOf(incident, teller),
		acknowledgeUrl: `${teller.publicUrl}/p/${incident.id}`,
	};
}

function urlOf(incident: Incident, teller: Teller): string {
	return `${teller.publicUrl}/incidents/${incident.id}`;
}

function iso<T extends number | undefined>(at: T): T extends number ? string : string | undefined {
	return (at === undefined ? undefined : new Date(at).toISOString()) as never;
}
