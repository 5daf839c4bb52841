import { logBytes, spanBytes } from "../../packages/server/src/telemetry/events/event-fixture.ts";
import {
	remoteWriteBytes,
	type TestSeries,
} from "../../packages/server/src/telemetry/remote-write/remote-write-fixture.ts";
import {
	cumulative,
	delta,
	gauge,
	histogram,
	jsonBytes,
	NOW,
	otlpBytes,
	point,
	request,
} from "../../packages/server/src/telemetry/telemetry-fixture.ts";

/** Valid bodies, small: what they are changed into then reaches deep into the decoders. */
const at = NOW - 5_000;
const start = NOW - 60_000;
const tenant = "contoso-id";

export const protobufOf = (body: object): Uint8Array => otlpBytes(body);
export const jsonOf = (body: object): Uint8Array => jsonBytes(body);

const exponential = (aggregationTemporality: number, more: object): object => ({
	name: "request.duration",
	exponentialHistogram: {
		aggregationTemporality,
		dataPoints: [
			point({
				at,
				start,
				tenant,
				more: {
					count: "9",
					scale: 2,
					zeroCount: "2",
					positive: { offset: -5, bucketCounts: ["1", "0", "3"] },
					negative: { offset: 1, bucketCounts: ["3"] },
					...more,
				},
			}),
		],
	},
});

export const metricRequests: readonly object[] = [
	request([delta("request.count", point({ tenant, at, start, value: 300 }), point({ at, value: 7.5 }))]),
	request(
		[cumulative("request.errors", point({ at, start, value: 1, attributes: { host: "a" }, more: { flags: 0 } }))],
		{
			"service.name": "mail",
		},
	),
	request([
		histogram(
			"request.duration",
			1,
			point({ at, start, more: { count: 6, sum: 1.5, bucketCounts: [1, 2, 3], explicitBounds: [0.25, 0.5] } }),
		),
		gauge("queue.length", point({ at, value: 5 })),
	]),
	request([exponential(1, {})]),
	request([exponential(2, { zeroThreshold: 0.001, flags: 0 })]),
	request([
		{
			name: "request.count",
			summary: {
				dataPoints: [point({ at, start, more: { count: 5, sum: 2, quantileValues: [{ quantile: 0.5, value: 1 }] } })],
			},
		},
	]),
	request([cumulative("mail.sent", point({ at, start, value: 9, attributes: { outcome: "ok", ключ: "значение" } }))], {
		"tenant.id": "fabrikam-id",
	}),
];

const series: readonly TestSeries[] = [
	{
		labels: { __name__: "request.count", "tenant.id": tenant },
		samples: [
			{ value: 1, at: start },
			{ value: 5, at },
		],
		type: 1,
	},
	{ labels: { __name__: "queue.length", host: "a" }, samples: [{ value: -3.5, at }], exemplars: 1, type: 2 },
	{
		labels: { __name__: "request.duration" },
		histograms: [{ at, schema: 2, zero: 1, positive: { [-5]: 1, [-3]: 4, 2: 1 }, negative: { 1: 2 } }],
		type: 3,
	},
	{
		labels: { __name__: "request.duration", host: "f" },
		histograms: [{ at, isFloat: true, positive: { 0: 2.5, 1: 1 } }],
	},
	{
		labels: { __name__: "request.duration", host: "c" },
		histograms: [{ at, schema: -53, customValues: [0.1, 0.5], positive: { 0: 1, 1: 2, 2: 1 } }],
	},
	{ labels: { __name__: "request.duration_bucket", le: "0.5" }, samples: [{ value: 4, at, start }], createdAt: start },
];
const writes = (version: "remote-write-1" | "remote-write-2") => [
	...series.map((each) => remoteWriteBytes(version, [each])),
	remoteWriteBytes(version, series.slice(0, 3)),
];
export const remoteWrites = { "remote-write-1": writes("remote-write-1"), "remote-write-2": writes("remote-write-2") };

const nanos = BigInt(at) * 1_000_000n;
const spans = [1, 2].map((k) => ({
	traceId: `0af7651916cd43dd8448eb211c80319${k}`,
	spanId: `b7ad6b716920333${k}`,
	name: "POST /login",
	kind: 2,
	start: nanos - 300_000_000n,
	end: nanos,
	status: k,
	resource: { "service.name": "login", "tenant.id": tenant },
	attributes: { "http.route": "/login" },
}));
const both = <T>(items: readonly T[], encode: (items: readonly T[], format: "protobuf" | "json") => Uint8Array) => {
	const all = [items.slice(0, 1), items];
	const of = (format: "protobuf" | "json") => all.map((each) => Uint8Array.from(encode(each, format)));
	return { protobuf: of("protobuf"), json: of("json") };
};
export const traces = both(spans, spanBytes);

const records = [1, 2].map((k) => ({
	eventName: k === 1 ? "audit" : undefined,
	time: nanos,
	observed: nanos + 1_000_000n,
	severity: 9 * k,
	body: "signed in",
	resource: { "tenant.id": tenant },
	attributes: { "event.id": `id-${k}`, attempt: k, ok: true },
}));
export const logs = both(records, logBytes);

const text = (value: string) => new TextEncoder().encode(value);
const apiEvents = [
	{ tenant: "contoso", slo: "logins", at: new Date(at).toISOString(), good: true, id: "1" },
	{ tenant: "contoso", slo: "logins", at, bad: true, count: 4, id: "2", attributes: { region: "eu" } },
	{ tenant: "contoso", name: "depth", value: 101.5, id: "3" },
];
export const events = {
	json: [text(JSON.stringify(apiEvents)), text(JSON.stringify(apiEvents.slice(0, 1)))],
	ndjson: [text(apiEvents.map((each) => JSON.stringify(each)).join("\n"))],
};

const lines = [
	{ tenant: "contoso", slo: "requests", at: start, good: 9, total: 10 },
	{ tenant: "nobody", slo: "sends", at: new Date(at).toISOString(), good: 1.5, total: 2 },
];
export const importNdjson = [text(`${lines.map((each) => JSON.stringify(each)).join("\n")}\n`)];
export const importCsv = [
	text(`tenant,slo,at,good,total\n${lines.map((each) => Object.values(each).join(",")).join("\n")}\n`),
	text(`\ufefftenant;slo;at;good;bad\r\n"contoso";requests;${start};1;2\r\n`),
];
