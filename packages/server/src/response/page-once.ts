import type { EscalationPolicy } from "#catalogue";
import { type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, type Tx } from "#platform";
import { moveChain, START_OF_CHAIN } from "./chain.ts";
import { takeSnapshot, worldOf } from "./chain-snapshot.ts";
import { queuePage } from "./page.ts";
import { channelAsPerson } from "./page-sending.ts";
import type { ResponseDeps } from "./types.ts";

/** One page to whom the first step means that reaches somebody, without a chain. */
export async function pageOnce(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	policy: EscalationPolicy,
	lead: string,
	now: number,
): Promise<void> {
	const snapshot = takeSnapshot(deps.catalogue(), { ...policy, localNight: undefined });
	const world = await worldOf(tx, snapshot, deps.catalogue(), incident, now);
	const outcome = moveChain(snapshot, { ...START_OF_CHAIN, baseAt: now }, world, true);
	const page = outcome.effects.find((effect) => effect.type === "page");
	if (!page) {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "escalation.exhausted", data: {} });
		return;
	}
	const { reached, step, rule } = page;
	const people = reached.kind === "channel" ? [channelAsPerson(reached.channel, reached.address)] : reached.people;
	for (const person of people) await queuePage(tx, deps, incident, person, { step, isRepeat: false, rule, lead }, now);
}
