import type { MessagePayload, Tx } from "#platform";
import { type AcknowledgeOutcome, acknowledgeByAction, acknowledgeByCode } from "../acknowledging.ts";
import type { ResponseDeps } from "../types.ts";

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
	const { card } = JSON.parse(message.payload) as MessagePayload;
	const { token, code } = card?.acknowledge ?? {};
	if (token !== undefined) return acknowledgeByAction(tx, deps, token, call.now, call.requestId);
	if (code !== undefined) return acknowledgeByCode(tx, deps, code, call.to, call.now, call.requestId);
	return { status: "unknown" };
}
