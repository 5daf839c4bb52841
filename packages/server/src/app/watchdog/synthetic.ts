import { burnRateTiers, DAY_MS, errorRatioLimit } from "@bellwether/model";
import type { Catalogue, KeyTenant, Monitor, Slo } from "#catalogue";

/**
 * The tenants and the SLO with which the system checks itself. Only the telemetry thread knows them: no list, report or
 * total of the control plane does. Their names begin with "!", which no name of a catalogue can.
 */
export const SELF_CHECK = "!self-check";

/** A check that failed may leave bad events in the five-minute window: the next one takes another tenant, and by the time they come round the window is empty. */
export const SELF_CHECK_TENANTS = 16;

const OBJECTIVE = 0.99;
const PERIOD_MS = 30 * DAY_MS;
const TIER = "page-quick";
const BAD_METRIC = "bellwether.self_check.bad";
const TOTAL_METRIC = "bellwether.self_check.total";

/** Events of one check that fail. */
export const BAD_EVENTS = 1_000;
/**
 * Good events that end the claim: together with the bad ones they lie a hair's breadth below the tier's limit. So close
 * that the next check's bad events are above it again, in both windows, however many checks lie in them.
 */
const GOOD_EVENTS = goodEvents();

function goodEvents(): number {
	const factor = burnRateTiers(PERIOD_MS).find(({ key }) => key === TIER)?.factor ?? 0;
	return Math.ceil(BAD_EVENTS / errorRatioLimit(factor, OBJECTIVE)) - BAD_EVENTS;
}

export function selfCheckTenant(index: number): string {
	return `${SELF_CHECK}-${index}`;
}

/**
 * The catalogue with what checks the system itself. It has a hash of its own, because journal rows mean what the
 * catalogue of their time made of them. `key`: unguessable, so that no sender can speak for the self-check.
 */
export function withSelfCheck(catalogue: Catalogue, key: string): Catalogue {
	const tenants = Array.from({ length: SELF_CHECK_TENANTS }, (_, index) => tenantOf(index, key));
	return {
		...catalogue,
		hash: `${catalogue.hash}${SELF_CHECK}/1`,
		tenants: [...catalogue.tenants, ...tenants],
		slos: [...catalogue.slos, SLO],
		monitors: [...catalogue.monitors, MONITOR],
	};
}

const PLACE = { file: SELF_CHECK, line: 1, column: 1 };

const SLO: Slo = {
	name: SELF_CHECK,
	displayName: "Self-check",
	description: "The system's check of itself.",
	workload: SELF_CHECK,
	sliKind: "availability",
	unit: "checks",
	indicator: {
		kind: "ratio",
		numerator: "bad",
		part: { metric: BAD_METRIC, where: [] },
		total: { metric: TOTAL_METRIC, where: [] },
	},
	objective: OBJECTIVE,
	periodMs: PERIOD_MS,
	keep: [],
	place: PLACE,
};

const MONITOR: Monitor = {
	name: SELF_CHECK,
	detector: "burn-rate",
	slos: [SELF_CHECK],
	mode: "live",
	severity: "2.5",
	tiers: [TIER],
	evidenceP: 1e-4,
};

function tenantOf(index: number, key: string): KeyTenant {
	return {
		name: selfCheckTenant(index),
		displayName: "Self-check",
		tier: SELF_CHECK,
		match: { [SELF_CHECK]: [idOf(index, key)] },
		workloads: [SELF_CHECK],
		timeZone: "UTC",
		language: "en",
		objectives: {},
		// What others may send at most says nothing of these few.
		limits: { streams: 1_000, pointsPerSecond: 1_000_000 },
		contacts: { customer: [] },
	};
}

function idOf(index: number, key: string): string {
	return `${key}-${index}`;
}

/** The instant of a check's bad events; those of its good ones is a millisecond later, in the same window bucket. */
export function eventTime(now: number, bucketMs: number): number {
	return now % bucketMs === bucketMs - 1 ? now - 1 : now;
}

/** OTLP/JSON: the events of this check fail, as delta sums of the millisecond that ends at `at`. */
export function badRequest(index: number, key: string, at: number): string {
	return request(index, key, at, [
		[TOTAL_METRIC, BAD_EVENTS],
		[BAD_METRIC, BAD_EVENTS],
	]);
}

/** OTLP/JSON: enough good events beside the bad ones of `at` to end the claim. */
export function goodRequest(index: number, key: string, at: number): string {
	return request(index, key, at + 1, [[TOTAL_METRIC, GOOD_EVENTS]]);
}

const DELTA = 1;

function request(index: number, key: string, at: number, counts: readonly (readonly [string, number])[]): string {
	const nanos = (ms: number) => `${ms}000000`;
	const attribute = (name: string, value: string) => ({ key: name, value: { stringValue: value } });
	const metrics = counts.map(([name, count]) => ({
		name,
		sum: {
			aggregationTemporality: DELTA,
			isMonotonic: true,
			dataPoints: [{ startTimeUnixNano: nanos(at - 1), timeUnixNano: nanos(at), asInt: String(count) }],
		},
	}));
	const resource = { attributes: [attribute("service.name", SELF_CHECK), attribute(SELF_CHECK, idOf(index, key))] };
	return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: SELF_CHECK }, metrics }] }] });
}
