import { ManualClock } from "@bellwether/model";
import protobuf from "protobufjs";
import type { Catalogue, Indicator, KeyTenant, Slo } from "#catalogue";
import { MemoryTelemetryStore } from "./store/memory-store.ts";
import { Telemetry } from "./telemetry.ts";
import type { IngestOutcome, Pair, Protocol, WindowSink } from "./types.ts";

/** What the tests of this room share: a small catalogue, an oracle's encoder, and a telemetry that runs on a still clock. */
export const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
export const DAY_MS = 86_400_000;

export const PROTO = `
syntax = "proto3";
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Metric {
	string name = 1; string description = 2; string unit = 3;
	oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; ExponentialHistogram exponential_histogram = 10; Summary summary = 11; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExponentialHistogram { repeated ExponentialHistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExponentialHistogramDataPoint {
	repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
	optional double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9;
	uint32 flags = 10; repeated Exemplar exemplars = 11; optional double min = 12; optional double max = 13; double zero_threshold = 14;
}
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message Summary { repeated SummaryDataPoint data_points = 1; }
message SummaryDataPoint {
	repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
	double sum = 5; repeated ValueAtQuantile quantile_values = 6; uint32 flags = 8;
}
message ValueAtQuantile { double quantile = 1; double value = 2; }
message NumberDataPoint {
	repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
	oneof value { double as_double = 4; sfixed64 as_int = 6; }
	repeated Exemplar exemplars = 5; uint32 flags = 8;
}
message Exemplar { fixed64 time_unix_nano = 2; double as_double = 3; bytes span_id = 4; }
message HistogramDataPoint {
	repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
	optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; uint32 flags = 10;
	optional double min = 11; optional double max = 12;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
	oneof value {
		string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
		ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
	}
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message WriteRequest { repeated TimeSeries timeseries = 1; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
`;
const { root } = protobuf.parse(PROTO);
const otlpType = root.lookupType("ExportMetricsServiceRequest");
const writeType = root.lookupType("WriteRequest");

/** OTLP's JSON form → protobuf bytes, by an independent encoder. */
export function otlpBytes(request: object): Uint8Array {
	return Uint8Array.from(otlpType.encode(otlpType.fromObject(request)).finish());
}

export function jsonBytes(request: object): Uint8Array {
	return new TextEncoder().encode(JSON.stringify(request));
}

export function writeRequestBytes(
	series: readonly { labels: Record<string, string>; samples: [value: number, at: number][] }[],
): Uint8Array {
	const timeseries = series.map(({ labels, samples }) => ({
		labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
		samples: samples.map(([value, timestamp]) => ({ value, timestamp })),
	}));
	return Uint8Array.from(writeType.encode(writeType.fromObject({ timeseries })).finish());
}

export function attributes(values: Readonly<Record<string, string>>): object[] {
	return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

export const nanos = (ms: number): string => (BigInt(Math.round(ms * 1000)) * 1000n).toString();

export interface PointOptions {
	readonly at: number;
	readonly start?: number;
	readonly value?: number;
	readonly tenant?: string | undefined;
	readonly attributes?: Readonly<Record<string, string>>;
	readonly more?: object;
}

export function point({ at, start, value, tenant, attributes: own = {}, more = {} }: PointOptions): object {
	return {
		attributes: attributes(tenant === undefined ? own : { "tenant.id": tenant, ...own }),
		...(start === undefined ? {} : { startTimeUnixNano: nanos(start) }),
		timeUnixNano: nanos(at),
		...(value === undefined ? {} : Number.isInteger(value) ? { asInt: String(value) } : { asDouble: value }),
		...more,
	};
}

export function request(metrics: readonly object[], resource: Readonly<Record<string, string>> = {}): object {
	return {
		resourceMetrics: [
			{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope: { name: "test" }, metrics }] },
		],
	};
}

export const delta = (name: string, ...dataPoints: object[]): object => ({
	name,
	sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints },
});
export const cumulative = (name: string, ...dataPoints: object[]): object => ({
	name,
	sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints },
});
export const gauge = (name: string, ...dataPoints: object[]): object => ({ name, gauge: { dataPoints } });
export const histogram = (name: string, aggregationTemporality: 1 | 2, ...dataPoints: object[]): object => ({
	name,
	histogram: { aggregationTemporality, dataPoints },
});

export function slo(name: string, indicator: Indicator): Slo {
	const place = { file: `slos/${name}.yaml`, line: 1, column: 1 };
	return {
		name,
		displayName: name,
		description: "",
		workload: "mail",
		sliKind: "availability",
		unit: "requests",
		indicator,
		objective: 0.999,
		periodMs: 28 * DAY_MS,
		place,
	};
}

export function keyTenant(name: string, values: readonly string[] = [`${name}-id`]): KeyTenant {
	return {
		name,
		displayName: name,
		tier: "gold",
		match: { "tenant.id": values },
		workloads: ["mail"],
		timeZone: "UTC",
		language: "en",
		objectives: {},
		contacts: { customer: [] },
	};
}

