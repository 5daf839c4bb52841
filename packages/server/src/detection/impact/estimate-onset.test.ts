import { HOUR_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { estimateOnset, type OnsetEstimate } from "./index.ts";
import { plantOnset } from "./planted.ts";

const START = Date.UTC(2026, 2, 2, 6);

/** A bucket a minute with 100 events; `bad` says how many are bad in minute k. */
function minutes(count: number, bad: (minute: number) => number, total: (minute: number) => number = () => 100) {
	const all = Array.from({ length: count }, (_, minute) => minute);
	return { startAt: START, bucketMs: MINUTE_MS, bad: all.map(bad), total: all.map(total) };
}
function estimated(found: OnsetEstimate): Extract<OnsetEstimate, { status: "estimated" }> {
	if (found.status !== "estimated") throw new Error(found.explanation);
	return found;
}
const minuteOf = (at: number) => (at - START) / MINUTE_MS;

describe("when a trouble began", () => {
	it("is the minute of a step, within a minute or so", () => {
		const found = estimated(estimateOnset(minutes(120, (minute) => (minute < 80 ? (minute % 10 === 0 ? 1 : 0) : 30))));
		expect(minuteOf(found.at)).toBeCloseTo(80, 0);
		expect(found.shape).toBe("step");
		expect(found.to - found.from).toBeLessThan(3 * MINUTE_MS);
	});
	it("is where a slow rise began, hours before it was steep, with a wide interval", () => {
		const rise = (minute: number) => Math.max(0, Math.min(20, Math.round((minute - 100) / 6)));
		const found = estimated(estimateOnset(minutes(280, rise)));
		expect(found.shape).toBe("ramp");
		expect(Math.abs(minuteOf(found.at) - 100)).toBeLessThan(15);
		expect(found.to - found.from).toBeGreaterThan(3 * MINUTE_MS);
	});
	it("is the first time of a trouble that comes and goes", () => {
		const found = estimated(estimateOnset(minutes(240, (minute) => (minute >= 150 && minute % 15 < 6 ? 40 : 0))));
		expect(found.shape).toBe("intermittent");
		expect(Math.abs(minuteOf(found.at) - 150)).toBeLessThan(2);
	});
	it("is not an earlier blip", () => {
		const found = estimated(
			estimateOnset(minutes(400, (minute) => (minute >= 340 ? 30 : minute === 40 || minute === 41 ? 15 : 0))),
		);
		expect(minuteOf(found.at)).toBeCloseTo(340, 0);
	});
	it("lies anywhere in a gap of telemetry", () => {
		const found = estimated(
			estimateOnset(
				minutes(
					120,
					(minute) => (minute >= 80 ? 40 : 0),
					(minute) => (minute >= 60 && minute < 80 ? 0 : 100),
				),
			),
		);
		expect(minuteOf(found.from)).toBeLessThan(62);
		expect(minuteOf(found.to)).toBeGreaterThan(78);
	});
	it("may lie before what is known", () => {
		const series = minutes(
			60,
			(minute) => (minute === 0 ? 1 : 60),
			(minute) => (minute === 0 ? 3 : 100),
		);
		const found = estimated(estimateOnset({ ...series, usualErrorRatio: 0.001 }));
		expect(found).toMatchObject({ isOpen: true, from: START });
	});
});

describe("what is not known is no number", () => {
	it.each([
		[
			"no events",
			minutes(
				60,
				() => 0,
				() => 0,
			),
			"no-events",
		],
		["no change", minutes(60, () => 1), "no-change"],
	] as const)("%s", (_, series, reason) => {
		expect(estimateOnset(series)).toMatchObject({ status: "unknown", reason });
	});
	it("bad from the first event on, where it is usually good", () => {
		const found = estimateOnset({ ...minutes(60, () => 60), usualErrorRatio: 0.001 });
		expect(found).toMatchObject({ status: "unknown", reason: "always-bad" });
	});
});

test("columns of different lengths are refused", () => {
	expect(() => estimateOnset({ startAt: 0, bucketMs: 1, bad: [1], total: [] })).toThrow(
		/1 buckets of bad and 0 of total/,
	);
});

test("nine of ten planted onsets lie in the interval, the median within two minutes, of ramps within fifteen", () => {
	const random = seededRandom(9);
	const ranges = {
		perMinute: [5, 200],
		usualRatio: [0.0005, 0.02],
		added: [0.05, 1],
		rampMs: [10 * MINUTE_MS, HOUR_MS],
		onMs: [4 * MINUTE_MS, 12 * MINUTE_MS],
		offMs: [4 * MINUTE_MS, 15 * MINUTE_MS],
		wander: [0, 0.15],
		blipsPerHour: 0,
		askedAfterMs: [10 * MINUTE_MS, HOUR_MS],
		historyMs: 2 * HOUR_MS,
		bucketMs: MINUTE_MS,
	} as const;
	let covered = 0;
	for (const [shape, limitMin] of [
		["step", 2],
		["ramp", 15],
		["intermittent", 15],
	] as const) {
		const errors = Array.from({ length: 14 }, () => {
			const planted = plantOnset(random, ranges, shape);
			const found = estimated(estimateOnset(planted));
			if (found.from <= planted.onsetAt && planted.onsetAt <= found.to) covered++;
			return Math.abs(found.at - planted.onsetAt) / MINUTE_MS;
		}).sort((x, y) => x - y);
		expect(errors[7]).toBeLessThanOrEqual(limitMin);
	}
	expect(covered).toBeGreaterThanOrEqual(33);
});
