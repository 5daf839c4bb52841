import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Ailing, Change } from "./types.ts";

/** Clocks of change feeds and the width of a bucket of telemetry, as a standard deviation. */
const CLOCK_MS = 45_000;
/** Standard deviations of a 90 % interval, from end to end. */
const INTERVAL_DEVIATIONS = 3.29;
/** Quantiles of a standard normal that stand for the onset: the middles of nine equal parts. */
const STEPS = [-1.593, -0.967, -0.589, -0.282, 0, 0.282, 0.589, 0.967, 1.593];

/** Most changes that hurt do so within minutes; some when a cache, a token or a schedule runs out, up to hours later. */
const AT_ONCE = { share: 0.6, meanMs: 6 * MINUTE_MS };
const SOON = { share: 0.3, meanMs: 25 * MINUTE_MS };
const LATE = { share: 0.1, meanMs: 2 * HOUR_MS };
/** A build hurts when it reaches the tenant: any time while it rolls out, which takes hours. */
const ROLL_OUT_SHARE = 0.35;
const ROLL_OUT_MS = 3 * HOUR_MS;

/** How likely a change that hurts does so at this onset, per ms, over what the onset's interval leaves open. */
export function leadDensity(change: Change, { onset }: Pick<Ailing, "onset">): number {
	const middle = (onset.from + onset.to) / 2;
	const deviation = Math.hypot((onset.to - onset.from) / INTERVAL_DEVIATIONS, CLOCK_MS);
	// The estimate is the likeliest instant; the interval says how far it may be off, and to which side.
	const centre = onset.to - onset.from > 4 * CLOCK_MS ? (onset.at + middle) / 2 : onset.at;
	let density = 0;
	for (const step of STEPS) density += densityAt(change, centre + step * deviation - change.at) / STEPS.length;
	return density;
}

function densityAt(change: Change, leadMs: number): number {
	if (leadMs < 0) return 0;
	let density = 0;
	for (const { share, meanMs } of [AT_ONCE, SOON, LATE]) density += (share / meanMs) * Math.exp(-leadMs / meanMs);
	if (change.kind !== "deploy" && change.until === undefined) return density;
	const rollOutMs = Math.max(MINUTE_MS, (change.until ?? change.at + ROLL_OUT_MS) - change.at);
	const during = leadMs <= rollOutMs ? 1 / rollOutMs : 0;
	return (1 - ROLL_OUT_SHARE) * density + ROLL_OUT_SHARE * during;
}
