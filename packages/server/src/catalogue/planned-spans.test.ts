import { describe, expect, it } from "vitest";
import { isPlannedFor, plannedSpans } from "./planned-spans.ts";
import type { Maintenance, TimeInterval } from "./routing-types.ts";

const MONDAY = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const NIGHTS: TimeInterval = {
	name: "nights",
	parts: [{ times: [{ from: 60, to: 180 }], timeZone: "UTC" }],
};
const maintenance = (parts: Partial<Maintenance>): Maintenance => ({
	name: "upgrade",
	displayName: "Upgrade",
	place: "",
	tenants: [],
	workloads: [],
	windows: [],
	during: [],
	owner: "Exchange",
	text: "",
	...parts,
});
const hours = (spans: ReturnType<typeof plannedSpans>) =>
	spans.map(({ from, until }) => [(from - MONDAY) / HOUR, until === undefined ? undefined : (until - MONDAY) / HOUR]);

describe("when maintenance is", () => {
	it("is its windows that reach into the span, whole", () => {
		const windows = [-30, -1, 5, 40].map((at) => ({ from: MONDAY + at * HOUR, until: MONDAY + (at + 2) * HOUR }));
		expect(hours(plannedSpans(maintenance({ windows }), [], MONDAY, MONDAY + 24 * HOUR))).toEqual([
			[-1, 1],
			[5, 7],
		]);
	});

	it("is each time at which it recurs, from the beginning of the span on", () => {
		const spans = plannedSpans(maintenance({ during: ["nights"] }), [NIGHTS], MONDAY + 2 * HOUR, MONDAY + 50 * HOUR);
		expect(hours(spans)).toEqual([
			[2, 3],
			[25, 27],
			[49, 51],
		]);
	});

	it("has no end in sight where it always holds", () => {
		const always = { ...NIGHTS, parts: [{ timeZone: "UTC" }] };
		expect(hours(plannedSpans(maintenance({ during: ["nights"] }), [always], MONDAY, MONDAY + HOUR))).toEqual([
			[0, undefined],
		]);
	});

	it("is for all tenants or workloads where it names none", () => {
		const one = maintenance({ tenants: ["contoso"] });
		expect([isPlannedFor(one, "contoso", "mail"), isPlannedFor(one, "fabrikam", "mail")]).toEqual([true, false]);
		expect(isPlannedFor(maintenance({ workloads: ["mail"] }), "", "mail")).toBe(true);
		expect(isPlannedFor(maintenance({ workloads: ["mail"] }), "", "files")).toBe(false);
	});
});
