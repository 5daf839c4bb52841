import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { attribute, minutesBefore, nanos, sendMinutes } from "./support/otlp.ts";
import {
	type Answer,
	type Call,
	cleanUp,
	eventually,
	type RunningServer,
	request,
	serve,
	temporaryFolder,
} from "./support/server.ts";

/** What no bad input may change. */
interface Facts {
	readonly windows: unknown;
	readonly incidents: unknown;
	readonly config: unknown;
	readonly auditHead: unknown;
	readonly accounting: readonly {
		readonly tenant: string;
		readonly protocol: string;
		readonly received: number;
		readonly counted: number;
		readonly duplicate: number;
		readonly rejected: Record<string, number>;
	}[];
}

let server: RunningServer;
let startedAt: number;
const files = catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] });

beforeAll(async () => {
	server = await serve({ catalogue: writeCatalogue(files), data: temporaryFolder() });
	startedAt = Date.now();
	await sendMinutes(
		server,
		minutesBefore(startedAt, 60, (minutesAgo) => ({
			tenant: "woodgrove",
			good: minutesAgo < 5 ? 0 : 500,
			bad: minutesAgo < 5 ? 500 : 0,
		})),
	);
	await eventually(
		"the page of the incident",
		async () => (await server.read<{ items: unknown[] }>("/api/v1/phone")).items.length > 0,
	);
});
afterAll(cleanUp);

async function facts(): Promise<Facts> {
	const range = `from=${startedAt - 20_000_000}&to=${startedAt + 7_200_000}&resolutionMs=60000`;
	const { items: incidents } = await server.read<{ items: unknown[] }>("/api/v1/incidents");
	const { items: accounting } = await server.read<{ items: Facts["accounting"] }>("/api/v1/ingest/accounting");
	const { hash, reloadOk } = await server.read("/api/v1/config/active");
	return {
		windows: [
			await server.read(`/api/v1/tenants/woodgrove/slis/send/windows?${range}`),
			await server.read(`/api/v1/tenants/~fleet/slis/send/windows?${range}`),
		],
		incidents,
		config: { hash, reloadOk },
		auditHead: await server.read("/api/v1/audit/head"),
		accounting,
	};
}

const countedOf = (all: Facts["accounting"]) =>
	all.map(({ tenant, protocol, counted }) => ({ tenant, protocol, counted })).filter(({ counted }) => counted > 0);

/** Sends, and compares everything before and after. Rejected points may be counted as rejected, never as events. */
async function changesNothing(send: () => Promise<Answer>): Promise<Answer> {
	const before = await facts();
	const answer = await send();
	const after = await facts();
	expect({ ...after, accounting: countedOf(after.accounting) }).toEqual({
		...before,
		accounting: countedOf(before.accounting),
	});
	for (const { received, counted, duplicate, rejected } of after.accounting) {
		expect(received).toBe(counted + duplicate + Object.values(rejected).reduce((sum, count) => sum + count, 0));
	}
	return answer;
}

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };

interface PointOptions {
	readonly at?: number;
	readonly start?: number;
	readonly more?: object;
}

/** A request with one point of `mail.sends`. */
function onePoint({ at = startedAt, start = at - 1_000, more = {} }: PointOptions, metric: object = {}): string {
	const dataPoint = {
		startTimeUnixNano: nanos(start),
		timeUnixNano: nanos(at),
		asInt: "5",
		attributes: [attribute("result", "ok"), attribute("bad-input", "1")],
		...more,
	};
	const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [dataPoint] };
	return JSON.stringify({
		resourceMetrics: [
			{
				resource: { attributes: [attribute("tenant.id", idOf("woodgrove"))] },
				scopeMetrics: [{ scope: {}, metrics: [{ name: "mail.sends", sum, ...metric }] }],
			},
		],
	});
}

