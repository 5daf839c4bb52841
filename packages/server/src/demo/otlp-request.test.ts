import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { type DemoTenant, readFleet } from "./fleet.ts";
import { bucketCounts, otlpRequest } from "./otlp-request.ts";
import { makeScenario } from "./scenario.ts";
import { type HistogramShape, signalOf } from "./signals.ts";

const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
const FROM = Date.UTC(2026, 2, 4, 17, 0, 0);

/** The part of opentelemetry/proto/collector/metrics/v1 that the demo sends, as its specification numbers it. */
const proto = protobuf
	.parse(`
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Scope { string name = 1; }
message Metric { string name = 1; string unit = 3; Sum sum = 7; Histogram histogram = 9; }
message Sum { repeated Number data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message Number { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message HistogramPoint {
  fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
  repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated KeyValue attributes = 9;
}
message KeyValue { string key = 1; Value value = 2; }
message Value { string string_value = 1; }
`)
	.root.lookupType("Request");

interface Point {
	startTimeUnixNano: string;
	timeUnixNano: string;
	asInt: string;
	count: string;
	bucketCounts: string[];
	explicitBounds: number[];
	attributes: { key: string; value: { stringValue: string } }[];
}
interface Metric {
	name: string;
	sum?: { dataPoints: Point[]; aggregationTemporality: number; isMonotonic: boolean };
	histogram?: { dataPoints: Point[]; aggregationTemporality: number };
}
interface Request {
	resourceMetrics: {
		resource: { attributes: { key: string; value: { stringValue: string } }[] };
		scopeMetrics: { metrics: Metric[] }[];
	}[];
}

function decode(bytes: Uint8Array): Request {
	return proto.toObject(proto.decode(bytes), { longs: String }) as Request;
}

function fleetAndScenario(seed: number, name: "quiet" | "tenant-outage" | "silent-tenant" = "quiet", breakAt = FROM) {
	const fleet = readFleet(CATALOGUE, seed);
	return { fleet, scenario: makeScenario(name, fleet, breakAt) };
}

function request(tenants: (fleet: { keyTenants: readonly DemoTenant[] }) => readonly DemoTenant[], seed = 1) {
	const { fleet, scenario } = fleetAndScenario(seed);
	return otlpRequest(fleet, scenario, tenants(fleet), FROM, FROM + 2000) as Uint8Array;
}

describe("the demo's OTLP requests", () => {
	it("are the same bytes for the same seed and interval, and others for another seed", () => {
		const first = request((fleet) => fleet.keyTenants.slice(0, 10));
		expect(request((fleet) => fleet.keyTenants.slice(0, 10))).toEqual(first);
		expect(request((fleet) => fleet.keyTenants.slice(0, 10), 2)).not.toEqual(first);
	});

	it("carry one resource per tenant with its tenant.id, delta sums, and the interval in nanoseconds", () => {
		const decoded = decode(request((fleet) => fleet.keyTenants.slice(0, 2)));
		const { fleet } = fleetAndScenario(1);
		expect(decoded.resourceMetrics.map((each) => attributes(each.resource.attributes)["tenant.id"])).toEqual(
			fleet.keyTenants.slice(0, 2).map((tenant) => tenant.id),
		);
		const attempts = metric(decoded, 0, "signin.attempts").sum;
		expect(attempts).toMatchObject({ aggregationTemporality: 1, isMonotonic: true });
		expect(attempts?.dataPoints[0]).toMatchObject({
			startTimeUnixNano: `${FROM}000000`,
			timeUnixNano: `${FROM + 2000}000000`,
		});
	});

	it("count the same sign-ins in the histogram as in the counter", () => {
		const decoded = decode(request((fleet) => fleet.keyTenants.slice(0, 1)));
		const total = metric(decoded, 0, "signin.attempts").sum?.dataPoints.reduce(
			(sum, point) => sum + Number(point.asInt),
			0,
		);
		const durations = metric(decoded, 0, "signin.duration").histogram?.dataPoints[0];
		expect(Number(durations?.count)).toBe(total);
		expect(durations?.bucketCounts.reduce((sum, count) => sum + Number(count), 0)).toBe(total);
		expect(durations?.bucketCounts).toHaveLength((durations?.explicitBounds.length ?? 0) + 1);
	});

	it("say nothing about workloads that a tenant does not use", () => {
		const { fleet, scenario } = fleetAndScenario(1);
		const proseware = fleet.keyTenants.filter((tenant) => tenant.name === "proseware");
		const decoded = decode(otlpRequest(fleet, scenario, proseware, FROM, FROM + 60_000) as Uint8Array);
		const names = decoded.resourceMetrics.flatMap((each) =>
			each.scopeMetrics.flatMap((scope) => scope.metrics.map((m) => m.name)),
		);
		expect(names).toEqual(["signin.attempts", "signin.duration", "mail.messages", "files.opens"]);
	});

	it("report a broken tenant's attempts as bad ones only, with enough of them in two seconds to weigh", () => {
		const { fleet, scenario } = fleetAndScenario(1, "tenant-outage");
		const woodgrove = fleet.keyTenants.filter((tenant) => tenant.name === "woodgrove");
		const decoded = decode(otlpRequest(fleet, scenario, woodgrove, FROM + 10_000, FROM + 12_000) as Uint8Array);
		const points = metric(decoded, 0, "policy.creates").sum?.dataPoints ?? [];
		expect(points.map((point) => attributes(point.attributes))).toEqual([{ result: "throttled" }]);
		expect(Number(points[0]?.asInt)).toBeGreaterThanOrEqual(3);
	});

	it("have nothing to send for a tenant that is silent", () => {
		const { fleet, scenario } = fleetAndScenario(1, "silent-tenant");
		const trey = fleet.keyTenants.filter((tenant) => tenant.name === "trey-research");
		const silentFrom = FROM - 15 * 60_000;
		expect(otlpRequest(fleet, scenario, trey, silentFrom - 2000, silentFrom)).toBeDefined();
		expect(otlpRequest(fleet, scenario, trey, silentFrom, silentFrom + 2000)).toBeUndefined();
	});
});

describe("spreading durations over buckets", () => {
	const shape = signalOf("signin-latency").shape as HistogramShape;
	it.each([
		["all good", 1000, 0],
		["a few bad", 1000, 7],
		["one event", 1, 0],
		["all bad", 40, 40],
	])("keeps the total and what is over the bound: %s", (_, total, bad) => {
		const counts = bucketCounts(shape, total, bad);
		const upTo = shape.bounds.indexOf(shape.goodUpTo) + 1;
		expect(counts.slice(0, upTo).reduce((a, b) => a + b, 0)).toBe(total - bad);
		expect(counts.slice(upTo).reduce((a, b) => a + b, 0)).toBe(bad);
		expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
	});
});

function metric(decoded: Request, resource: number, name: string): Metric {
	const found = decoded.resourceMetrics[resource]?.scopeMetrics[0]?.metrics.find((each) => each.name === name);
	if (!found) throw new Error(`The request has no metric ${name}.`);
	return found;
}

function attributes(pairs: { key: string; value: { stringValue: string } }[]): Record<string, string> {
	return Object.fromEntries(pairs.map((pair) => [pair.key, pair.value.stringValue]));
}
