import fc from "fast-check";
import { cumulative, delta, NOW, nanos, request } from "../telemetry-fixture.ts";
import type { PlainPoint, PlainRole } from "./reference.ts";

/** Random traffic of the property tests: requests of a few streams with repeats, gaps, overlaps, resets, late and future points. */
export interface TrafficStep {
	/** Lets this much time pass first. */
	readonly waitMs: number;
	readonly protocol: "otlp-protobuf" | "otlp-json";
	readonly points: readonly PlainPoint[];
}

export const ROLES: Readonly<Record<string, readonly PlainRole[]>> = {
	"request.errors": [{ slo: "requests", bad: 1, total: 0 }],
	"request.count": [{ slo: "requests", bad: 0, total: 1 }],
};

const TENANTS = ["contoso", "fabrikam", ""] as const;

const plainPoint: fc.Arbitrary<PlainPoint> = fc
	.record({
		metric: fc.constantFrom("request.count", "request.errors"),
		kind: fc.constantFrom("delta" as const, "cumulative" as const),
		host: fc.constantFrom("a", "b"),
		tenant: fc.constantFrom(...TENANTS),
		// A coarse grid makes repeats, touching ranges and overlaps common.
		time: fc.oneof(
			{ weight: 12, arbitrary: fc.integer({ min: -20, max: 6 }).map((k) => k * 5_000) },
			{ weight: 1, arbitrary: fc.constantFrom(-4 * 3_600_000, -3 * 3_600_000 + 30_000, 280_000, 400_000, -NOW) },
		),
		length: fc.constantFrom(5_000, 5_000, 5_000, 10_000, 15_000, 0, -1_000, undefined, 4 * 3_600_000),
		value: fc.oneof(
			{ weight: 9, arbitrary: fc.integer({ min: 0, max: 40 }) },
			{ weight: 1, arbitrary: fc.constantFrom(0.5, 12.25) },
		),
	})
	.map(({ metric, kind, host, tenant, time, length, value }) => ({
		metric,
		kind,
		// The kind is part of the name, so that no stream changes its kind.
		stream: `${host}-${kind}`,
		tenant,
		start: length === undefined ? 0 : Math.max(0, (NOW + time - length) * 1000),
		time: (NOW + time) * 1000,
		value,
	}));

export const traffic: fc.Arbitrary<TrafficStep[]> = fc.array(
	fc.record({
		waitMs: fc.constantFrom(0, 0, 1_000, 10_000, 120_000),
		protocol: fc.constantFrom("otlp-protobuf" as const, "otlp-json" as const),
		points: fc.array(plainPoint, { minLength: 1, maxLength: 8 }),
	}),
	{ minLength: 1, maxLength: 30 },
);

/** The stream's full name: tenant and metric are part of it. */
export function named(point: PlainPoint): PlainPoint {
	return { ...point, stream: `${point.metric} ${point.tenant} ${point.stream}` };
}

/** As an SDK would send it: one metric entry per point keeps their order. */
export function requestOf(points: readonly PlainPoint[]): object {
	return request(
		points.map((point) => {
			const dataPoint = {
				attributes: [
					{ key: "stream", value: { stringValue: point.stream } },
					...(point.tenant ? [{ key: "tenant.id", value: { stringValue: `${point.tenant}-id` } }] : []),
				],
				startTimeUnixNano: nanos(point.start / 1000),
				timeUnixNano: nanos(point.time / 1000),
				...(Number.isInteger(point.value) ? { asInt: String(point.value) } : { asDouble: point.value }),
			};
			return point.kind === "delta" ? delta(point.metric, dataPoint) : cumulative(point.metric, dataPoint);
		}),
	);
}
