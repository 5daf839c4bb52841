import { burnRateTiers, isOwnName } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { type Catalogue, effectiveMonitor, type Monitor, monitorsOf, type Slo } from "#catalogue";
import type { DetectionPair } from "#detection";
import { FLEET, latencyUnit, type Pair } from "#telemetry";
import { plannedMaintenance } from "./planned-maintenance.ts";
import { tenantClocks } from "./tenant-clock.ts";

/** Pairs with the monitor that judges each: the first live one that applies, else the first of any mode. */
export function detectionPairs(catalogue: Catalogue, pairs: readonly Pair[], now: number): DetectionPair[] {
	const fleetPairs = new Map<string, number>();
	pairs.forEach((pair, index) => {
		if (pair.tenant === FLEET) fleetPairs.set(pair.slo, index);
	});
	const slos = new Map(catalogue.slos.map((slo) => [slo.name, slo]));
	const tenants = new Map(catalogue.tenants.map((tenant) => [tenant.name, tenant]));
	const workloads = new Map(catalogue.workloads.map((workload) => [workload.name, workload]));
	const clockOf = tenantClocks(catalogue);
	const plannedOf = plannedMaintenance(catalogue);
	const bySlo = new Map(catalogue.slos.map((slo) => [slo.name, monitorsOf(catalogue, slo.name)]));
	return pairs.map((pair) => {
		const slo = slos.get(pair.slo);
		const applying = monitorsFor(pair, bySlo.get(pair.slo) ?? []).map((monitor) =>
			slo ? effectiveMonitor(catalogue, monitor, slo, tenants.get(pair.tenant)) : monitor,
		);
		const burning = applying.filter(({ detector }) => detector === "burn-rate");
		const monitor = burning.find((each) => each.mode === "live") ?? burning[0];
		const also = applying.filter(({ detector }) => detector !== "burn-rate");
		return {
			...pair,
			fleetPair: fleetPairs.get(pair.slo) as number,
			calendar: slo?.calendar,
			sliceMs: sliceLengthOf(slo),
			monitor: monitor && {
				name: monitor.name,
				mode: monitor.mode,
				evidenceP: monitor.evidenceP,
				tiers: monitor.tiers ?? burnRateTiers(pair.periodMs).map((tier) => tier.key),
				pausedUntil: monitor.pause?.until,
			},
			...(also.length > 0 && {
				also: also.map(({ name, detector, mode, pause, threshold, absence, seasonal, radar }) => ({
					name,
					detector,
					mode,
					pausedUntil: pause?.until,
					threshold,
					absence,
					seasonal: seasonal && {
						...seasonal,
						clock: clockOf(tenants.get(pair.tenant)),
						latency: slo && seasonal.measure === "latency" ? latencyWords(slo) : undefined,
					},
					radar: radar &&
						slo && {
							...radar,
							workload: slo.workload,
							called: {
								tenant: tenants.get(pair.tenant)?.displayName ?? pair.tenant,
								workload: workloads.get(slo.workload)?.displayName ?? slo.workload,
								slo: slo.displayName,
							},
							planned: plannedOf(pair.tenant, slo.workload),
							utcOffsetMinutes: utcOffset(tenants.get(pair.tenant)?.timeZone ?? "UTC", now),
						},
				})),
			}),
		};
	});
}

/** "sign-in latency" in " ms"; a name that begins with an abbreviation stays as it is. */
function latencyWords(slo: Slo): { readonly of: string; readonly unit: string } {
	const unit = latencyUnit(slo);
	const of = slo.displayName.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
	return { of, unit: unit ? ` ${unit}` : "" };
}

/** What checks the system itself has its own monitor, which watches nothing else, and no platform. */
function monitorsFor({ tenant, slo }: Pair, monitors: readonly Monitor[]): readonly Monitor[] {
	if (!isOwnName(slo)) return monitors;
	return tenant === FLEET ? [] : monitors.filter(({ name }) => isOwnName(name));
}

/** Minutes east of UTC at `now`: a habit of the hour may be an hour off until the next change of the catalogue. */
function utcOffset(timeZone: string, now: number): number {
	return Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).offsetNanoseconds / 60e9;
}

function sliceLengthOf(slo: Slo | undefined): number | undefined {
	return slo?.indicator.kind === "heartbeat" ? slo.indicator.everyMs : slo?.slicing?.sliceMs;
}
