import { sql } from "kysely";
import type { Catalogue } from "#catalogue";
import { burningParts, type Incident } from "#incidents";
import type { Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { decide } from "./decide.ts";
import { gatherFacts } from "./facts.ts";
import type { Decision } from "./types.ts";

/**
 * What happens with an incident by what the store has now. One that others were merged into speaks for them as well: as
 * long as one of them burns that nothing holds back, it pages as that one would. `isAlone`: its group is not looked at.
 */
export async function decideNow(
	tx: Tx,
	catalogue: Catalogue,
	incident: Incident,
	now: number,
	isAlone = false,
): Promise<Decision> {
	const decideAs = async (as: Incident) => {
		const facts = await gatherFacts(tx, catalogue, as, now);
		return decide(isAlone ? { ...facts, groups: [] } : facts);
	};
	const own = await decideAs(incident);
	if (own.action === "page" || own.action === "wait") return own;
	for (const part of await burningParts(tx, incident)) {
		const decision = await decideAs({ ...part, id: incident.id });
		if (decision.action !== "page" && decision.action !== "wait") continue;
		const why = `${part.id}, which was merged into it, burns and is not held back.`;
		return { ...decision, explanation: [...decision.explanation, why] };
	}
	return own;
}

/** What holds the incident's page back now; undefined: nothing, or the decision failed, which holds nothing back. */
export async function heldNowBy(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	now: number,
): Promise<Decision | undefined> {
	await sql`savepoint holds`.execute(tx);
	try {
		const decision = await decideNow(tx, deps.catalogue(), incident, now, true);
		return decision.action === "hold" ? decision : undefined;
	} catch {
		await sql`rollback to savepoint holds`.execute(tx);
		return undefined;
	} finally {
		await sql`release savepoint holds`.execute(tx);
	}
}
