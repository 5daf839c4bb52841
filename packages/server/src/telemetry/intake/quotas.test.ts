import { describe, expect, test } from "vitest";
import type { Catalogue, TenantLimits } from "#catalogue";
import { EVENT_SLOS, hex, nanosOf, type PlainSpan, spanBytes } from "../events/event-fixture.ts";
import { catalogue, delta, keyTenant, NOW, point, type Rig, request, rig } from "../telemetry-fixture.ts";
import type { IngestOutcome } from "../types.ts";

const QUIET = Array.from({ length: 20 }, (_, k) => `quiet-${k}`);
/** Points a second that the noisy tenant may send; it sends a hundred times as many. */
const QUOTA = 10;
const SECONDS = 60;

function catalogueOf(limits: TenantLimits): Catalogue {
	return catalogue({ tenants: [...QUIET.map((name) => keyTenant(name)), { ...keyTenant("noisy"), limits }] });
}

const noise = (at: number, points: number, from: number) =>
	Array.from({ length: points }, (_, k) => {
		const pod = String((from + k) % 50);
		return point({ at: at + Math.floor((from + k) / 50), value: 1, tenant: "noisy-id", attributes: { pod } });
	});
const quiet = (at: number) =>
	QUIET.map((name, k) => point({ at, start: at - 10_000, value: 100 + k, tenant: `${name}-id` }));
const errors = (at: number) =>
	QUIET.map((name, k) => point({ at, start: at - 10_000, value: k % 3, tenant: `${name}-id` }));

/** A minute, and what the noisy one was answered: the quiet ones every ten seconds, the noisy one twice a second, once by itself and once among the others. */
function minute(run: Rig, isNoisy: boolean): IngestOutcome[] {
	const outcomes: IngestOutcome[] = [];
	for (let second = 1; second <= SECONDS; second++) {
		run.clock.advance(1_000);
		const at = run.clock.now();
		const half = (QUOTA * 100) / 2;
		const mine = isNoisy ? noise(at - 900, half, 0) : [];
		const theirs = second % 10 === 0 ? [delta("request.errors", ...errors(at))] : [];
		const others = second % 10 === 0 ? quiet(at) : [];
		const mixed = run.send(request([...theirs, delta("request.count", ...mine, ...others)]));
		if (isNoisy) outcomes.push(mixed);
		if (isNoisy) outcomes.push(run.send(request([delta("request.count", ...noise(at - 900, half, half))])));
	}
	return outcomes;
}

const windowsOfQuiet = (run: Rig) =>
	Object.entries(run.sink().report()).filter(([key]) => QUIET.some((name) => key.startsWith(`${name} `)));

describe("a key tenant that sends a hundred times what it may, beside twenty quiet ones", () => {
	test("changes none of their windows and drops none of their points", () => {
		const alone = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		const beside = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		minute(alone, false);
		minute(beside, true);
		expect(windowsOfQuiet(alone).length).toBe(20 * 6);
		expect(windowsOfQuiet(beside)).toEqual(windowsOfQuiet(alone));
		for (const name of QUIET) expect(beside.accounts(name)).toEqual({ received: 12, counted: 12 });
	});

	test("gets what it may send, and every point that it sent is accounted for or was refused with its request", () => {
		const run = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		const refused = minute(run, true).filter(({ status }) => status === "over-quota");
		const { received = 0, counted = 0, over_quota = 0 } = run.accounts("noisy");
		expect(received).toBe(SECONDS * QUOTA * 100 - refused.length * QUOTA * 50);
		expect(received).toBe(counted + over_quota);
		// Its burst of ten seconds, what time brought, and what one sweep lets through unseen.
		expect(counted).toBeGreaterThanOrEqual(QUOTA * SECONDS);
		expect(counted).toBeLessThanOrEqual(QUOTA * (SECONDS + 10) + QUOTA * 100);
		expect(refused.length).toBeGreaterThan(50);
	});

	test("is told when to come again, and may then", () => {
		const run = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		const last = minute(run, true).at(-1);
		if (last?.status !== "over-quota") throw new Error(`it was not refused: ${last?.status}`);
		expect(last.message).toMatch(/"noisy" .*limits\.pointsPerSecond/);
		run.clock.advance(last.retryAfterS * 1_000);
		expect(run.send(request([delta("request.count", ...noise(run.clock.now(), 5, 0))]))).toMatchObject({
			status: "accepted",
			rejected: 0,
		});
	});

	test("is named by the counters for a minute after its last refusal", () => {
		const run = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		minute(run, true);
		const [noisy] = run.telemetry.counters().overQuota;
		expect(noisy).toMatchObject({ tenant: "noisy", pointsPerSecond: QUOTA, isOver: true });
		run.clock.advance(61_000);
		expect(run.telemetry.counters().overQuota).toMatchObject([{ tenant: "noisy", isOver: false }]);
	});

	test("a process that is killed finds the same windows and books", () => {
		const run = rig({ catalogue: catalogueOf({ pointsPerSecond: QUOTA }) });
		minute(run, true);
		const again = rig({
			catalogue: catalogueOf({ pointsPerSecond: QUOTA }),
			store: run.store.copy(),
			clock: run.clock,
		});
		expect(again.telemetry.accounting()).toEqual(run.telemetry.accounting());
		expect(windowsOfQuiet(again)).toEqual(windowsOfQuiet(run));
	});

	test("with other streams in between, values stay with their points", () => {
		const run = rig({ catalogue: catalogueOf({ pointsPerSecond: 1 }) });
		run.send(request([delta("request.count", ...noise(NOW, 50, 0))]));
		run.clock.advance(1_000);
		const at = run.clock.now();
		const mixed = [...noise(at, 3, 0), ...quiet(at).slice(0, 2), ...noise(at, 2, 3), ...quiet(at).slice(2, 4)];
		const outcome = run.send(request([delta("request.count", ...mixed)]));
		expect(outcome).toMatchObject({ status: "accepted", points: 9, rejected: 5 });
		for (const [k, name] of QUIET.slice(0, 4).entries())
			expect(run.sink().sum(name, "requests")).toBe(`0 of ${100 + k}`);
	});
});

