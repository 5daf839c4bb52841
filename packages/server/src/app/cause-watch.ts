import { isDeepStrictEqual } from "node:util";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { type Catalogue, keptAttributesOf, type Slo } from "#catalogue";
import type { Localisation } from "#detection";
import {
	type ChangeRecord,
	type Culprit,
	feedStates,
	type Incident,
	type IncidentCauses,
	type IncidentDeps,
	incidentsToJudge,
	judgeCauses,
	judgedCauses,
	keepCauses,
	listChanges,
	type OtherTenant,
	type Slices,
	type Surroundings,
} from "#incidents";
import { type ControlStore, SYSTEM, scopeOf } from "#platform";
import { type AttributeCounts, type AttributesQuery, FLEET } from "#telemetry";
import { whereItFails } from "../api/where-it-fails.ts";
import type { TelemetryThread } from "./telemetry-thread.ts";

/** So much is needed to tell how often changes come by. */
const LOOK_BACK_MS = 7 * DAY_MS;
const MAX_CHANGES = 1_000;
/** Others are asked for where their events are: a sample of them says enough. */
const MAX_OTHERS = 100;
/** Who fell ill so long before has another illness. */
const TOGETHER_MS = 30 * MINUTE_MS;
/** What changes less than this is not written again. */
const SAME_RATIO = 0.03;
const ALL = scopeOf(SYSTEM);

export interface CauseWatchOptions {
	readonly store: ControlStore;
	readonly deps: Pick<IncidentDeps, "bus">;
	readonly telemetry: Pick<TelemetryThread, "attributes" | "statuses">;
	readonly catalogue: () => Catalogue;
	readonly now: () => number;
	/** Another answer is kept. */
	readonly onJudged: (incident: Incident) => void;
	readonly onError: (error: unknown) => void;
}

/**
 * Judges which change may have brought each new incident about: soon after it opened or news came (`tell`), and every
 * minute of its first hour, because changes are told late and others fall ill later.
 */
export function createCauseWatch(options: CauseWatchOptions): {
	tell(): void;
	/** One look at every incident that is due; returns when all is kept. For the loop, and for tests. */
	look(): Promise<void>;
	start(): void;
	stop(): Promise<void>;
} {
	const { store, deps, catalogue, now, onError, onJudged } = options;
	let running: Promise<void> | undefined;
	let isWanted = true;
	let lookedAt = 0;
	let ticking: NodeJS.Timeout | undefined;
	/** Where events fail costs some milliseconds to tell, and more with many attribute values: asked once a minute. */
	const known = new Map<string, { readonly at: number; readonly around: Surroundings }>();

	async function aroundOf(incident: Incident): Promise<Surroundings> {
		const held = known.get(incident.id);
		if (held && Math.abs(now() - held.at) < MINUTE_MS) return held.around;
		const around = await surroundings(incident, options);
		known.set(incident.id, { at: now(), around });
		return around;
	}

	async function look(): Promise<void> {
		if (!catalogue().feeds.some(({ gives }) => gives === "changes")) return;
		const incidents = await incidentsToJudge(store.db, now());
		if (incidents.length === 0) return;
		const until = now() + MINUTE_MS;
		const records = await changesBefore(store, until);
		const ids = new Set(incidents.map(({ id }) => id));
		for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
		for (const incident of incidents) {
			// What cannot be judged is judged with the next look, and keeps no other from being judged.
			await judge(incident, records).catch(onError);
		}
	}

	async function judge(incident: Incident, records: readonly ChangeRecord[]): Promise<void> {
		const causes = judgeCauses(incident, records, await aroundOf(incident), now());
		const held = await judgedCauses(store.db, incident.id);
		if (held && isAlike(held, causes)) return;
		await store.transaction((tx) => keepCauses(tx, deps, incident, causes));
		onJudged(incident);
	}

	function tick(): void {
		if (running || !(isWanted || Math.abs(now() - lookedAt) >= MINUTE_MS)) return;
		isWanted = false;
		lookedAt = now();
		running = look()
			.catch(onError)
			.finally(() => {
				running = undefined;
			});
	}

	return {
		tell() {
			isWanted = true;
		},
		look,
		start() {
			ticking ??= setInterval(tick, 2_000);
		},
		async stop() {
			clearInterval(ticking);
			await running;
		},
	};
}

