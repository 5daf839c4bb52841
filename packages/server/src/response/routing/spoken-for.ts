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

/** The first four speak for the incidents under it; of the others each of those routes by itself. */
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

const SPEAKING: readonly Voice[] = ["taken", "pages", "will-page", "has-paged"];

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

export function speaks(voice: Voice): boolean {
	return SPEAKING.includes(voice);
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

/** The platform incident that speaks for this one, if one does. */
export async function isSpokenFor(db: Db | Tx, { parentId }: Pick<Incident, "parentId">): Promise<boolean> {
	if (parentId === undefined) return false;
	const voice = (await voicesOf(db, [parentId])).get(parentId);
	return voice !== undefined && speaks(voice);
}

/** It is over, or another incident speaks for it. That somebody took it is told by an event, which ends the routing. */
export async function isSettled(db: Db | Tx, incident: Incident): Promise<boolean> {
	return isResolved(incident) || incident.mergedInto !== undefined || (await isSpokenFor(db, incident));
}

/** Incidents under a platform incident that does not speak for them: each needs a next step of its own. */
export async function unspokenIncidents(db: Db | Tx, under: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
	const voices = await voicesOf(db, [...new Set(under.values())]);
	const isUnspoken = (parentId: string) => {
		const voice = voices.get(parentId);
		return voice === undefined || !speaks(voice);
	};
	return new Set([...under].filter(([, parentId]) => isUnspoken(parentId)).map(([id]) => id));
}
