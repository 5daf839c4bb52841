import { describe, expect, test } from "vitest";
import {
	readSeverity,
	SEVERITIES,
	SEVERITY_MAPPINGS,
	type SeverityKey,
	type SeveritySystem,
	writeSeverity,
} from "./index.ts";

const SYSTEMS = Object.keys(SEVERITY_MAPPINGS) as SeveritySystem[];
const KEYS = Object.keys(SEVERITIES) as SeverityKey[];

describe("a severity that comes back as it was written stays ours", () => {
	test.each(SYSTEMS.flatMap((system) => KEYS.map((key) => ({ system, key }))))("$system $key", ({ system, key }) => {
		const severity = SEVERITIES[key];
		expect(readSeverity(system, writeSeverity(system, severity), severity)).toEqual(severity);
	});
});

describe("read without knowing ours, it never gets milder than what was meant", () => {
	test.each(SYSTEMS.flatMap((system) => KEYS.map((key) => ({ system, key }))))("$system $key", ({ system, key }) => {
		const read = readSeverity(system, writeSeverity(system, SEVERITIES[key]));
		expect(read?.rank).toBeLessThanOrEqual(SEVERITIES[key].rank);
	});
});

test.each([
	["icm", "2.5", "2.5"],
	["icm", 25, "2.5"],
	["icm", 0, "1"],
	["pagerduty", "Critical", "1"],
	["pagerduty", "P4", "4"],
	["servicenow", 5, "4"],
	["servicenow", "2/1", "2.5"],
	["jira", "high", "2"],
] as const)("%s %s is read as %s", (system, written, key) => {
	expect(readSeverity(system, written)?.key).toBe(key);
});

test("somebody who changes it there is heard, and a word of no table is not guessed at", () => {
	expect(readSeverity("pagerduty", "critical", SEVERITIES["2.5"])).toEqual(SEVERITIES["1"]);
	expect(readSeverity("icm", "urgent", SEVERITIES["2.5"])).toBeUndefined();
});