async function changesBefore(store: ControlStore, to: number): Promise<ChangeRecord[]> {
	const records: ChangeRecord[] = [];
	for (let after: string | undefined; ; ) {
		const page = await listChanges(store.db, ALL, { from: to - LOOK_BACK_MS, to, limit: 500, after });
		records.push(...page.items);
		after = page.next;
		if (after === undefined || records.length >= MAX_CHANGES) return records;
	}
}

function isAlike(held: IncidentCauses, next: IncidentCauses): boolean {
	const plain = ({ ranked, silentFeeds }: IncidentCauses) => ({
		ranked: ranked.map(({ feed, id, tenant, workload, isBlamed }) => ({ feed, id, tenant, workload, isBlamed })),
		silentFeeds: [...silentFeeds],
	});
	if (!isDeepStrictEqual(plain(held), plain(next))) return false;
	return next.ranked.every(
		({ probability, leadMs }, k) =>
			Math.abs(probability - (held.ranked[k]?.probability ?? 0)) < SAME_RATIO &&
			Math.abs(leadMs - (held.ranked[k]?.leadMs ?? 0)) < MINUTE_MS,
	);
}

/** Reads what is known around an incident: where its events are and fail, and who else is ill. */
async function surroundings(incident: Incident, options: CauseWatchOptions): Promise<Surroundings> {
	const { store, telemetry, catalogue, now } = options;
	const known = catalogue();
	const states = await feedStates(store.db, ALL, known, now());
	const silentFeeds = states
		.filter(({ gives, state }) => gives === "changes" && state !== "live")
		.map(({ displayName }) => displayName);
	const slo = known.slos.find(({ name }) => name === incident.slo);
	const others = slo ? otherTenants(incident, known, telemetry) : [];
	const nothing = { slices: {}, fleet: {}, culprit: { answer: "unknown" }, others, silentFeeds } as const;
	if (!slo) return nothing;
	const ask = (queries: readonly AttributesQuery[]) => telemetry.attributes(queries);
	const range = rangeOf(incident, now());
	const kept = keptAttributesOf(slo, known.settings.telemetry);
	const parts = kept.flatMap((name) => (partOf(name) ? [name] : []));
	const [own, fleet, ...ofOthers] = await Promise.all(
		[incident.tenant, FLEET, ...others.map(({ tenant }) => tenant)].map((tenant) =>
			slicesOf(ask, { ...range, tenant, slo: slo.name }, parts),
		),
	);
	return {
		slices: own ?? {},
		fleet: fleet ?? {},
		culprit: await culpritOf(ask, incident, slo, kept, range),
		others: others.map((other, k) => ({ ...other, slices: ofOthers[k] ?? {} })),
		silentFeeds,
	};
}

/** Whole minutes from the onset on, an hour at most after the detection: later the trouble may be another. */
function rangeOf({ onsetAt, detectedAt, evidence, mitigatedAt }: Incident, now: number) {
	const began = onsetAt ?? detectedAt - evidence.long.ms;
	const until = Math.min(mitigatedAt ?? now, now, detectedAt + HOUR_MS);
	const to = (Math.floor(until / MINUTE_MS) + 1) * MINUTE_MS;
	return { from: Math.max(Math.floor(began / MINUTE_MS) * MINUTE_MS, to - 3 * DAY_MS), to };
}

/** What a kept attribute means to a change, by the last part of its name: `cloud.region`, `service.version`. */
function partOf(attribute: string): keyof Slices | undefined {
	const last = attribute.split(/[._]/).at(-1)?.toLowerCase() ?? "";
	if (last === "region" || last === "location") return "region";
	if (last === "ring") return "ring";
	return last === "version" || last === "build" ? "build" : undefined;
}

