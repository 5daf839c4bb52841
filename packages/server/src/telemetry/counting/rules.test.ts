import { describe, expect, test } from "vitest";
import {
	catalogue,
	cumulative,
	delta,
	gauge,
	histogram,
	keyTenant,
	NOW,
	type PointOptions,
	point,
	request,
	rig,
	SLOS,
} from "../telemetry-fixture.ts";

const S = 1000;
const MIN = 60_000;
const HOUR = 60 * MIN;
type Sent = Omit<PointOptions, "tenant">;

/** One stream's points, each in a request of its own; what the tenant's pair then holds and what became of the points. */
interface Case {
	readonly name: string;
	readonly sent: readonly Sent[];
	readonly counts: string;
	readonly accounts: Record<string, number>;
}

function check(metric: (name: string, ...points: object[]) => object, { sent, counts, accounts }: Case): void {
	const { send, sink, accounts: accountsOf } = rig();
	for (const each of sent) send(request([metric("request.count", point({ tenant: "contoso-id", ...each }))]));
	expect(sink().sum("contoso", "requests")).toBe(counts);
	expect(sink().sum("", "requests")).toBe(counts);
	expect(accountsOf("contoso")).toEqual(accounts);
}

describe("delta points", () => {
	const cases: readonly Case[] = [
		{
			name: "count as they are, at their own time",
			sent: [
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 3 },
				{ start: NOW - 10 * S, at: NOW, value: 4 },
			],
			counts: "0 of 7",
			accounts: { received: 2, counted: 2 },
		},
		{
			name: "sent again are duplicates",
			sent: [
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 3 },
				{ start: NOW - 10 * S, at: NOW, value: 4 },
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 3 },
				{ start: NOW - 10 * S, at: NOW, value: 4 },
			],
			counts: "0 of 7",
			accounts: { received: 4, counted: 2, duplicate: 2 },
		},
		{
			name: "that arrive late fill their gap once",
			sent: [
				{ start: NOW - 30 * S, at: NOW - 20 * S, value: 1 },
				{ start: NOW - 10 * S, at: NOW, value: 2 },
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 4 },
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 4 },
			],
			counts: "0 of 7",
			accounts: { received: 4, counted: 3, duplicate: 1 },
		},
		{
			name: "that lie partly in a covered range overlap",
			sent: [
				{ start: NOW - 20 * S, at: NOW - 10 * S, value: 3 },
				{ start: NOW - 15 * S, at: NOW - 5 * S, value: 100 },
			],
			counts: "0 of 3",
			accounts: { received: 2, counted: 1, overlap: 1 },
		},
		{
			name: "without a start cover their instant",
			sent: [
				{ at: NOW - 10 * S, value: 1 },
				{ at: NOW - 10 * S, value: 1 },
				{ at: NOW - 5 * S, value: 1 },
				{ at: NOW - 20 * S, value: 1 },
			],
			counts: "0 of 3",
			accounts: { received: 4, counted: 3, duplicate: 1 },
		},
		{
			name: "older than the lateness limit are too old, just younger ones count",
			sent: [
				{ start: NOW - 3 * HOUR - 11 * S, at: NOW - 3 * HOUR - 1 * S, value: 1 },
				{ start: NOW - 3 * HOUR - 1 * S, at: NOW - 3 * HOUR + 1 * S, value: 1 },
			],
			counts: "0 of 1",
			accounts: { received: 2, counted: 1, too_old: 1 },
		},
		{
			name: "beyond the future limit are refused, just within they count",
			sent: [
				{ start: NOW, at: NOW + 5 * MIN, value: 1 },
				{ start: NOW + 5 * MIN, at: NOW + 5 * MIN + 1, value: 1 },
			],
			counts: "0 of 1",
			accounts: { received: 2, counted: 1, future: 1 },
		},
		{
			name: "need a time, not before their start",
			sent: [
				{ start: NOW, at: NOW - 1, value: 1 },
				{ at: 0, value: 1 },
			],
			counts: "0 of 0",
			accounts: { received: 2, counted: 0, invalid_time: 2 },
		},
		{
			name: "need a finite, non-negative value below 2^53",
			sent: [
				{ at: NOW, value: -1 },
				{ at: NOW, more: { asDouble: "NaN" } },
				{ at: NOW, more: { asDouble: "Infinity" } },
				{ at: NOW, more: { asInt: "9007199254740993" } },
				{ at: NOW },
				{ at: NOW, value: 2.5 },
			],
			counts: "0 of 2.5",
			accounts: { received: 6, counted: 1, invalid_value: 5 },
		},
		{
			name: "that say they have no value are not errors",
			sent: [{ at: NOW, value: 0, more: { flags: 1 } }],
			counts: "0 of 0",
			accounts: { received: 1, counted: 0, no_value: 1 },
		},
	];
	test.each(cases)("$name", (each) => check(delta, each));

	test("beyond 64 separate ranges the oldest is forgotten, and what lies before it is too old to know", () => {
		const { send, accounts } = rig();
		for (let k = 0; k < 66; k++)
			send(request([delta("request.count", point({ at: NOW - 9 * MIN + k * 2 * S, value: 1 }))]));
		send(request([delta("request.count", point({ at: NOW - 9 * MIN, value: 1 }))]));
		send(request([delta("request.count", point({ at: NOW - 9 * MIN + 65 * 2 * S, value: 1 }))]));
		expect(accounts("")).toEqual({ received: 68, counted: 66, duplicate: 1, too_old: 1 });
	});
});

