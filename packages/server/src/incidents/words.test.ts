import { describe, expect, test } from "vitest";
import { exampleCatalogue, exampleEvidence, exampleSlo, START } from "../../testing/catalogue.ts";
import { describeInstant, describePercent, describeSli, incidentSentence, incidentTitle } from "./index.ts";
import type { Incident } from "./types.ts";

describe("percent has one digit more than the objective and never claims what is not so", () => {
	test.each([
		{ name: "a breach", ratio: 0.941, objective: 0.999, text: "94.1%" },
		{ name: "a platform that is nearly perfect", ratio: 0.9996, objective: 0.999, text: "99.96%" },
		{ name: "one bad event in a million is not 100%", ratio: 0.999999, objective: 0.999, text: "99.99%" },
		{ name: "nothing bad is 100%", ratio: 1, objective: 0.999, text: "100%" },
		{ name: "one good event in a million is not 0%", ratio: 1e-6, objective: 0.999, text: "less than 0.01%" },
		{ name: "nothing good is 0%", ratio: 0, objective: 0.999, text: "0%" },
		{ name: "a coarse objective", ratio: 0.98765, objective: 0.99, text: "98.8%" },
		{ name: "a fine objective", ratio: 0.99987, objective: 0.9995, text: "99.987%" },
		{ name: "the objective itself", ratio: 0.995, objective: 0.995, text: "99.5%" },
	])("$name: $text", ({ ratio, objective, text }) => {
		expect(describePercent(ratio, objective)).toBe(text);
	});

	test("0 of 0 is no traffic", () => {
		expect(describeSli({ ms: 1, bad: 0, total: 0, burn: undefined }, 0.999)).toBe("no traffic");
	});
});

describe("instants", () => {
	const now = Date.UTC(2026, 10, 22, 2, 10);
	test.each([
		{ name: "the same day, somewhere", at: START, timeZone: "Europe/Berlin", text: "03:00 (02:00 UTC)" },
		{ name: "the same day, nobody in particular", at: START, timeZone: undefined, text: "02:00 UTC" },
		{
			name: "another day there, though not in UTC",
			at: Date.UTC(2026, 10, 22, 0, 30),
			timeZone: "America/New_York",
			text: "19:30 (00:30 UTC)",
		},
		{
			name: "another day",
			at: Date.UTC(2026, 10, 20, 2, 7),
			timeZone: "Europe/Berlin",
			text: "20 Nov 2026, 03:07 CET (02:07 UTC)",
		},
		{
			name: "another day in America",
			at: Date.UTC(2026, 10, 20, 2, 7),
			timeZone: "America/New_York",
			text: "19 Nov 2026, 21:07 EST (02:07 UTC)",
		},
		{ name: "another day in UTC", at: Date.UTC(2026, 10, 20, 2, 7), timeZone: "UTC", text: "20 Nov 2026, 02:07 UTC" },
	])("$name: $text", ({ at, timeZone, text }) => {
		expect(describeInstant(at, { timeZone, now })).toBe(text);
	});
});

describe("titles", () => {
	const cases = [
		{ displayName: "Policy creation", sliKind: "availability", title: "Woodgrove Bank: policy creation fails" },
		{ displayName: "DLP policy creation", sliKind: "availability", title: "Woodgrove Bank: DLP policy creation fails" },
		{ displayName: "Sign-in success", sliKind: "availability", title: "Woodgrove Bank: sign-in fails" },
		{ displayName: "Sign-in latency", sliKind: "latency", title: "Woodgrove Bank: sign-in is slow" },
		{ displayName: "Label policy", sliKind: "freshness", title: "Woodgrove Bank: label policy is late" },
	] as const;
	test.each(cases)("$title", ({ displayName, sliKind, title }) => {
		const catalogue = exampleCatalogue({ slos: [exampleSlo("s", { displayName, sliKind })] });
		expect(incidentTitle(catalogue, "woodgrove", "s")).toBe(title);
	});

	test("an SLO that left the catalogue is told by its name", () => {
		expect(incidentTitle(exampleCatalogue(), "woodgrove", "gone")).toBe("Woodgrove Bank: gone misses its objective");
	});
});

describe("the sentence of an incident", () => {
	const incident = {
		tenant: "woodgrove",
		kind: "tenant",
		slo: "policy-create",
		onsetAt: Date.UTC(2026, 10, 22, 1, 58),
		evidence: exampleEvidence(),
	} as Incident;
	const reader = { now: START, timeZone: "Europe/Berlin" };

	test("tells what, who, since when, how bad, against the platform", () => {
		expect(incidentSentence(incident, exampleCatalogue(), reader)).toBe(
			"94.1% of policy creations by Woodgrove Bank succeed since 02:58 (01:58 UTC). Objective 99.9%, platform 99.96%.",
		);
	});

	test("leaves out an onset that nobody knows", () => {
		expect(incidentSentence({ ...incident, onsetAt: undefined }, exampleCatalogue(), reader)).toBe(
			"94.1% of policy creations by Woodgrove Bank succeed. Objective 99.9%, platform 99.96%.",
		);
	});

	test("a platform incident compares with nothing but its objective", () => {
		const platform = { ...incident, tenant: "", kind: "platform" } as Incident;
		expect(incidentSentence(platform, exampleCatalogue(), reader)).toBe(
			"94.1% of policy creations of all tenants succeed since 02:58 (01:58 UTC). Objective 99.9%.",
		);
	});

	test("no traffic is said, not computed", () => {
		const none = { ms: 1, bad: 0, total: 0, burn: undefined };
		const evidence = exampleEvidence({ episode: none, fleet: { long: none, short: none, episode: none } });
		expect(incidentSentence({ ...incident, evidence }, exampleCatalogue(), reader)).toBe(
			"There are no policy creations by Woodgrove Bank since 02:58 (01:58 UTC). Objective 99.9%, platform no traffic.",
		);
	});
});