describe("telemetry that is wrong", () => {
	const refused: [string, () => Call, number][] = [
		["is no JSON", () => ({ headers: JSON_TYPE, body: "{" }), 400],
		["is JSON, but no request", () => ({ headers: JSON_TYPE, body: '"metrics"' }), 400],
		["has a list where an object belongs", () => ({ headers: JSON_TYPE, body: '{"resourceMetrics":[[]]}' }), 400],
		["has a number where a list belongs", () => ({ headers: JSON_TYPE, body: '{"resourceMetrics":7}' }), 400],
		[
			"nests a hundred thousand levels",
			() => ({ headers: JSON_TYPE, body: `${"[".repeat(100_000)}${"]".repeat(100_000)}` }),
			400,
		],
		["has a count that is no number", () => ({ headers: JSON_TYPE, body: onePoint({ more: { asInt: "many" } }) }), 400],
		[
			"has a time that is no number",
			() => ({ headers: JSON_TYPE, body: onePoint({ more: { timeUnixNano: "noon" } }) }),
			400,
		],
		["is no protobuf", () => ({ headers: PROTOBUF, body: new Uint8Array([0xff, 0xff, 0xff, 0xff]) }), 400],
		["is protobuf cut short", () => ({ headers: PROTOBUF, body: new Uint8Array([0x0a, 0x7f, 0x01]) }), 400],
		["is text called protobuf", () => ({ headers: PROTOBUF, body: "hello" }), 400],
		["is no gzip", () => ({ headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: "{}" }), 400],
		[
			"is gzip cut short",
			() => ({
				headers: { ...JSON_TYPE, "content-encoding": "gzip" },
				body: Uint8Array.from(gzipSync(onePoint({}))).slice(0, -12),
			}),
			400,
		],
		[
			"unpacks to more than the limit",
			() => ({
				headers: { ...JSON_TYPE, "content-encoding": "gzip" },
				body: Uint8Array.from(gzipSync(Buffer.alloc(60_000_000, " "))),
			}),
			413,
		],
		["is larger than the limit", () => ({ headers: JSON_TYPE, body: new Uint8Array(21_000_000).fill(32) }), 413],
		["has an unknown encoding", () => ({ headers: { ...JSON_TYPE, "content-encoding": "br" }, body: "{}" }), 415],
		["has an unknown type", () => ({ headers: { "content-type": "application/xml" }, body: "<metrics/>" }), 415],
		["has no type", () => ({ headers: { "content-type": "" }, body: new Uint8Array([1]) }), 415],
		["comes by PUT", () => ({ method: "PUT", headers: JSON_TYPE, body: "{}" }), 405],
	];
	it.each(refused)("as a whole because it %s is refused with a reason", async (_name, call, status) => {
		const answer = await changesNothing(() => request(`${server.otlpUrl}/v1/metrics`, { method: "POST", ...call() }));
		expect(answer.status).toBe(status);
		expect(answer.text.length).toBeGreaterThan(5);
	});

	const HOUR_MS = 3_600_000;
	const rejected: [string, () => string, string][] = [
		["older than the limit", () => onePoint({ at: startedAt - 4 * HOUR_MS }), "too_old"],
		["of the future", () => onePoint({ at: startedAt + HOUR_MS }), "future"],
		["without a time", () => onePoint({ more: { timeUnixNano: "0", startTimeUnixNano: "0" } }), "invalid_time"],
		["that ends before it starts", () => onePoint({ start: startedAt + 5_000 }), "invalid_time"],
		["below zero", () => onePoint({ more: { asInt: "-5" } }), "invalid_value"],
		["that is not a number", () => onePoint({ more: { asInt: undefined, asDouble: "NaN" } }), "invalid_value"],
		["without end", () => onePoint({ more: { asInt: undefined, asDouble: "Infinity" } }), "invalid_value"],
		[
			"of a gauge, which has no events to count",
			() => onePoint({}, { sum: undefined, gauge: { dataPoints: [{ timeUnixNano: nanos(startedAt), asInt: "5" }] } }),
			"unsupported_type",
		],
	];
	it.each(rejected)(
		"in a point %s is rejected with its reason, and the sender is told how many",
		async (_name, body, reason) => {
			const before = await facts();
			const answer = await changesNothing(() =>
				request(`${server.otlpUrl}/v1/metrics`, { method: "POST", headers: JSON_TYPE, body: body() }),
			);
			expect([answer.status, answer.json.partialSuccess?.rejectedDataPoints]).toEqual([200, "1"]);
			expect(answer.json.partialSuccess.errorMessage.length).toBeGreaterThan(5);
			const count = ({ accounting }: Facts) => accounting.reduce((sum, item) => sum + (item.rejected[reason] ?? 0), 0);
			expect(count(await facts())).toBe(count(before) + 1);
		},
	);

	const remoteWrites: [string, Call, number][] = [
		[
			"is no snappy",
			{ headers: { ...PROTOBUF, "content-encoding": "snappy" }, body: new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff]) },
			400,
		],
		[
			"claims to unpack to gigabytes",
			{
				headers: { ...PROTOBUF, "content-encoding": "snappy" },
				body: new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x01]),
			},
			413,
		],
		[
			"is of a version that does not exist",
			{
				headers: {
					"content-type": "application/x-protobuf;proto=io.prometheus.write.v3.Request",
					"content-encoding": "snappy",
				},
				body: new Uint8Array([0]),
			},
			415,
		],
		[
			"refers to symbols that version 2 does not bring",
			{
				headers: {
					"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
					"content-encoding": "snappy",
				},
				// Snappy: one literal of 6 bytes, a series with labels_refs 1 and 2 and no table of symbols.
				body: new Uint8Array([6, 5 << 2, 0x2a, 4, 0x0a, 2, 1, 2]),
			},
			400,
		],
		["is not compressed", { headers: PROTOBUF, body: new Uint8Array([0]) }, 415],
	];
	it.each(remoteWrites)("by remote write because it %s is refused with a reason", async (_name, call, status) => {
		const answer = await changesNothing(() => request(`${server.otlpUrl}/api/v1/write`, { method: "POST", ...call }));
		expect(answer.status).toBe(status);
	});
});