describe("cumulative points", () => {
	const start = NOW - HOUR;
	const old = NOW - 30 * HOUR;
	const cases: readonly Case[] = [
		{
			name: "count whole at first when they began within the lateness limit, then by difference",
			sent: [
				{ start, at: NOW - 20 * S, value: 10 },
				{ start, at: NOW - 10 * S, value: 15 },
			],
			counts: "0 of 15",
			accounts: { received: 2, counted: 2 },
		},
		{
			name: "that began long ago, or do not say, are only a base line at first",
			sent: [
				{ start: old, at: NOW - 20 * S, value: 10 },
				{ start: old, at: NOW - 10 * S, value: 15 },
			],
			counts: "0 of 5",
			accounts: { received: 2, counted: 2 },
		},
		{
			name: "that fall were reset and count whole",
			sent: [
				{ start: old, at: NOW - 30 * S, value: 10 },
				{ start: old, at: NOW - 20 * S, value: 4 },
				{ start: old, at: NOW - 10 * S, value: 6 },
			],
			counts: "0 of 6",
			accounts: { received: 3, counted: 3 },
		},
		{
			name: "whose start moved to the last point or later were reset, even when the value rose",
			sent: [
				{ start: old, at: NOW - 30 * S, value: 10 },
				{ start: NOW - 25 * S, at: NOW - 20 * S, value: 12 },
			],
			counts: "0 of 12",
			accounts: { received: 2, counted: 2 },
		},
		{
			name: "with a start that slides along count by difference",
			sent: [
				{ start: old, at: NOW - 30 * S, value: 10 },
				{ start: old + 10 * S, at: NOW - 20 * S, value: 12 },
				{ start: old + 20 * S, at: NOW - 10 * S, value: 15 },
			],
			counts: "0 of 5",
			accounts: { received: 3, counted: 3 },
		},
		{
			name: "at the same time are duplicates, before it out of order; their events are in the later value",
			sent: [
				{ start, at: NOW - 20 * S, value: 10 },
				{ start, at: NOW - 10 * S, value: 15 },
				{ start, at: NOW - 10 * S, value: 15 },
				{ start, at: NOW - 15 * S, value: 12 },
			],
			counts: "0 of 15",
			accounts: { received: 4, counted: 2, duplicate: 1, out_of_order: 1 },
		},
		{
			name: "may be fractions",
			sent: [
				{ start: old, at: NOW - 20 * S, value: 0.5 },
				{ start: old, at: NOW - 10 * S, value: 2.75 },
			],
			counts: "0 of 2.25",
			accounts: { received: 2, counted: 2 },
		},
	];
	test.each(cases)("$name", (each) => check(cumulative, each));
});

test("good counters take away what their totals bring as bad; one stream may be both", () => {
	const { send, sink } = rig();
	const at = NOW - 5 * S;
	const sent = (outcome: string, value: number): object =>
		point({ tenant: "contoso-id", at, value, attributes: { outcome } });
	send(request([delta("mail.sent", sent("ok", 90), sent("queued", 5), sent("failed", 5))]));
	expect(sink().report()).toEqual({ "contoso sends 11:59:50": "5 of 100", "fleet sends 11:59:50": "5 of 100" });
});

