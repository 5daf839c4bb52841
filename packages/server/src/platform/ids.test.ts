import { ManualClock } from "@bellwether/model";
import { expect, test } from "vitest";
import { sequenceIds, systemIds } from "./ids.ts";

test("ids ascend in the order they are made: within a millisecond, over time, and when the clock steps back", () => {
	const clock = new ManualClock(Date.UTC(2026, 0, 1));
	const ids = systemIds(clock);
	const made: string[] = [];
	for (let n = 0; n < 2_000; n++) {
		made.push(ids.next("msg"));
		if (n % 500 === 499) clock.advance(1);
		if (n === 1_000) clock.step(-60_000);
	}
	expect(made.toSorted()).toEqual(made);
	expect(new Set(made).size).toBe(made.length);
	expect(made[0]).toMatch(/^msg_[0-9a-hjkmnp-tv-z]{26}$/);
});

test("ids of two processes at the same instant differ", () => {
	const clock = new ManualClock(Date.UTC(2026, 0, 1));
	expect(systemIds(clock).next("inc")).not.toBe(systemIds(clock).next("inc"));
});

test("secrets have the asked length", () => {
	expect(systemIds(new ManualClock(0)).secret(32)).toMatch(/^[0-9a-f]{64}$/);
	expect(sequenceIds().secret(4)).toBe("00000001");
});

test("for tests, ids count up and are the same in every run", () => {
	const [one, other] = [sequenceIds(), sequenceIds()];
	expect([one.next("tmr"), one.next("msg")]).toEqual(["tmr_000001", "msg_000002"]);
	expect(other.next("tmr")).toBe("tmr_000001");
});
