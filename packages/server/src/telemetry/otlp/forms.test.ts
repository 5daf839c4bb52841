import { ManualClock } from "@bellwether/model";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonBytes, NOW, nanos, otlpBytes, rig } from "../telemetry-fixture.ts";

/** Collects when it is told to, in the temporality it was made with. */
class ManualReader extends MetricReader {
	protected override async onForceFlush(): Promise<void> {}
	protected override async onShutdown(): Promise<void> {}
}

describe.each([
	["delta", AggregationTemporality.DELTA],
	["cumulative", AggregationTemporality.CUMULATIVE],
])("what the official SDK recorded is counted, %s", (_, temporality) => {
	test.each([
		["otlp-protobuf" as const, ProtobufMetricsSerializer],
		["otlp-json" as const, JsonMetricsSerializer],
	])("%s", async (protocol, serializer) => {
		const reader = new ManualReader({ aggregationTemporalitySelector: () => temporality });
		const resource = resourceFromAttributes({ "tenant.id": "contoso-id", "service.name": "mail", "host.cpus": 4 });
		const provider = new MeterProvider({ readers: [reader], resource });
		const meter = provider.getMeter("mail", "1.2.3");
		const sent = meter.createCounter("mail.sent");
		const duration = meter.createHistogram("request.duration", { advice: { explicitBucketBoundaries: [0.1, 0.5, 1] } });
		const queue = meter.createObservableGauge("queue.length");
		queue.addCallback((result) => result.observe(250));
		// The SDK's points carry the real time, so the clock stands there.
		const real = rig({ clock: new ManualClock(Date.now()) });
		for (let round = 0; round < 3; round++) {
			sent.add(7, { outcome: "ok", region: "eu" });
			sent.add(2, { outcome: "ok", region: "us" });
			sent.add(1, { outcome: "failed", retried: true, attempt: 3, share: 0.5, zones: ["a", "b"] });
			for (const seconds of [0.05, 0.3, 0.7, 5]) duration.record(seconds);
			// Points of one instant would be duplicates: the SDK's clock must move between collections.
			for (const now = process.hrtime.bigint(); process.hrtime.bigint() - now < 2_000_000n; );
			const { resourceMetrics } = await reader.collect();
			const body = serializer.serializeRequest(resourceMetrics) as Uint8Array;
			real.clock.advance(1_000);
			expect(real.sendBytes(body.slice(), protocol)).toMatchObject({ status: "accepted", rejected: 0 });
		}
		await provider.shutdown();
		expect(real.sink().sum("contoso", "sends")).toBe("3 of 30");
		expect(real.sink().sum("contoso", "fast")).toBe("6 of 12");
		expect(real.sink().sum("contoso", "queue")).toBe("3 of 3");
	});
});

const attributeValue = fc.oneof(
	fc.constantFrom("contoso-id", "fabrikam-id", "nobody", "").map((stringValue) => ({ stringValue })),
	fc.string({ unit: "grapheme", maxLength: 12 }).map((stringValue) => ({ stringValue })),
	fc.boolean().map((boolValue) => ({ boolValue })),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ intValue: value.toString() })),
	fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
	fc
		.array(fc.constantFrom("a", "b"), { maxLength: 3 })
		.map((values) => ({ arrayValue: { values: values.map((stringValue) => ({ stringValue })) } })),
	fc.constantFrom("x", "y").map((key) => ({ kvlistValue: { values: [{ key, value: { boolValue: true } }] } })),
	fc.constant({}),
);
const attributeList = fc.array(
	fc.record({ key: fc.constantFrom("tenant.id", "outcome", "host", "ünï"), value: attributeValue }),
	{ maxLength: 3 },
);
const time = fc.integer({ min: -40, max: 4 }).map((k) => nanos(NOW + k * 5_000 + 0.123));
const common = {
	attributes: attributeList,
	startTimeUnixNano: fc.oneof(time, fc.constant("0")),
	timeUnixNano: time,
	flags: fc.constantFrom(0, 0, 0, 1),
};
const numberPoint = fc.oneof(
	fc.record({
		...common,
		asInt: fc.oneof(fc.nat(100).map(String), fc.constantFrom("-1", "9007199254740993", "4294967296")),
	}),
	fc.record({ ...common, asDouble: fc.constantFrom(0.5, 1e10, -2, 3) }),
);
const histogramPoint = fc
	.record({
		...common,
		bucketCounts: fc.array(fc.nat(9), { minLength: 3, maxLength: 3 }),
		spoiled: fc.constantFrom(0, 0, 0, 1),
	})
	.map(({ bucketCounts, spoiled, ...point }) => ({
		...point,
		count: String(bucketCounts.reduce((a, b) => a + b, 0) + spoiled),
		bucketCounts: bucketCounts.map(String),
		explicitBounds: [0.25, 0.75],
	}));
const metric = fc.oneof(
	fc.record({
		name: fc.constantFrom("request.count", "request.errors", "mail.sent", "queue.length", "other"),
		sum: fc.record({
			dataPoints: fc.array(numberPoint, { maxLength: 4 }),
			aggregationTemporality: fc.constantFrom(0, 1, 1, 2, 2),
			isMonotonic: fc.constantFrom(true, true, false),
		}),
	}),
	fc.record({
		name: fc.constant("queue.length"),
		gauge: fc.record({ dataPoints: fc.array(numberPoint, { maxLength: 4 }) }),
	}),
	fc.record({
		name: fc.constant("request.duration"),
		histogram: fc.record({
			dataPoints: fc.array(histogramPoint, { maxLength: 4 }),
			aggregationTemporality: fc.constantFrom(1, 2),
		}),
	}),
);
const anyRequest = fc.record({
	resourceMetrics: fc.array(
		fc.record({
			resource: fc.record({ attributes: attributeList }),
			scopeMetrics: fc.array(
				fc.record({
					scope: fc.record({
						name: fc.constantFrom("a", "b"),
						version: fc.constantFrom("", "1"),
						attributes: attributeList,
					}),
					metrics: fc.array(metric, { maxLength: 4 }),
				}),
				{ maxLength: 2 },
			),
		}),
		{ maxLength: 3 },
	),
});

test("random requests mean the same as protobuf, by an independent encoder, and as JSON", () => {
	fc.assert(
		fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 3 }), (requests) => {
			const binary = rig();
			const text = rig();
			for (const request of requests) {
				const outcome = binary.sendBytes(otlpBytes(request));
				expect(outcome.status).toBe("accepted");
				expect(text.sendBytes(jsonBytes(request), "otlp-json")).toEqual(outcome);
			}
			expect(text.sink().report()).toEqual(binary.sink().report());
			const books = (of: typeof text) => of.telemetry.accounting().map(({ protocol: _, ...rest }) => rest);
			expect(books(text)).toEqual(books(binary));
			expect(text.telemetry.counters().streams).toBe(binary.telemetry.counters().streams);
		}),
		{ numRuns: 300 },
	);
});

test("the same requests in both forms, mixed, are duplicates of each other", () => {
	fc.assert(
		fc.property(anyRequest, (request) => {
			const both = rig();
			both.sendBytes(otlpBytes(request));
			const report = both.sink().report();
			both.sendBytes(jsonBytes(request), "otlp-json");
			const counted = (protocol: string): number =>
				both.telemetry.accounting().reduce((sum, each) => (each.protocol === protocol ? sum + each.counted : sum), 0);
			// A cumulative point before the stream's last is out of order both times; none is counted again.
			expect(both.sink().report()).toEqual(report);
			expect(counted("otlp-json")).toBe(0);
		}),
		{ numRuns: 200 },
	);
});
