import { effectiveMonitor, monitorsOf } from "./effective-monitor.ts";
import type { Catalogue, KeyTenant, MonitorOverrides, MonitorPause, Slo } from "./types.ts";

/** A pause that holds now, of a monitor that would be live. */
export interface PauseNote extends MonitorPause {
	readonly monitor: string;
}

/** A pause where it holds now: `isAlone` when no other live monitor claims there meanwhile. */
export interface PauseHere extends PauseNote {
	readonly isAlone: boolean;
}

/** A pause and for whom it holds; `of` empty: for everybody. */
export interface PlannedPause extends PauseNote {
	readonly of: string;
}

/** Every pause that is not over, wherever it is written. */
export function pausesAt(catalogue: Catalogue, now: number): PlannedPause[] {
	const own = catalogue.monitors.map(({ name, pause }) => ({
		of: "",
		held: { [name]: { pause } } as MonitorOverrides,
	}));
	const others = [...catalogue.workloads, ...catalogue.tiers, ...catalogue.tenants].map(
		({ displayName, monitors }) => ({
			of: displayName,
			held: monitors ?? {},
		}),
	);
	return [...own, ...others].flatMap(({ of, held }) =>
		Object.entries(held).flatMap(([monitor, { pause }]) =>
			pause && pause.until > now ? { ...pause, monitor, of } : [],
		),
	);
}

/** Key tenants by name, of catalogues that have any pause at all. */
const tenantsOf = new WeakMap<Catalogue, ReadonlyMap<string, KeyTenant> | "no pause">();

/** The pause of the first live monitor of a tenant (empty: the fleet) on an SLO that is paused now. */
export function pauseOn(catalogue: Catalogue, slo: Slo, tenant: string, now: number): PauseHere | undefined {
	let tenants = tenantsOf.get(catalogue);
	if (!tenants) {
		const hasAny = pausesAt(catalogue, Number.NEGATIVE_INFINITY).length > 0;
		tenants = hasAny ? new Map(catalogue.tenants.map((each) => [each.name, each])) : "no pause";
		tenantsOf.set(catalogue, tenants);
	}
	if (tenants === "no pause") return undefined;
	let paused: PauseNote | undefined;
	let isAlone = true;
	for (const monitor of monitorsOf(catalogue, slo.name)) {
		const { mode, pause } = effectiveMonitor(catalogue, monitor, slo, tenants.get(tenant));
		if (mode !== "live") continue;
		if (pause && pause.until > now) paused ??= { monitor: monitor.name, ...pause };
		else isAlone = false;
	}
	return paused && { ...paused, isAlone };
}
