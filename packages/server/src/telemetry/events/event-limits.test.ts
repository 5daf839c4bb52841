import { ManualClock } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { KeyTenant } from "#catalogue";
import { StoreFailure } from "../telemetry.ts";
import { catalogue, delta, NOW, point, type Rig, request, rig } from "../telemetry-fixture.ts";
import type { IngestOutcome } from "../types.ts";
import { accepted, EVENT_SLOS, hex, nanosOf, type PlainSpan, spanBytes } from "./event-fixture.ts";

const CATALOGUE = catalogue({ slos: EVENT_SLOS });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const spanOf = (id: number, at: number): PlainSpan => ({
	traceId: hex(1, 32),
	spanId: hex(id, 16),
	name: "POST /login",
	kind: 2,
	start: nanosOf(at - 5),
	end: nanosOf(at),
	status: 0,
	resource: { "tenant.id": "contoso-id" },
	attributes: {},
});

function send(into: Rig, spans: readonly PlainSpan[]): IngestOutcome {
	const body = spanBytes(spans, "protobuf");
	return into.telemetry.ingest([{ protocol: "otlp-traces", encoding: undefined, body }])[0] as IngestOutcome;
}

function withLimit(maxEventIds: number): typeof CATALOGUE {
	return {
		...CATALOGUE,
		settings: { ...CATALOGUE.settings, telemetry: { ...CATALOGUE.settings.telemetry, maxEventIds } },
	};
}

describe("the memory for identities", () => {
	test("when full, new events are refused whole, known ones are still duplicates, and age makes room", () => {
		const real = rig({ catalogue: withLimit(5) });
		const first = [1, 2, 3, 4].map((id) => spanOf(id, NOW));
		accepted(send(real, first));
		const refused = send(real, [spanOf(5, NOW), ...first]);
		expect(refused).toMatchObject({
			status: "unavailable",
			message: expect.stringContaining("4 of telemetry.maxEventIds 5"),
		});
		accepted(send(real, first));
		expect(real.accounts("contoso", "otlp-traces")).toEqual({ received: 8, counted: 4, duplicate: 4 });
		real.clock.advance(3 * HOUR_MS + 2 * MINUTE_MS);
		expect(accepted(send(real, first))).toMatchObject({ rejected: 4, message: expect.stringContaining("too_old") });
		real.clock.advance(HOUR_MS);
		accepted(send(real, [spanOf(5, real.clock.now())]));
	});

	test.each(["live", "after a kill", "after a fold and a kill"])(
		"a tenant that floods leaves room for others, %s",
		(when) => {
			let real = rig({ catalogue: withLimit(1_000) });
			let flooded = 0;
			while (send(real, [spanOf(flooded + 1, NOW)]).status === "accepted") flooded++;
			expect(flooded).toBe(800);
			if (when !== "live") {
				if (when.includes("fold")) real.telemetry.fold();
				real = rig({ catalogue: withLimit(1_000), store: real.store.copy() });
				expect(send(real, [spanOf(801, NOW)]).status).toBe("unavailable");
			}
			const resource = { "tenant.id": "fabrikam-id" };
			for (let id = 2_001; id <= 2_100; id++) accepted(send(real, [{ ...spanOf(id, NOW), resource }]));
			expect(real.sink().sum("fabrikam", "logins")).toBe("0 of 100");
			expect(real.sink().sum("contoso", "logins")).toBe("0 of 800");
		},
	);

	test("a longer lateness limit does not bring back what was forgotten under the shorter one", () => {
		const short = { ...CATALOGUE, hash: "short" };
		const telemetry = { ...short.settings.telemetry, latenessMs: HOUR_MS };
		const first = rig({ catalogue: { ...short, settings: { ...short.settings, telemetry } } });
		accepted(send(first, [spanOf(1, NOW)]));
		first.clock.advance(2 * HOUR_MS);
		accepted(send(first, [spanOf(2, first.clock.now())]));
		first.telemetry.fold();
		const second = rig({ catalogue: CATALOGUE, store: first.store.copy(), clock: new ManualClock(first.clock.now()) });
		expect(accepted(send(second, [spanOf(1, NOW)]))).toMatchObject({ rejected: 1 });
		expect(second.accounts("contoso", "otlp-traces")).toEqual({ received: 3, counted: 2, too_old: 1 });
	});

	test("a clock that ran a day ahead for a while does not shut events out when it is set back", () => {
		const real = rig({ catalogue: CATALOGUE });
		real.clock.advance(24 * HOUR_MS);
		accepted(send(real, [spanOf(1, real.clock.now())]));
		real.telemetry.fold();
		const back = rig({ catalogue: CATALOGUE, store: real.store.copy(), clock: new ManualClock(NOW) });
		accepted(send(back, [spanOf(2, NOW)]));
		expect(back.sink().sum("contoso", "logins")).toBe("0 of 2");
	});
});

