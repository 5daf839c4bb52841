import { describe, expect, test } from "vitest";
import type { Source } from "#catalogue";
import { ingestSilence, punctualityOf, type SenderStatus } from "./sender-status.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const MINUTE = 60_000;
const LONG_AGO = NOW - 30 * 24 * 60 * MINUTE;

function sender(source: string, silentMs: number, intervalMs: number | undefined = MINUTE): SenderStatus {
	return {
		source,
		requests: 100,
		firstRequestAt: LONG_AGO,
		lastRequestAt: NOW - silentMs,
		newestEventAt: NOW - silentMs,
		completeUntil: NOW - silentMs,
		usualLatenessMs: 0,
		usualIntervalMs: intervalMs,
		refusedRequests: 0,
		isOver: false,
	};
}
const declared = (expectEveryMs: number): Source => ({
	name: "edge",
	displayName: "Edge",
	kind: "otlp",
	expectEveryMs,
});

describe("a source that sends", () => {
	test.each([
		["every minute, a moment ago", 30_000, MINUTE, undefined, "ok"],
		["every minute, three minutes ago", 3 * MINUTE, MINUTE, undefined, "ok"],
		["every minute, and nothing for longer", 3 * MINUTE + 1, MINUTE, undefined, "late"],
		["every minute, and nothing for three times that", 9 * MINUTE + 1, MINUTE, undefined, "down"],
		["every second, and misses a few", 50_000, 1_000, undefined, "ok"],
		["every hour, two hours ago", 120 * MINUTE, 60 * MINUTE, undefined, "ok"],
		["every hour, though every five minutes were declared", 6 * MINUTE, 60 * MINUTE, 5 * MINUTE, "late"],
		["every minute, though a day is expected", 60 * MINUTE, MINUTE, 24 * 60 * MINUTE, "ok"],
		["by no rhythm that is known", 60 * MINUTE, undefined, undefined, "unknown"],
	] as const)("%s: %d ms ago", (_, silentMs, intervalMs, expectEveryMs, expected) => {
		const state = { ...sender("edge", silentMs), usualIntervalMs: intervalMs };
		const source = expectEveryMs === undefined ? undefined : declared(expectEveryMs);
		expect(punctualityOf(state, source, { now: NOW, startedAt: LONG_AGO })).toBe(expected);
	});
	test("has no rhythm that is known before five minutes, however often it sent", () => {
		const state = { ...sender("edge", 20 * MINUTE), firstRequestAt: NOW - 24 * MINUTE };
		expect(punctualityOf(state, undefined, { now: NOW, startedAt: LONG_AGO })).toBe("unknown");
		const longer = { ...state, firstRequestAt: NOW - 25 * MINUTE };
		expect(punctualityOf(longer, undefined, { now: NOW, startedAt: LONG_AGO })).toBe("down");
	});
	test("is not late for the time that the server was down", () => {
		const state = sender("edge", 60 * MINUTE);
		expect(punctualityOf(state, undefined, { now: NOW, startedAt: NOW - MINUTE })).toBe("ok");
	});
});

describe("everything is silent", () => {
	const at = { now: NOW, startedAt: LONG_AGO, isAnyAnswering: false };
	test("when all sources are late: one statement, from the last that sent on", () => {
		expect(ingestSilence([sender("a", 5 * MINUTE), sender("b", 20 * MINUTE)], [], at)).toEqual({
			sources: 2,
			since: NOW - 5 * MINUTE,
		});
	});
	test.each([
		["one still sends", [sender("a", 5 * MINUTE), sender("b", MINUTE)], at],
		["a source that is asked gives data", [sender("a", 5 * MINUTE)], { ...at, isAnyAnswering: true }],
		["nobody has ever sent", [], at],
		["those that sent left days ago", [sender("a", 3 * 24 * 60 * MINUTE)], at],
		["one has no rhythm that is known", [{ ...sender("a", 5 * MINUTE), usualIntervalMs: undefined }], at],
	] as const)("is not said when %s", (_, senders, when) => {
		expect(ingestSilence(senders, [], when)).toBeUndefined();
	});
});
