import { expect, test } from "vitest";
import { DAY_MS, delta, NOW, point, type Rig, request, rig } from "../telemetry-fixture.ts";

const HOUR = 3_600_000;
type Line = Record<string, unknown>;

function importing(into: Rig, key: string, ...lines: (Line | string)[]) {
	const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
	return into.telemetry.importEvents(key, new TextEncoder().encode(text));
}
const line = (at: number, more: Line = {}): Line => ({
	tenant: "contoso",
	slo: "requests",
	at,
	good: 90,
	total: 100,
	...more,
});
const windows = (of: Rig, tenant: string, at: number, resolutionMs: number) =>
	of.telemetry.windows({
		tenant,
		slo: "requests",
		from: at - (at % resolutionMs),
		to: at + resolutionMs,
		resolutionMs,
	});

test("lines count at their time for their tenant and the fleet; other names feed the fleet only", () => {
	const real = rig();
	const outcome = importing(
		real,
		"a",
		line(NOW - HOUR),
		line(NOW - HOUR, { tenant: "" }),
		line(NOW - HOUR, { tenant: "unknown" }),
		"",
	);
	expect(outcome).toEqual({ status: "accepted", lines: 3, counted: 3, rejected: {}, message: "" });
	expect(windows(real, "contoso", NOW - HOUR, 10_000)).toMatchObject([{ bad: 10, total: 100, late: 0, revision: 0 }]);
	expect(windows(real, "", NOW - HOUR, 10_000)).toMatchObject([{ bad: 30, total: 300 }]);
	expect(real.sink().sum("contoso", "requests")).toBe("10 of 100");
	expect(real.accounts("contoso", "import")).toEqual({ received: 1, counted: 1 });
	expect(real.accounts("", "import")).toEqual({ received: 2, counted: 2 });
});

test("the same key again gives the same answer and counts nothing, also after a restart; other lines under it are refused", () => {
	const real = rig();
	const first = importing(real, "a", line(NOW - HOUR), line(NOW - HOUR, { slo: "none" }));
	expect(first).toMatchObject({ counted: 1, rejected: { no_sli: 1 } });
	expect(importing(real, "a", line(NOW - HOUR), line(NOW - HOUR, { slo: "none" }))).toEqual(first);
	const restarted = rig({ store: real.store.copy() });
	expect(importing(restarted, "a", line(NOW - HOUR), line(NOW - HOUR, { slo: "none" }))).toEqual(first);
	expect(importing(restarted, "a", line(NOW - HOUR))).toMatchObject({ status: "key-conflict" });
	expect(windows(restarted, "contoso", NOW - HOUR, 10_000)).toMatchObject([{ total: 100 }]);
	expect(restarted.sink().sum("contoso", "requests")).toBe("10 of 100");
});

test("history reaches back 400 days, by the hour beyond 3 days", () => {
	const real = rig();
	const old = NOW - 399 * DAY_MS;
	const outcome = importing(real, "a", line(old), line(NOW - 401 * DAY_MS), line(NOW + HOUR));
	expect(outcome).toMatchObject({ counted: 1, rejected: { too_old: 1, future: 1 } });
	expect(windows(real, "contoso", old, HOUR)).toMatchObject([{ bad: 10, total: 100, closed: true }]);
	expect(windows(real, "contoso", old, 10_000)).toEqual([]);
});

test("imports and live points of the same bucket add up", () => {
	const real = rig();
	real.send(request([delta("request.count", point({ tenant: "contoso-id", at: NOW - 1_000, value: 7 }))]));
	importing(real, "a", line(NOW - 1_000));
	expect(windows(real, "contoso", NOW - 10_000, 10_000)).toMatchObject([{ total: 107 }]);
	real.telemetry.fold();
	expect(windows(real, "contoso", NOW - 10_000, 10_000)).toMatchObject([{ total: 107 }]);
});

test("a body beyond the limit is refused with what to do", () => {
	const outcome = importing(rig(), "a", " ".repeat(1024 * 1024 + 1));
	expect(outcome).toMatchObject({ status: "too-large", message: expect.stringMatching(/send it in parts/) });
});

test.each([
	["not JSON", "{", /line 2 is not JSON/],
	["null", "null", /line 2: tenant/],
	["without a tenant", line(NOW, { tenant: undefined }), /line 2: tenant/],
	["without an SLO", line(NOW, { slo: 5 }), /line 2: slo/],
	["without a time", line(NOW, { at: "now" }), /line 2: at/],
	["with more good than total", line(NOW, { good: 101 }), /line 2: good/],
	["with a negative total", line(NOW, { total: -1, good: -1 }), /line 2: total/],
])("a line that is %s is named, and none counts", (_, bad, message) => {
	const real = rig();
	expect(importing(real, "a", line(NOW), bad)).toMatchObject({
		status: "malformed",
		message: expect.stringMatching(message),
	});
	expect(real.sink().report()).toEqual({});
	expect(real.telemetry.accounting()).toEqual([]);
	// The key is still free.
	expect(importing(real, "a", line(NOW))).toMatchObject({ counted: 1 });
});

test("CSV means the same as NDJSON, and a bad line of it is named", () => {
	const csv = (real: Rig, key: string, text: string) =>
		real.telemetry.importEvents(key, new TextEncoder().encode(text), "csv");
	const real = rig();
	const at = new Date(NOW - HOUR).toISOString();
	const outcome = csv(
		real,
		"a",
		`Tenant;SLO;At;Bad;Total\r\ncontoso;requests;${at};10;100\r\n"";requests;${NOW};0;5\r\n`,
	);
	expect(outcome).toMatchObject({ status: "accepted", lines: 2, counted: 2 });
	expect(windows(real, "contoso", NOW - HOUR, 10_000)).toMatchObject([{ bad: 10, total: 100 }]);
	expect(real.sink().sum("", "requests")).toBe("10 of 105");
	for (const [text, message] of [
		["tenant,slo,at,good,total\na,requests,1,2,1", /line 2: good/],
		["tenant,slo,at,good,total\na,requests,1,1,1\na,requests,1", /line 3: /],
		["tenant,slo,good,total\na,requests,1,1", /column at is missing/],
		["tenant,slo,at,good,total,extra\na,requests,1,1,1,1", /column "extra" is unknown/],
	] as const)
		expect(csv(real, "b", text)).toMatchObject({ status: "malformed", message: expect.stringMatching(message) });
});

test.each([
	["more lines than the parser may make objects of", `tenant,slo,at,good,total\n${"\n".repeat(250_000)}`, "too-large"],
	["a first line without an end", ",".repeat(20_000), "malformed"],
	["columns that nobody knows", `${"a,".repeat(100)}a\n${"1\n".repeat(1000)}`, "malformed"],
])("a CSV of %s is refused before it costs memory", (_, text, status) => {
	const real = rig();
	expect(real.telemetry.importEvents("key", new TextEncoder().encode(text), "csv").status).toBe(status);
});
