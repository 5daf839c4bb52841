import type { Ailing, Change, ChangeScope, Peer } from "./types.ts";

type Who = Pick<Peer, "tenant" | "ring" | "regions" | "builds">;

export function includes(scope: string | readonly string[] | undefined, value: string): boolean {
	return scope === undefined || (typeof scope === "string" ? scope === value : scope.includes(value));
}

/** Share of a tenant's events that a change touched, 0-1, its workload apart. What is unknown of a tenant may be touched. */
export function doseOf(scope: ChangeScope, who: Who): number {
	if (!includes(scope.tenant, who.tenant)) return 0;
	if (who.ring !== undefined && !includes(scope.ring, who.ring)) return 0;
	return shareIn(scope.region, who.regions);
}

/** Share of events in one of these values; without shares to go by all of them may be. */
export function shareIn(
	scope: string | readonly string[] | undefined,
	shares: Readonly<Record<string, number>> | undefined,
): number {
	if (scope === undefined || shares === undefined) return 1;
	const all = Object.values(shares).reduce((total, share) => total + share, 0);
	if (all <= 0) return 1;
	const own = Object.entries(shares).reduce((total, [value, share]) => total + (includes(scope, value) ? share : 0), 0);
	return own / all;
}

export type Breadth = "tenant" | "part" | "everybody";

/** How many a change was meant for: one tenant (or a list), a part of the fleet, or all. */
export function breadthOf({ scope }: Change): Breadth {
	if (scope.tenant !== undefined) return "tenant";
	return scope.region !== undefined || scope.ring !== undefined ? "part" : "everybody";
}

/** A tenant is as good as wholly touched. */
export const NEARLY_ALL = 0.9;

/**
 * How much likelier what is ill of the tenant is if this change did it than if nothing did: 1 says nothing. Probabilities
 * behind it: a harmful build shows as that build in six of ten cases; without a cause a culprit is a given build in one of
 * twenty, a given region in one of twelve, and the whole tenant in seven of ten.
 */
export function culpritRatio(change: Change, ailing: Ailing, dose: number): { ratio: number; reason?: string } {
	const { scope } = change;
	const { culprit } = ailing;
	if (culprit?.build !== undefined && scope.build !== undefined)
		return includes(scope.build, culprit.build)
			? { ratio: 12, reason: `it brought the build ${culprit.build}, which is where the errors are` }
			: { ratio: 0.02 };
	if (culprit?.build !== undefined) return { ratio: 0.1 };
	if (culprit?.region !== undefined) {
		if (scope.region === undefined) return { ratio: 0.8 };
		return includes(scope.region, culprit.region)
			? { ratio: 8, reason: `it touched ${culprit.region}, which is where the errors are` }
			: { ratio: 0.02 };
	}
	const isPart = dose < NEARLY_ALL;
	if (ailing.isWholeTenant) {
		if (isPart) return { ratio: Math.max(0.03, 0.15 * dose) };
		if (scope.build !== undefined && ailing.builds)
			return { ratio: Math.max(0.05, shareIn(scope.build, ailing.builds)) };
		return scope.build === undefined
			? { ratio: 1.1, reason: "all of the tenant's events were touched" }
			: { ratio: 0.5 };
	}
	if (culprit?.hasOther) return { ratio: isPart || scope.build !== undefined ? 0.4 : 1 };
	return { ratio: isPart ? Math.max(0.2, dose) : 1 };
}
