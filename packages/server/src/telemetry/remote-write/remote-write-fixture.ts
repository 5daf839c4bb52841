import protobuf from "protobufjs";
import { compress } from "snappyjs";

/** Both messages of remote write for an independent encoder. Histograms are alike, but for the start time of 2.0. */
const { root } = protobuf.parse(`
syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
message Label { string name = 1; string value = 2; }
message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
message Request { repeated string symbols = 4; repeated TimeSeries2 timeseries = 5; }
message TimeSeries2 {
	repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
	repeated Exemplar2 exemplars = 4; Metadata metadata = 5; int64 created_timestamp = 6;
}
message Exemplar2 { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Histogram {
	oneof count { uint64 count_int = 1; double count_float = 2; }
	double sum = 3; sint32 schema = 4; double zero_threshold = 5;
	oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
	repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9; repeated double negative_counts = 10;
	repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
	int32 reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; int64 start_timestamp = 17;
}
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
`);
const messages = { "remote-write-1": root.lookupType("WriteRequest"), "remote-write-2": root.lookupType("Request") };
export type RemoteWrite = keyof typeof messages;

export interface TestSample {
	readonly value: number;
	readonly at: number;
	readonly start?: number;
}

/** Counts per bucket index, Prometheus' numbering: bucket i ends at base^i. */
export interface TestHistogram {
	readonly at: number;
	readonly schema?: number;
	readonly positive?: Readonly<Record<number, number>>;
	readonly negative?: Readonly<Record<number, number>>;
	readonly zero?: number;
	readonly isFloat?: boolean;
	readonly start?: number;
	readonly customValues?: readonly number[];
	readonly more?: object;
}

export interface TestSeries {
	readonly labels: Readonly<Record<string, string>>;
	readonly samples?: readonly TestSample[];
	readonly histograms?: readonly TestHistogram[];
	readonly exemplars?: number;
	/** Remote write 2.0: Metadata.MetricType. */
	readonly type?: number;
	readonly createdAt?: number;
}

/** A request body, not compressed. */
export function remoteWriteBytes(version: RemoteWrite, series: readonly TestSeries[], more: object = {}): Uint8Array {
	const type = messages[version];
	const object = version === "remote-write-1" ? firstVersion(series) : secondVersion(series);
	return Uint8Array.from(type.encode(type.fromObject({ ...object, ...more })).finish());
}

export function snappy(bytes: Uint8Array): Uint8Array {
	return Uint8Array.from(compress(Buffer.from(bytes)));
}

function firstVersion(series: readonly TestSeries[]): object {
	const timeseries = series.map(({ labels, samples = [], histograms = [], exemplars = 0 }) => ({
		labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
		samples: samples.map(({ value, at }) => ({ value, timestamp: at })),
		histograms: histograms.map(histogramOf),
		exemplars: new Array(exemplars).fill({ labels: [{ name: "trace_id", value: "x" }], value: 1, timestamp: 1 }),
	}));
	return { timeseries };
}

function secondVersion(series: readonly TestSeries[]): object {
	const symbols = [""];
	const ref = (text: string): number => {
		const known = symbols.indexOf(text);
		return known >= 0 ? known : symbols.push(text) - 1;
	};
	const timeseries = series.map(
		({ labels, samples = [], histograms = [], exemplars = 0, type = 0, createdAt = 0 }) => ({
			labelsRefs: Object.entries(labels).flatMap(([name, value]) => [ref(name), ref(value)]),
			samples: samples.map(({ value, at, start = 0 }) => ({ value, timestamp: at, startTimestamp: start })),
			histograms: histograms.map(histogramOf),
			exemplars: new Array(exemplars).fill({ labelsRefs: [ref("trace_id"), ref("x")], value: 1, timestamp: 1 }),
			metadata: { type, helpRef: ref("how many") },
			createdTimestamp: createdAt,
		}),
	);
	return { symbols, timeseries };
}

function histogramOf(histogram: TestHistogram): object {
	const { at, schema = 0, positive = {}, negative = {}, zero = 0, isFloat = false, start = 0, more } = histogram;
	const up = sideOf(positive);
	const down = sideOf(negative);
	const sum = [...Object.values(positive), ...Object.values(negative)].reduce((a, b) => a + b, zero);
	const counts = isFloat
		? { countFloat: sum, zeroCountFloat: zero, positiveCounts: up.counts, negativeCounts: down.counts }
		: { countInt: sum, zeroCountInt: zero, positiveDeltas: up.deltas, negativeDeltas: down.deltas };
	return {
		...counts,
		schema,
		sum: 1,
		positiveSpans: up.spans,
		negativeSpans: down.spans,
		timestamp: at,
		startTimestamp: start,
		customValues: histogram.customValues ?? [],
		...more,
	};
}

function sideOf(buckets: Readonly<Record<number, number>>): { spans: object[]; counts: number[]; deltas: number[] } {
	const indexes = Object.keys(buckets)
		.map(Number)
		.sort((a, b) => a - b);
	const spans: { offset: number; length: number }[] = [];
	const counts = indexes.map((index) => buckets[index] as number);
	const deltas = counts.map((count, k) => count - (counts[k - 1] ?? 0));
	indexes.forEach((index, k) => {
		const last = spans.at(-1);
		if (last && index === (indexes[k - 1] as number) + 1) last.length++;
		else spans.push({ offset: k === 0 ? index : index - (indexes[k - 1] as number) - 1, length: 1 });
	});
	return { spans, counts, deltas };
}
