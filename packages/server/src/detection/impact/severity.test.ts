import { HOUR_MS, MINUTE_MS, SEVERITIES } from "@bellwether/model";
import { expect, test } from "vitest";
import { type SeverityInput, suggestSeverity } from "./index.ts";

const ORDINARY: SeverityInput = {
	scope: "tenant",
	tier: "ordinary",
	criticality: "ordinary",
	hitRatio: 0.2,
	durationMs: 30 * MINUTE_MS,
};

test.each([
	["a key tenant's ordinary trouble is 2.5", {}, "2.5"],
	[
		"nothing known beside the breach is 2.5",
		{ tier: undefined, criticality: undefined, hitRatio: undefined, durationMs: undefined },
		"2.5",
	],
	[
		"a critical workload of a top tenant that is mostly down is 2",
		{ tier: "top", criticality: "critical", hitRatio: 0.7 },
		"2",
	],
	["few events for minutes are 3", { hitRatio: 0.004, durationMs: 5 * MINUTE_MS }, "3"],
	["few events of what hardly matters to a low tier are 4", { hitRatio: 0.004, tier: "low", criticality: "low" }, "4"],
	["the platform for a part of events is 2", { scope: "platform" }, "2"],
	["the platform for most events is 1", { scope: "platform", hitRatio: 0.8 }, "1"],
] as const)("%s", (_, over, severity) => {
	expect(suggestSeverity({ ...ORDINARY, ...over }).severity).toBe(severity);
});

test("every reason is told, the unknown ones as unknown", () => {
	expect(suggestSeverity({ ...ORDINARY, tier: undefined }).reasons).toEqual([
		"the tenant's tier is not known",
		"20 % of events are hit",
		"for 30 min",
		"the workload is ordinary",
	]);
});

test("more events hit, or a longer time, never make it milder", () => {
	const rank = (over: Partial<SeverityInput>) => SEVERITIES[suggestSeverity({ ...ORDINARY, ...over }).severity].rank;
	for (const scope of ["tenant", "platform"] as const) {
		const byRatio = [0, 0.001, 0.01, 0.1, 0.5, 1].map((hitRatio) => rank({ scope, hitRatio }));
		expect(byRatio).toEqual([...byRatio].sort((x, y) => y - x));
		const byTime = [0, 10 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS].map((durationMs) => rank({ scope, durationMs }));
		expect(byTime).toEqual([...byTime].sort((x, y) => y - x));
	}
});
