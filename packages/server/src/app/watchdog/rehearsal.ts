import type { Catalogue } from "#catalogue";
import type { BreachOpened } from "#detection";
import { acknowledgeIncident, openForBreach } from "#incidents";
import { type ControlStore, EventBus, type Ids, SYSTEM, scopeOf } from "#platform";
import type { listenToIncidents } from "#response";

/** Takes back what a rehearsal wrote. */
class CurtainFall extends Error {}

/**
 * Opens an incident for the claim, starts its chain and acknowledges it, with the code and the catalogue that real ones
 * have, and takes all of it back: no row, no number, no audit entry stays, and nobody but the chain hears of it. Throws
 * what kept the incident from opening, its chain from having a next step, or its acknowledgement from ending it.
 */
export async function rehearse(options: {
	readonly store: ControlStore;
	readonly ids: Ids;
	readonly catalogue: Catalogue;
	readonly publicUrl: string;
	readonly listenForPages: typeof listenToIncidents;
	readonly breach: BreachOpened;
}): Promise<void> {
	const { store, ids, catalogue, publicUrl, breach } = options;
	const bus = new EventBus();
	const deps = { ids, bus };
	options.listenForPages(bus, { ...deps, catalogue: () => catalogue, publicUrl: () => publicUrl });
	await store
		.transaction(async (tx) => {
			const outcome = await openForBreach(tx, deps, breach, catalogue);
			if (outcome.status !== "opened") throw new Error(`the claim opened no incident: ${outcome.status}`);
			const { incidentId } = outcome;
			const pending = async () =>
				(
					await tx
						.selectFrom("timers")
						.select("kind")
						.where("incident_id", "=", incidentId)
						.where("state", "=", "pending")
						.execute()
				).length;
			const chain = await tx
				.selectFrom("escalations")
				.select("state")
				.where("incident_id", "=", incidentId)
				.executeTakeFirst();
			if (chain?.state === "running" && (await pending()) === 0)
				throw new Error("the chain of a new incident has no next step");
			const request = { scope: scopeOf(SYSTEM), principal: SYSTEM, incidentId, now: breach.detectedAt };
			const taken = await acknowledgeIncident(tx, deps, request);
			if (taken.status !== "changed") throw new Error(`a new incident could not be acknowledged: ${taken.status}`);
			const left = await tx
				.selectFrom("escalations")
				.select("id")
				.where("incident_id", "=", incidentId)
				.where("state", "=", "running")
				.executeTakeFirst();
			if (left) throw new Error("an acknowledged incident is still escalated");
			throw new CurtainFall();
		})
		.catch((error) => {
			if (!(error instanceof CurtainFall)) throw error;
		});
}
