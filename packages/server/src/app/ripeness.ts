import { isOwnName } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import type { Pair, Telemetry } from "#telemetry";

/**
 * Until when the counts of each pair are complete, for detection. A heartbeat that is missing is no count that could still
 * come: it waits for nobody, its own patience is over when it is told. Nor does a check of the system itself, whose requests are whole.
 */
export function ripeness(
	catalogue: Catalogue,
	pairs: readonly Pair[],
	telemetry: () => Pick<Telemetry, "completeUntil">,
): (pair: number, now: number) => number {
	const heartbeats = new Set(
		catalogue.slos.filter((slo) => slo.indicator.kind === "heartbeat").map(({ name }) => name),
	);
	const isWhole = pairs.map(({ slo }) => heartbeats.has(slo) || isOwnName(slo));
	return (pair, now) => (isWhole[pair] ? Number.POSITIVE_INFINITY : telemetry().completeUntil(pair, now));
}
