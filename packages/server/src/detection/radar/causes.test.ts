import { describe, expect, it } from "vitest";
import { rankChanges, type Trouble } from "./causes.ts";
import { certain } from "./change-point.ts";
import type { RadarChange } from "./types.ts";

const MINUTE_MS = 60_000;
const ONSET = 1000;

const trouble: Trouble = {
	workload: "mail",
	kind: "errors",
	scope: "tenant",
	onset: certain(ONSET),
	tenant: "acme",
	cohort: undefined,
	culprits: [],
	share: () => 0.9,
};

const change = (id: string, lead: number, scope: Record<string, string> = {}): RadarChange => ({
	id,
	at: (ONSET - lead) * MINUTE_MS,
	kind: "config",
	workload: "mail",
	scope,
});

describe("what may have brought a trouble", () => {
	it("is a change shortly before it", () => {
		expect(rankChanges(trouble, [change("a", 5)])).toEqual(["a"]);
	});

	it("is none that came after it, long before it, or to another workload or tenant", () => {
		const other = { ...change("other", 5), workload: "chat" };
		const changes = [change("after", -5), change("old", 60), other, change("theirs", 5, { tenant: "else" })];
		expect(rankChanges(trouble, changes)).toEqual([]);
	});

	it("is the tenant's own change rather than everybody's", () => {
		expect(rankChanges(trouble, [change("all", 2), change("own", 9, { tenant: "acme" })])).toEqual(["own", "all"]);
	});

	it("is the later of two roll-outs of the build that fails, even when its trouble was seen late", () => {
		const ill = { ...trouble, culprits: [{ attribute: "build", value: "b7" }] };
		const rollOuts = [change("first", 44, { build: "b7" }), change("second", 31, { build: "b7" })];
		expect(rankChanges(ill, rollOuts)).toEqual(["second", "first"]);
	});

	it("is looked for within all the minutes in which a faint trouble may have begun", () => {
		const faint = { ...trouble, onset: { ...certain(ONSET), from: ONSET - 8, earliest: ONSET - 20 } };
		expect(rankChanges(faint, [change("a", 20)])).toEqual(["a"]);
		expect(rankChanges(faint, [change("own", 30, { tenant: "acme" })])).toEqual(["own"]);
		expect(rankChanges(trouble, [change("a", 20), change("own", 30, { tenant: "acme" })])).toEqual([]);
	});
});
