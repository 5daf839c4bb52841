import { describe, expect, test } from "vitest";
import { catalogue, NOW, type Rig, rig } from "../telemetry-fixture.ts";
import type { EventsAnswer, IngestOptions, IngestOutcome } from "../types.ts";
import { accepted, EVENT_SLOS } from "./event-fixture.ts";

const CATALOGUE = catalogue({ slos: EVENT_SLOS });

function post(into: Rig, body: unknown, options: IngestOptions = {}): IngestOutcome {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const bytes = new TextEncoder().encode(text);
	return into.telemetry.ingest([
		{ protocol: "events", encoding: undefined, body: bytes, ...options },
	])[0] as IngestOutcome;
}

const answerOf = (outcome: IngestOutcome): EventsAnswer => accepted(outcome).events as EventsAnswer;
const good = (id: string, more: object = {}): object => ({
	tenant: "contoso",
	slo: "logins",
	at: NOW,
	good: true,
	id,
	...more,
});

describe("the Events API", () => {
	test("counts good and bad events of an SLO for the tenant and the fleet", () => {
		const real = rig({ catalogue: CATALOGUE });
		const answer = answerOf(
			post(real, [
				good("1"),
				good("2", { good: false }),
				good("3", { good: undefined, bad: true, count: 4 }),
				good("4", { tenant: undefined, attributes: { "tenant.id": "fabrikam-id" } }),
				good("5", { tenant: "nobody we know" }),
			]),
		);
		expect(answer).toEqual({ received: 5, counted: 5, duplicate: 0, ignored: 0, rejected: 0, errors: [] });
		expect(real.sink().sum("contoso", "logins")).toBe("5 of 6");
		expect(real.sink().sum("fabrikam", "logins")).toBe("0 of 1");
		expect(real.sink().sum("", "logins")).toBe("5 of 8");
	});

	test("selects SLOs by name and attributes, and compares values with thresholds", () => {
		const real = rig({ catalogue: CATALOGUE });
		const answer = answerOf(
			post(real, [
				{ tenant: "contoso", name: "payment", good: true, id: "1" },
				{ tenant: "contoso", name: "payment", good: false, id: "2" },
				{ tenant: "contoso", name: "depth", value: 101, id: "3" },
				{ tenant: "contoso", slo: "depth", value: 100, id: "4" },
				{ tenant: "contoso", name: "nobody asked", good: true, id: "5" },
			]),
		);
		expect(answer).toMatchObject({ counted: 4, ignored: 1, rejected: 0 });
		expect(real.sink().sum("contoso", "payments")).toBe("1 of 2");
		expect(real.sink().sum("contoso", "depth")).toBe("1 of 2");
	});

	test("takes NDJSON, and an instant with its offset", () => {
		const real = rig({ catalogue: CATALOGUE });
		const lines = [
			JSON.stringify(good("1", { at: "2026-11-23T13:00:00+01:00" })),
			"",
			'{"slo": "logins"',
			JSON.stringify(good("2", { at: "2026-11-23T11:59:00Z" })),
		].join("\n");
		const answer = answerOf(post(real, lines, { format: "ndjson" }));
		expect(answer).toMatchObject({ received: 3, counted: 2, rejected: 1 });
		expect(answer.errors).toEqual([
			{
				index: 1,
				reason: "invalid_value",
				message: '"{\\"slo\\": \\"logins\\"" is not JSON',
				remedy: "write one JSON object per line",
			},
		]);
		expect(real.sink().report()).toMatchObject({
			"contoso logins 12:00:00": "0 of 1",
			"contoso logins 11:59:00": "0 of 1",
		});
	});

	test.each([
		["no object", 7, "invalid_value", "7 is not an object"],
		["a field that does not exist", good("1", { sllo: "x" }), "invalid_value", 'field "sllo" is unknown'],
		["an unknown SLO", good("1", { slo: "login" }), "no_sli", 'slo "login" is unknown'],
		["an SLO and a name", good("1", { name: "payment" }), "invalid_value", "both slo and name"],
		["neither SLO nor name", good("1", { slo: undefined }), "invalid_value", "there is no slo"],
		["good as text", good("1", { good: "yes" }), "invalid_value", 'good "yes" is neither true nor false'],
		["good and bad", good("1", { bad: true }), "invalid_value", "good and bad are both true"],
		["nothing said", good("1", { good: undefined }), "invalid_value", "neither good, bad nor value"],
		["a value without a threshold", good("1", { good: undefined, value: 3 }), "invalid_value", "no threshold"],
		["a local time", good("1", { at: "2026-11-23T12:00:00" }), "invalid_time", "is not an instant"],
		["a negative time", good("1", { at: -5 }), "invalid_time", "at -5 is not an instant"],
		["half an event", good("1", { count: 0.5 }), "invalid_value", "count 0.5"],
		["an id that is a number", good("1", { id: 5 }), "invalid_value", "id 5 is not a text"],
		["attributes that are a list", good("1", { attributes: [1] }), "invalid_value", "attributes [1]"],
		["two tenants", good("1", { attributes: { "tenant.id": "fabrikam-id" } }), "tenant_conflict", "name two tenants"],
		["long ago", good("1", { at: NOW - 4 * 3_600_000 }), "too_old", "is too old"],
		["yet to come", good("1", { at: NOW + 3_600_000 }), "future", "is future"],
	])("says what is wrong with %s, and counts the others", (_, entry, reason, message) => {
		const real = rig({ catalogue: CATALOGUE });
		const answer = answerOf(post(real, [good("before"), entry, good("after")]));
		expect(answer).toMatchObject({ received: 3, counted: 2, rejected: 1 });
		expect(answer.errors).toMatchObject([{ index: 1, reason, message: expect.stringContaining(message) }]);
		expect(answer.errors[0]?.remedy).not.toBe("");
		expect(real.sink().sum("", "logins")).toBe("0 of 2");
	});

	test("an id counts once per tenant and SLO, whatever request brings it", () => {
		const real = rig({ catalogue: CATALOGUE });
		post(real, [good("1"), good("1", { tenant: "fabrikam" }), good("1", { slo: "quick" })]);
		expect(answerOf(post(real, [good("1", { at: NOW - 60_000 })]))).toMatchObject({ counted: 0, duplicate: 1 });
		expect(real.sink().sum("", "logins")).toBe("0 of 2");
	});

	test("without ids the request needs an Idempotency-Key, else nothing of it counts", () => {
		const real = rig({ catalogue: CATALOGUE });
		const body = [good("1"), { slo: "logins", good: true }];
		expect(post(real, body)).toMatchObject({
			status: "malformed",
			message: expect.stringContaining("event 1 has no id and the request no Idempotency-Key"),
		});
		expect(real.sink().sum("", "logins")).toBe("0 of 0");
		expect(answerOf(post(real, body, { idempotencyKey: "k" }))).toMatchObject({ counted: 2 });
	});

	test("the same key with the same body gives the same answer, in the same commit and after a restart", () => {
		const real = rig({ catalogue: CATALOGUE });
		const body = new TextEncoder().encode(JSON.stringify([good("1"), { slo: "nothing", id: "2" }]));
		const asked = { protocol: "events" as const, encoding: undefined, idempotencyKey: "k" };
		const [first, second] = real.telemetry.ingest([
			{ ...asked, body: body.slice() },
			{ ...asked, body: body.slice() },
		]);
		expect(answerOf(first as IngestOutcome)).toMatchObject({ counted: 1, rejected: 1 });
		expect(second).toEqual(first);
		for (const isFolded of [false, true]) {
			if (isFolded) real.telemetry.fold();
			const next = rig({ catalogue: CATALOGUE, store: real.store.copy() });
			expect(next.telemetry.ingest([{ ...asked, body: body.slice() }])).toEqual([first]);
			expect(next.sink().sum("", "logins")).toBe("0 of 1");
		}
		expect(post(real, [good("3")], { idempotencyKey: "k" })).toMatchObject({
			status: "key-conflict",
			message: expect.stringContaining('"k" was used for another body'),
		});
	});

	test("a body that is no JSON is malformed as a whole", () => {
		const real = rig({ catalogue: CATALOGUE });
		expect(post(real, "slo=logins")).toMatchObject({
			status: "malformed",
			message: expect.stringContaining("not JSON"),
		});
	});

	test("hundreds of broken lines leave the good ones between them good", () => {
		const real = rig({ catalogue: CATALOGUE });
		const lines = Array.from({ length: 300 }, (_, k) => (k % 3 === 0 ? JSON.stringify(good(String(k))) : '{"a": [{"'));
		const answer = answerOf(post(real, lines.join("\n"), { format: "ndjson" }));
		expect(answer).toMatchObject({ received: 300, counted: 100, rejected: 200 });
	});

	test.each(["json", "ndjson"] as const)("more entries than 100,000 in one %s body are refused whole", (format) => {
		const real = rig({ catalogue: CATALOGUE });
		const entries = Array.from({ length: 100_001 }, () => "1");
		const body = format === "json" ? `[${entries.join()}]` : entries.join("\n");
		expect(post(real, body, { format })).toMatchObject({
			status: "malformed",
			message: expect.stringContaining("the limit is 100000: send smaller batches"),
		});
	});
});
