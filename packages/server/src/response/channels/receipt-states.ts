import type { ControlTables, Db, Tx } from "#platform";

/** What a provider says of a message that it took; `answered`: a call, also by a mailbox. */
export type ReceiptState = ControlTables["delivery_receipts"]["state"];

/** The last receipt of each message that has one. */
export async function lastReceipts(
	db: Db | Tx,
	messageIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly state: ReceiptState; readonly at: number }>> {
	if (messageIds.length === 0) return new Map();
	const rows = await db
		.selectFrom("delivery_receipts")
		.select(["outbox_id", "state", "at"])
		.where("outbox_id", "in", [...messageIds])
		.orderBy("seq")
		.execute();
	return new Map(rows.map(({ outbox_id: id, state, at }) => [id, { state, at }]));
}
