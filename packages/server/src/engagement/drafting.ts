import type { Catalogue, KeyTenant, NoticeTemplate } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { apart, type EventBus, SYSTEM, scopeOf, type Tx } from "#platform";
import { noticeFacts } from "./facts.ts";
import { findLeaks } from "./leak-check.ts";
import { renderNotice } from "./render.ts";
import { contactsOf, findTenant, listNotices, recipientsDigest, rowOf, saveNotice } from "./rows.ts";
import { queueNotice, recallMessages } from "./sending.ts";
import type { Audience, EngagementDeps, Notice } from "./types.ts";

const ALL = scopeOf(SYSTEM);
const FALSE_ALARMS: readonly unknown[] = ["noise", "expected-change", "duplicate"];

/** Connects the room to what happens to incidents. Call once, before the first event, after response has done so. */
export function listenToIncidents(bus: EventBus, deps: EngagementDeps): void {
	bus.on("incident.opened", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (incident && incident.kind === "tenant" && !incident.evidence.drill)
			await draftApart(tx, deps, incident, event.at);
	});
	// It was no false alarm after all: whom nothing was sent of it hears of it now.
	bus.on("incident.reopened", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (incident && incident.kind === "tenant" && FALSE_ALARMS.includes(event.data.before))
			await draftApart(tx, deps, incident, event.at);
	});
	bus.on("incident.resolved", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (incident && FALSE_ALARMS.includes(event.data.verdict)) await discardDrafts(tx, deps, incident, event.at);
	});
}

/** What nobody foresaw takes back the drafts alone: it must not take back the incident, and with it the page. */
async function draftApart(tx: Tx, deps: EngagementDeps, incident: Incident, now: number): Promise<void> {
	try {
		await apart(tx, () => draftNotices(tx, deps, incident, now));
	} catch (error) {
		await reportFailure(tx, deps, incident, "customer", error instanceof Error ? error.message : String(error), now);
	}
}

/**
 * Drafts what the tenant's side is told of an incident, each of a platform incident's tenants included. The CSAM and
 * support are told at once; the customer's notice waits for a person. Whatever fails here is an entry of the timeline:
 * the incident and its page go out all the same.
 */
export async function draftNotices(tx: Tx, deps: EngagementDeps, incident: Incident, now: number): Promise<void> {
	const catalogue = deps.catalogue();
	const tenant = findTenant(catalogue, incident.tenant);
	if (!tenant) {
		await reportFailure(tx, deps, incident, "customer", `${incident.tenant} is no key tenant any more`, now);
		return;
	}
	const audiences: Audience[] = tenant.contacts.support ? ["csam", "support", "customer"] : ["csam", "customer"];
	const written = await listNotices(tx, ALL, { incidentId: incident.id });
	for (const audience of audiences) {
		const before = written.filter((notice) => notice.audience === audience);
		// What one audience has, waiting or sent, it is never sent twice.
		if (before.some(({ state }) => state !== "discarded")) continue;
		if (audience === "csam" && !tenant.contacts.csam) {
			await reportFailure(tx, deps, incident, audience, "the tenant has no CSAM contact", now);
			continue;
		}
		await draftNotice(tx, deps, { catalogue, tenant, incident, audience, wasDiscarded: before.length > 0, now });
	}
}

interface DraftOptions {
	readonly catalogue: Catalogue;
	readonly tenant: KeyTenant;
	readonly incident: Incident;
	readonly audience: Audience;
	/** Somebody may have had a reason: the next one waits for a person. */
	readonly wasDiscarded: boolean;
	readonly now: number;
}

async function draftNotice(tx: Tx, deps: EngagementDeps, options: DraftOptions): Promise<void> {
	const { catalogue, tenant, incident, audience, wasDiscarded, now } = options;
	const template = chooseTemplate(catalogue.templates, audience, tenant.language);
	if (!template) {
		await reportFailure(tx, deps, incident, audience, "the catalogue has no template for them", now);
		return;
	}
	const publicUrl = deps.publicUrl();
	const rendered = renderNotice(template, noticeFacts({ ...options, publicUrl }));
	if (rendered.status === "failed") {
		await reportFailure(tx, deps, incident, audience, `template ${template.name}: ${rendered.reason}`, now);
		return;
	}
	const recipients = contactsOf(tenant, audience);
	const draft: Notice = {
		id: deps.ids.next("ntc"),
		incidentId: incident.id,
		tenant: tenant.name,
		audience,
		state: "draft",
		language: template.language,
		template: template.name,
		subject: rendered.subject,
		body: rendered.body,
		recipients,
		recipientsDigest: recipientsDigest(tenant.name, audience, recipients),
		createdAt: now,
		approvedBy: undefined,
		approvedAt: undefined,
		sentAt: undefined,
		version: 1,
	};
	const channel = mailChannel(catalogue);
	const leaks = findLeaks(catalogue, draft, publicUrl);
	const waits = waitsFor(audience, channel, leaks.length, wasDiscarded);
	const isAutomatic = channel !== undefined && waits === null;
	const notice: Notice = isAutomatic
		? { ...draft, state: "approved", approvedBy: SYSTEM.name, approvedAt: now }
		: draft;
	await tx.insertInto("notices").values(rowOf(notice)).execute();
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "notice.drafted",
		data: {
			noticeId: notice.id,
			audience,
			automatic: isAutomatic,
			waitsFor: waits,
		},
	});
	if (isAutomatic) await queueNotice(tx, deps, notice, channel, now);
}

/** The tenant's language, else the language without its region, else English, else whatever there is. */
export function chooseTemplate(
	templates: readonly NoticeTemplate[],
	audience: Audience,
	language: string,
): NoticeTemplate | undefined {
	const fitting = templates.filter((template) => template.audience === audience);
	const of = (wanted: string | undefined) => fitting.find((template) => template.language === wanted);
	return of(language) ?? of(language.split("-")[0]) ?? of("en") ?? fitting[0];
}

/** The channel notices leave by. Undefined without a mail server: they wait here instead of failing one by one. */
export function mailChannel(catalogue: Catalogue): string | undefined {
	if (catalogue.settings.smtp === undefined) return undefined;
	return catalogue.channels.find((channel) => channel.kind === "mail")?.name;
}

/** Null: for nothing, it leaves at once. */
function waitsFor(
	audience: Audience,
	channel: string | undefined,
	leakCount: number,
	wasDiscarded: boolean,
): string | null {
	if (channel === undefined) return "a mail server (smtp in the settings)";
	if (leakCount > 0) return "a person: its text names what its readers must not see";
	if (audience === "customer") return "approval";
	return wasDiscarded ? "a person: one like it was discarded" : null;
}

async function reportFailure(
	tx: Tx,
	deps: EngagementDeps,
	incident: Incident,
	audience: Audience,
	reason: string,
	now: number,
): Promise<void> {
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "notice.draft_failed",
		data: { audience, reason },
	});
}

/** After a false alarm nobody should approve what still waits. The resolution's audit entry covers it. */
async function discardDrafts(tx: Tx, deps: EngagementDeps, incident: Incident, now: number): Promise<void> {
	const waiting = await listNotices(tx, ALL, { incidentId: incident.id, states: ["draft", "approved"] });
	const reason = incident.verdict === "duplicate" ? "the incident is part of another" : "the incident was no incident";
	for (const notice of waiting) {
		if (!(await recallMessages(tx, notice))) continue;
		await saveNotice(tx, { ...notice, state: "discarded", version: notice.version + 1 });
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "notice.discarded",
			data: { noticeId: notice.id, audience: notice.audience, reason },
		});
	}
}
