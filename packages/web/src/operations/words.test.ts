import { describe, expect, it } from "vitest";
import { asSentence, formatBytes, formatCount, LOOK_OF_PART, stateOfSource, suggestName } from "./words.ts";

const NOW = 1_800_000_000_000;

describe("the state of a source", () => {
	it.each([
		["gave data just now", "ok", "push", NOW - 14_000, "ok"],
		["gave data and stopped five minutes ago", "ok", "push", NOW - 300_001, "quiet"],
		["never gave any", "silent", "push", null, "silent"],
		["is said to be well and has no time: not known to be well", "ok", "push", null, "silent"],
		["is asked by us: its own state decides", "ok", "pull", NOW - 3_600_000, "ok"],
		["fails", "failing", "pull", null, "failing"],
	] as const)("of one that %s", (_, state, how, lastSuccessAt, expected) => {
		expect(stateOfSource({ state, how, lastSuccessAt }, NOW)).toBe(expected);
	});
});

describe("a part that is unknown", () => {
	it("never looks healthy", () => {
		expect(Object.entries(LOOK_OF_PART).filter(([, look]) => look === "healthy")).toEqual([["well", "healthy"]]);
	});
});

describe("numbers", () => {
	it("are grouped, and bytes have the unit that leaves few digits", () => {
		expect([0, 999, 1_204_551].map(formatCount)).toEqual(["0", "999", "1,204,551"]);
		expect([1, 412_000, 38_200_000, 1_240_000_000].map(formatBytes)).toEqual([
			"1\u00a0kB",
			"412\u00a0kB",
			"38\u00a0MB",
			"1.2\u00a0GB",
		]);
	});
});

describe("words of another program", () => {
	it.each([
		["check url, network and certificate", "Check url, network and certificate."],
		["Done. ", "Done."],
		["  ", ""],
	])("become a sentence: %s", (text, sentence) => {
		expect(asSentence(text)).toBe(sentence);
	});
});

describe("the name that is suggested for an id", () => {
	it.each([
		["Contoso Ltd.", "contoso-ltd"],
		["3F2A9C1E-77b0", "3f2a9c1e-77b0"],
		["Čeští Přátelé", "cesti-pratele"],
		["--", undefined],
		[`${"a".repeat(62)}-b`, "a".repeat(62)],
	])("%s", (value, name) => {
		expect(suggestName(value)).toBe(name);
	});
});
