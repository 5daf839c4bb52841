import { publishIncidentFact } from "#incidents";
import { SYSTEM, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import type { ReceiptState } from "./receipt-states.ts";

/** What a provider tells of a message that it took. `detail` is ours or the provider's code, never text of a stranger. */
export interface Receipt {
	readonly messageId: string;
	readonly channel: string;
	readonly state: ReceiptState;
	readonly detail: string;
	readonly at: number;
}

const TOLD: readonly ReceiptState[] = ["delivered", "answered", "undelivered"];

/**
 * Keeps a receipt beside the message's attempts and tells the incident's timeline. The same again changes nothing.
 * `unknown`: no such message left by this channel.
 */
export async function recordReceipt(
	tx: Tx,
	deps: Pick<ResponseDeps, "bus">,
	receipt: Receipt,
): Promise<"recorded" | "known" | "unknown"> {
	const { messageId, channel, state, detail, at } = receipt;
	const message = await tx
		.selectFrom("outbox")
		.select(["tenant", "incident_id", "kind", "payload"])
		.where("id", "=", messageId)
		.where("channel", "=", channel)
		.executeTakeFirst();
	if (!message) return "unknown";
	const added = await tx
		.insertInto("delivery_receipts")
		.values({
			outbox_id: messageId,
			tenant: message.tenant,
			incident_id: message.incident_id,
			channel,
			state,
			detail,
			at,
		})
		.onConflict((conflict) => conflict.columns(["outbox_id", "state"]).doNothing())
		.executeTakeFirst();
	if (added.numInsertedOrUpdatedRows !== 1n) return "known";
	if (message.incident_id !== null && message.kind === "page" && TOLD.includes(state)) {
		const payload = JSON.parse(message.payload) as { person?: string; data: { person?: string } };
		const incident = { id: message.incident_id, tenant: message.tenant };
		await publishIncidentFact(tx, deps, incident, SYSTEM, at, {
			type: `page.${state}`,
			data: {
				messageId,
				channel,
				person: payload.data.person ?? null,
				personDisplayName: payload.person ?? null,
				detail,
			},
		});
	}
	return "recorded";
}
