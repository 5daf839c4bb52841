import { describe, expect, test } from "vitest";
import { clockCheck, partChecks, sourceChecks, uncoveredChecks, unmatchedChecks } from "./server.ts";

const answered = (body: unknown) => ({ status: "answered", statusCode: 200, body }) as const;

describe("the server's clock", () => {
	const between = { askedAt: 1_000_000, answeredAt: 1_004_000 };
	test.each([
		["agrees when its instant lies between question and answer", 1_003_999, "ok", /agrees/],
		["agrees within five seconds", 1_009_000, "ok", /agrees/],
		["is ahead", 1_014_000, "warn", /10 s ahead of/],
		["is far behind", 880_000, "fail", /2 min behind/],
	])("%s", (_, at, state, says) => {
		const check = clockCheck(at, between);
		expect([check.state, check.remedy === ""]).toEqual([state, state === "ok"]);
		expect(check.says).toMatch(says);
	});
});

describe("parts of the server", () => {
	test("that are unknown are not fine, and those told one by one are left out when they are not well", () => {
		const part = (key: "disk" | "lag" | "slos" | "sources", state: "well" | "unknown" | "attention" | "failing") => ({
			key,
			state,
			says: `${key} says.`,
			remedy: state === "well" ? "" : "Do.",
		});
		const parts = [part("lag", "well"), part("disk", "unknown"), part("sources", "failing"), part("slos", "attention")];
		expect(partChecks({ parts })).toEqual([
			{ name: "lag", state: "ok", says: "lag says.", remedy: "" },
			{ name: "disk", state: "warn", says: "Unknown: disk says.", remedy: "Do." },
		]);
	});
});

describe("sources, SLOs and ids", () => {
	test("a source in error is told in its own words", () => {
		const items = [
			{ displayName: "DB", state: "failing", error: { message: "no route", remedy: "check url" } },
			{ displayName: "Web", state: "ok", error: null },
		];
		expect(sourceChecks(answered({ items }))).toEqual([
			{ name: "source DB", state: "fail", says: "no route", remedy: "check url" },
		]);
	});

	test("of many SLOs without data five are told one by one", () => {
		const uncovered = Array.from({ length: 7 }, (_, i) => ({
			slo: `slo-${i}`,
			displayName: "",
			workload: "",
			waitsFor: ["a.metric"],
			seenInstead: i === 0 ? ["a_metric"] : [],
		}));
		const checks = uncoveredChecks({ uncovered });
		expect(checks.map(({ name }) => name)).toEqual([
			"SLO slo-0",
			"SLO slo-1",
			"SLO slo-2",
			"SLO slo-3",
			"SLO slo-4",
			"SLOs",
		]);
		expect(checks[0]?.says).toBe("It never saw data. It waits for a.metric. Seen instead: a_metric.");
	});

	test("ids of other customers are told, and are no fault; none at all is not said to be all matched", () => {
		const items = [{ attribute: "tenant.id", value: "x", tenant: null }];
		expect(unmatchedChecks(answered({ items, total: 9, unmatched: 1 }))).toEqual([
			expect.objectContaining({ state: "ok", says: expect.stringContaining("tenant.id=x") }),
		]);
		expect(unmatchedChecks(answered({ items: [], total: 0, unmatched: 0 }))).toEqual([]);
	});
});