test.each(["before", "after"] as const)(
	"a commit that fails %s it is stored: the sender repeats, each span counts once",
	(when) => {
		const real = rig({ catalogue: CATALOGUE });
		real.store.failNext = when;
		expect(() => send(real, [spanOf(1, NOW), spanOf(2, NOW)])).toThrow(StoreFailure);
		real.telemetry.rebuild();
		accepted(send(real, [spanOf(1, NOW), spanOf(2, NOW)]));
		expect(real.sink().sum("contoso", "logins")).toBe("0 of 2");
	},
);

test("a fold that fails forgets no identity", () => {
	const real = rig({ catalogue: CATALOGUE });
	accepted(send(real, [spanOf(1, NOW)]));
	real.store.failNext = "before";
	expect(() => real.telemetry.fold()).toThrow(StoreFailure);
	real.telemetry.rebuild();
	accepted(send(real, [spanOf(1, NOW)]));
	real.telemetry.fold();
	accepted(send(real, [spanOf(1, NOW)]));
	const next = rig({ catalogue: CATALOGUE, store: real.store.copy() });
	accepted(send(next, [spanOf(1, NOW)]));
	expect(next.accounts("contoso", "otlp-traces")).toEqual({ received: 4, counted: 1, duplicate: 3 });
});

test("identities survive another catalogue, and spans count for the SLOs that it selects them for", () => {
	const real = rig({ catalogue: CATALOGUE });
	accepted(send(real, [spanOf(1, NOW)]));
	real.telemetry.configure(catalogue({ hash: "two", slos: [...EVENT_SLOS].reverse() }));
	accepted(send(real, [spanOf(1, NOW), spanOf(2, NOW)]));
	expect(real.sink().sum("contoso", "logins")).toBe("0 of 2");
});

test("points and spans of requests that arrived together are one row, and replay finds both", () => {
	const real = rig({ catalogue: catalogue({ slos: [...EVENT_SLOS, ...catalogue().slos] }) });
	const points = request([delta("request.count", point({ tenant: "contoso-id", at: NOW, value: 5 }))]);
	real.telemetry.ingest([
		{ protocol: "otlp-traces", encoding: undefined, body: spanBytes([spanOf(1, NOW)], "protobuf") },
		{ protocol: "otlp-json", encoding: undefined, body: new TextEncoder().encode(JSON.stringify(points)) },
		{ protocol: "otlp-traces", encoding: undefined, body: spanBytes([spanOf(2, NOW - 20_000)], "protobuf") },
	]);
	expect(real.store.journalSize().rows).toBe(1);
	const next = rig({ catalogue: catalogue({ slos: [...EVENT_SLOS, ...catalogue().slos] }), store: real.store.copy() });
	expect(next.sink().report()).toEqual(real.sink().report());
	expect(next.sink().sum("contoso", "logins")).toBe("0 of 2");
	expect(next.sink().sum("contoso", "requests")).toBe("0 of 5");
});

test("a journal is read under the catalogue that it was written under", () => {
	const first = rig({ catalogue: CATALOGUE });
	accepted(send(first, [spanOf(1, NOW)]));
	const fewer = catalogue({ hash: "two", slos: EVENT_SLOS.slice(0, 1) });
	const second = rig({ catalogue: fewer, store: first.store.copy() });
	expect(second.sink().sum("contoso", "logins")).toBe("0 of 1");
	accepted(send(second, [spanOf(1, NOW)]));
	expect(second.accounts("contoso", "otlp-traces")).toEqual({ received: 2, counted: 1, duplicate: 1 });
});

