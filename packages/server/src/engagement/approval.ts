import { publishIncidentFact } from "#incidents";
import { audit, type Tx } from "#platform";
import { mailChannel } from "./drafting.ts";
import { findLeaks } from "./leak-check.ts";
import { nextState } from "./notice-lifecycle.ts";
import { contactsOf, findTenant, getNotice, recipientsDigest, saveNotice } from "./rows.ts";
import { queueNotice, recallMessages } from "./sending.ts";
import type { EngagementDeps, Notice, NoticeOutcome, NoticeRequest } from "./types.ts";

const MAX_SUBJECT_LENGTH = 200;
const MAX_BODY_LENGTH = 20_000;

/**
 * Lets a draft go out. Its recipients are taken now, from the tenant's own contacts, and bound by their digest; its
 * text is checked for what its readers must not see. Approving what is approved already changes nothing.
 */
export async function approveNotice(tx: Tx, deps: EngagementDeps, request: NoticeRequest): Promise<NoticeOutcome> {
	const opened = await openNotice(tx, request);
	if ("status" in opened) return opened;
	const { notice } = opened;
	if (notice.state === "approved" || notice.state === "sending" || notice.state === "sent") {
		return { status: "unchanged", notice };
	}
	const state = nextState(notice.state, "approve");
	if (!state) return refusedByState(notice, "approved");
	const catalogue = deps.catalogue();
	const findings = findLeaks(catalogue, notice, deps.publicUrl());
	if (findings.length > 0) return { status: "leak", notice, findings };
	const recipients = contactsOf(findTenant(catalogue, notice.tenant), notice.audience);
	if (recipients.length === 0) {
		return {
			status: "refused",
			notice,
			reason: "no-recipients",
			message: `Tenant ${notice.tenant} has no contacts for the audience ${notice.audience}.`,
			remedy: `Add contacts.${notice.audience} to the tenant in the catalogue.`,
		};
	}
	const channel = mailChannel(catalogue);
	if (channel === undefined) {
		return {
			status: "refused",
			notice,
			reason: "no-mail-channel",
			message: "The catalogue has no mail server, so notices cannot leave.",
			remedy: "Add smtp to the Settings, then approve again.",
		};
	}
	const approved: Notice = {
		...notice,
		state,
		recipients,
		recipientsDigest: recipientsDigest(notice.tenant, notice.audience, recipients),
		approvedBy: request.principal.name,
		approvedAt: request.now,
		version: notice.version + 1,
	};
	await saveChange(tx, deps, request, notice, approved, "approve");
	await queueNotice(tx, deps, approved, channel, request.now);
	return { status: "changed", notice: approved };
}

/** Changes the words of a draft. */
export async function editNotice(
	tx: Tx,
	deps: EngagementDeps,
	request: NoticeRequest & { readonly subject?: string | undefined; readonly body?: string | undefined },
): Promise<NoticeOutcome> {
	const opened = await openNotice(tx, request);
	if ("status" in opened) return opened;
	const { notice } = opened;
	if (!nextState(notice.state, "edit")) return refusedByState(notice, "edited");
	// A line break in a subject would be a second header in a careless mailer.
	const subject = (request.subject ?? notice.subject).replace(/\s+/g, " ").trim();
	const body = (request.body ?? notice.body).trim();
	const isFit = subject.length > 0 && subject.length <= MAX_SUBJECT_LENGTH;
	if (!isFit || body.length === 0 || body.length > MAX_BODY_LENGTH) {
		return {
			status: "refused",
			notice,
			reason: "text-invalid",
			message: `The subject has ${subject.length} characters, the body ${body.length}.`,
			remedy: `Write 1 to ${MAX_SUBJECT_LENGTH} characters of subject and 1 to ${MAX_BODY_LENGTH} of body.`,
		};
	}
	if (subject === notice.subject && body === notice.body) return { status: "unchanged", notice };
	const edited: Notice = { ...notice, subject, body, version: notice.version + 1 };
	await saveChange(tx, deps, request, notice, edited, "edit");
	return { status: "changed", notice: edited };
}

/** Drops a draft, or takes back an approved notice of which nothing has left yet. */
export async function discardNotice(tx: Tx, deps: EngagementDeps, request: NoticeRequest): Promise<NoticeOutcome> {
	const opened = await openNotice(tx, request);
	if ("status" in opened) return opened;
	const { notice } = opened;
	if (notice.state === "discarded") return { status: "unchanged", notice };
	const state = nextState(notice.state, "discard");
	if (!state || !(await recallMessages(tx, notice))) return refusedByState(notice, "discarded");
	const discarded: Notice = { ...notice, state, version: notice.version + 1 };
	await saveChange(tx, deps, request, notice, discarded, "discard");
	return { status: "changed", notice: discarded };
}

async function openNotice(tx: Tx, request: NoticeRequest): Promise<{ readonly notice: Notice } | NoticeOutcome> {
	const notice = await getNotice(tx, request.scope, request.noticeId);
	if (!notice) return { status: "not-found" };
	const isStale = request.expectedVersion !== undefined && request.expectedVersion !== notice.version;
	return isStale ? { status: "conflict", notice } : { notice };
}

function refusedByState(notice: Notice, participle: string): NoticeOutcome {
	return {
		status: "refused",
		notice,
		reason: "state",
		message: `Notice ${notice.id} is ${notice.state === "approved" ? "on its way" : notice.state}; it cannot be ${participle}.`,
		remedy: "Write a new notice if the readers must hear something else.",
	};
}

async function saveChange(
	tx: Tx,
	deps: EngagementDeps,
	request: NoticeRequest,
	before: Notice,
	after: Notice,
	verb: "approve" | "edit" | "discard",
): Promise<void> {
	await saveNotice(tx, after);
	const incident = { id: after.incidentId, tenant: after.tenant };
	const type = { approve: "notice.approved", edit: "notice.edited", discard: "notice.discarded" }[verb];
	await publishIncidentFact(tx, deps, incident, request.principal, request.now, {
		type,
		data: { noticeId: after.id, audience: after.audience },
	});
	await audit(tx, {
		at: request.now,
		actor: request.principal.name,
		action: `notice.${verb}`,
		tenant: after.tenant,
		subject: after.id,
		requestId: request.requestId ?? "",
		detail: {
			before: { state: before.state, version: before.version },
			after: { state: after.state, version: after.version, recipientsDigest: after.recipientsDigest },
		},
	});
}