describe("a catalogue that is wrong", () => {
	const slo = files["slos/send.yaml"] as string;
	const tenants = files["tenants/key.yaml"] as string;
	const oncall = files["oncall/cre.yaml"] as string;
	const settings = files["bellwether.yaml"] as string;
	const cases: [string, Record<string, string>, string][] = [
		["a YAML error", { "slos/send.yaml": `${slo}\n  : [` }, "slos/send.yaml"],
		[
			"a tab as indent",
			{ "slos/send.yaml": "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n\tname: send\n" },
			"slos/send.yaml",
		],
		["an unknown field", { "tenants/key.yaml": tenants.replace("match:", "mtach:") }, "tenants/key.yaml"],
		["an unknown kind", { "tenants/key.yaml": tenants.replace("KeyTenant", "KeyTennant") }, "tenants/key.yaml"],
		["an objective in percent", { "slos/send.yaml": slo.replace("0.999", "99.9") }, "slos/send.yaml"],
		["an objective of one", { "slos/send.yaml": slo.replace("0.999", "1") }, "slos/send.yaml"],
		["a duration that is none", { "slos/send.yaml": slo.replace("28d", "four weeks") }, "slos/send.yaml"],
		[
			"a workload that does not exist",
			{ "slos/send.yaml": slo.replace("service: mail", "service: male") },
			"slos/send.yaml",
		],
		[
			"a tenant's workload that does not exist",
			{ "tenants/key.yaml": tenants.replace("[mail]", "[male]") },
			"tenants/key.yaml",
		],
		["two tenants of one name", { "tenants/more.yaml": tenants.replace("id-of-", "other-") }, "tenants/"],
		[
			"two tenants that match the same attribute",
			{ "tenants/more.yaml": tenants.replace("name: woodgrove", "name: fabrikam") },
			"tenants/",
		],
		["a key given twice", { "bellwether.yaml": `${settings}  organisation: Twice\n` }, "bellwether.yaml"],
		[
			"an alias bomb",
			{
				"bellwether.yaml": `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n`,
			},
			"bellwether.yaml",
		],
		[
			"a secret written out",
			{
				"notify/pager.yaml":
					"apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: pager }\nspec: { kind: webhook, secret: whsec_c2VjcmV0 }\n",
			},
			"notify/pager.yaml",
		],
		[
			"a channel that does not exist",
			{ "oncall/cre.yaml": oncall.replace("channel: phone-panel", "channel: pigeon") },
			"oncall/cre.yaml",
		],
		[
			"an escalation to nobody",
			{ "oncall/cre.yaml": oncall.replace("schedule: cre }", "schedule: nobody }") },
			"oncall/cre.yaml",
		],
		[
			"a schedule of people who do not exist",
			{ "oncall/cre.yaml": oncall.replace("people: [ada]", "people: [eve]") },
			"oncall/cre.yaml",
		],
		[
			"a mail address that is none",
			{
				"tenants/key.yaml": tenants.replace(
					"workloads: [mail]",
					'workloads: [mail]\n  contacts: { csam: "a@b\\r\\nBcc: c@d.example" }',
				),
			},
			"tenants/key.yaml",
		],
		[
			"a public address that is none",
			{ "bellwether.yaml": `${settings}  publicUrl: "javascript:alert(1)"\n` },
			"bellwether.yaml",
		],
		["a file of two megabytes", { "slos/send.yaml": `${slo}\n# ${"x".repeat(2_000_000)}` }, "slos/send.yaml"],
		[
			"a name with a path in it",
			{ "slos/send.yaml": slo.replace("  name: send\n", "  name: ../../etc/passwd\n") },
			"slos/send.yaml",
		],
	];
	it.each(cases)(
		"by %s is refused with place and remedy, and the one that runs stays",
		async (_name, changed, place) => {
			const sent = Object.entries({ ...files, ...changed }).map(([path, text]) => ({ path, text }));
			const answer = await changesNothing(() =>
				server.call("/api/v1/config:apply", { method: "POST", json: { files: sent } }),
			);
			expect([answer.status, answer.json.error.code]).toEqual([422, "invalid_catalogue"]);
			const { details } = answer.json.error as { details: { place: string; message: string; remedy: string }[] };
			const named = details.find((detail) => detail.place.startsWith(place));
			expect(named?.place).toMatch(/:\d+:\d+$/);
			expect([(named?.message.length ?? 0) > 5, (named?.remedy.length ?? 0) > 5]).toEqual([true, true]);
			const validated = await server.call("/api/v1/config:validate", { method: "POST", json: { files: sent } });
			expect([validated.status, validated.json.valid]).toEqual([200, false]);
		},
	);
});