describe("histograms", () => {
	const at = NOW - 5 * S;
	const points = (more: object): object => point({ tenant: "contoso-id", start: NOW - 65 * S, at, more });

	test.each([
		[
			"the largest bound up to le decides",
			{ count: 10, bucketCounts: [3, 4, 2, 1], explicitBounds: [0.1, 0.4, 1] },
			"3 of 10",
		],
		["a bound equal to le is within", { count: 10, bucketCounts: [3, 4, 3], explicitBounds: [0.1, 0.5] }, "3 of 10"],
	])("%s", (_, more, counts) => {
		const { send, sink } = rig();
		send(request([histogram("request.duration", 1, points(more))]));
		expect(sink().sum("contoso", "fast")).toBe(counts);
	});

	test.each([
		[
			"without a bound up to le say nothing about it",
			{ count: 1, bucketCounts: [1, 0], explicitBounds: [0.9] },
			"unsupported_type",
		],
		["without buckets say nothing about le", { count: 1 }, "unsupported_type"],
		[
			"whose buckets do not add up are invalid",
			{ count: 2, bucketCounts: [1, 0], explicitBounds: [0.1] },
			"invalid_value",
		],
		[
			"whose buckets and bounds do not fit are invalid",
			{ count: 1, bucketCounts: [1], explicitBounds: [0.1] },
			"invalid_value",
		],
	])("%s", (_, more, reason) => {
		const { send, sink, accounts } = rig();
		send(request([histogram("request.duration", 1, points(more))]));
		expect(sink().report()).toEqual({});
		expect(accounts("contoso")).toEqual({ received: 1, counted: 0, [reason]: 1 });
	});

	test("cumulative ones count by difference and are reset as a whole", () => {
		const { send, sink } = rig();
		const start = NOW - 30 * HOUR;
		const shot = (time: number, counts: number[]): object =>
			histogram(
				"request.duration",
				2,
				point({
					start,
					at: time,
					more: { count: counts.reduce((a, b) => a + b, 0), bucketCounts: counts, explicitBounds: [0.5] },
				}),
			);
		send(request([shot(NOW - 30 * S, [100, 10])]));
		send(request([shot(NOW - 20 * S, [105, 12])]));
		send(request([shot(NOW - 10 * S, [3, 1])]));
		expect(sink().report()).toEqual({ "fleet fast 11:59:40": "2 of 7", "fleet fast 11:59:50": "1 of 4" });
	});
});

test("a gauge is one event per point, good or not; so is a sum that may fall", () => {
	const { send, sink, accounts } = rig();
	const value = (at: number, number: number): object => point({ tenant: "contoso-id", at, value: number });
	send(request([gauge("queue.length", value(NOW - 9 * S, 100), value(NOW - 8 * S, 101), value(NOW - 8 * S, 101))]));
	send(
		request([
			{
				name: "queue.length",
				sum: { aggregationTemporality: 2, isMonotonic: false, dataPoints: [value(NOW - 7 * S, -5)] },
			},
		]),
	);
	expect(sink().report()).toEqual({ "contoso queue 11:59:50": "1 of 3", "fleet queue 11:59:50": "1 of 3" });
	expect(accounts("contoso")).toEqual({ received: 4, counted: 3, duplicate: 1 });
});

describe("whose a point is", () => {
	const at = NOW - 5 * S;
	test("the tenant of a resource attribute, of a point attribute, or nobody's", () => {
		const { send, sink } = rig();
		send(request([delta("request.count", point({ at, value: 1 }))], { "tenant.id": "contoso-id" }));
		send(request([delta("request.count", point({ tenant: "fabrikam-id", at, value: 2 }))], { host: "a" }));
		send(request([delta("request.count", point({ tenant: "someone-else", at, value: 4 }))]));
		expect(sink().sum("contoso", "requests")).toBe("0 of 1");
		expect(sink().sum("fabrikam", "requests")).toBe("0 of 2");
		expect(sink().sum("", "requests")).toBe("0 of 7");
	});

	test("two tenants at once are a conflict, and the sender is told where", () => {
		const { send, sink, accounts } = rig();
		const outcome = send(
			request([delta("request.count", point({ tenant: "fabrikam-id", at, value: 1 }))], { "tenant.id": "contoso-id" }),
		);
		expect(outcome).toMatchObject({ status: "accepted", points: 1, rejected: 1 });
		expect(outcome.status === "accepted" && outcome.message).toMatch(
			/tenant_conflict, metric "request.count", point 1/,
		);
		expect(sink().report()).toEqual({});
		expect(accounts("")).toEqual({ received: 1, counted: 0, tenant_conflict: 1 });
	});
});

test("points that no SLO selects are accounted to the tenant that the resource names, and are no error", () => {
	const { send, accounts } = rig();
	const outcome = send(
		request([gauge("cpu", point({ at: NOW, value: 1 }), point({ at: NOW, value: 2 }))], { "tenant.id": "contoso-id" }),
	);
	expect(outcome).toEqual({ status: "accepted", points: 2, rejected: 0, message: "" });
	expect(accounts("contoso")).toEqual({ received: 2, counted: 0, no_sli: 2 });
});

test.each([
	["a gauge under a ratio SLI", gauge("request.count", point({ at: NOW, value: 1 })), "unsupported_type"],
	["a counter under a threshold SLI", delta("queue.length", point({ at: NOW, value: 1 })), "unsupported_type"],
	[
		"a sum without temporality",
		{ name: "request.count", sum: { isMonotonic: true, dataPoints: [{}] } },
		"unsupported_type",
	],
])("%s is not counted", (_, metric, reason) => {
	const { send, accounts } = rig();
	expect(send(request([metric]))).toMatchObject({ status: "accepted", rejected: 1 });
	expect(accounts("")).toEqual({ received: 1, counted: 0, [reason]: 1 });
});

