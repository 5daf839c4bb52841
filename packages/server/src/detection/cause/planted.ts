import type { Ailing, Change, ChangeScope, Peer } from "./types.ts";

export interface PlantedCauses {
	readonly changes: readonly Change[];
	readonly incidents: readonly {
		readonly ailing: Ailing;
		readonly peers: readonly Peer[];
		/** Id of the change that did it; undefined: none did. */
		readonly cause: string | undefined;
	}[];
}

export interface CauseRanges {
	readonly tenants: number;
	readonly days: number;
	readonly changes: number;
	readonly caused: number;
	readonly uncaused: number;
	/** Lead of changes that hurt, ms; even in its logarithm. */
	readonly leadMs: readonly [number, number];
	/** Width of the onset's interval, ms. */
	readonly onsetWidthMs: readonly [number, number];
	/** Share of incidents near which another change is planted that touched somebody else, or hurt nobody. */
	readonly decoys: number;
	/** Share of changes for all, or for a region, that hurt one tenant alone. */
	readonly alone: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WORKLOADS = ["sign-in", "mail", "search", "billing"];
const REGIONS = ["eu", "us", "asia", "uk"];
const RINGS = ["early", "broad"];

/** A fleet with changes, some of which hurt, and incidents, some of which no change brought. `random` gives [0, 1). */
export function plantCauses(random: () => number, ranges: CauseRanges): PlantedCauses {
	const startAt = Date.UTC(2026, 2, 2);
	const between = ([low, high]: readonly [number, number]) => low + (high - low) * random();
	const even = ([low, high]: readonly [number, number]) => Math.exp(between([Math.log(low), Math.log(high)]));
	const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
	const tenants = Array.from({ length: ranges.tenants }, (_, k) => {
		const home = pick(REGIONS);
		const second = random() < 0.35 ? pick(REGIONS.filter((region) => region !== home)) : undefined;
		const share = second ? between([0.1, 0.45]) : 0;
		return {
			tenant: `t${k}`,
			ring: random() < 0.2 ? "early" : "broad",
			regions: second ? { [home]: 1 - share, [second]: share } : ({ [home]: 1 } as Record<string, number>),
		};
	});
	let builds = 100;
	let ids = 0;
	const changeAt = (at: number, kind: Change["kind"], scope: ChangeScope): Change => ({
		id: `c${++ids}`,
		at,
		kind,
		scope,
	});
	const background = (at: number): Change => {
		const workload = pick(WORKLOADS);
		const kind = pick(["deploy", "deploy", "config", "flag", "policy"] as const);
		if (kind === "policy") return changeAt(at, kind, { workload, tenant: pick(tenants).tenant });
		const where: ChangeScope =
			random() < 0.55 ? { region: pick(REGIONS) } : random() < 0.25 ? { ring: pick(RINGS) } : {};
		if (kind !== "deploy") return changeAt(at, kind, { workload, ...where });
		return {
			...changeAt(at, kind, { workload, ...where, build: `b${++builds}` }),
			until: at + even([0.3, 4]) * HOUR_MS,
		};
	};
	const spanMs = ranges.days * DAY_MS;
	const changes = Array.from({ length: ranges.changes - ranges.caused }, () => background(startAt + random() * spanMs));
	const incidents = Array.from({ length: ranges.caused + ranges.uncaused }, (_, k) => {
		const isCaused = k < ranges.caused;
		const victim = pick(tenants);
		let workload = pick(WORKLOADS);
		const onsetAt = startAt + DAY_MS + random() * (spanMs - DAY_MS);
		let cause: Change | undefined;
		let culprit: Ailing["culprit"];
		let isWholeTenant = true;
		let builds: Record<string, number> | undefined;
		if (isCaused) {
			// Drawn until it touches the victim: changes that hurt are like the others.
			do cause = background(onsetAt);
			while (!touches(cause.scope, victim));
			const at = onsetAt - even(ranges.leadMs);
			cause = { ...cause, at, ...(cause.until ? { until: at + (cause.until - cause.at) } : {}) };
			changes.push(cause);
			workload = String(cause.scope.workload);
			const region = cause.scope.region as string | undefined;
			const build = cause.scope.build as string | undefined;
			const isPart = region !== undefined && (victim.regions[region] as number) < 0.9;
			if (build !== undefined) {
				const share = Math.min(0.95, between([0.1, 0.9]));
				builds = { [build]: share, old: 1 - share };
				if (random() < 0.75) [culprit, isWholeTenant] = [{ build }, false];
			} else if (isPart && random() < 0.8) [culprit, isWholeTenant] = [{ region }, false];
		} else {
			const isSplit = Object.keys(victim.regions).length > 1 && random() < 0.2;
			if (isSplit) [culprit, isWholeTenant] = [{ region: pick(Object.keys(victim.regions)) }, false];
			else if (random() < 0.2) [culprit, isWholeTenant] = [{ hasOther: true }, false];
		}
		if (random() < ranges.decoys) changes.push(background(onsetAt - between([0.5, 60]) * MINUTE_MS));
		const isAlone = !cause || random() < ranges.alone;
		const peers = tenants
			.filter(({ tenant }) => tenant !== victim.tenant)
			.map(
				(peer): Peer => ({
					...peer,
					isIll:
						random() < 0.15
							? undefined
							: random() < 0.01 || (!isAlone && cause !== undefined && touches(cause.scope, peer) && random() < 0.85),
				}),
			);
		const width = even(ranges.onsetWidthMs);
		const from = onsetAt - width * between([0.1, 0.9]);
		const ailing: Ailing = {
			...victim,
			workload,
			onset: { at: from + width * between([0.35, 0.65]), from, to: from + width },
			culprit,
			isWholeTenant,
			builds,
		};
		return { ailing, peers, cause: cause?.id };
	});
	return { changes: changes.sort((x, y) => x.at - y.at), incidents };
}

function touches(
	scope: ChangeScope,
	who: { readonly tenant: string; readonly ring: string; readonly regions: Readonly<Record<string, number>> },
): boolean {
	return (
		(scope.tenant === undefined || scope.tenant === who.tenant) &&
		(scope.ring === undefined || scope.ring === who.ring) &&
		(scope.region === undefined || (who.regions[scope.region as string] ?? 0) > 0.1)
	);
}
