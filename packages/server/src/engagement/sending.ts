import type { Clock } from "@bellwether/model";
import { getIncident, markFirstNotice, publishIncidentFact } from "#incidents";
import {
	type ChannelSender,
	type ControlStore,
	enqueue,
	type Message,
	type Outcome,
	SYSTEM,
	scopeOf,
	type Tx,
} from "#platform";
import { nextState, settle } from "./notice-lifecycle.ts";
import { contactsOf, findTenant, getNotice, recipientsDigest, saveNotice } from "./rows.ts";
import type { EngagementDeps, Notice } from "./types.ts";

const ALL = scopeOf(SYSTEM);

/**
 * Queues an approved notice, one message per recipient. To the CSAM and support at least once: one mail too many among
 * colleagues is nothing. To the customer at most once: after a crash while sending, a person decides.
 */
export async function queueNotice(
	tx: Tx,
	deps: EngagementDeps,
	notice: Notice,
	channel: string,
	now: number,
): Promise<void> {
	for (const address of notice.recipients) {
		await enqueue(tx, deps.ids, now, {
			kind: "notice",
			delivery: notice.audience === "customer" ? "at-most-once" : "at-least-once",
			tenant: notice.tenant,
			incidentId: notice.incidentId,
			channel,
			address,
			payload: {
				subject: notice.subject,
				text: notice.body,
				data: {
					type: "incident.notice",
					notice: notice.id,
					// Tells this approval's messages from those of an earlier one that certainly reached nobody.
					approval: notice.version,
					audience: notice.audience,
					incident: notice.incidentId,
					tenant: notice.tenant,
				},
			},
		});
	}
}

/**
 * A sender that checks each notice at the last moment before it leaves, and lets pages pass. Wrap every channel's sender
 * with it. A notice that fails the check is refused and stays here; if the check itself cannot run, it is tried again.
 */
export function guardNotices(
	options: { readonly store: ControlStore; readonly clock: Clock; readonly deps: EngagementDeps },
	sender: ChannelSender,
): ChannelSender {
	return {
		async send(message) {
			if (message.kind !== "notice") return sender.send(message);
			let fault: string | undefined;
			try {
				fault = await options.store.transaction((tx) => startSending(tx, options.deps, message));
			} catch (error) {
				// Nothing has left yet, so trying again cannot send twice.
				return { status: "retry", detail: `not checked: ${error instanceof Error ? error.message : String(error)}` };
			}
			return fault === undefined ? sender.send(message) : { status: "refused", detail: `withheld: ${fault}` };
		},
	};
}

/** Marks the notice as being sent; answers why it must not be. */
export async function startSending(tx: Tx, deps: EngagementDeps, message: Message): Promise<string | undefined> {
	const notice = await noticeBehind(tx, message);
	if (!notice) return "there is no such notice";
	const state = nextState(notice.state, "start-sending");
	if (!state) return `the notice is ${notice.state}`;
	if (notice.version !== message.payload.data.approval) return "the notice was approved anew";
	if (notice.tenant !== message.tenant) return "the message is of another tenant than the notice";
	if (recipientsDigest(notice.tenant, notice.audience, notice.recipients) !== notice.recipientsDigest) {
		return "the recipients are not the approved ones";
	}
	if (!notice.recipients.includes(message.address)) return "the address was not approved";
	const contacts = contactsOf(findTenant(deps.catalogue(), notice.tenant), notice.audience);
	if (!contacts.includes(message.address)) return "the address is no longer a contact of the tenant";
	if (notice.state !== state) await saveNotice(tx, { ...notice, state });
	return undefined;
}

/** What became of an attempt, as the dispatcher tells it in the transaction that records it. Ignores pages. */
export async function recordNoticeOutcome(
	tx: Tx,
	deps: EngagementDeps,
	message: Message,
	outcome: Outcome,
): Promise<void> {
	if (message.kind !== "notice" || outcome.status === "retrying") return;
	const notice = await noticeBehind(tx, message);
	const incident = notice && (await getIncident(tx, ALL, notice.incidentId));
	if (!notice || !incident) return;
	await publishIncidentFact(tx, deps, incident, SYSTEM, outcome.at, {
		type: `notice.${outcome.status}`,
		data: { noticeId: notice.id, audience: notice.audience, messageId: message.id, detail: outcome.detail },
	});
	if (outcome.status === "sent") await markFirstNotice(tx, incident.id, outcome.at);
	if (notice.version !== message.payload.data.approval) return;
	const event = settle(await messageStates(tx, notice));
	const state = event && nextState(notice.state, event);
	if (!state) return;
	// A draft again: its version moves on, or a message of this approval could pass for one of the next.
	const version = state === "draft" ? notice.version + 1 : notice.version;
	await saveNotice(tx, { ...notice, state, version, sentAt: state === "sent" ? outcome.at : undefined });
}

async function noticeBehind(tx: Tx, message: Message): Promise<Notice | undefined> {
	const id = message.payload.data.notice;
	return typeof id === "string" ? getNotice(tx, ALL, id) : undefined;
}

async function messageStates(tx: Tx, notice: Notice) {
	const rows = await tx
		.selectFrom("outbox")
		.select(["state", "payload"])
		.where("incident_id", "=", notice.incidentId)
		.where("kind", "=", "notice")
		.execute();
	return rows
		.filter((row) => {
			const { data } = JSON.parse(row.payload) as Message["payload"];
			return data.notice === notice.id && data.approval === notice.version;
		})
		.map((row) => row.state);
}

/** Takes back what waits to be sent of one notice; false when some of it may already be on its way. */
export async function recallMessages(tx: Tx, notice: Notice): Promise<boolean> {
	const rows = await tx
		.selectFrom("outbox")
		.select(["id", "state", "payload"])
		.where("incident_id", "=", notice.incidentId)
		.where("kind", "=", "notice")
		.execute();
	const own = rows.filter((row) => (JSON.parse(row.payload) as Message["payload"]).data.notice === notice.id);
	if (own.some((row) => row.state === "sending" || row.state === "sent" || row.state === "uncertain")) return false;
	const pending = own.filter((row) => row.state === "pending").map((row) => row.id);
	if (pending.length > 0) {
		await tx.updateTable("outbox").set({ state: "cancelled" }).where("id", "in", pending).execute();
	}
	return true;
}
