/**
 * Radar: watches every tenant's errors, latency and volume minute by minute and says who is ill, how wide it goes, which
 * slice of the events it is and what changed.
 *
 * Promises: the same input gives the same alerts; only what has come until `advance` decides; one page per tenant and
 * workload, one for a whole cohort or the platform; a minute that comes again changes nothing; missing telemetry is not
 * health and not an outage.
 * Refuses: minutes later than the lateness limit, and tenants and signals that it was not told of.
 */
export { createRadar } from "./radar.ts";
export type * from "./types.ts";
