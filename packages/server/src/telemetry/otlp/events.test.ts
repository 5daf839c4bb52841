import { ManualClock } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	accepted,
	EVENT_SLOS,
	hex,
	logBytes,
	nanosOf,
	type PlainRecord,
	type PlainSpan,
	spanBytes,
} from "../events/event-fixture.ts";
import { catalogue, NOW, type Rig, rig } from "../telemetry-fixture.ts";
import type { EventProtocol, IngestOptions, IngestOutcome } from "../types.ts";

const CATALOGUE = catalogue({ slos: EVENT_SLOS });
const LATENESS_MS = 3 * 3_600_000;
const FUTURE_MS = 300_000;

function take(into: Rig, protocol: EventProtocol, body: Uint8Array, options: IngestOptions = {}): IngestOutcome {
	return into.telemetry.ingest([{ protocol, encoding: undefined, body, ...options }])[0] as IngestOutcome;
}

const login = (more: Partial<PlainSpan> = {}): PlainSpan => ({
	traceId: hex(1, 32),
	spanId: hex(1, 16),
	name: "POST /login",
	kind: 2,
	start: nanosOf(NOW - 100),
	end: nanosOf(NOW),
	status: 0,
	resource: { "tenant.id": "contoso-id" },
	attributes: {},
	...more,
});

const record = (more: Partial<PlainRecord> = {}): PlainRecord => ({
	eventName: "audit",
	time: nanosOf(NOW),
	observed: nanosOf(NOW + 5),
	severity: 9,
	body: "signed in",
	resource: { "tenant.id": "contoso-id" },
	attributes: {},
	...more,
});

/** The rules a second time, as plain as can be: what each span means for each SLO. */
function meaningOf(each: PlainSpan): { slo: string; isBad: boolean }[] {
	const means: { slo: string; isBad: boolean }[] = [];
	const ms = Number(each.end - each.start) / 1e6;
	if (each.name === "POST /login" && each.kind === 2) means.push({ slo: "logins", isBad: each.status === 2 });
	if (each.name === "POST /login" && each.attributes["http.route"] !== "/internal")
		means.push({ slo: "quick", isBad: ms > 250 });
	if ((each.attributes["service.name"] ?? each.resource["service.name"]) === "batch")
		means.push({ slo: "paced", isBad: ms >= 1000 });
	return means;
}

class Oracle {
	readonly fates: Record<string, number> = {};
	readonly #counts = new Map<string, { bad: number; total: number }>();
	readonly #seen = new Set<string>();

	take(each: PlainSpan, now: number): void {
		const fate = this.#fate(each, now);
		this.fates[fate] = (this.fates[fate] ?? 0) + 1;
	}

	#fate(each: PlainSpan, now: number): string {
		const tenants = [each.resource["tenant.id"], each.attributes["tenant.id"]].filter((id) => id?.endsWith("-id"));
		// `paced` takes spans of any name, so no span's tenant is without consequence.
		if (new Set(tenants).size > 1) return "tenant_conflict";
		const means = meaningOf(each);
		if (means.length === 0) return "no_sli";
		const at = Number(each.end / 1_000_000n);
		if (each.start > each.end) return "invalid_time";
		if (at < now - LATENESS_MS) return "too_old";
		if (at > now + FUTURE_MS) return "future";
		const id = `${each.traceId} ${each.spanId}`;
		if (this.#seen.has(id)) return "duplicate";
		this.#seen.add(id);
		const tenant = tenants[0]?.replace("-id", "");
		for (const { slo, isBad } of means)
			for (const owner of tenant === undefined ? ["fleet"] : [tenant, "fleet"]) {
				const key = `${owner} ${slo} ${new Date(Math.floor(at / 10_000) * 10_000).toISOString().slice(11, 19)}`;
				const count = this.#counts.get(key) ?? { bad: 0, total: 0 };
				this.#counts.set(key, { bad: count.bad + (isBad ? 1 : 0), total: count.total + 1 });
			}
		return "counted";
	}

