import { publishIncidentFact } from "#incidents";
import { type Message, type Outcome, SYSTEM, type Tx } from "#platform";
import { hurryWay } from "./page-sending.ts";
import { recordWithheldTell } from "./routing/tell-departure.ts";
import type { ResponseDeps } from "./types.ts";

/** So often a message may fail before its person counts as not reached by it. */
const HOPELESS_ATTEMPTS = 3;
/** A repetition that names more incidents than this tells each of them only what failed. */
const TOLD_EACH = 20;

/**
 * What became of an attempt to page, as the dispatcher tells it in the transaction that records it. A contact that fails
 * gives way to the person's next one at once; when all have failed, the chain is told. Ignores notices.
 */
export async function recordPageOutcome(tx: Tx, deps: ResponseDeps, message: Message, outcome: Outcome): Promise<void> {
	if (message.kind !== "page" || (await recordWithheldTell(tx, deps, message, outcome))) return;
	const page = await tx
		.selectFrom("page_messages")
		.innerJoin("pages", "pages.id", "page_messages.page_id")
		.select(["pages.id", "pages.state", "pages.failed_at", "pages.reason"])
		.where("page_messages.outbox_id", "=", message.id)
		.executeTakeFirst();
	const incidents = page ? await namedBy(tx, page.id) : ownIncident(message);
	const isQuiet = page?.reason === "repeat" && incidents.length > TOLD_EACH && outcome.status === "sent";
	// The second failure of one page tells nothing new in the timeline; the deliveries list has every attempt.
	if (!isQuiet && (outcome.status !== "retrying" || message.attempt === 1)) {
		for (const incident of incidents) await tell(tx, deps, incident, message, outcome);
	}
	if (page?.state !== "running" || outcome.status === "sent") return;
	const isFirstFailure = message.attempt === 1;
	const isHopeless = outcome.status !== "retrying" || message.attempt >= HOPELESS_ATTEMPTS;
	if (isFirstFailure && (await hurryWay(tx, deps, page.id, outcome.at))) return;
	if (!isHopeless || page.failed_at !== null || !(await allFailed(tx, page.id))) return;
	await tx.updateTable("pages").set({ failed_at: outcome.at }).where("id", "=", page.id).execute();
	for (const incident of incidents) {
		if (incident.isDropped) continue;
		await publishIncidentFact(tx, deps, incident, SYSTEM, outcome.at, {
			type: "page.unreachable",
			data: { person: message.payload.data.person ?? null, personDisplayName: message.payload.person ?? null },
		});
	}
}

interface Named {
	readonly id: string;
	readonly tenant: string;
	/** Somebody has taken it since the page was written. */
	readonly isDropped: boolean;
}

async function namedBy(tx: Tx, pageId: string): Promise<Named[]> {
	const rows = await tx.selectFrom("page_incidents").selectAll().where("page_id", "=", pageId).execute();
	return rows.map((row) => ({ id: row.incident_id, tenant: row.tenant, isDropped: row.dropped_at !== null }));
}

function ownIncident(message: Message): Named[] {
	if (message.incidentId === undefined) return [];
	return [{ id: message.incidentId, tenant: message.tenant, isDropped: false }];
}

async function tell(tx: Tx, deps: ResponseDeps, incident: Named, message: Message, outcome: Outcome): Promise<void> {
	await publishIncidentFact(tx, deps, incident, SYSTEM, outcome.at, {
		type: outcome.status === "retrying" ? "page.failed" : `page.${outcome.status}`,
		data: {
			messageId: message.id,
			channel: message.channel,
			person: message.payload.data.person ?? null,
			personDisplayName: message.payload.person ?? null,
			attempt: message.attempt,
			isRetried: outcome.status === "retrying",
			isLate: incident.isDropped,
			detail: outcome.detail,
		},
	});
}

/** Whether no message of the page got through, and none that could soon is left. */
async function allFailed(tx: Tx, pageId: string): Promise<boolean> {
	const rows = await tx
		.selectFrom("page_messages")
		.innerJoin("outbox", "outbox.id", "page_messages.outbox_id")
		.select(["outbox.state", "outbox.attempts"])
		.where("page_messages.page_id", "=", pageId)
		.execute();
	return rows.every(
		({ state, attempts }) =>
			state === "failed" || state === "cancelled" || (state !== "sent" && attempts >= HOPELESS_ATTEMPTS),
	);
}
