import type { Person } from "#catalogue";
import { type Principal, SYSTEM, scopeOf, type Tx } from "#platform";
import { type AcknowledgeOutcome, acknowledgeByAction, acknowledgePage } from "../acknowledging.ts";
import { checkAction, knownActionKey } from "../action-token.ts";
import type { ResponseDeps } from "../types.ts";

export interface ChatAnswer {
	/** What the button brought back. */
	readonly token: string;
	/** Of the chat, when the catalogue knows who that is by a contact of this channel. */
	readonly person: Pick<Person, "name"> | undefined;
	/** The chat's own id of who pressed, for whom the catalogue does not know. */
	readonly chatUser: string;
	readonly now: number;
	readonly requestId: string;
}

/**
 * Acknowledges as whoever pressed the button: in a chat that may be somebody else than the person who was paged. The token
 * says for which incident, and that the button is ours.
 */
export async function acknowledgeFromChat(tx: Tx, deps: ResponseDeps, answer: ChatAnswer): Promise<AcknowledgeOutcome> {
	const { token, person, chatUser, now, requestId } = answer;
	const key = await knownActionKey(tx);
	const check = key === undefined ? undefined : checkAction(key, token, "acknowledge", now);
	// Refused in the words that all other ways use.
	if (check?.status !== "valid") return acknowledgeByAction(tx, deps, token, now, requestId);
	const principal: Principal = { name: person?.name ?? chatUser, role: "responder" };
	const incidentId = check.claims.subject;
	const request = { scope: scopeOf(SYSTEM), principal, incidentId, now, requestId };
	const outcome = await acknowledgePage(tx, deps, request);
	switch (outcome.status) {
		case "changed":
			return { status: "acknowledged", incidents: [incidentId], by: principal.name, at: now };
		case "unchanged":
			return { status: "already", incidents: [incidentId], by: outcome.by ?? "somebody", at: outcome.at ?? now };
		default:
			return {
				status: "refused",
				reason: "gone",
				message: "There is nothing to acknowledge any more.",
				remedy: "Sign in to the console to see what is open.",
			};
	}
}

/** The key of a call that acknowledges. */
export const ACKNOWLEDGE_KEY = "1";

export type CallAnswer = AcknowledgeOutcome | { readonly status: "other-key" } | { readonly status: "unknown" };

/**
 * What the key means that was pressed in a call. `to`: the number that was called, as the provider tells it; a key from
 * another call is nobody's.
 */
export async function acknowledgeByKey(
	tx: Tx,
	deps: ResponseDeps,
	call: {
		readonly channel: string;
		readonly messageId: string;
		readonly to: string;
		readonly key: string;
		readonly now: number;
		readonly requestId: string;
	},
): Promise<CallAnswer> {
	const message = await tx
		.selectFrom("outbox")
		.select("payload")
		.where("id", "=", call.messageId)
		.where("channel", "=", call.channel)
		.where("address", "=", call.to)
		.executeTakeFirst();
	if (!message) return { status: "unknown" };
	if (call.key !== ACKNOWLEDGE_KEY) return { status: "other-key" };
	const payload = JSON.parse(message.payload) as {
		readonly card?: { readonly acknowledge?: { readonly token?: string } };
	};
	const token = payload.card?.acknowledge?.token;
	if (token === undefined) return { status: "unknown" };
	return acknowledgeByAction(tx, deps, token, call.now, call.requestId);
}
