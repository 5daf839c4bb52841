import { type Incident, type IncidentState, isResolved } from "#incidents";
import type { ControlTables, Db, Tx } from "#platform";

/** What a platform incident does about pages, as far as the incidents under it hang on it. */
export interface ParentFacts {
	readonly state: IncidentState;
	readonly isMerged: boolean;
	/** Somebody was paged for it since it opened, or since its signal took it up again. */
	readonly hasPaged: boolean;
	/** Of its newest chain. */
	readonly chain: ControlTables["escalations"]["state"] | undefined;
	readonly routing: ControlTables["routed"]["state"] | undefined;
}

/**
 * The first three speak for the incidents under it; the fourth for those that people were paged for in that way; of the
 * others each of those routes by itself.
 */
export type Voice =
	| "taken"
	| "pages"
	| "will-page"
	| "has-paged"
	| "over"
	| "mitigated"
	| "held"
	| "only-tells"
	| "quiet"
	| "reaches-nobody"
	| "not-routed";

const SPEAKING: readonly Voice[] = ["taken", "pages", "will-page"];

/**
 * Whether a platform incident speaks for those under it: somebody has it, was paged for it or is about to be. One that
 * pages nobody leaves nobody without a page: held back before its first page, only told, gone quiet, with a chain that
 * reaches nobody, or over.
 */
export function voiceOf({ state, isMerged, hasPaged, chain, routing }: ParentFacts): Voice {
	if (isMerged || isResolved({ state })) return "over";
	// Whoever said that the impact ended looks at nothing that fails now.
	if (state === "mitigated") return "mitigated";
	if (state !== "detected") return "taken";
	if (chain === "running") return "pages";
	if (routing === "waiting" || routing === "sharing") return "will-page";
	if (routing === "telling") return "only-tells";
	if (routing === "quiet") return "quiet";
	if (hasPaged) return "has-paged";
	if (routing === "held") return "held";
	return chain === "exhausted" ? "reaches-nobody" : "not-routed";
}

/** What each platform incident does about pages now. */
export async function voicesOf(db: Db | Tx, parentIds: readonly string[]): Promise<ReadonlyMap<string, Voice>> {
	if (parentIds.length === 0) return new Map();
	const parents = await db
		.selectFrom("incidents")
		.leftJoin("routed", "routed.incident_id", "incidents.id")
		.select(["incidents.id", "incidents.state", "incidents.merged_into", "incidents.paged_at"])
		.select("routed.state as routing")
		.where("incidents.id", "in", [...parentIds])
		.execute();
	const chains = await db
		.selectFrom("escalations")
		.select(["incident_id", "state"])
		.where("incident_id", "in", [...parentIds])
		.orderBy("started_at")
		.orderBy("id")
		.execute();
	const newest = new Map(chains.map((chain) => [chain.incident_id, chain.state]));
	return new Map(
		parents.map((row) => {
			const isMerged = row.merged_into !== null;
			const { state, routing } = row;
			const facts = { state, isMerged, hasPaged: row.paged_at !== null, chain: newest.get(row.id) };
			return [row.id, voiceOf({ ...facts, routing: routing ?? undefined })];
		}),
	);
}

/** An incident, and the platform incident that it is under. */
type Under = Pick<Incident, "id" | "parentId">;

/** Of these incidents those that the platform incident above them speaks for. */
export async function spokenFor(db: Db | Tx, incidents: readonly Under[]): Promise<ReadonlySet<string>> {
	const under = incidents.flatMap(({ id, parentId }) => (parentId === undefined ? [] : [{ id, parentId }]));
	const voices = await voicesOf(db, [...new Set(under.map(({ parentId }) => parentId))]);
	const isOf = ({ parentId }: Under, voice: Voice) => parentId !== undefined && voices.get(parentId) === voice;
	const spoken = under.filter((each) => SPEAKING.some((voice) => isOf(each, voice)));
	const known = await pagedAlready(
		db,
		under.filter((each) => isOf(each, "has-paged")),
	);
	return new Set([...spoken, ...known].map(({ id }) => id));
}

/**
 * Of incidents under platform incidents that paged and now page nobody, those that people were paged for in that way:
 * what came under it later, or pages by itself, was not among them. By the order of commits, as clocks may be set back.
 */
async function pagedAlready<U extends { readonly id: string; readonly parentId: string }>(
	db: Db | Tx,
	under: readonly U[],
): Promise<U[]> {
	if (under.length === 0) return [];
	const alone = await routedAmong(
		db,
		under.map(({ id }) => id),
	);
	const silentSince = new Map<string, number | undefined>();
	for (const id of new Set(under.map(({ parentId }) => parentId))) silentSince.set(id, await silentSinceSeq(db, id));
	const kept: U[] = [];
	for (const each of under) {
		const since = silentSince.get(each.parentId);
		if (alone.has(each.id)) continue;
		if (since === undefined || ((await lastSeq(db, each.id, COMES_UNDER)) ?? 0) < since) kept.push(each);
	}
	return kept;
}

const PAGES = ["routing.waits", "routing.shared", "escalation.started", "escalation.step_reached"];
const FALLS_SILENT = ["routing.held", "escalation.exhausted"];
const COMES_UNDER = ["incident.opened", "incident.linked", "incident.reopened"];

/** The commit with which it was held back after it had paged, or reached nobody any more; undefined: not on record. */
async function silentSinceSeq(db: Db | Tx, id: string): Promise<number | undefined> {
	const pagedSeq = (await lastSeq(db, id, PAGES)) ?? 0;
	const row = await db
		.selectFrom("events")
		.select((select) => select.fn.min("seq").as("seq"))
		.where("incident_id", "=", id)
		.where("type", "in", FALLS_SILENT)
		.where("seq", ">", pagedSeq)
		.executeTakeFirst();
	return row?.seq ?? undefined;
}

async function lastSeq(db: Db | Tx, id: string, types: readonly string[]): Promise<number | undefined> {
	const row = await db
		.selectFrom("events")
		.select((select) => select.fn.max("seq").as("seq"))
		.where("incident_id", "=", id)
		.where("type", "in", [...types])
		.executeTakeFirst();
	return row?.seq ?? undefined;
}

/** Those that wait, are held back, page or were told of already. */
export async function routedAmong(db: Db | Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
	const routed = await db
		.selectFrom("routed")
		.select("incident_id")
		.where("incident_id", "in", [...ids])
		.where("state", "!=", "over")
		.execute();
	const running = await db
		.selectFrom("escalations")
		.select("incident_id")
		.where("incident_id", "in", [...ids])
		.where("state", "=", "running")
		.execute();
	return new Set([...routed, ...running].map((row) => row.incident_id));
}

/** Whether the platform incident above it, if there is one, speaks for it. */
export async function isSpokenFor(db: Db | Tx, incident: Under): Promise<boolean> {
	return (await spokenFor(db, [incident])).has(incident.id);
}

/** It is over, or another incident speaks for it. That somebody took it is told by an event, which ends the routing. */
export async function isSettled(db: Db | Tx, incident: Incident): Promise<boolean> {
	return isResolved(incident) || incident.mergedInto !== undefined || (await isSpokenFor(db, incident));
}

/** Incidents under a platform incident that does not speak for them: each needs a next step of its own. */
export async function unspokenIncidents(db: Db | Tx, under: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
	const spoken = await spokenFor(
		db,
		[...under].map(([id, parentId]) => ({ id, parentId })),
	);
	return new Set([...under.keys()].filter((id) => !spoken.has(id)));
}
