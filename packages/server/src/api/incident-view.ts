import type { Catalogue } from "#catalogue";
import { effectiveObjective, pauseOn } from "#catalogue";
import { listNotices, type Notice as NoticeRecord } from "#engagement";
import {
	alsoAffected,
	type Breach,
	childrenOf,
	type Incident,
	incidentSentence,
	listBreaches,
	rankClaims,
	tenantName,
	ticketsOf,
	timelineOf,
} from "#incidents";
import { measuresOf } from "#learning";
import type { Db, TenantScope } from "#platform";
import { acknowledgeDueTimes, escalationView, heldNow } from "#response";
import { FLEET } from "#telemetry";
import { incidentCauses } from "./causes-view.ts";
import type { ApiContext } from "./context.ts";
import { incidentFeeds } from "./feed-view.ts";
import { sloCell } from "./fleet-view.ts";
import { incidentWork } from "./incident-work-view.ts";
import { firingWords } from "./monitor-words.ts";
import type { Claim, IncidentDetail, IncidentSummary, Notice, SloCell } from "./schemas.ts";
import { severitySuggestion } from "./severity-view.ts";
import { wireTicket } from "./ticket-view.ts";

/** How pages stand now, by incident id. */
export interface PagesNow {
	/** When acknowledgement is due, of those whose chain runs. */
	readonly dueTimes: Awaited<ReturnType<typeof acknowledgeDueTimes>>;
	/** What holds back, of those whose page is held. */
	readonly held: Awaited<ReturnType<typeof heldNow>>;
}

export async function pagesNow(db: Db, scope: TenantScope): Promise<PagesNow> {
	const [dueTimes, held] = await Promise.all([acknowledgeDueTimes(db, scope), heldNow(db, scope)]);
	return { dueTimes, held };
}

export function incidentSummary(incident: Incident, catalogue: Catalogue, pages: PagesNow): IncidentSummary {
	const held = pages.held.get(incident.id);
	return {
		id: incident.id,
		title: incident.title,
		kind: incident.kind,
		tenant: incident.tenant,
		tenantDisplayName: tenantName(catalogue, incident.tenant),
		workload: incident.workload,
		workloadDisplayName:
			catalogue.workloads.find((each) => each.name === incident.workload)?.displayName ?? incident.workload,
		slo: incident.slo,
		severity: incident.severity,
		state: incident.state,
		parent: incident.parentId ?? null,
		onsetAt: incident.onsetAt ?? null,
		detectedAt: incident.detectedAt,
		acknowledgedAt: incident.acknowledgedAt ?? null,
		acknowledgedBy: incident.acknowledgedBy ?? null,
		acknowledgeDueAt: pages.dueTimes.get(incident.id) ?? null,
		held: held ? { kind: held.kind, until: held.until ?? null } : null,
		signalClearedAt: incident.signalClearedAt ?? null,
		mitigatedAt: incident.mitigatedAt ?? null,
		resolvedAt: incident.resolvedAt ?? null,
		verdict: incident.verdict ?? null,
		isPrivate: incident.readers !== undefined,
		version: incident.version,
	};
}

/** Everything of one incident, gathered from the rooms that know a part of it. `timeZone`: of who reads the sentence. */
export async function incidentDetail(
	context: ApiContext,
	scope: TenantScope,
	incident: Incident,
	timeZone?: string,
): Promise<IncidentDetail> {
	const catalogue = context.catalogue();
	const { db } = context.store;
	const [
		pages,
		claims,
		others,
		children,
		timeline,
		escalation,
		notices,
		feeds,
		causes,
		suggestedSeverity,
		work,
		tickets,
	] = await Promise.all([
		pagesNow(db, scope),
		listBreaches(db, scope, { incidentId: incident.id }),
		alsoAffected(db, scope, incident),
		childrenOf(db, scope, incident.id),
		timelineOf(db, scope, incident.id),
		escalationView(db, scope, incident.id),
		listNotices(db, scope, { incidentId: incident.id }),
		incidentFeeds(context, scope, incident, catalogue),
		incidentCauses(context, scope, incident),
		severitySuggestion(context, incident, catalogue),
		incidentWork(context, scope, incident),
		ticketsOf(db, scope, incident.id),
	]);
	const workload = catalogue.workloads.find((each) => each.name === incident.workload);
	const now = context.clock.now();
	// Those of the tenants under a platform's incident stand on their own.
	const ranked = rankClaims(claims.filter(({ tenant }) => tenant === incident.tenant));
	const isOwn = incident.evidence.reported !== undefined || incident.evidence.drill !== undefined;
	return {
		...incidentSummary(incident, catalogue, pages),
		sentence: incidentSentence(incident, catalogue, { now, timeZone }),
		evidence: wireEvidence(isOwn ? incident.evidence : (ranked[0]?.evidence ?? incident.evidence)),
		claims: ranked.map((claim) => wireClaim(claim, catalogue)),
		current: {
			tenant: incident.kind === "platform" ? null : currentCell(context, incident.tenant, incident.slo),
			platform: currentCell(context, FLEET, incident.slo),
		},
		alsoAffected: others.map((name) => tenantName(catalogue, name)),
		children: children.map((child) => incidentSummary(child, catalogue, pages)),
		runbook: firstSteps(work.runbooks) ?? [...(workload?.runbook ?? [])],
		owner: workload?.owner ?? "",
		escalation: {
			state: escalation.state,
			steps: escalation.steps.map((step) => ({ ...step, dueAt: step.dueAt ?? null })),
			nextPerson: escalation.nextPerson ?? null,
			nextAt: escalation.nextAt ?? null,
		},
		timeline: [...timeline],
		notices: notices.map((notice) => wireNotice(notice, catalogue)),
		measures: measuresOf(incident),
		verdictReason: incident.verdictReason ?? null,
		suggestedSeverity,
		causes,
		tickets: tickets.map((ticket) => wireTicket(ticket, catalogue)),
		...feeds,
		...work,
	};
}

