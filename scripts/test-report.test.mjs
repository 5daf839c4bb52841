import { describe, expect, it } from "vitest";
import { countCases } from "./test-report.mjs";

const file = (...statuses) => ({
	status: statuses.every((status) => status === "passed") ? "passed" : "failed",
	assertionResults: statuses.map((status) => ({ status })),
});

describe("counting the cases of a Vitest report", () => {
	it.each([
		["adds up the cases of all files", [file("passed", "passed"), file("passed", "failed")], 1, 3, 1],
		["takes a file that could not be loaded for one failure", [{ status: "failed", assertionResults: [] }], 1, 0, 1],
		["takes a skipped case for a failure", [file("passed", "skipped")], 0, 1, 1],
		["takes a bad end without a failed case for one failure", [file("passed")], 1, 1, 1],
		["takes a run without any case for a failure", [], 0, 0, 1],
	])("%s", (_, testResults, exitCode, passed, failed) => {
		expect(countCases({ testResults }, exitCode)).toEqual({ passed, failed });
	});

	it("takes a missing report for one failure", () => {
		expect(countCases(undefined, 1)).toEqual({ passed: 0, failed: 1 });
	});
});