describe("events", () => {
	const EVENTS: Catalogue = {
		...catalogueOf({ pointsPerSecond: 1 }),
		slos: EVENT_SLOS,
	};
	const span = (id: number, tenant: string): PlainSpan => ({
		traceId: hex(1, 32),
		spanId: hex(id, 16),
		name: "POST /login",
		kind: 2,
		start: nanosOf(NOW - 5),
		end: nanosOf(NOW),
		status: 0,
		resource: { "tenant.id": `${tenant}-id` },
		attributes: {},
	});
	const spans = (from: number, count: number, tenant: string) =>
		Array.from({ length: count }, (_, k) => span(from + k, tenant));

	test("count like points: refused where all are of the noisy tenant, left out where others' are beside them", () => {
		const run = rig({ catalogue: EVENTS });
		const send = (...sent: PlainSpan[]) => run.sendBytes(spanBytes(sent, "protobuf"), "otlp-traces");
		expect(send(...spans(1, 50, "noisy"))).toMatchObject({ status: "accepted", rejected: 0 });
		run.clock.advance(1_000);
		expect(send(...spans(51, 5, "noisy"))).toMatchObject({ status: "over-quota", retryAfterS: 41 });
		const mixed = send(...spans(51, 5, "noisy"), ...spans(100, 3, "quiet-0"));
		expect(mixed).toMatchObject({ status: "accepted", points: 8, rejected: 5 });
		expect(run.accounts("noisy", "otlp-traces")).toEqual({ received: 55, counted: 50, over_quota: 5 });
		expect(run.accounts("quiet-0", "otlp-traces")).toEqual({ received: 3, counted: 3 });
		// Left out means not known: the same events count when they come again in time.
		run.clock.advance(60_000);
		expect(send(...spans(51, 5, "noisy"))).toMatchObject({ status: "accepted", rejected: 0 });
		expect(run.accounts("noisy", "otlp-traces")).toMatchObject({ counted: 55 });
	});
});

describe("limits of streams", () => {
	test("beyond its own a tenant's new streams are refused, others' are not", () => {
		const run = rig({ catalogue: catalogueOf({ streams: 30 }) });
		const outcome = run.send(request([delta("request.count", ...noise(NOW, 50, 0), ...quiet(NOW))]));
		expect(outcome).toMatchObject({ status: "accepted", points: 70, rejected: 20 });
		expect(run.accounts("noisy")).toEqual({ received: 50, counted: 30, stream_limit: 20 });
	});
});

describe("books by source", () => {
	test("name the source of each request, also after a restart and a fold", () => {
		const run = rig();
		const send = (source: string | undefined, at: number) =>
			run.telemetry.ingest([
				{
					protocol: "otlp-json",
					encoding: undefined,
					body: new TextEncoder().encode(
						JSON.stringify(request([delta("request.count", point({ at, value: 2, tenant: "contoso-id" }))])),
					),
					source,
				},
			]);
		send("edge", NOW);
		send("edge", NOW);
		send(undefined, NOW + 1);
		send("core", NOW + 2);
		const books = [
			{ source: "core", received: 1, counted: 1, duplicate: 0 },
			{ source: "edge", received: 2, counted: 1, duplicate: 1 },
			{ source: "otlp", received: 1, counted: 1, duplicate: 0 },
		];
		expect(run.telemetry.accounting("contoso")).toMatchObject(books);
		const again = rig({ store: run.store.copy(), clock: run.clock });
		expect(again.telemetry.accounting("contoso")).toMatchObject(books);
		again.telemetry.fold();
		expect(again.telemetry.accounting("contoso")).toMatchObject(books);
		expect(again.telemetry.accounting("contoso", "edge")).toMatchObject([books[1]]);
	});
});
