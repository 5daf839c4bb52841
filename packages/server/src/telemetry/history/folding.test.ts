import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { FoldedRequests, fingerprintOf } from "../intake/folded-requests.ts";
import { catalogue, delta, gauge, histogram, NOW, otlpBytes, point, request, rig } from "../telemetry-fixture.ts";

const S = 1000;
const HOUR = 3_600_000;

function folding(maxOtherStreams: number, parts: Parameters<typeof rig>[0] = {}) {
	const plain = catalogue();
	const telemetry = { ...plain.settings.telemetry, maxOtherStreams };
	return rig({ ...parts, catalogue: { ...plain, settings: { ...plain.settings, telemetry } } });
}

const of = (tenants: readonly string[], at: number, value = 1, start = at - 60 * S) =>
	request([delta("request.count", ...tenants.map((tenant) => point({ tenant, at, start, value })))]);
const many = (count: number, from = 0) => Array.from({ length: count }, (_, k) => `other-${from + k}`);

describe("streams of customers that are no key tenant", () => {
	test("beyond maxOtherStreams share one slot; all that they bring counts", () => {
		const all = folding(10);
		all.send(of([...many(500), "contoso-id"], NOW - 60 * S));
		all.send(of([...many(500, 250), "contoso-id"], NOW));
		expect(all.telemetry.counters().streams).toBe(10 + 1 + 1);
		expect(all.sink().sum("", "requests")).toBe("0 of 1002");
		expect(all.sink().sum("contoso", "requests")).toBe("0 of 2");
		expect(all.accounts("")).toEqual({ received: 1000, counted: 1000 });
	});

	test("a request that comes again counts once: at once, after a restart, after a fold and in another order of requests", () => {
		const first = of(many(50), NOW - 60 * S);
		const second = of(many(50), NOW - 30 * S, 1, NOW - 60 * S);
		let all = folding(10);
		all.send(first);
		all.send(second);
		all.send(first);
		expect(all.sink().sum("", "requests")).toBe("0 of 100");
		all = folding(10, { store: all.store.copy() });
		all.send(second);
		all.telemetry.fold();
		all = folding(10, { store: all.store.copy() });
		all.send(second);
		all.send(first);
		expect(all.sink().sum("", "requests")).toBe("0 of 100");
		expect(all.accounts("")).toEqual({ received: 300, counted: 100, duplicate: 200 });
	});

	test("packed or not, the same content is the same request", () => {
		const all = folding(0);
		const body = otlpBytes(of(many(20), NOW));
		all.sendBytes(body);
		all.sendBytes(Uint8Array.from(gzipSync(body)), "otlp-protobuf", "gzip");
		expect(all.sink().sum("", "requests")).toBe("0 of 20");
	});

	test("a stream that became a key tenant's meanwhile is recognised in a request that comes again", () => {
		const all = folding(0);
		const body = of(["new-id", ...many(5)], NOW - 10 * S);
		all.send(body);
		const plain = catalogue();
		const tenants = [
			...plain.tenants,
			{ ...(plain.tenants[0] as (typeof plain.tenants)[number]), name: "new", match: { "tenant.id": ["new-id"] } },
		];
		all.telemetry.configure({ ...plain, hash: "two", tenants });
		all.send(body);
		expect(all.sink().sum("", "requests")).toBe("0 of 6");
		expect(all.sink().sum("new", "requests")).toBe("0 of 0");
		all.send(of(["new-id"], NOW, 7, NOW - 10 * S));
		expect(all.sink().sum("new", "requests")).toBe("0 of 7");
	});

	test("cumulative counters need their last value: they keep slots of their own", () => {
		const all = folding(0);
		const at = (time: number, value: number) =>
			request([
				{
					name: "request.count",
					sum: {
						aggregationTemporality: 2,
						isMonotonic: true,
						dataPoints: many(30).map((tenant) => point({ tenant, at: time, start: NOW - HOUR, value })),
					},
				},
			]);
		all.send(at(NOW - 60 * S, 10));
		all.send(at(NOW, 12));
		expect(all.telemetry.counters().streams).toBe(30);
		expect(all.sink().sum("", "requests")).toBe("0 of 360");
	});

	test("gauges keep slots too: their samples come again in other requests", () => {
		const all = folding(0);
		const sample = (at: number) => point({ tenant: "a", at, value: 150 });
		all.send(request([gauge("queue.length", sample(NOW - 2 * S), sample(NOW - S))]));
		all.send(request([gauge("queue.length", sample(NOW - S), sample(NOW))]));
		expect(all.sink().sum("", "queue")).toBe("3 of 3");
	});

	test("delta histograms fold by what they feed", () => {
		const all = folding(0);
		const more = { count: "3", bucketCounts: ["2", "1"], explicitBounds: [0.5] };
		const points = many(40).map((tenant) => point({ tenant, at: NOW, start: NOW - S, more }));
		all.send(request([histogram("request.duration", 1, ...points)]));
		expect(all.telemetry.counters().streams).toBe(1);
		expect(all.sink().sum("", "fast")).toBe("40 of 120");
	});

	test("limits of time hold as ever", () => {
		const all = folding(0);
		all.send(of(["a"], NOW - 4 * HOUR));
		all.send(of(["b"], NOW + HOUR));
		expect(all.accounts("")).toEqual({ received: 2, counted: 0, too_old: 1, future: 1 });
	});

	test("which requests came is forgotten when all their points are too old", () => {
		const all = folding(0);
		const first = of(["a"], NOW);
		all.send(first);
		all.clock.advance(4 * HOUR);
		all.send(of(["a"], NOW + 4 * HOUR));
		all.send(first);
		expect(all.accounts("")).toEqual({ received: 3, counted: 2, too_old: 1 });
	});

	test("for the same requests, folded and not, in random order with repetitions, counts are the same", () => {
		let seed = 5;
		const random = (below: number): number => {
			seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
			return (seed >>> 8) % below;
		};
		for (let round = 0; round < 20; round++) {
			const bodies = Array.from({ length: 12 }, (_, k) =>
				of([...new Set(Array.from({ length: 10 }, () => `t${random(40)}`)), "contoso-id"], NOW - k * 60 * S),
			);
			const order = Array.from({ length: 30 }, () => bodies[random(bodies.length)] as object);
			const plain = folding(1_000);
			let folded = folding(random(20));
			for (const body of order) {
				plain.send(body);
				folded.send(body);
				if (random(6) === 0) folded.telemetry.fold();
				if (random(6) === 0) folded = folding(random(20), { store: folded.store.copy() });
			}
			expect(folded.sink().report()).toEqual(plain.sink().report());
			expect(folded.telemetry.accounting()).toEqual(plain.telemetry.accounting());
		}
	});
});

