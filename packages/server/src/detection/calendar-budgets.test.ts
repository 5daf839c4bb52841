import { DAY_MS, errorBudget, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { type CalendarPeriod, periodAt } from "#catalogue";
import { createDetection, type DetectionPair } from "./index.ts";

const month = (timeZone: string, start: string): CalendarPeriod => ({
	unit: "month",
	count: 1,
	timeZone,
	startsAt: Date.parse(start),
});
const PARIS = month("Europe/Paris", "2025-12-31T23:00:00Z");
const KOLKATA = month("Asia/Kolkata", "2025-12-31T18:30:00Z");

function engineOf(calendar: CalendarPeriod | undefined, now: number) {
	const pair: DetectionPair = {
		tenant: "",
		slo: "sign-in",
		objective: 0.99,
		periodMs: 30 * DAY_MS,
		fleetPair: 0,
		monitor: undefined,
		calendar,
	};
	return createDetection({ pairs: [pair], futureMs: 5 * MINUTE_MS, confirmMs: 300, openBreaches: [], now });
}

describe("a budget of a calendar period", () => {
	it("runs from the period's start in its zone, and begins anew as a whole", () => {
		const now = Date.parse("2026-10-31T21:00:00Z");
		const engine = engineOf(PARIS, now);
		const budget = () => engine.statuses(now)[0]?.budgetRemaining;
		engine.add(0, Date.parse("2026-09-30T21:59:50Z"), 100, 100);
		expect(budget(), "September has ended in Paris at 22:00 UTC").toBeUndefined();
		engine.add(0, Date.parse("2026-09-30T22:00:00Z"), 0, 900);
		engine.add(0, now, 8, 100);
		expect(budget()).toBeCloseTo(0.2, 12);
		expect(engine.sums(0, 30 * DAY_MS)).toEqual({ bad: 8, total: 1_000 });
		const next = Date.parse("2026-10-31T23:00:00Z");
		engine.evaluate(next - 1);
		expect(budget(), "winter time began on the 25th, so the 31st ends at 23:00 UTC").toBeCloseTo(0.2, 12);
		engine.changedStatuses(next - 1);
		engine.evaluate(next);
		expect(engine.changedStatuses(next).map((each) => [each.budgetRemaining, each.period])).toEqual([
			[undefined, { startsAt: next, endsAt: Date.parse("2026-11-30T23:00:00Z") }],
		]);
	});

	it("counts what is ahead of the clock in the period that it belongs to", () => {
		const end = Date.parse("2026-10-31T23:00:00Z");
		const engine = engineOf(PARIS, end - MINUTE_MS);
		engine.add(0, end + MINUTE_MS, 1, 100);
		expect(engine.sums(0, 30 * DAY_MS)).toEqual({ bad: 0, total: 0 });
		engine.evaluate(end + 2 * MINUTE_MS);
		expect(engine.sums(0, 30 * DAY_MS)).toEqual({ bad: 1, total: 100 });
		engine.add(0, end - MINUTE_MS, 50, 50);
		expect(engine.sums(0, 30 * DAY_MS), "late events of October are October's").toEqual({ bad: 1, total: 100 });
	});

	it("a rolling budget has no period", () => {
		expect(engineOf(undefined, 0).statuses(0)[0]?.period).toBeUndefined();
	});

	it.each([
		["Paris", PARIS],
		["Kolkata, half an hour off", KOLKATA],
		["a day in New York", { ...month("America/New_York", "2026-01-01T05:00:00Z"), unit: "day" }],
		["a week in Sydney", { ...month("Australia/Sydney", "2026-01-04T13:00:00Z"), unit: "week" }],
		["a quarter in UTC", { ...month("UTC", "2026-01-01T00:00:00Z"), unit: "quarter" }],
		["a year in Tokyo", { ...month("Asia/Tokyo", "2025-03-31T15:00:00Z"), unit: "year" }],
	] as const)("is what a sum over all events is: %s", (_, calendar) => {
		const start = Date.parse("2026-02-20T00:00:00Z");
		const engine = engineOf(calendar, start);
		const events: { at: number; bad: number; total: number }[] = [];
		let now = start;
		let state = 7;
		const random = () => {
			state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
			return state / 2 ** 32;
		};
		while (now < start + 400 * DAY_MS) {
			now += Math.floor(random() * 20 * HOUR_MS);
			// Up to three hours late, up to five minutes ahead.
			const at = Math.floor((now - random() * 3 * HOUR_MS + random() * 5 * MINUTE_MS) / 10_000) * 10_000;
			const event = { at, bad: Math.floor(random() * 3), total: 3 + Math.floor(random() * 20) };
			engine.tick(now);
			engine.add(0, event.at, event.bad, event.total);
			events.push(event);
			const span = periodAt(calendar, now);
			const inside = events.filter((each) => each.at >= span.startsAt && each.at < span.endsAt);
			const sum = { bad: 0, total: 0 };
			for (const each of inside) {
				sum.bad += each.bad;
				sum.total += each.total;
			}
			expect(engine.sums(0, 30 * DAY_MS)).toEqual(sum);
			expect(engine.statuses(now)[0]?.budgetRemaining).toBe(errorBudget(sum.bad, sum.total, 0.99)?.remaining);
		}
	});
});
