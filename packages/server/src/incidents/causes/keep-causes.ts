import { type Db, inScope, SYSTEM, scopeOf, type TenantScope, type Tx } from "#platform";
import { type ChangeRecord, changesById } from "../feeds/index.ts";
import type { Incident, IncidentDeps } from "../types.ts";
import { changeWords, leadWords } from "./cause-words.ts";
import type { IncidentCauses, JudgedCause } from "./types.ts";

const CAUSE_BLAMED = "incident.cause_blamed";
const ALL = scopeOf(SYSTEM);

/**
 * Keeps what was judged. A change that is blamed is told in the timeline, each once; the entry belongs to the tenant of the
 * change, so that one of no single tenant is read by those alone who may see it.
 */
export async function keepCauses(
	tx: Tx,
	deps: Pick<IncidentDeps, "bus">,
	incident: Incident,
	causes: IncidentCauses,
): Promise<void> {
	const row = { judged_at: causes.judgedAt, answer: JSON.stringify(causes) };
	await tx
		.insertInto("incident_causes")
		.values({ incident_id: incident.id, ...row })
		.onConflict((conflict) => conflict.column("incident_id").doUpdateSet(row))
		.execute();
	const blamed = causes.ranked.find(({ isBlamed }) => isBlamed);
	if (!blamed) return;
	const told = await toldBefore(tx, incident.id);
	if (told.some(({ feed, change }) => feed === blamed.feed && change === blamed.id)) return;
	const [change] = await changesById(tx, ALL, [blamed]);
	if (!change) return;
	await deps.bus.publish(tx, {
		type: CAUSE_BLAMED,
		at: causes.judgedAt,
		tenant: blamed.tenant,
		incidentId: incident.id,
		actor: SYSTEM,
		data: {
			feed: blamed.feed,
			change: blamed.id,
			what: `${changeWords(change)} ${leadWords(blamed.leadMs, incident.onsetAt !== undefined)}`,
			probability: blamed.probability,
			isAnother: told.length > 0,
		},
	});
}

interface Told {
	readonly feed: string;
	readonly change: string;
}

async function toldBefore(tx: Tx, incidentId: string): Promise<Told[]> {
	const events = await tx
		.selectFrom("events")
		.select("data")
		.where("incident_id", "=", incidentId)
		.where("type", "=", CAUSE_BLAMED)
		.execute();
	return events.map(({ data }) => JSON.parse(data) as Told);
}

/** What was judged last, with each change as it is held now. */
export interface ReadCauses extends Omit<IncidentCauses, "ranked"> {
	readonly ranked: readonly (JudgedCause & { readonly change: ChangeRecord })[];
	/** Probability of changes that the reader may not see, or that are not held any more. */
	readonly unseen: number;
}

/** Undefined: nothing was judged. Of an incident under the platform's that of the platform's. Changes outside the scope are left out. */
export async function causesOf(
	db: Db | Tx,
	scope: TenantScope,
	incident: Pick<Incident, "id" | "parentId" | "tenant">,
): Promise<ReadCauses | undefined> {
	if (!inScope(scope, incident.tenant)) return undefined;
	const causes =
		(incident.parentId && (await judgedCauses(db, incident.parentId))) || (await judgedCauses(db, incident.id));
	if (!causes) return undefined;
	const changes = new Map(
		(await changesById(db, scope, causes.ranked)).map((change) => [JSON.stringify([change.feed, change.id]), change]),
	);
	const ranked = causes.ranked.flatMap((cause) => {
		const change = changes.get(JSON.stringify([cause.feed, cause.id]));
		return change ? [{ ...cause, change }] : [];
	});
	const hidden = causes.ranked.filter(({ feed, id }) => !changes.has(JSON.stringify([feed, id])));
	return { ...causes, ranked, unseen: hidden.reduce((sum, { probability }) => sum + probability, 0) };
}

/** What was judged of this very incident, for the product itself. */
export async function judgedCauses(db: Db | Tx, incidentId: string): Promise<IncidentCauses | undefined> {
	const row = await db
		.selectFrom("incident_causes")
		.select("answer")
		.where("incident_id", "=", incidentId)
		.executeTakeFirst();
	return row && (JSON.parse(row.answer) as IncidentCauses);
}
