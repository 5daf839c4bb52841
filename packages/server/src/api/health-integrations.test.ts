import { MINUTE_MS } from "@bellwether/model";
import { expect, test } from "vitest";
import { type IntegrationFacts, judgeIntegrations } from "./health-integrations.ts";

const NOW = 1_000_000_000;
const well: IntegrationFacts = {
	displayName: "Jira",
	state: "ok",
	tickets: { open: 2, waiting: 0, failed: 0 },
	waitingSince: undefined,
};

test.each<[string, readonly IntegrationFacts[] | undefined, string, RegExp]>([
	["cannot be read", undefined, "unknown", /is not known/],
	["are none", [], "well", /No integration is set up/],
	["deliver", [well, { ...well, displayName: "ICM" }], "well", /carried to Jira; ICM; 4 are open/],
	["were never used", [well, { ...well, displayName: "ICM", state: "idle" }], "unknown", /ever sent to: ICM/],
	["fail", [{ ...well, state: "failing" }], "attention", /not be carried yet: Jira/],
	["are late", [{ ...well, waitingSince: NOW - 6 * MINUTE_MS }], "attention", /Jira, the oldest for 6 min/],
	["are a little late", [{ ...well, waitingSince: NOW - MINUTE_MS }], "well", /carried to Jira/],
	[
		"have tickets that were refused",
		[{ ...well, state: "stuck", tickets: { open: 0, waiting: 0, failed: 3 } }],
		"failing",
		/need a person: Jira, 3/,
	],
])("integrations that %s", (_name, facts, state, says) => {
	const verdict = judgeIntegrations(facts, NOW);
	expect(verdict.state).toBe(state);
	expect(verdict.says).toMatch(says);
	if (state !== "well") expect(verdict.remedy).not.toBe("");
});

test("tickets of an integration that was taken out of the catalogue are named, also where no other is left", () => {
	const leftBehind = [{ integration: "old-desk", tickets: 3, since: NOW - MINUTE_MS }];
	for (const integrations of [[], [well]]) {
		const verdict = judgeIntegrations(integrations, NOW, leftBehind);
		expect(verdict.state).toBe("attention");
		expect(verdict.says).toMatch(/catalogue has no more: old-desk, 3\./);
		expect(verdict.remedy).toMatch(/Put the integration back/);
	}
});