test("a stream that comes in another temporality as well is a type conflict; the known kind goes on", () => {
	const { send, accounts, sink } = rig();
	send(request([delta("request.count", point({ at: NOW - 3 * S, value: 1 }))]));
	send(request([cumulative("request.count", point({ at: NOW - 2 * S, start: NOW - 4 * S, value: 50 }))]));
	send(request([delta("request.count", point({ at: NOW - 1 * S, value: 1 }))]));
	expect(accounts("")).toEqual({ received: 3, counted: 2, type_conflict: 1 });
	expect(sink().sum("", "requests")).toBe("0 of 2");
});

test("when streams are full, new ones are refused and known ones go on", () => {
	const { send, accounts } = rig({ catalogue: catalogue({ maxStreams: 2 }) });
	const host = (name: string, at: number): object => point({ at, value: 1, attributes: { host: name } });
	send(request([delta("request.count", host("a", NOW - 9 * S), host("b", NOW - 9 * S), host("c", NOW - 9 * S))]));
	send(request([delta("request.count", host("a", NOW - 1 * S), host("b", NOW - 1 * S), host("c", NOW - 1 * S))]));
	expect(accounts("")).toEqual({ received: 6, counted: 4, stream_limit: 2 });
});

test("one tenant's flood of streams leaves room for the new streams of others", () => {
	const { send, accounts } = rig({ catalogue: catalogue({ maxStreams: 100, tenants: [keyTenant("contoso")] }) });
	const streams = (count: number, tenant?: string) =>
		Array.from({ length: count }, (_, n) =>
			point({ at: NOW - S, value: 1, attributes: { host: `h${n}` }, ...(tenant === undefined ? {} : { tenant }) }),
		);
	send(request([delta("request.count", ...streams(300, "contoso-id"))]));
	expect(accounts("contoso")).toEqual({ received: 300, counted: 80, stream_limit: 220 });
	send(request([delta("request.count", ...streams(15))]));
	expect(accounts("")).toEqual({ received: 15, counted: 15 });
});

test("the order of attributes does not make another stream", () => {
	const { send, accounts } = rig();
	const at = NOW - 5 * S;
	send(request([delta("request.count", point({ at, value: 1, attributes: { a: "1", b: "2" } }))]));
	send(request([delta("request.count", point({ at, value: 1, attributes: { b: "2", a: "1" } }))]));
	send(request([delta("request.count", point({ at, value: 1, attributes: { b: "2", a: "1" } }))]), "otlp-json");
	expect(accounts("")).toEqual({ received: 2, counted: 1, duplicate: 1 });
	expect(accounts("", "otlp-json")).toEqual({ received: 1, counted: 0, duplicate: 1 });
});

test("late points mark their bucket as revised, once per commit", () => {
	const { send, clock, telemetry } = rig();
	const at = NOW - 5 * S;
	send(request([delta("request.count", point({ at, value: 5 }))]));
	clock.advance(10 * MIN);
	const late = (host: string): object => point({ at, value: 1, attributes: { host } });
	send(request([delta("request.count", late("a"), late("b"))]));
	send(request([delta("request.count", late("c"))]));
	const query = { tenant: "", slo: "requests", from: NOW - MIN, to: NOW + MIN, resolutionMs: 10 * S };
	const revised = { at: NOW - 10 * S, good: 8, bad: 0, total: 8, late: 3, revision: 2, closed: false };
	expect(telemetry.windows(query)).toEqual([revised]);
	telemetry.fold();
	clock.advance(3 * HOUR);
	expect(telemetry.windows(query)).toEqual([{ ...revised, closed: true }]);
});

test("windows have no buckets where there is no data, and pairs that do not exist have no windows", () => {
	const { send, telemetry } = rig({
		catalogue: catalogue({ tenants: [{ ...keyTenant("contoso"), workloads: [] }], slos: SLOS }),
	});
	send(
		request([delta("request.count", point({ tenant: "contoso-id", start: NOW - 60 * S, at: NOW - 50 * S, value: 5 }))]),
	);
	const query = { tenant: "", slo: "requests", from: NOW - HOUR, to: NOW, resolutionMs: 10 * S };
	expect(telemetry.windows(query)?.map(({ at, total }) => [at, total])).toEqual([[NOW - 50 * S, 5]]);
	expect(telemetry.windows({ ...query, resolutionMs: HOUR })?.map(({ at, total }) => [at, total])).toEqual([
		[NOW - HOUR, 5],
	]);
	expect(telemetry.windows({ ...query, slo: "queue" })).toEqual([]);
	expect(telemetry.windows({ ...query, tenant: "contoso" })).toBeUndefined();
	expect(telemetry.windows({ ...query, slo: "none" })).toBeUndefined();
});
