import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { type Catalogue, keptAttributesOf } from "#catalogue";
import {
	type CulpritValue,
	type Incident,
	incidentsToRevise,
	judgeSeverity,
	keepCulprits,
	reviseSeverity,
	risen,
	type WorkDeps,
} from "#incidents";
import type { ControlStore } from "#platform";
import type { AttributesQuery } from "#telemetry";
import { severityFacts } from "../api/severity-view.ts";
import { whereItFails } from "../api/where-it-fails.ts";
import type { TelemetryThread } from "./telemetry-thread.ts";

const TICK_MS = 5_000;
/** In a storm the telemetry thread has other work: so many are looked at in one tick, those that waited longest first. */
const PER_TICK = 20;
/** What explains the bad events settles within the first hour, and is asked for more rarely: it costs more. */
const CULPRITS_EVERY_MS = 5 * MINUTE_MS;

export interface IncidentWatchOptions {
	readonly store: ControlStore;
	readonly deps: WorkDeps;
	readonly telemetry: Pick<TelemetryThread, "windows" | "attributes">;
	readonly catalogue: () => Catalogue;
	readonly now: () => number;
	readonly onError: (error: unknown) => void;
}

/**
 * Looks once a minute at what became of each unresolved incident: its severity rises with the share of events hit and
 * with time, and what explains the bad events is kept, so that later ones can be compared with it.
 */
export function createIncidentWatch(options: IncidentWatchOptions): {
	/** One look at those that are due; returns when all is kept. For the loop, and for tests. */
	look(): Promise<void>;
	start(): void;
	stop(): Promise<void>;
} {
	const { store, deps, telemetry, now, onError } = options;
	const lookedAt = new Map<string, { at: number; culpritsAt: number }>();
	let running: Promise<void> | undefined;
	let ticking: NodeJS.Timeout | undefined;

	async function look(): Promise<void> {
		const open = await incidentsToRevise(store.db);
		const ids = new Set(open.map(({ id }) => id));
		for (const id of lookedAt.keys()) if (!ids.has(id)) lookedAt.delete(id);
		const seenAt = ({ id }: Incident) => lookedAt.get(id)?.at ?? Number.NEGATIVE_INFINITY;
		const due = open.filter((incident) => Math.abs(now() - seenAt(incident)) >= MINUTE_MS);
		for (const incident of due.sort((a, b) => seenAt(a) - seenAt(b)).slice(0, PER_TICK)) {
			const culpritsAt = lookedAt.get(incident.id)?.culpritsAt ?? Number.NEGATIVE_INFINITY;
			const isSettling = now() - incident.detectedAt < HOUR_MS && Math.abs(now() - culpritsAt) >= CULPRITS_EVERY_MS;
			lookedAt.set(incident.id, { at: now(), culpritsAt: isSettling ? now() : culpritsAt });
			// What cannot be looked at waits for the next minute, and keeps no other from being looked at.
			await revise(incident).catch(onError);
			if (isSettling) await explain(incident).catch(onError);
		}
	}

	async function revise(incident: Incident): Promise<void> {
		const facts = await severityFacts({ clock: { now }, telemetry }, incident);
		// Mostly nothing rises: no transaction for that.
		if (!risen(incident.derivedSeverity, judgeSeverity(incident, options.catalogue(), facts))) return;
		await store.transaction((tx) => reviseSeverity(tx, deps, incident.id, facts, now()));
	}

	async function explain(incident: Incident): Promise<void> {
		const culprits = await culpritsNow(incident, options);
		if (culprits.length > 0) await store.transaction((tx) => keepCulprits(tx, incident, culprits));
	}

	return {
		look,
		start() {
			ticking ??= setInterval(() => {
				running ??= look()
					.catch(onError)
					.finally(() => {
						running = undefined;
					});
			}, TICK_MS);
		},
		async stop() {
			clearInterval(ticking);
			await running;
		},
	};
}

/** The values that explain the bad events, of the likeliest explanation; empty: none, or it is the whole tenant. */
async function culpritsNow(incident: Incident, options: IncidentWatchOptions): Promise<CulpritValue[]> {
	const { telemetry, catalogue, now } = options;
	const known = catalogue();
	const slo = known.slos.find(({ name }) => name === incident.slo);
	if (!slo || incident.evidence.absence) return [];
	const kept = keptAttributesOf(slo, known.settings.telemetry);
	const began = incident.onsetAt ?? incident.detectedAt - incident.evidence.long.ms;
	const range = {
		tenant: incident.tenant,
		slo: slo.name,
		from: Math.floor(began / MINUTE_MS) * MINUTE_MS,
		to: (Math.floor(Math.min(incident.mitigatedAt ?? now(), now()) / MINUTE_MS) + 1) * MINUTE_MS,
	};
	const ask = (queries: readonly AttributesQuery[]) => telemetry.attributes(queries);
	const each = (await ask(kept.map((name) => ({ ...range, by: [name] })))).filter((counts) => counts !== undefined);
	const where = each.length === kept.length ? await whereItFails(ask, range, kept, each) : undefined;
	if (where?.answer !== "culprit") return [];
	return Object.entries(where.culprits[0]?.values ?? {}).map(([attribute, value]) => ({ attribute, value }));
}
