import type { Clock } from "@bellwether/model";
import { type Catalogue, effectiveObjective, type KeyTenant, type Slo } from "#catalogue";
import type { PairState, PairStatus } from "#detection";
import { type Incident, listIncidents, platformWords, readersOf, tenantName } from "#incidents";
import { type ControlStore, inScope, mayRead, scopeOf, type TenantScope } from "#platform";
import { acknowledgeDueTimes, type HoldKind, heldNow } from "#response";
import type { FailingChannel } from "./fleet-sentence.ts";
import { type FleetIncident, fleetView, worstState } from "./fleet-view.ts";
import type { CellState, FleetView } from "./schemas.ts";
import type { IngestSilence } from "./sender-status.ts";

export interface FleetSourceOptions {
	readonly clock: Clock;
	readonly store: ControlStore;
	readonly catalogue: () => Catalogue;
	readonly telemetry: {
		statuses(): PairStatus[];
		hourStrips(): Promise<
			readonly { readonly tenant: string; readonly slo: string; readonly hours: readonly PairState[] }[]
		>;
	};
	readonly demo: boolean;
	/** Whether anything comes in at all. */
	readonly ingestSilence?: (() => IngestSilence | undefined) | undefined;
	/** Channels by which nothing has left for long. */
	readonly failingChannels?: (() => readonly FailingChannel[]) | undefined;
	/** Called when the view changed, at most about once a second, at once for a change of state. */
	readonly onChange: (version: number) => void;
}

export interface FleetSource {
	view(scope: TenantScope): Promise<FleetView>;
	version(): number;
	/** Numbers or states of pairs changed. */
	statusesChanged(changed: readonly PairStatus[]): void;
	/** Incidents, timers or the catalogue changed. */
	controlChanged(): void;
	stop(): void;
}

/** An hour strip changes slowly; asking the telemetry thread for every reader would cost more than it tells. */
const STRIPS_FRESH_MS = 20_000;
/** Without any change the view still says when it was made. */
const VIEW_FRESH_MS = 10_000;
const NUMBERS_EVERY_MS = 2_000;
/** A view of 12,000 pairs costs 0.2 s to make: with many pairs numbers come less often, states as quickly as ever. */
const NUMBERS_PER_PAIR_MS = 0.5;
const STATES_WITHIN_MS = 50;
const MAX_INCIDENTS = 500;

/** Who sees every tenant and nothing that is private: what is kept ready is made for them. */
const EVERYBODY = scopeOf({ name: "", role: "viewer" });

/** Whether there is anything private to show that this reader may see: then the view is made for them alone. */
async function seesPrivateOnes(store: ControlStore, scope: TenantScope): Promise<boolean> {
	const rows = await store.db
		.selectFrom("incidents")
		.select(["tenant", "readers"])
		.where("readers", "is not", null)
		.where("state", "in", ["detected", "acknowledged", "investigating", "mitigated"])
		.execute();
	return rows.some((row) => mayRead(scope, readersOf(row)));
}

/** Keeps the fleet view of everybody with full scope ready, and says when it changed. */
export function createFleetSource(options: FleetSourceOptions): FleetSource {
	const { clock, store, telemetry } = options;
	const known = new Map<string, PairStatus["state"]>();
	let version = 1;
	let cached: { readonly version: number; readonly builtAt: number; readonly view: Promise<FleetView> } | undefined;
	let strips: { readonly at: number; readonly value: Promise<ReadonlyMap<string, CellState[]>> } | undefined;
	let timer: NodeJS.Timeout | undefined;
	let timerDueAt = Number.POSITIVE_INFINITY;

	/** Numbers wait for the next announcement; until then readers get the view as it was announced. */
	function announce(withinMs: number): void {
		const dueAt = clock.monotonic() + withinMs;
		if (dueAt >= timerDueAt) return;
		clearTimeout(timer);
		timerDueAt = dueAt;
		timer = setTimeout(() => {
			timerDueAt = Number.POSITIVE_INFINITY;
			version++;
			options.onChange(version);
		}, withinMs);
	}

	function stateChanged(): void {
		version++;
		announce(STATES_WITHIN_MS);
	}

	function stripsNow(): Promise<ReadonlyMap<string, CellState[]>> {
		const now = clock.monotonic();
		if (!strips || now - strips.at > STRIPS_FRESH_MS) {
			// The thread may be restarting: hours that are not known are shown as such.
			strips = { at: now, value: telemetry.hourStrips().then(worstHours, () => new Map()) };
		}
		return strips.value;
	}

	async function build(scope: TenantScope): Promise<FleetView> {
		const catalogue = scopedCatalogue(options.catalogue(), scope);
		const tenants = new Map(catalogue.tenants.map((tenant) => [tenant.name, tenant]));
		const [hours, incidents, words] = await Promise.all([
			stripsNow(),
			readIncidents(store, scope, catalogue),
			platformWords(store.db, scope, catalogue, clock.now()),
		]);
		return fleetView({
			catalogue,
			effectiveObjective: (tenant: string, slo: Slo) => effectiveObjective(catalogue, slo, tenants.get(tenant)),
			statuses: telemetry.statuses().filter((status) => inScope(scope, status.tenant)),
			strips: hours,
			...incidents,
			platformWords: words,
			ingest: options.ingestSilence?.(),
			// Of the whole server, so not for those who see some tenants only.
			failingChannels: scope.all ? options.failingChannels?.() : undefined,
			now: clock.now(),
			demo: options.demo,
		});
	}

	return {
		async view(scope) {
			if (!scope.all || (await seesPrivateOnes(store, scope))) return build(scope);
			const now = clock.monotonic();
			if (cached?.version !== version || now - cached.builtAt > VIEW_FRESH_MS) {
				cached = { version, builtAt: now, view: build(EVERYBODY) };
			}
			// A failure must not be what everybody is answered until the next change.
			cached.view.catch(() => {
				cached = undefined;
			});
			return cached.view;
		},
		version: () => version,
		statusesChanged(statuses) {
			let isStateChange = false;
			for (const { tenant, slo, state } of statuses) {
				const key = `${tenant}\n${slo}`;
				if (known.get(key) === state) continue;
				known.set(key, state);
				isStateChange = true;
			}
			if (isStateChange) stateChanged();
			else announce(Math.max(NUMBERS_EVERY_MS, known.size * NUMBERS_PER_PAIR_MS));
		},
		controlChanged: stateChanged,
		stop: () => clearTimeout(timer),
	};
}

