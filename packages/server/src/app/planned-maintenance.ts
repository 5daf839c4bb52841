import { type Catalogue, isPlannedFor, type PlannedSpan, plannedSpans } from "#catalogue";
import type { Planned } from "#detection";

/**
 * When planned maintenance is, by tenant and workload; undefined where none is written. What many share is worked out once
 * for each stretch of time that is asked for.
 */
export function plannedMaintenance(catalogue: Catalogue): (tenant: string, workload: string) => Planned | undefined {
	const { maintenance = [], intervals = [] } = catalogue.routing ?? {};
	const all = maintenance.map((each) => {
		let asked = "";
		let spans: readonly PlannedSpan[] = [];
		const between: Planned = (from, to) => {
			if (asked !== `${from} ${to}`) spans = plannedSpans(each, intervals, from, to);
			asked = `${from} ${to}`;
			return spans;
		};
		return { each, between };
	});
	return (tenant, workload) => {
		const own = all.filter(({ each }) => isPlannedFor(each, tenant, workload));
		if (own.length === 0) return undefined;
		return (from, to) => own.flatMap(({ between }) => between(from, to));
	};
}