test("an id that moves from one tenant to another counts for whom it was at the event's own time", () => {
	const move = NOW - 60_000;
	const alias = { attribute: "tenant.id", values: ["shared-id"], patterns: [] };
	const [contoso, fabrikam] = CATALOGUE.tenants as [KeyTenant, KeyTenant];
	const real = rig({
		catalogue: {
			...CATALOGUE,
			tenants: [
				{ ...contoso, aliases: [{ ...alias, until: move }] },
				{ ...fabrikam, aliases: [{ ...alias, from: move }] },
			],
		},
	});
	const resource = { "tenant.id": "shared-id" };
	accepted(
		send(real, [
			{ ...spanOf(1, NOW - 90_000), resource },
			{ ...spanOf(2, NOW - 30_000), resource },
		]),
	);
	const event = (id: string, at: number): object => ({ slo: "logins", attributes: resource, at, good: false, id });
	const body = new TextEncoder().encode(JSON.stringify([event("a", NOW - 90_000), event("b", NOW - 30_000)]));
	accepted(real.telemetry.ingest([{ protocol: "events", encoding: undefined, body }])[0]);
	expect(real.sink().report()).toMatchObject({
		"contoso logins 11:58:30": "1 of 2",
		"fabrikam logins 11:59:30": "1 of 2",
		"fleet logins 11:58:30": "1 of 2",
		"fleet logins 11:59:30": "1 of 2",
	});
	const next = rig({ catalogue: { ...CATALOGUE, hash: "two" }, store: real.store.copy() });
	expect(next.sink().sum("contoso", "logins")).toBe("1 of 2");
	expect(next.sink().sum("fabrikam", "logins")).toBe("1 of 2");
});

test("events feed the cohorts that their attributes name, and tenants that nobody knows can be matched", () => {
	const cohorts = [
		{ name: "region", displayName: "Region", by: "attribute", attribute: "region", groups: { eu: ["eu-1"] } },
	];
	const real = rig({ catalogue: { ...CATALOGUE, cohorts: cohorts as never } });
	const resource = { "tenant.id": "nobody-yet", region: "eu-1" };
	accepted(send(real, [{ ...spanOf(1, NOW), resource }, spanOf(2, NOW)]));
	const query = { slo: "logins", from: NOW - 60_000, to: NOW + 60_000, resolutionMs: 10_000 };
	expect(real.telemetry.windows({ tenant: "~region:eu", ...query })).toMatchObject([{ total: 1 }]);
	expect(real.telemetry.windows({ tenant: "", ...query })).toMatchObject([{ total: 2 }]);
	const { items } = real.telemetry.tenantValues({ state: "unmatched", offset: 0, limit: 10 });
	expect(items).toMatchObject([{ attribute: "tenant.id", value: "nobody-yet", points: 1 }]);
});

test("a million spans sent again within the horizon, before and after a fold and a restart, count nothing", () => {
	const first = rig({ catalogue: CATALOGUE });
	const spans = Array.from({ length: 10_000 }, (_, k) => spanOf(k + 1, NOW - (k % 7_000)));
	const body = spanBytes(spans, "protobuf");
	const replay = (into: Rig, times: number): void => {
		for (let k = 0; k < times; k++)
			into.telemetry.ingest([{ protocol: "otlp-traces", encoding: undefined, body: body.slice() }]);
	};
	const large = { ...CATALOGUE.settings.telemetry, maxBodyBytes: body.length };
	const roomy = { ...CATALOGUE, settings: { ...CATALOGUE.settings, telemetry: large } };
	const real = rig({ catalogue: roomy, store: first.store });
	replay(real, 41);
	real.telemetry.fold();
	replay(real, 30);
	const next = rig({ catalogue: roomy, store: real.store.copy() });
	replay(next, 30);
	expect(next.sink().sum("contoso", "logins")).toBe("0 of 10000");
	expect(next.accounts("contoso", "otlp-traces")).toEqual({
		received: 1_010_000,
		counted: 10_000,
		duplicate: 1_000_000,
	});
}, 60_000);
