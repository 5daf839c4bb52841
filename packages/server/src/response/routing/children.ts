import { childrenOf, getIncident, type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { decideNow } from "./decide-now.ts";
import { endHandOffs } from "./hand-offs.ts";
import { endRouting, lookAtSharers, quieten, routeIncident } from "./route-incident.ts";
import { isSettled, routedAmong, spokenFor, voicesOf } from "./spoken-for.ts";
import type { Chains } from "./types.ts";

const ALL = scopeOf(SYSTEM);

/** Routes an incident that nobody has taken and no platform incident speaks for, unless it is routed already. */
export async function routeByItself(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	incident: Incident,
	now: number,
): Promise<void> {
	if (incident.state !== "detected" || (await isSettled(tx, incident))) return;
	if ((await routedAmong(tx, [incident.id])).has(incident.id)) return;
	const { parentId } = incident;
	if (parentId !== undefined) {
		const voice = (await voicesOf(tx, [parentId])).get(parentId);
		const data = { parentId, voice: voice ?? "over" };
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.by_itself", data });
	}
	await routeIncident(tx, deps, chains, incident, now);
}

/** A platform incident pages now, or it pages nobody: those under it follow. */
export async function lookAtChildren(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	parentId: string,
	now: number,
): Promise<void> {
	const children = (await childrenOf(tx, ALL, parentId)).filter(({ state }) => state === "detected");
	if (children.length === 0) return;
	const spoken = await spokenFor(tx, children);
	const routed = await routedAmong(
		tx,
		children.map(({ id }) => id),
	);
	for (const child of children) {
		if (spoken.has(child.id)) {
			if (routed.has(child.id)) await standBack(tx, deps, chains, child, parentId, now);
		} else if (child.signalClearedAt === undefined) await routeByItself(tx, deps, chains, child, now);
		else await keepQuiet(tx, deps, child, now);
	}
}

/** It no longer burns, and nobody was paged for it alone: it stays open for people to judge, and its return pages. */
async function keepQuiet(tx: Tx, deps: ResponseDeps, child: Incident, now: number): Promise<void> {
	if ((await routedAmong(tx, [child.id])).has(child.id)) return;
	await quieten(tx, deps, child, await decideNow(tx, deps.catalogue(), child, now, true), now);
}

/** Its platform incident pages for it from now on. */
async function standBack(
	tx: Tx,
	deps: ResponseDeps,
	chains: Chains,
	child: Incident,
	parentId: string,
	now: number,
): Promise<void> {
	await chains.stop(tx, child, now);
	await endRouting(tx, child, now);
	const reason = `platform incident ${parentId} pages for it`;
	await publishIncidentFact(tx, deps, child, SYSTEM, now, { type: "escalation.stopped", data: { reason } });
	await endHandOffs(tx, deps, child, reason, now);
	await lookAtSharers(tx, deps, chains, child.id, now);
}

/** Looks at the incidents under the platform incident that an event is about; a tenant's has none. */
export async function lookBelow(tx: Tx, deps: ResponseDeps, chains: Chains, id: string, now: number): Promise<void> {
	const incident = await getIncident(tx, ALL, id);
	if (incident?.kind === "platform") await lookAtChildren(tx, deps, chains, id, now);
}