type Ask = (queries: readonly AttributesQuery[]) => Promise<(AttributeCounts | undefined)[]>;

async function slicesOf(ask: Ask, range: Omit<AttributesQuery, "by">, parts: readonly string[]): Promise<Slices> {
	const slices: { -readonly [Part in keyof Slices]: Slices[Part] } = {};
	if (parts.length === 0) return slices;
	const counts = await ask(parts.map((name) => ({ ...range, by: [name] })));
	for (const [k, name] of parts.entries()) {
		const part = partOf(name);
		const found = counts[k];
		if (!part || !found) continue;
		const values = found.items.filter(({ values: [value], total }) => value !== "" && total > 0);
		const sum = values.reduce((all, { total }) => all + total, 0);
		if (sum <= 0) continue;
		slices[part] = Object.fromEntries(values.map(({ values: [value], total }) => [value as string, total / sum]));
	}
	return slices;
}

async function culpritOf(
	ask: Ask,
	{ tenant, evidence }: Incident,
	slo: Slo,
	kept: readonly string[],
	span: { readonly from: number; readonly to: number },
): Promise<Culprit> {
	const range = { ...span, tenant, slo: slo.name };
	const each = (await ask(kept.map((name) => ({ ...range, by: [name] })))).filter((counts) => counts !== undefined);
	const where = each.length === kept.length ? await whereItFails(ask, range, kept, each) : undefined;
	if (where && where.answer !== "unknown") return namedCulprit(where);
	const seen = evidence.radar?.culprits ?? [];
	if (seen.length === 0) return { answer: "unknown" };
	return partsOf(Object.fromEntries(seen.map(({ attribute, value }) => [attribute, value])));
}

function namedCulprit({ answer, culprits }: Localisation): Culprit {
	if (answer !== "culprit") return { answer };
	return partsOf(culprits[0]?.values ?? {});
}

function partsOf(values: Readonly<Record<string, string>>): Culprit {
	const of = (part: keyof Slices) => Object.entries(values).find(([name]) => partOf(name) === part)?.[1];
	const hasOther = Object.keys(values).some((name) => partOf(name) !== "region" && partOf(name) !== "build");
	return { answer: "culprit", region: of("region"), build: of("build"), hasOther };
}

/** Other key tenants of the workload, evenly picked when they are many, and whether they fell ill at about that time. */
function otherTenants(
	incident: Incident,
	catalogue: Catalogue,
	telemetry: Pick<TelemetryThread, "statuses">,
): OtherTenant[] {
	const slos = new Set(catalogue.slos.filter(({ workload }) => workload === incident.workload).map(({ name }) => name));
	const names = new Set(
		catalogue.tenants
			.filter(({ name, workloads }) => name !== incident.tenant && workloads.includes(incident.workload))
			.map(({ name }) => name),
	);
	const from = (incident.onsetAt ?? incident.detectedAt) - TOGETHER_MS;
	const health = new Map<string, boolean | undefined>();
	for (const { tenant, slo, state, breachSince } of telemetry.statuses()) {
		if (!names.has(tenant) || !slos.has(slo)) continue;
		const before = health.get(tenant);
		if (state === "breach" && (breachSince ?? 0) >= from) health.set(tenant, true);
		else if (state === "healthy") health.set(tenant, before ?? false);
		else if (!health.has(tenant)) health.set(tenant, undefined);
	}
	const known = [...health].sort(([x], [y]) => (x < y ? -1 : 1));
	const step = Math.max(1, known.length / MAX_OTHERS);
	return Array.from({ length: Math.min(known.length, MAX_OTHERS) }, (_, k) => known[Math.floor(k * step)]).flatMap(
		(entry) => (entry ? [{ tenant: entry[0], slices: {}, isIll: entry[1] }] : []),
	);
}
