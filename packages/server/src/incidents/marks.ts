import type { Tx } from "#platform";

/** The first page of an incident: where the acknowledgement clock starts. Later ones leave it. */
export async function markPaged(tx: Tx, incidentId: string, at: number): Promise<void> {
	await tx
		.updateTable("incidents")
		.set({ paged_at: at })
		.where("id", "=", incidentId)
		.where("paged_at", "is", null)
		.execute();
}

/** The first notice that reached the customer's side (the CSAM counts). Later ones leave it. */
export async function markFirstNotice(tx: Tx, incidentId: string, at: number): Promise<void> {
	await tx
		.updateTable("incidents")
		.set({ first_notice_at: at })
		.where("id", "=", incidentId)
		.where("first_notice_at", "is", null)
		.execute();
}
