import { seededRandom } from "@bellwether/model";
import { MINUTE_MS } from "./clock-minutes.ts";
import { createRadar } from "./radar.ts";
import type { RadarCell, RadarEvent, RadarMaintenance, RadarOptions, TenantMinute } from "./types.ts";

/** A small fleet for tests: six tenants, two workloads, two regions; every tenant's numbers come from its own seed. */

export const START_AT = Date.UTC(2026, 2, 2);
/** Long enough to have learnt; what happens in a test happens after it. */
export const LEARNT = 30 * 60;
const TENANTS = ["ada", "bell", "curie", "darwin", "euler", "fermi"];
const BOUNDS = [50, 100, 200, 400];

export const OPTIONS: RadarOptions = {
	tenants: TENANTS.map((tenant) => ({ tenant })),
	signals: ["sign-in", "mail"].map((workload) => ({
		workload,
		signal: "events",
		attributes: ["region", "build"],
		cohortAttributes: ["region"],
		errors: { sli: "availability" },
		latency: { sli: "latency", boundsMs: BOUNDS },
		volume: { sli: "volume" },
	})),
};

/** What befalls some cells from `from` until `to`, in minutes after `START_AT`. */
export interface Trouble {
	readonly tenants: readonly string[];
	readonly workload: string;
	readonly region?: string;
	readonly build?: string;
	readonly from: number;
	readonly to: number;
	readonly errorRatio?: number;
	/** Share of the events that still come. */
	readonly keep?: number;
	/** Bounds that latencies move up by. */
	readonly slower?: number;
}

export interface Delivery {
	readonly minute: TenantMinute;
	/** Minute after `START_AT` in which it arrives; default: as soon as it is over. */
	readonly arrives: number;
}

/** All minutes of the fleet, in order of event time. */
export function fleet(minutes: number, troubles: readonly Trouble[] = [], tenants = TENANTS): Delivery[] {
	const out: Delivery[] = [];
	for (const tenant of tenants)
		for (const { workload } of OPTIONS.signals) {
			const random = seeded(`${tenant} ${workload}`);
			for (let m = 0; m < minutes; m += 1) {
				const here = troubles.filter(
					(t) => t.workload === workload && t.tenants.includes(tenant) && m >= t.from && m < t.to,
				);
				const cells = cellsAt(m, here, random);
				if (cells.length === 0) continue;
				const minute = {
					tenant,
					workload,
					signal: "events",
					minuteAt: START_AT + m * MINUTE_MS,
					id: `${tenant} ${workload} ${m}`,
					cells,
				};
				out.push({ minute, arrives: m + 1 });
			}
		}
	return out;
}

function cellsAt(minute: number, here: readonly Trouble[], random: () => number): RadarCell[] {
	const cells: RadarCell[] = [];
	const rate = 24 * (1 + 0.3 * Math.sin((minute / 1440) * 2 * Math.PI));
	for (const region of ["east", "west"])
		for (const build of ["b1", "b2"]) {
			// The same number of draws whatever happens, so that a trouble leaves everything else as it was.
			const noise = [random(), random(), random()] as const;
			let keep = 1;
			let errorRatio = 0.004;
			let slower = 0;
			for (const t of here) {
				if ((t.region !== undefined && t.region !== region) || (t.build !== undefined && t.build !== build)) continue;
				keep *= t.keep ?? 1;
				errorRatio = 1 - (1 - errorRatio) * (1 - (t.errorRatio ?? 0));
				slower += t.slower ?? 0;
			}
			const total = Math.floor(keep * rate * (region === "east" ? 1 : 0.7) * (0.8 + 0.4 * noise[0]) + keep * noise[1]);
			if (total <= 0) continue;
			const bad = Math.min(total, Math.floor(total * errorRatio + noise[2]));
			cells.push({ values: [region, build], total, bad, buckets: histogram(total, slower, noise[1]) });
		}
	return cells;
}

function histogram(total: number, slower: number, noise: number): number[] {
	const buckets = [0, 0, 0, 0, 0];
	const shares = [0.3, 0.4, 0.2, 0.08, 0.02];
	let left = total;
	for (const [k, share] of shares.entries()) {
		const to = Math.min(4, k + slower);
		const count = k === 4 ? left : Math.min(left, Math.round(total * share + noise - 0.5));
		buckets[to] = (buckets[to] as number) + Math.max(0, count);
		left -= Math.max(0, count);
	}
	return buckets;
}

/** Runs the radar over deliveries, one judgement a minute. */
export function watch(
	deliveries: readonly Delivery[],
	minutes: number,
	{ maintenance = [] }: { readonly maintenance?: readonly RadarMaintenance[] } = {},
): RadarEvent[] {
	const radar = createRadar(OPTIONS);
	for (const window of maintenance) radar.maintenance(window);
	const byArrival: Delivery[][] = Array.from({ length: minutes + 1 }, () => []);
	for (const delivery of deliveries) byArrival[delivery.arrives]?.push(delivery);
	const events: RadarEvent[] = [];
	for (let m = 1; m <= minutes; m += 1) {
		for (const { minute } of byArrival[m] as Delivery[]) radar.observe(minute);
		events.push(...radar.advance(START_AT + m * MINUTE_MS + 25_000));
	}
	return events;
}

export const pages = (events: readonly RadarEvent[]) =>
	events.flatMap((event) => (event.type === "opened" ? [event.alert] : []));

export function seeded(name: string): () => number {
	let state = 2166136261;
	for (let i = 0; i < name.length; i += 1) state = Math.imul(state ^ name.charCodeAt(i), 16777619) >>> 0;
	return seededRandom(state);
}
