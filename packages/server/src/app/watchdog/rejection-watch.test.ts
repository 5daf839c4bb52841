import { expect, test } from "vitest";
import type { TelemetryFacts } from "./audit-types.ts";
import { createRejectionWatch } from "./rejection-watch.ts";

const SECOND = 1_000;
const NOW = 1_800_000_000_000;

/** Looks every 20 s for `forS` seconds; `counted` and `rejected`: seconds from one such point to the next. */
function watch(kept: readonly number[] = []) {
	const rejections = createRejectionWatch(kept);
	let s = 0;
	let rejected = 0;
	let lastSampleAt: number | undefined;
	return (
		forS: number,
		sends: { readonly counted?: number; readonly rejected?: number; readonly isDisturbed?: boolean },
	) => {
		const told: number[] = [];
		for (const end = s + forS; s < end; s++) {
			if (sends.counted && s % sends.counted === 0) lastSampleAt = NOW + s * SECOND;
			if (sends.rejected && s % sends.rejected === 0) rejected++;
			const facts: TelemetryFacts = {
				...{ state: "ready", failure: undefined, evaluations: s, malformed: 0 },
				...{ lastSampleAt, rejected },
			};
			if (s % 20 === 0 && rejections.look(facts, NOW + s * SECOND + 500, sends.isDisturbed ?? false)) told.push(s);
		}
		return told;
	};
}

test("all that comes is rejected: told within 20 s where something was counted every few seconds", () => {
	const pass = watch();
	expect(pass(600, { counted: 5 })).toEqual([]);
	expect(pass(60, { rejected: 5 })[0]).toBeLessThanOrEqual(620);
});

test("a sender with a wrong clock is no alarm beside one that is counted, however rarely that one sends", () => {
	for (const counted of [5, 30, 45, 60, 100]) {
		const pass = watch();
		expect(pass(7_200, { counted, rejected: 5 })).toEqual([]);
	}
});

test("where something is counted once a minute, rejecting is told after about twice that", () => {
	const pass = watch();
	expect(pass(1_200, { counted: 60 })).toEqual([]);
	// The last one that was counted came at 1,140 s.
	const [first = 0] = pass(400, { rejected: 60 });
	expect(first - 1_140).toBeGreaterThan(60);
	expect(first - 1_140).toBeLessThanOrEqual(140);
});

test("pauses in which this system itself was at fault are not taken for the senders' own", () => {
	const pass = watch();
	pass(600, { counted: 5 });
	pass(120, { isDisturbed: true });
	pass(200, { counted: 5 });
	expect(pass(60, { rejected: 5 })[0]).toBeLessThanOrEqual(940);
});

test("silence is not rejection", () => {
	const pass = watch();
	pass(600, { counted: 5 });
	expect(pass(3_600, {})).toEqual([]);
});

test("after a start, before anything is known, it takes two minutes", () => {
	expect(watch()(600, { rejected: 5 })[0]).toBe(120);
});

test("a minute and a half after a start a rejection is told within 30 s where something was counted every few seconds", () => {
	const pass = watch();
	expect(pass(100, { counted: 5 })).toEqual([]);
	expect(pass(60, { rejected: 5 })[0]).toBeLessThanOrEqual(130);
});

test("soon after a start, too, one that is counted rarely is no alarm beside a sender with a wrong clock", () => {
	for (const counted of [5, 30, 45, 60, 100]) expect(watch()(600, { counted, rejected: 5 })).toEqual([]);
});

test("pauses known before a start count right after it", () => {
	const usual = Array.from({ length: 12 }, () => 5 * SECOND);
	const pass = watch(usual);
	expect(pass(20, { counted: 5 })).toEqual([]);
	expect(pass(60, { rejected: 5 })[0]).toBe(40);
	for (const counted of [30, 45, 60, 100]) {
		const kept = Array.from({ length: 12 }, () => counted * SECOND);
		expect(watch(kept)(600, { counted, rejected: 5 })).toEqual([]);
	}
});

test("senders that come back one after the other after a start are no alarm before 40 s, however short their pauses were", () => {
	const usual = Array.from({ length: 12 }, () => 5 * SECOND);
	expect(watch(usual)(100, { rejected: 5 })[0]).toBe(40);
});

test("what pauses are usual is told, to be kept: the last hundred, without those in which all was rejected", () => {
	const rejections = createRejectionWatch();
	const look = (s: number, lastS: number, rejected: number) =>
		rejections.look(
			{
				state: "ready",
				failure: undefined,
				evaluations: s,
				malformed: 0,
				lastSampleAt: NOW + lastS * SECOND,
				rejected,
			},
			NOW + s * SECOND,
			false,
		);
	for (let s = 0; s <= 3_000; s += 20) look(s, s - 3, 0);
	expect(rejections.pauses()).toEqual(Array.from({ length: 100 }, () => 3 * SECOND));
	for (let s = 3_020; s <= 3_100; s += 20) look(s, 2_997, s);
	look(3_120, 3_119, 3_100);
	expect(Math.max(...rejections.pauses())).toBe(3 * SECOND);
});
