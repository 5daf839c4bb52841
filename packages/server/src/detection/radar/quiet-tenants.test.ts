import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "./clock-minutes.ts";
import { fleet, LEARNT, pages, START_AT, type Trouble, watch } from "./test-radar-fleet.ts";

const END = LEARNT + 120;
const quiet: Trouble = { tenants: ["curie"], workload: "mail", from: 0, to: END, keep: 0.1 };
const failing: Trouble = { ...quiet, from: LEARNT, keep: 1, errorRatio: 0.5 };
const seen = (trouble: Trouble) => watch(fleet(END, [quiet, trouble]), END);

describe("a tenant with a few events a minute", () => {
	it("pages for failures that go on, and not for a blip of four minutes", () => {
		expect(pages(seen(failing))).toMatchObject([{ tenant: "curie", workload: "mail", sli: "availability" }]);
		expect(pages(seen({ ...failing, to: LEARNT + 4 }))).toEqual([]);
	});

	it("pages within 18 minutes when a sixth of one build's events fail, with the build", () => {
		const events = seen({ ...failing, build: "b2", errorRatio: 0.15 });
		expect(pages(events)).toMatchObject([{ tenant: "curie", culprits: [{ attribute: "build", value: "b2" }] }]);
		expect(((events[0]?.at ?? Number.NaN) - START_AT) / MINUTE_MS - LEARNT).toBeLessThan(18);
	});
});