function scopedCatalogue(catalogue: Catalogue, scope: TenantScope): Catalogue {
	if (scope.all) return catalogue;
	return { ...catalogue, tenants: catalogue.tenants.filter((tenant: KeyTenant) => inScope(scope, tenant.name)) };
}

function worstHours(
	strips: Awaited<ReturnType<FleetSourceOptions["telemetry"]["hourStrips"]>>,
): Map<string, CellState[]> {
	const byTenant = new Map<string, CellState[]>();
	for (const { tenant, hours } of strips) {
		const worst = byTenant.get(tenant);
		byTenant.set(tenant, worst ? worst.map((state, hour) => worstOfHour(state, hours[hour])) : [...hours]);
	}
	return byTenant;
}

/** In an hour long past, one SLO without events beside others with events is no news: it is shown only when none had any. */
function worstOfHour(state: CellState, other: PairState | undefined): CellState {
	if (other === undefined || other === "no-data") return state;
	return state === "no-data" ? other : worstState([state, other]);
}

async function readIncidents(
	store: ControlStore,
	scope: TenantScope,
	catalogue: Catalogue,
): Promise<{
	readonly incidents: FleetIncident[];
	readonly lastBreach: { readonly tenantDisplayName: string; readonly closedAt: number } | undefined;
}> {
	const [open, dueTimes, last] = await Promise.all([
		listIncidents(store.db, scope, {
			states: ["detected", "acknowledged", "investigating", "mitigated"],
			limit: MAX_INCIDENTS,
		}),
		acknowledgeDueTimes(store.db, scope),
		lastClosedBreach(store, scope),
	]);
	const held = await heldNow(store.db, scope);
	const incidents = open.items.map((incident) =>
		fleetIncident(incident, dueTimes.get(incident.id), held.get(incident.id)),
	);
	const lastBreach = last && { tenantDisplayName: tenantName(catalogue, last.tenant), closedAt: last.closedAt };
	return { incidents, lastBreach };
}

function fleetIncident(
	incident: Incident,
	acknowledgeDueAt: number | undefined,
	held: { readonly kind: HoldKind; readonly until: number | undefined } | undefined,
): FleetIncident {
	const { id, kind, tenant, workload, slo, detectedAt, state, severity } = incident;
	return {
		id,
		kind,
		tenant,
		workload,
		slo,
		isCleared: incident.signalClearedAt !== undefined,
		detectedAt,
		row: {
			id,
			parent: incident.parentId ?? null,
			state,
			severity,
			acknowledgedBy: incident.acknowledgedBy ?? null,
			acknowledgedAt: incident.acknowledgedAt ?? null,
			acknowledgeDueAt: acknowledgeDueAt ?? null,
			...(held && { held: { kind: held.kind, until: held.until ?? null } }),
		},
	};
}

async function lastClosedBreach(
	store: ControlStore,
	scope: TenantScope,
): Promise<{ tenant: string; closedAt: number } | undefined> {
	let query = store.db
		.selectFrom("breaches")
		.select(["tenant", "closed_at"])
		.where("state", "=", "closed")
		.orderBy("closed_at", "desc")
		.limit(1);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	const row = await query.executeTakeFirst();
	return row && row.closed_at !== null && inScope(scope, row.tenant)
		? { tenant: row.tenant, closedAt: row.closed_at }
		: undefined;
}