	report(): Record<string, string> {
		return Object.fromEntries([...this.#counts].sort().map(([key, { bad, total }]) => [key, `${bad} of ${total}`]));
	}
}

const plainSpan: fc.Arbitrary<PlainSpan> = fc.record({
	traceId: fc.integer({ min: 1, max: 3 }).map((id) => hex(id, 32)),
	spanId: fc.integer({ min: 1, max: 12 }).map((id) => hex(id, 16)),
	name: fc.constantFrom("POST /login", "POST /login", "GET /", "other", ""),
	kind: fc.integer({ min: 1, max: 5 }),
	start: fc.integer({ min: 0, max: 2_000_000 }).map((us) => nanosOf(NOW) - BigInt(us) * 1000n),
	end: fc
		.oneof(
			{ weight: 6, arbitrary: fc.integer({ min: -60_000_000, max: 600_000 }) },
			{ weight: 1, arbitrary: fc.integer({ min: -4 * 3_600_000_000, max: 600_000_000 }) },
		)
		.map((us) => nanosOf(NOW) + BigInt(us) * 1000n),
	status: fc.integer({ min: 0, max: 2 }),
	resource: fc.constantFrom(
		{ "tenant.id": "contoso-id", "service.name": "web" },
		{ "tenant.id": "fabrikam-id", "service.name": "batch" },
		{ "tenant.id": "somebody" },
	),
	attributes: fc.constantFrom<Record<string, string>[]>(
		{},
		{ "http.route": "/internal", "http.request.method": "POST" },
		{ "http.route": "/login", "service.name": "batch" },
		{ "tenant.id": "contoso-id" },
	),
});

function fates(into: Rig): Record<string, number> {
	const sums: Record<string, number> = {};
	for (const { received, counted, duplicate, rejected } of into.telemetry.accounting()) {
		const parts = { counted, duplicate, ...rejected };
		expect(received).toBe(Object.values(parts).reduce((a, b) => a + b, 0));
		for (const [fate, count] of Object.entries(parts)) if (count > 0) sums[fate] = (sums[fate] ?? 0) + count;
	}
	return sums;
}

const requests = fc.array(
	fc.record({
		spans: fc.array(plainSpan, { minLength: 1, maxLength: 12 }),
		format: fc.constantFrom<("protobuf" | "json")[]>("protobuf", "json"),
		waitMs: fc.integer({ min: 0, max: 30_000 }),
	}),
	{ minLength: 1, maxLength: 6 },
);

describe("spans as the official encoder writes them", { timeout: 60_000 }, () => {
	test("count as the plain rules say, late, early, repeated and out of order", () => {
		fc.assert(
			fc.property(requests, (steps) => {
				const real = rig({ catalogue: CATALOGUE });
				const oracle = new Oracle();
				for (const { spans, format, waitMs } of steps) {
					real.clock.advance(waitMs);
					// The encoder groups spans by resource: which of two with one id comes first is its choice.
					const grouped = Object.values(Object.groupBy(spans, (each) => JSON.stringify(each.resource))).flatMap(
						(group) => group ?? [],
					);
					accepted(take(real, "otlp-traces", spanBytes(spans, format), { format }));
					for (const each of grouped) oracle.take(each, real.clock.now());
				}
				expect(real.sink().report()).toEqual(oracle.report());
				expect(fates(real)).toEqual(oracle.fates);
			}),
			{ numRuns: 150 },
		);
	});

	test("a process killed after any request goes on as if nothing had happened", () => {
		fc.assert(
			fc.property(requests, fc.nat(8), (steps, foldAt) => {
				let real = rig({ catalogue: CATALOGUE });
				const oracle = new Oracle();
				steps.forEach(({ spans, format, waitMs }, k) => {
					real.clock.advance(waitMs);
					const body = spanBytes(spans, format);
					const whole = take(real, "otlp-traces", body.slice(), { format });
					expect(whole.status).toBe("accepted");
					const grouped = Object.values(Object.groupBy(spans, (each) => JSON.stringify(each.resource)));
					for (const each of grouped.flatMap((group) => group ?? [])) oracle.take(each, real.clock.now());
					if (k === foldAt) real.telemetry.fold();
					real = rig({ catalogue: CATALOGUE, store: real.store.copy(), clock: new ManualClock(real.clock.now()) });
				});
				expect(fates(real)).toEqual(oracle.fates);
				const windows = ["", "contoso", "fabrikam"].map((tenant) =>
					["logins", "quick"].map((slo) => real.sink().sum(tenant, slo)),
				);
				const plain = new Map<string, [bad: number, total: number]>();
				for (const [key, text] of Object.entries(oracle.report())) {
					const [tenant = "", slo = ""] = key.split(" ");
					const [bad = 0, total = 0] = text.split(" of ").map(Number);
					const sum = plain.get(`${tenant} ${slo}`) ?? [0, 0];
					plain.set(`${tenant} ${slo}`, [sum[0] + bad, sum[1] + total]);
				}
				const expected = ["fleet", "contoso", "fabrikam"].map((tenant) =>
					["logins", "quick"].map((slo) => (plain.get(`${tenant} ${slo}`) ?? [0, 0]).join(" of ")),
				);
				expect(windows).toEqual(expected);
			}),
			{ numRuns: 60 },
		);
	});

	test("the same span in both forms is one event", () => {
		const real = rig({ catalogue: CATALOGUE });
		take(real, "otlp-traces", spanBytes([login()], "protobuf"));
		take(real, "otlp-traces", spanBytes([login()], "json"), { format: "json" });
		expect(real.accounts("contoso", "otlp-traces")).toEqual({ received: 2, counted: 1, duplicate: 1 });
	});

	test("a span without ids is refused, and its sender is told which", () => {
		const real = rig({ catalogue: CATALOGUE });
		const spans = [login(), login({ spanId: hex(0, 16) }), login({ traceId: hex(0, 32), spanId: hex(3, 16) })];
		for (const format of ["protobuf", "json"] as const)
			expect(accepted(take(real, "otlp-traces", spanBytes(spans, format), { format }))).toMatchObject({
				points: 3,
				rejected: 2,
				message: expect.stringContaining('2 of 3 events rejected; the first: invalid_id, "POST /login", number 2'),
			});
	});

	test("an end before the start is no duration", () => {
		const real = rig({ catalogue: CATALOGUE });
		take(real, "otlp-traces", spanBytes([login({ start: nanosOf(NOW + 1) })], "protobuf"));
		expect(real.accounts("contoso", "otlp-traces")).toEqual({ received: 1, counted: 0, invalid_time: 1 });
	});

	test("a body cut anywhere is malformed or an earlier end, and never counts a span twice", () => {
		const body = spanBytes([login(), login({ spanId: hex(2, 16) })], "protobuf");
		const real = rig({ catalogue: CATALOGUE });
		for (let length = 1; length < body.length; length++) {
			const outcome = take(real, "otlp-traces", body.slice(0, length));
			expect(["malformed"]).toContain(outcome.status);
		}
		expect(real.sink().sum("", "logins")).toBe("0 of 0");
	});
});

describe("log records as the official encoder writes them", { timeout: 60_000 }, () => {
	test("count by event name and severity, in either form once", () => {
		const real = rig({ catalogue: CATALOGUE });
		const records = [
			record(),
			record({ body: "locked out", severity: 17 }),
			record({ eventName: undefined, attributes: { "event.name": "audit", attempt: 3, isRetry: true } }),
			record({ eventName: "page view" }),
		];
		take(real, "otlp-logs", logBytes(records, "protobuf"));
		expect(real.sink().sum("contoso", "audits")).toBe("1 of 3");
		take(real, "otlp-logs", logBytes(records, "json"), { format: "json" });
		expect(real.sink().sum("contoso", "audits")).toBe("1 of 3");
		expect(real.accounts("contoso", "otlp-logs")).toEqual({ received: 8, counted: 3, duplicate: 3, no_sli: 2 });
	});

	test("equal records of one request are events of their own; the request again counts none", () => {
		const real = rig({ catalogue: CATALOGUE });
		const body = () => logBytes([record(), record(), record({ body: "other" })], "protobuf");
		take(real, "otlp-logs", body());
		take(real, "otlp-logs", body());
		expect(real.accounts("contoso", "otlp-logs")).toEqual({ received: 6, counted: 3, duplicate: 3 });
	});

	test("a record without a time counts at the time it was observed", () => {
		const real = rig({ catalogue: CATALOGUE });
		take(real, "otlp-logs", logBytes([record({ time: 0n, observed: nanosOf(NOW - 20_000) })], "protobuf"));
		expect(real.sink().report()).toMatchObject({ "contoso audits 11:59:40": "0 of 1" });
	});

	test("random records, in both forms and any order, are each counted once", () => {
		const plain = fc.record({
			eventName: fc.constantFrom("audit", "audit", "view", undefined),
			time: fc.integer({ min: 0, max: 20 }).map((s) => nanosOf(NOW - s * 1000)),
			observed: fc.constant(nanosOf(NOW)),
			severity: fc.integer({ min: 0, max: 24 }),
			body: fc.string({ maxLength: 12, unit: "grapheme" }),
			resource: fc.constantFrom({ "tenant.id": "contoso-id" }, { "tenant.id": "x" }),
			attributes: fc.dictionary(
				fc.constantFrom("a", "b", "c"),
				fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
			),
		});
		fc.assert(
			fc.property(
				fc.uniqueArray(plain, { minLength: 1, maxLength: 10, selector: (each) => JSON.stringify(each, text) }),
				(records) => {
					const real = rig({ catalogue: CATALOGUE });
					take(real, "otlp-logs", logBytes(records, "json"), { format: "json" });
					take(real, "otlp-logs", logBytes([...records].reverse(), "protobuf"));
					const audits = records.filter((each) => each.eventName === "audit");
					const good = audits.filter((each) => each.severity >= 5 && each.severity <= 12).length;
					expect(real.sink().sum("", "audits")).toBe(`${audits.length - good} of ${audits.length}`);
					const sums = fates(real);
					expect([sums.counted ?? 0, sums.duplicate ?? 0]).toEqual([audits.length, audits.length]);
				},
			),
			{ numRuns: 100 },
		);
	});
});

const text = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