/** Of the nearest runbook that has a checklist, for where there is no room for all of it; undefined: there is none. */
function firstSteps(runbooks: IncidentDetail["runbooks"]): string[] | undefined {
	return runbooks.find(({ items }) => items.length > 0)?.items.map(({ text }) => text);
}

export function wireNotice(notice: NoticeRecord, catalogue: Catalogue): Notice {
	return {
		id: notice.id,
		incident: notice.incidentId,
		tenant: notice.tenant,
		audience: notice.audience,
		state: notice.state,
		language: notice.language,
		subject: notice.subject,
		body: notice.body,
		recipients: [...notice.recipients],
		recipientsDigest: notice.recipientsDigest,
		createdAt: notice.createdAt,
		approvedBy: notice.approvedBy ?? null,
		approvedAt: notice.approvedAt ?? null,
		sentAt: notice.sentAt ?? null,
		waitsFor: waitsFor(notice, catalogue),
		version: notice.version,
	};
}

function waitsFor(notice: NoticeRecord, { settings, channels }: Catalogue): Notice["waitsFor"] {
	if (notice.state !== "draft") return null;
	if (settings.smtp === undefined || !channels.some((channel) => channel.kind === "mail")) return "mail-server";
	return notice.recipients.length === 0 ? "recipients" : "approval";
}

function currentCell(context: ApiContext, tenant: string, sloName: string): SloCell | null {
	const catalogue = context.catalogue();
	const slo = catalogue.slos.find((each) => each.name === sloName);
	if (!slo) return null;
	const status = context.telemetry.statuses().find((each) => each.tenant === tenant && each.slo === sloName);
	const keyTenant = catalogue.tenants.find((each) => each.name === tenant);
	const paused = pauseOn(catalogue, slo, tenant, context.clock.now());
	return sloCell(slo, tenant, (_tenant, of) => effectiveObjective(catalogue, of, keyTenant), status, paused);
}

function wireClaim({ detector, monitor, slo, openedAt, closedAt, evidence }: Breach, catalogue: Catalogue): Claim {
	const says = firingWords(
		{ evidence },
		catalogue.slos.find(({ name }) => name === slo),
	);
	return { detector, monitor, at: openedAt, endedAt: closedAt ?? null, says };
}

function wireEvidence(evidence: Incident["evidence"]): IncidentDetail["evidence"] {
	const window = ({ ms, bad, total, burn }: Incident["evidence"]["long"]) => ({ ms, bad, total, burn: burn ?? null });
	const { tier } = evidence;
	return {
		...evidence,
		facts: evidence.facts && { ...evidence.facts },
		tier: tier ? { key: tier.key, factor: tier.factor, longMs: tier.longMs, shortMs: tier.shortMs } : null,
		absence: evidence.absence && { ...evidence.absence },
		drill: evidence.drill && { ...evidence.drill },
		reported: evidence.reported && { ...evidence.reported },
		onset: evidence.onset && { ...evidence.onset },
		radar: evidence.radar && {
			...evidence.radar,
			changes: [...evidence.radar.changes],
			culprits: [...evidence.radar.culprits],
		},
		long: window(evidence.long),
		short: window(evidence.short),
		episode: window(evidence.episode),
		fleet: {
			long: window(evidence.fleet.long),
			short: window(evidence.fleet.short),
			episode: window(evidence.fleet.episode),
		},
		alsoBurning: [...evidence.alsoBurning],
	};
}
