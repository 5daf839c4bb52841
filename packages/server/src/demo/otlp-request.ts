import { Writer } from "protobufjs/minimal.js";
import { countsIn } from "./counts.ts";
import type { DemoFleet, DemoTenant } from "./fleet.ts";
import type { Scenario } from "./scenario.ts";
import { type CounterShape, type HistogramShape, SIGNALS, type Signal } from "./signals.ts";

/** Field numbers of opentelemetry/proto/metrics/v1/metrics.proto (OTLP 1.x), written with the bare protobuf writer. */
const DELTA = 1;
const LENGTH_DELIMITED = 2;
const FIXED64 = 1;
const VARINT = 0;
const tag = (field: number, wire: number) => (field << 3) | wire;

/**
 * The OTLP metrics request for what these tenants reported in (from, to]; undefined when nobody reported anything.
 * Delta temporality: each point says how many events since the last one, and from when to when.
 */
export function otlpRequest(
	fleet: DemoFleet,
	scenario: Scenario,
	tenants: readonly DemoTenant[],
	from: number,
	to: number,
): Uint8Array | undefined {
	const request = Writer.create();
	let isEmpty = true;
	for (const tenant of tenants) {
		const metrics: ((writer: Writer) => void)[] = [];
		for (const signal of SIGNALS) {
			if (!tenant.workloads.includes(signal.workload)) continue;
			const counts = countsIn(fleet, scenario, tenant, signal, from, to);
			if (!counts) continue;
			metrics.push((writer) => writeMetric(writer, signal, counts.total, counts.bad, from, to));
		}
		if (metrics.length === 0) continue;
		isEmpty = false;
		within(request, 1, (resourceMetrics) => {
			within(resourceMetrics, 1, (resource) => {
				attribute(resource, 1, "service.name", "demo-fleet");
				attribute(resource, 1, "tenant.id", tenant.id);
			});
			within(resourceMetrics, 2, (scopeMetrics) => {
				within(scopeMetrics, 1, (scope) => scope.uint32(tag(1, LENGTH_DELIMITED)).string("bellwether.demo"));
				for (const metric of metrics) within(scopeMetrics, 2, metric);
			});
		});
	}
	return isEmpty ? undefined : request.finish();
}

function writeMetric(metric: Writer, signal: Signal, total: number, bad: number, from: number, to: number): void {
	metric.uint32(tag(1, LENGTH_DELIMITED)).string(signal.metric);
	const { shape } = signal;
	if (shape.kind === "histogram") {
		metric.uint32(tag(3, LENGTH_DELIMITED)).string(shape.unit);
		within(metric, 9, (histogram) => writeHistogram(histogram, shape, total, bad, from, to));
	} else {
		metric.uint32(tag(3, LENGTH_DELIMITED)).string("1");
		within(metric, 7, (sum) => writeSum(sum, shape, total, bad, from, to));
	}
}

function writeSum(sum: Writer, shape: CounterShape, total: number, bad: number, from: number, to: number): void {
	for (const [value, count] of [
		[shape.good, total - bad],
		[shape.bad, bad],
	] as const) {
		// An SDK with delta temporality does not report a stream that nothing was added to.
		if (count === 0) continue;
		within(sum, 1, (point) => {
			instant(point, 2, from);
			instant(point, 3, to);
			fixed64(point, 6, BigInt(count));
			attribute(point, 7, shape.attribute, value);
		});
	}
	sum.uint32(tag(2, VARINT)).uint32(DELTA);
	sum.uint32(tag(3, VARINT)).bool(true);
}

function writeHistogram(
	histogram: Writer,
	shape: HistogramShape,
	total: number,
	bad: number,
	from: number,
	to: number,
): void {
	const counts = bucketCounts(shape, total, bad);
	within(histogram, 1, (point) => {
		instant(point, 2, from);
		instant(point, 3, to);
		fixed64(point, 4, BigInt(total));
		point.uint32(tag(5, FIXED64)).double(roughSum(shape, counts));
		within(point, 6, (packed) => {
			for (const count of counts) packed.fixed32(count).fixed32(0);
		});
		within(point, 7, (packed) => {
			for (const bound of shape.bounds) packed.double(bound);
		});
	});
	histogram.uint32(tag(2, VARINT)).uint32(DELTA);
}

/** Spreads the good events over the buckets up to `goodUpTo` and the bad ones over those above; the last takes the rest. */
export function bucketCounts(shape: HistogramShape, total: number, bad: number): number[] {
	const firstBad = shape.bounds.indexOf(shape.goodUpTo) + 1;
	const counts = new Array<number>(shape.bounds.length + 1).fill(0);
	for (const [start, end, events] of [
		[0, firstBad, total - bad],
		[firstBad, counts.length, bad],
	] as const) {
		let left = events;
		for (let i = start; i < end - 1; i++) {
			const count = Math.min(left, Math.round(events * (shape.spread[i] as number)));
			counts[i] = count;
			left -= count;
		}
		counts[end - 1] = left;
	}
	return counts;
}

/** The sum of durations as if each event took the middle of its bucket. */
function roughSum(shape: HistogramShape, counts: readonly number[]): number {
	const last = shape.bounds[shape.bounds.length - 1] as number;
	return counts.reduce((sum, count, i) => {
		const low = shape.bounds[i - 1] ?? 0;
		return sum + count * ((low + (shape.bounds[i] ?? last)) / 2);
	}, 0);
}

function within(writer: Writer, field: number, write: (writer: Writer) => void): void {
	writer.uint32(tag(field, LENGTH_DELIMITED)).fork();
	write(writer);
	writer.ldelim();
}

function attribute(writer: Writer, field: number, key: string, value: string): void {
	within(writer, field, (pair) => {
		pair.uint32(tag(1, LENGTH_DELIMITED)).string(key);
		within(pair, 2, (any) => any.uint32(tag(1, LENGTH_DELIMITED)).string(value));
	});
}

function instant(writer: Writer, field: number, ms: number): void {
	fixed64(writer, field, BigInt(ms) * 1_000_000n);
}

/** Two halves, low first: nanoseconds since 1970 are more than a JavaScript number can hold. */
function fixed64(writer: Writer, field: number, value: bigint): void {
	writer.uint32(tag(field, FIXED64));
	writer.fixed32(Number(value & 0xffffffffn)).fixed32(Number(value >> 32n));
}
