import { DAY_MS } from "@bellwether/model";
import { type Catalogue, isPlannedFor, type Monitor, plannedSpans, type Slo } from "#catalogue";
import type { PlannedMask } from "./schemas-monitors.ts";

/** Of the last day, and of the next. */
const SHOWN_MS = DAY_MS;
const SHOWN = 50;

/** Planned maintenance in which a radar judges nothing of what it watches; other detectors claim all the same. */
export function plannedMasks(catalogue: Catalogue, monitor: Monitor, slos: readonly Slo[], now: number): PlannedMask[] {
	if (monitor.detector !== "radar") return [];
	const workloads = new Set(slos.map(({ workload }) => workload));
	const { maintenance = [], intervals = [] } = catalogue.routing ?? {};
	const masks = maintenance.flatMap((each) => {
		const here = [...workloads].filter((workload) =>
			catalogue.tenants.some(
				({ name, workloads: own }) => own.includes(workload) && isPlannedFor(each, name, workload),
			),
		);
		if (here.length === 0) return [];
		const tenants = catalogue.tenants.filter(({ name }) => each.tenants.includes(name));
		return plannedSpans(each, intervals, now - SHOWN_MS, now + SHOWN_MS).map(({ from, until }) => ({
			name: each.displayName,
			owner: each.owner,
			tenants: tenants.map(({ displayName }) => displayName),
			workloads: here,
			from,
			until: until ?? null,
		}));
	});
	return masks.sort((a, b) => b.from - a.from).slice(0, SHOWN);
}
