import { describe, expect, test } from "vitest";
import { failed, hear, newsAt, type Statement, told, type WatchState, watchFrom } from "./judgement.ts";

const NOW = 1_800_000_000_000;
const TERMS = { withinMs: 60_000, skewMs: 30_000, repeatMs: 300_000 };
/** `s` seconds after the start, on both clocks. */
const at = (s: number) => ({ now: NOW + s * 1_000, monotonic: 5_000 + s * 1_000 });
const heartbeat = (s: number, more: Partial<Statement> = {}): Statement => ({ at: NOW + s * 1_000, ...more });

function after(...heard: readonly (readonly [number, Statement])[]): WatchState {
	return heard.reduce((state, [s, statement]) => hear(state, statement, at(s), TERMS), watchFrom(at(0)));
}

describe("heartbeats that come", () => {
	test("keep quiet, for as long as each comes within the time", () => {
		const state = after([20, heartbeat(20)], [75, heartbeat(75)]);
		expect(newsAt(state, at(134), TERMS)).toBeUndefined();
	});
	test("heard twice count once: a server that repeats its last statement is missing", () => {
		const state = after([20, heartbeat(20)], [40, heartbeat(20)], [70, heartbeat(20)]);
		expect(newsAt(state, at(81), TERMS)).toMatchObject({ type: "missing", forMs: 61_000 });
	});
});

describe("what makes a heartbeat missing", () => {
	test("none ever came", () => {
		const state = failed(watchFrom(at(0)), "it was not reached");
		expect(newsAt(state, at(60), TERMS)).toBeUndefined();
		const news = { type: "missing", forMs: 61_000, fault: "it was not reached", isRepeat: false };
		expect(newsAt(state, at(61), TERMS)).toEqual(news);
	});
	test.each<[string, Statement, RegExp]>([
		["a clock an hour ahead", heartbeat(40 + 3_600), /clock is 1 h ahead/],
		["a clock two hours behind", heartbeat(40 - 7_200), /clock is 2 h behind/],
		["a statement from before the last", heartbeat(19), /older than the one before/],
		["an audit log that was cut", heartbeat(40, { audit: { seq: 6, hash: "a" } }), /cut: 6 entries/],
		["an audit log that was rewritten", heartbeat(40, { audit: { seq: 7, hash: "b" } }), /rewritten/],
	])("%s", (_, statement, fault) => {
		const state = after([20, heartbeat(20, { audit: { seq: 7, hash: "a" } })], [40, statement]);
		expect(newsAt(state, at(81), TERMS)).toMatchObject({ type: "missing", fault: expect.stringMatching(fault) });
	});
	test("an audit log that grew is none", () => {
		const grown = heartbeat(40, { audit: { seq: 8, hash: "b" } });
		expect(
			newsAt(after([20, heartbeat(20, { audit: { seq: 7, hash: "a" } })], [40, grown]), at(81), TERMS),
		).toBeUndefined();
	});
	test("one that is sent more seldom than it is expected says so", () => {
		const state = after([20, heartbeat(20, { everyMs: 300_000 })]);
		expect(newsAt(state, at(81), TERMS)).toMatchObject({
			fault: "it sends one every 5 min at most, and one is expected within 1 min",
		});
	});
	test("a step of the watch's own clock is none: its time is the monotonic one", () => {
		const state = after([20, heartbeat(20)]);
		expect(newsAt(state, { now: NOW + 7_200_000, monotonic: at(30).monotonic }, TERMS)).toBeUndefined();
	});
});

describe("who is told", () => {
	const missing = failed(after([20, heartbeat(20)]), "HTTP 503");
	const first = newsAt(missing, at(90), TERMS);
	test("once, then again while it lasts, then that it is back", () => {
		if (!first) throw new Error("nothing is told");
		const state = told(missing, first, at(90));
		expect(newsAt(state, at(389), TERMS)).toBeUndefined();
		expect(newsAt(state, at(390), TERMS)).toMatchObject({ type: "missing", isRepeat: true });
		const back = hear(state, heartbeat(400), at(400), TERMS);
		expect(newsAt(back, at(401), TERMS)).toEqual({ type: "returned" });
		expect(newsAt(told(back, { type: "returned" }, at(401)), at(402), TERMS)).toBeUndefined();
	});
	test("until somebody was: what was not told is told at the next look", () => {
		expect(first).toEqual(newsAt(missing, at(90), TERMS));
	});
	test("nobody of a return, when nobody heard of the absence", () => {
		expect(newsAt(hear(missing, heartbeat(95), at(95), TERMS), at(96), TERMS)).toBeUndefined();
	});
});
