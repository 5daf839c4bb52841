import protobuf from "protobufjs";

/** What Prometheus scrapes, in the exposition format that can carry native histograms. */
const { root } = protobuf.parse(`
syntax = "proto2";
message MetricFamily { optional string name = 1; optional string help = 2; optional int32 type = 3; repeated Metric metric = 4; }
message Metric {
	repeated LabelPair label = 1; optional Number gauge = 2; optional Number counter = 3; optional Summary summary = 4;
	optional int64 timestamp_ms = 6; optional Histogram histogram = 7;
}
message LabelPair { optional string name = 1; optional string value = 2; }
message Number { optional double value = 1; }
message Summary { optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3; }
message Quantile { optional double quantile = 1; optional double value = 2; }
message Histogram {
	optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Bucket bucket = 3;
	optional sint32 schema = 5; optional double zero_threshold = 6; optional uint64 zero_count = 7;
	repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13;
}
message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; }
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
`);
const familyType = root.lookupType("MetricFamily");

export interface Family {
	readonly name: string;
	/** 0 counter, 1 gauge, 2 summary, 4 histogram. */
	readonly type: number;
	readonly metric: readonly object[];
}

/** One family after the other, each with its length before it. */
export function exposition(families: readonly Family[]): Buffer {
	return Buffer.concat(families.map((family) => familyType.encodeDelimited(familyType.fromObject(family)).finish()));
}
