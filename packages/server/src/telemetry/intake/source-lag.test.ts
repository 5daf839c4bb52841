import { describe, expect, test } from "vitest";
import { SourceLag } from "./source-lag.ts";

const T0 = Date.UTC(2026, 10, 23, 12, 0, 0);
const S = 1_000;
const MINUTE = 60 * S;

/** A request at `now` whose points are all of the time `eventAt`. */
function show(lag: SourceLag, eventAt: number, now: number): void {
	lag.observe({ newestAt: eventAt, oldestAt: eventAt }, now);
}

/** Sends every `everyMs`, each time what has just happened. */
function punctual(everyMs: number, requests = 60): SourceLag {
	const lag = new SourceLag("a");
	for (let k = 0; k < requests; k++) show(lag, T0 + k * everyMs, T0 + k * everyMs + 50);
	return lag;
}

describe("how late a source usually is", () => {
	test("one that sends in order is never late, however long its interval", () => {
		expect(punctual(10 * S).usualLatenessMs).toBe(0);
		expect(punctual(60 * MINUTE).usualLatenessMs).toBe(0);
	});
	test("a clock that is behind or ahead is no lateness", () => {
		for (const offMs of [-50 * MINUTE, 3 * MINUTE]) {
			const lag = new SourceLag("a");
			for (let k = 0; k < 60; k++) show(lag, T0 + offMs + k * 10 * S, T0 + k * 10 * S);
			expect(lag.usualLatenessMs).toBe(0);
		}
	});
	test("a second part that follows after 20 s is 20 s late, within a fifth", () => {
		const lag = new SourceLag("a");
		for (let k = 1; k < 60; k++) {
			show(lag, T0 + k * MINUTE, T0 + k * MINUTE);
			show(lag, T0 + k * MINUTE, T0 + k * MINUTE + 20 * S);
		}
		expect(lag.usualLatenessMs).toBeGreaterThanOrEqual(20 * S);
		expect(lag.usualLatenessMs).toBeLessThan(24 * S);
	});
	test("one late request in thirty is no habit", () => {
		const lag = new SourceLag("a");
		for (let k = 1; k < 300; k++) show(lag, T0 + k * S - (k % 30 === 0 ? MINUTE : 0), T0 + k * S);
		expect(lag.usualLatenessMs).toBe(0);
	});
	test("a few requests are no habit", () => {
		const lag = new SourceLag("a");
		for (let k = 0; k < 5; k++) show(lag, T0 - k * S, T0 + k * S);
		expect(lag.usualLatenessMs).toBe(0);
	});
	test("history that is sent again is not lateness", () => {
		const lag = punctual(10 * S);
		const now = T0 + 600 * S;
		for (let k = 0; k < 300; k++) show(lag, now - 2 * 3_600_000 + k * S, now + k);
		expect(lag.usualLatenessMs).toBe(0);
	});
	test("never more than five minutes, and it fades when it ends", () => {
		const lag = new SourceLag("a");
		const two = (k: number, lateMs: number) => {
			show(lag, T0 + k * 10 * S, T0 + k * 10 * S);
			show(lag, T0 + k * 10 * S - lateMs, T0 + k * 10 * S);
		};
		for (let k = 1; k < 200; k++) two(k, 290 * S);
		expect(lag.usualLatenessMs).toBeLessThanOrEqual(5 * MINUTE);
		expect(lag.usualLatenessMs).toBeGreaterThan(4 * MINUTE);
		for (let k = 200; k < 1_200; k++) two(k, 0);
		expect(lag.usualLatenessMs).toBe(0);
	});
});

describe("until when its data are complete", () => {
	test("of a punctual source: to the end of the bucket that it has reached", () => {
		expect(punctual(10 * S).completeUntil(T0 + 590 * S + 60)).toBe(T0 + 600 * S);
	});
	test("of a late one: what it had shown as long ago as it is late, and all of it once it is quiet for so long", () => {
		const lag = new SourceLag("a");
		for (let k = 1; k < 60; k++) {
			show(lag, T0 + k * MINUTE, T0 + k * MINUTE);
			show(lag, T0 + k * MINUTE, T0 + k * MINUTE + 20 * S);
		}
		const last = T0 + 60 * MINUTE;
		show(lag, last, last);
		expect(lag.completeUntil(last + 5 * S)).toBe(last - MINUTE);
		expect(lag.completeUntil(last + 25 * S)).toBe(last + 10 * S);
	});
	test("nothing, when it has shown nothing", () => {
		const lag = new SourceLag("a");
		lag.observe(undefined, T0);
		expect(lag.completeUntil(T0 + S)).toBe(0);
	});
});

describe("whether it is waited for", () => {
	test("for three of its intervals, at most five minutes", () => {
		const last = T0 + 59 * 10 * S + 50;
		expect(punctual(10 * S).isExpected(last + 29 * S)).toBe(true);
		expect(punctual(10 * S).isExpected(last + 40 * S)).toBe(false);
		const slow = T0 + 59 * 4 * MINUTE + 50;
		expect(punctual(4 * MINUTE).isExpected(slow + 5 * MINUTE)).toBe(true);
		expect(punctual(4 * MINUTE).isExpected(slow + 5 * MINUTE + 1)).toBe(false);
	});
	test("never, when it usually sends less often than that", () => {
		expect(punctual(60 * MINUTE).isExpected(T0 + 59 * 60 * MINUTE + S)).toBe(false);
	});
});

test("what is known of a source survives a restart", () => {
	const lag = new SourceLag("a");
	for (let k = 1; k < 60; k++) {
		show(lag, T0 + k * MINUTE, T0 + k * MINUTE);
		show(lag, T0 + k * MINUTE, T0 + k * MINUTE + 20 * S);
	}
	const again = SourceLag.unpack(JSON.parse(JSON.stringify(lag.pack())));
	expect(again.state(T0 + 60 * MINUTE)).toEqual(lag.state(T0 + 60 * MINUTE));
});
