import { childrenOf, getIncident, type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { decideNow } from "./decide-now.ts";
import { endHandOffs } from "./hand-offs.ts";
import { endRouting, lookAtSharers, quieten, routeIncident } from "./route-incident.ts";
import { isSettled, speaks, type Voice, voicesOf } from "./spoken-for.ts";
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
	const voice: Voice = (await voicesOf(tx, [parentId])).get(parentId) ?? "over";
	if (!speaks(voice)) {
		for (const child of children) {
			if (child.signalClearedAt === undefined) await routeByItself(tx, deps, chains, child, now);
			else await keepQuiet(tx, deps, child, now);
		}
		return;
	}
	const routed = await routedAmong(
		tx,
		children.map(({ id }) => id),
	);
	for (const child of children) if (routed.has(child.id)) await standBack(tx, deps, chains, child, parentId, now);
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

/** Those that wait, are held back, page or were told of already. */
async function routedAmong(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
	const routed = await tx
		.selectFrom("routed")
		.select("incident_id")
		.where("incident_id", "in", [...ids])
		.where("state", "!=", "over")
		.execute();
	const running = await tx
		.selectFrom("escalations")
		.select("incident_id")
		.where("incident_id", "in", [...ids])
		.where("state", "=", "running")
		.execute();
	return new Set([...routed, ...running].map((row) => row.incident_id));
}

/** Looks at the incidents under the platform incident that an event is about; a tenant's has none. */
export async function lookBelow(tx: Tx, deps: ResponseDeps, chains: Chains, id: string, now: number): Promise<void> {
	const incident = await getIncident(tx, ALL, id);
	if (incident?.kind === "platform") await lookAtChildren(tx, deps, chains, id, now);
}