/** requests: bad by errors; sends: good by an attribute of one metric; fast: histogram bound; queue: gauge. */
export const SLOS: readonly Slo[] = [
	slo("requests", {
		kind: "ratio",
		numerator: "bad",
		part: { metric: "request.errors", where: [] },
		total: { metric: "request.count", where: [] },
	}),
	slo("sends", {
		kind: "ratio",
		numerator: "good",
		part: { metric: "mail.sent", where: [{ name: "outcome", op: "=", values: ["ok", "queued"] }] },
		total: { metric: "mail.sent", where: [] },
	}),
	slo("fast", {
		kind: "ratio",
		numerator: "good",
		part: { metric: "request.duration", where: [], le: 0.5 },
		total: { metric: "request.duration", where: [] },
	}),
	slo("queue", { kind: "threshold", metric: { metric: "queue.length", where: [] }, op: "lte", value: 100 }),
];

export function catalogue(
	parts: { slos?: readonly Slo[]; tenants?: readonly KeyTenant[]; maxStreams?: number; hash?: string } = {},
): Catalogue {
	const {
		slos = SLOS,
		tenants = [keyTenant("contoso"), keyTenant("fabrikam")],
		maxStreams = 10_000,
		hash = "one",
	} = parts;
	return {
		hash,
		settings: {
			organisation: "Test",
			egress: { allow: [] },
			telemetry: { latenessMs: 3 * 3_600_000, futureMs: 300_000, maxStreams, maxBodyBytes: 1024 * 1024 },
			baselines: { autoDetectedShare: 0, ttdManualMs: 0, ttdAutoMs: 0 },
		},
		tiers: [{ name: "gold", displayName: "Gold", rank: 1, objectives: {} }],
		tenants,
		workloads: [{ name: "mail", displayName: "Mail", owner: "", runbook: [] }],
		slos,
		monitors: [],
		people: [],
		schedules: [],
		escalations: [],
		channels: [],
		templates: [],
		sources: [],
		feeds: [],
	};
}

/** Sums what the windows were told, by tenant, SLO and 10 s bucket. */
export class RecordingSink implements WindowSink {
	readonly #pairs: readonly Pair[];
	readonly counts = new Map<string, { bad: number; total: number }>();
	readonly #instants = new Map<string, [at: number, counts: { bad: number; total: number }][]>();
	constructor(pairs: readonly Pair[]) {
		this.#pairs = pairs;
	}
	add(pair: number, at: number, bad: number, total: number): void {
		const { tenant, slo } = this.#pairs[pair] as Pair;
		const key = `${tenant || "fleet"} ${slo} ${new Date(Math.floor(at / 10_000) * 10_000).toISOString().slice(11, 19)}`;
		const count = this.counts.get(key) ?? { bad: 0, total: 0 };
		this.counts.set(key, { bad: count.bad + bad, total: count.total + total });
		const instants = this.#instants.get(`${tenant} ${slo}`) ?? [];
		this.#instants.set(`${tenant} ${slo}`, instants);
		instants.push([at, { bad, total }]);
	}
	/** Everything that was told of a pair, as it was told. */
	instants(tenant: string, slo: string): readonly [at: number, counts: { bad: number; total: number }][] {
		return this.#instants.get(`${tenant} ${slo}`) ?? [];
	}
	/** Without buckets whose counts came to nothing. */
	report(): Record<string, string> {
		const entries = [...this.counts].filter(([, { bad, total }]) => bad !== 0 || total !== 0);
		return Object.fromEntries(entries.sort().map(([key, { bad, total }]) => [key, `${bad} of ${total}`]));
	}
	/** Over all buckets: "bad of total". */
	sum(tenant: string, slo: string): string {
		let bad = 0;
		let total = 0;
		for (const [key, count] of this.counts) {
			if (!key.startsWith(`${tenant || "fleet"} ${slo} `)) continue;
			bad += count.bad;
			total += count.total;
		}
		return `${bad} of ${total}`;
	}
}

export interface Rig {
	readonly telemetry: Telemetry;
	readonly clock: ManualClock;
	readonly store: MemoryTelemetryStore;
	/** What the windows hold now; another one after each rebuild. */
	sink(): RecordingSink;
	send(request: object, protocol?: Protocol): IngestOutcome;
	sendBytes(body: Uint8Array, protocol?: Protocol, encoding?: string): IngestOutcome;
	accounts(tenant: string, protocol?: Protocol | "import"): Record<string, number>;
}

export function rig(parts: { catalogue?: Catalogue; store?: MemoryTelemetryStore; clock?: ManualClock } = {}): Rig {
	const clock = parts.clock ?? new ManualClock(NOW);
	const store = parts.store ?? new MemoryTelemetryStore();
	let sink = new RecordingSink([]);
	const telemetry = new Telemetry({
		openStore: () => store,
		catalogue: parts.catalogue ?? catalogue(),
		clock,
		seed: 7,
		openWindows: (pairs) => {
			sink = new RecordingSink(pairs);
			return sink;
		},
	});
	const sendBytes: Rig["sendBytes"] = (body, protocol = "otlp-protobuf", encoding = undefined) =>
		telemetry.ingest([{ protocol, encoding, body }])[0] as IngestOutcome;
	return {
		telemetry,
		clock,
		store,
		sink: () => sink,
		sendBytes,
		send: (request, protocol = "otlp-protobuf") =>
			sendBytes(protocol === "otlp-json" ? jsonBytes(request) : otlpBytes(request), protocol),
		accounts(tenant, protocol = "otlp-protobuf") {
			const entry = telemetry.accounting(tenant).find((each) => each.protocol === protocol);
			if (!entry) return {};
			const { received, counted, duplicate, rejected } = entry;
			return { received, counted, ...(duplicate ? { duplicate } : {}), ...rejected };
		},
	};
}
