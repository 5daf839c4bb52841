import { describe, expect, it } from "vitest";
import {
	asSentence,
	formatBytes,
	formatCount,
	LOOK_OF_FEED,
	LOOK_OF_PART,
	LOOK_OF_SOURCE,
	stateOfFeed,
	stateOfSource,
	suggestName,
} from "./words.ts";

describe("a source that sends", () => {
	const now = 1_800_000_000_000;
	it.each([
		["just now gives data", "ok", "push", now - 14_000, "ok"],
		["no more and has no rhythm is quiet, not well", "ok", "push", now - 900_001, "quiet"],
		["at no known time is quiet, not well", "ok", "push", null, "quiet"],
		["late is what the server says", "late", "push", now - 900_001, "late"],
	] as const)("%s", (_, state, how, lastSuccessAt, expected) => {
		expect(stateOfSource({ state, how, lastSuccessAt }, now)).toBe(expected);
	});

	it("and one that is asked is as the server says", () => {
		expect(stateOfSource({ state: "ok", how: "pull", lastSuccessAt: now - 3_600_000 }, now)).toBe("ok");
	});
});

describe("what is unknown", () => {
	it.each([
		["a part", LOOK_OF_PART, ["well"]],
		["a source", LOOK_OF_SOURCE, ["ok"]],
		["a side feed", LOOK_OF_FEED, ["live"]],
	])("of %s never looks healthy", (_, looks, well) => {
		const healthy = Object.entries(looks).filter(([, look]) => look === "healthy");
		expect(healthy.map(([state]) => state)).toEqual(well);
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

describe("the state of a feed", () => {
	const pull = (state: "ok" | "failing") => ({
		state,
		lastAttemptAt: null,
		lastSuccessAt: null,
		nextAt: null,
		requests: 1,
		unchanged: 0,
		misses: 0,
		failures: {},
		error: null,
	});
	it.each([
		["sends", "live", null, "live"],
		["was asked and answered", "live", pull("ok"), "live"],
		["was asked and did not answer last", "live", pull("failing"), "failing"],
		["was asked and never answered", "waiting", pull("failing"), "failing"],
		["did not answer for long", "stale", pull("failing"), "stale"],
	] as const)("that %s", (_, state, asked, expected) => {
		expect(stateOfFeed({ state, pull: asked })).toBe(expected);
	});
});
