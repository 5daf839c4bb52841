import { HOUR_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type EventBus, SYSTEM, scopeOf, setTimer, type TimerHandler } from "#platform";
import { isResolved } from "./lifecycle.ts";
import { openIncident } from "./opening.ts";
import { childrenOf, getIncident } from "./rows.ts";
import type { IncidentDeps } from "./types.ts";

export const STILL_BURNING_TIMER = "incident.still-burning";
const LOOK_AGAIN_MS = HOUR_MS;
const ALL = scopeOf(SYSTEM);

export interface StillBurningDeps extends IncidentDeps {
	readonly catalogue: () => Catalogue;
}

/**
 * A detector claims a breach once. Who resolves a real one as mitigated, or as a duplicate, while its signal is still on
 * believes that it will clear; an hour later the product looks again. Call once, before the first event.
 */
export function lookAgainAfterResolution(bus: EventBus, deps: StillBurningDeps): void {
	bus.on("incident.resolved", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (!incident || incident.parentId !== undefined || incident.signalClearedAt !== undefined) return;
		// Whoever says noise has judged the signal; a duplicate's is the original's business only while that is open.
		if (incident.verdict === "noise" || incident.verdict === "expected-change") return;
		await setTimer(tx, deps.ids, event.at, {
			kind: STILL_BURNING_TIMER,
			tenant: incident.tenant,
			incidentId: incident.id,
			dueAt: event.at + LOOK_AGAIN_MS,
			data: { resolvedAt: event.at },
		});
	});
}

/** Handlers of the room's timers, by kind. A breach that is still open becomes a new incident, which pages. */
export function stillBurningTimers(deps: StillBurningDeps): Record<string, TimerHandler> {
	return {
		[STILL_BURNING_TIMER]: async (tx, timer, now) => {
			const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
			// Reopened meanwhile: somebody looks at it, or is paged for it. Resolved anew: that has an hour of its own.
			if (!incident || !isResolved(incident)) return;
			const { resolvedAt = incident.resolvedAt } = timer.data;
			if (incident.resolvedAt !== resolvedAt) return;
			const family = [incident.id, ...(await childrenOf(tx, ALL, incident.id)).map(({ id }) => id)];
			const burning = await tx
				.selectFrom("breaches")
				.select("monitor")
				.where("state", "=", "open")
				.where("incident_id", "in", family)
				.executeTakeFirst();
			if (!burning) return;
			const original = incident.duplicateOf && (await getIncident(tx, ALL, incident.duplicateOf));
			if (original && !isResolved(original)) {
				await setTimer(tx, deps.ids, now, { ...timer, incidentId: incident.id, dueAt: now + LOOK_AGAIN_MS });
				return;
			}
			const { tenant, slo, evidence } = incident;
			const scope = incident.kind;
			const claim = { type: "breach.opened", tenant, slo, detector: "burn-rate", scope, evidence } as const;
			const next = await openIncident(
				tx,
				deps,
				{ ...claim, monitor: burning.monitor, detectedAt: now },
				deps.catalogue(),
				undefined,
			);
			await tx
				.updateTable("breaches")
				.set({ incident_id: next.id })
				.where("incident_id", "=", incident.id)
				.where("state", "=", "open")
				.execute();
		},
	};
}