describe("a call of the API that is wrong", () => {
	const post = (path: string, more: Call = {}): [string, Call] => [path, { method: "POST", ...more }];
	const incident = "/api/v1/incidents/INC-1001";
	const ndjson = { "content-type": "application/x-ndjson", "idempotency-key": "bad" };
	const cases: [string, [string, Call], number][] = [
		["an id that does not exist", post("/api/v1/incidents/INC-9999/acknowledge"), 404],
		["an id that climbs out", post("/api/v1/incidents/..%2f..%2fetc/acknowledge"), 404],
		["an id with a NUL", post("/api/v1/incidents/%00/acknowledge"), 404],
		["an id that is no text", post("/api/v1/incidents/%ff/acknowledge"), 400],
		["an id of a thousand letters", post(`/api/v1/incidents/${"x".repeat(1_000)}/acknowledge`), 414],
		["a verdict that is none", post(`${incident}/resolve`, { json: { verdict: "fine" } }), 400],
		["a verdict that is missing", post(`${incident}/resolve`, { json: {} }), 400],
		["noise without a reason", post(`${incident}/resolve`, { json: { verdict: "noise" } }), 409],
		["a real incident resolved while it burns", post(`${incident}/resolve`, { json: { verdict: "real-impact" } }), 409],
		["a note without words", post(`${incident}/notes`, { json: { text: "  " } }), 409],
		["a note of five thousand letters", post(`${incident}/notes`, { json: { text: "x".repeat(5_000) } }), 400],
		["a note that is a number", post(`${incident}/notes`, { json: { text: 7 } }), 400],
		["an old version", post(`${incident}/mitigate`, { headers: { "if-match": '"99"' } }), 412],
		["a version that is none", post(`${incident}/mitigate`, { headers: { "if-match": "x" } }), 400],
		["a change by GET", [`${incident}/acknowledge`, {}], 405],
		["a change without a token", post(`${incident}/acknowledge`, { headers: { authorization: "" } }), 401],
		[
			"a token that nobody issued",
			post(`${incident}/acknowledge`, { headers: { authorization: `Bearer bw_${"0".repeat(64)}` } }),
			401,
		],
		["JSON cut short", post(`${incident}/notes`, { headers: JSON_TYPE, body: '{"text":' }), 400],
		[
			"a prototype in JSON",
			post(`${incident}/notes`, { headers: JSON_TYPE, body: '{"text":"x","__proto__":{"role":"admin"}}' }),
			400,
		],
		[
			"a form in place of JSON",
			post("/api/v1/config:apply", { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "--x--" }),
			415,
		],
		["a notice that does not exist", ["/api/v1/notices/ntc_0", { method: "PUT", json: { subject: "Hello" } }], 404],
		["history that is no JSON", post("/api/v1/import", { headers: ndjson, body: "tenant,slo\n" }), 400],
		[
			"history with more good than total",
			post("/api/v1/import", {
				headers: ndjson,
				body: `{"tenant":"woodgrove","slo":"send","at":${Date.now() - 86_400_000},"good":2,"total":1}\n`,
			}),
			400,
		],
		[
			"history without its key",
			post("/api/v1/import", { headers: { "content-type": "application/x-ndjson" }, body: "{}\n" }),
			400,
		],
	];
	it.each(cases)("with %s is refused with what, why and what to do", async (_name, [path, call], status) => {
		const answer = await changesNothing(() => server.call(path, call));
		expect(answer.status).toBe(status);
		const { error } = answer.json;
		expect([
			error.code.length > 0,
			error.message.length > 5,
			error.remedy.length > 5,
			error.requestId.length > 5,
		]).toEqual([true, true, true, true]);
	});
});
