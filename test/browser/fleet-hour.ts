import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { attribute, nanos, sendJson } from "../support/otlp.ts";
import type { RunningServer } from "../support/server.ts";

/** The catalogue of the demo: pages go to the console's phone panel and nothing leaves the machine. */
export const CATALOGUE = fileURLToPath(new URL("../../examples/demo", import.meta.url));

const MINUTE_MS = 60_000;
const MINUTES = 60;
/** A tenant that is down has been so for this long. */
const DOWN_MINUTES = 6;
const PER_MINUTE = 200;
/** All other customers: next to them one tenant's outage does not show. */
const OTHERS_PER_MINUTE = 1_000_000;
const OTHERS_BAD = 40;

const COUNTERS = [
	{ metric: "signin.attempts", key: "result", good: "ok" },
	{ metric: "mail.messages", key: "outcome", good: "delivered" },
	{ metric: "files.opens", key: "result", good: "ok" },
	{ metric: "device.checkins", key: "result", good: "ok" },
	{ metric: "policy.creates", key: "result", good: "ok" },
] as const;

/** Which metric fails for which tenant; a tenant that is not named is well, one under `silent` sends nothing. */
export interface Hour {
	readonly down: Readonly<Record<string, (typeof COUNTERS)[number]["metric"]>>;
	readonly silent?: readonly string[];
}

/** Sends the last hour of the whole fleet in one request. */
export async function sendHour(server: RunningServer, hour: Hour, until: number): Promise<void> {
	const tenants = [...tenantIds()].filter(([name]) => hour.silent?.includes(name) !== true);
	const resourceMetrics = [["", "somebody"] as const, ...tenants].map(([name, id]) => ({
		resource: { attributes: [attribute("tenant.id", id)] },
		scopeMetrics: [{ scope: { name: "browser-test" }, metrics: metricsOf(name, hour.down[name], until) }],
	}));
	const answer = await sendJson(server, { resourceMetrics });
	if (answer.status !== 200) throw new Error(`the hour was answered ${answer.status}: ${answer.text}`);
}

/** One more minute of one tenant, all of it bad: `minutes` of them in one request. */
export async function sendOutage(server: RunningServer, tenant: string, metric: string, until: number): Promise<void> {
	const id = tenantIds().get(tenant);
	const counter = COUNTERS.find((candidate) => candidate.metric === metric);
	if (id === undefined || counter === undefined)
		throw new Error(`the demo has no tenant ${tenant} or metric ${metric}`);
	const points = [point(until, PER_MINUTE * DOWN_MINUTES, [attribute(counter.key, "late-failure")])];
	await sendJson(server, {
		resourceMetrics: [
			{
				resource: { attributes: [attribute("tenant.id", id)] },
				scopeMetrics: [{ scope: { name: "browser-test" }, metrics: [sum(metric, points)] }],
			},
		],
	});
}

function metricsOf(tenant: string, down: string | undefined, until: number): unknown[] {
	const ends = Array.from({ length: MINUTES }, (_, i) => until - (MINUTES - 1 - i) * MINUTE_MS);
	const counters = COUNTERS.map(({ metric, key, good }) => {
		const points = ends.flatMap((at) => {
			const total = tenant === "" ? OTHERS_PER_MINUTE : PER_MINUTE;
			const isDown = down === metric && at > until - DOWN_MINUTES * MINUTE_MS;
			const bad = tenant === "" ? OTHERS_BAD : isDown ? total : 0;
			return [point(at, total - bad, [attribute(key, good)]), point(at, bad, [attribute(key, "failed")])];
		});
		return sum(metric, points);
	});
	const quick = tenant === "" ? OTHERS_PER_MINUTE : PER_MINUTE;
	const durations = ends.map((at) => ({
		startTimeUnixNano: nanos(at - MINUTE_MS),
		timeUnixNano: nanos(at),
		count: String(quick),
		sum: quick * 200,
		explicitBounds: [1500],
		bucketCounts: [String(quick), "0"],
	}));
	return [
		...counters,
		{ name: "signin.duration", unit: "ms", histogram: { aggregationTemporality: 1, dataPoints: durations } },
	];
}

function sum(name: string, dataPoints: unknown[]): unknown {
	return { name, sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } };
}

function point(at: number, count: number, attributes: unknown[]): unknown {
	return { startTimeUnixNano: nanos(at - MINUTE_MS), timeUnixNano: nanos(at), asInt: String(count), attributes };
}

/** Names and ids as the demo's catalogue gives them. */
function tenantIds(): Map<string, string> {
	const text = readFileSync(`${CATALOGUE}/tenants/key-tenants.yaml`, "utf8");
	const found = text.matchAll(/- name: (\S+)\n(?:(?! {4}- name:).*\n)*? +match: \{ tenant\.id: (\S+) \}/g);
	return new Map([...found].map((match) => [match[1] ?? "", match[2] ?? ""]));
}