test("a stream with a slot is known again when its attributes come in another order", () => {
	const all = folding(1);
	const body = (attributes: Record<string, string>) =>
		request([delta("request.count", point({ at: NOW, start: NOW - S, value: 1, attributes }))]);
	all.send(body({ "tenant.id": "a", x: "1", y: "2" }));
	all.send(body({ "tenant.id": "b", x: "1", y: "2" }));
	all.send(body({ y: "2", x: "1", "tenant.id": "a" }));
	expect(all.accounts("")).toEqual({ received: 3, counted: 2, duplicate: 1 });
});

describe("which requests came", () => {
	test("is kept for as long as their points may count", () => {
		const requests = new FoldedRequests({ latenessMs: HOUR, futureMs: 60_000 });
		requests.add(1, NOW);
		requests.add(2, NOW + HOUR);
		expect([requests.has(1), requests.has(2)]).toEqual([true, true]);
		requests.add(3, NOW + HOUR + 60_001);
		expect([requests.has(1), requests.has(2), requests.floor]).toEqual([false, true, 0]);
	});

	test("when they are too many, the oldest are forgotten and their time is closed", () => {
		const requests = new FoldedRequests({ latenessMs: HOUR, futureMs: 60_000 }, 2);
		for (const k of [0, 1, 2]) requests.add(k, NOW + k);
		expect([requests.size, requests.has(0), requests.floor]).toEqual([2, false, (NOW + 60_000) * 1000]);
		const again = new FoldedRequests({ latenessMs: HOUR, futureMs: 60_000 });
		again.load(requests.pack(NOW + 3));
		expect([again.has(1), again.has(2), again.floor]).toEqual([true, true, requests.floor]);
	});

	test("fingerprints tell contents apart", () => {
		const bodies = Array.from({ length: 1_000 }, (_, k) => Buffer.from(`body ${k}`));
		expect(new Set(bodies.map(fingerprintOf)).size).toBe(1_000);
	});
});

describe("values that may name a tenant", () => {
	const query = { state: "all", offset: 0, limit: 10 } as const;

	test("are listed unmatched first, then by points, with what came under them", () => {
		const all = folding(1_000);
		for (const ago of [30, 20, 10]) all.send(of(["contoso-id", "b"], NOW - ago * S, 1, NOW - (ago + 10) * S));
		all.send(of(["a"], NOW - 5 * S));
		const { items, total, unmatched } = all.telemetry.tenantValues(query);
		expect([total, unmatched]).toEqual([3, 2]);
		expect(items).toEqual([
			expect.objectContaining({
				attribute: "tenant.id",
				value: "b",
				tenant: "",
				streams: 1,
				points: 3,
				isEstimate: false,
				lastSampleAt: NOW - 10 * S,
			}),
			expect.objectContaining({ value: "a", points: 1, lastSampleAt: NOW - 5 * S }),
			expect.objectContaining({ value: "contoso-id", tenant: "contoso", points: 3 }),
		]);
		expect(all.telemetry.tenantValues({ ...query, search: "=CONT" }).items).toHaveLength(1);
		expect(
			all.telemetry.tenantValues({ ...query, state: "unmatched", offset: 1 }).items.map((each) => each.value),
		).toEqual(["a"]);
	});

	test("a heavy customer stands out of folded streams; of light ones few are listed", () => {
		const all = folding(0);
		for (let k = 0; k < 30; k++) {
			all.send(
				of(
					[...many(700, k * 700), ...Array.from({ length: 300 }, () => "heavy")],
					NOW - k * 20 * S,
					1,
					NOW - k * 20 * S - S,
				),
			);
		}
		const { items, rest, total } = all.telemetry.tenantValues(query);
		expect(items[0]).toMatchObject({ value: "heavy", isEstimate: true });
		expect(items[0]?.points).toBeGreaterThan(4_000);
		// 21,000 light ones and few of them listed: one in 64, or when a sample met them.
		expect(total).toBeLessThan(700);
		expect(rest.values).toBe(0);
	});
});
