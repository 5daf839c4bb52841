import { DAY_MS, HOUR_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { datedOnset } from "./dated-onset.ts";
import { fleetOf, Play, poisson } from "./test-fleet.ts";
import { WindowTable } from "./windows.ts";

const NOW = Date.UTC(2026, 2, 2, 9);

/** 60 events a minute for ten hours, the error ratio as given, minutes before now. */
function tableOf(ratio: (minutesAgo: number) => number): WindowTable {
	const table = new WindowTable({ periodsMs: [30 * DAY_MS], futureMs: 0, now: NOW });
	const random = seededRandom(11);
	for (let minutesAgo = 600; minutesAgo > 0; minutesAgo--) {
		const bad = Math.min(60, poisson(random, 60 * ratio(minutesAgo)));
		table.add(0, NOW - minutesAgo * MINUTE_MS + 1, bad, 60);
	}
	return table;
}

describe("the beginning of a trouble that is told with it", () => {
	it("of a slow burn is hours ago, when it began, not when it was fast enough to be told", () => {
		const table = tableOf((minutesAgo) =>
			minutesAgo > 180 ? 0.001 : 0.001 + 0.06 * Math.min(1, (180 - minutesAgo) / 60),
		);
		const found = datedOnset(table, 0, NOW - 20 * MINUTE_MS, NOW);
		expect(found?.onset?.from).toBeLessThanOrEqual(NOW - 170 * MINUTE_MS);
		expect(found?.onset?.to).toBeGreaterThanOrEqual(NOW - 180 * MINUTE_MS);
		expect(Math.abs((found?.since ?? 0) - (NOW - 180 * MINUTE_MS))).toBeLessThan(30 * MINUTE_MS);
	});
	it("of a step is the first bad bucket, where the change point agrees with it", () => {
		const firstBad = NOW - 12 * MINUTE_MS;
		expect(
			datedOnset(
				tableOf((minutesAgo) => (minutesAgo > 12 ? 0.001 : 0.5)),
				0,
				firstBad,
				NOW,
			),
		).toMatchObject({
			since: firstBad,
			onset: { shape: "step", isOpen: false },
		});
	});
	it("is not known without events, and when nothing changed", () => {
		const empty = new WindowTable({ periodsMs: [30 * DAY_MS], futureMs: 0, now: NOW });
		expect(datedOnset(empty, 0, NOW, NOW)).toBeUndefined();
		expect(
			datedOnset(
				tableOf(() => 0.01),
				0,
				NOW,
				NOW,
			),
		).toBeUndefined();
	});
	it("stands with its interval in what the engine tells, and the episode is counted from it", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.history(1, 8 * HOUR_MS, MINUTE_MS, 60);
		const brokenAt = play.now;
		const random = seededRandom(3);
		play.pass(
			3 * HOUR_MS,
			(now) => play.send(1, poisson(random, 60 * 0.04 * Math.min(1, (now - brokenAt) / HOUR_MS)), 60),
			MINUTE_MS,
		);
		const { evidence } = play.opened("contoso")[0] ?? {};
		expect(evidence?.onset?.from).toBeLessThanOrEqual((evidence?.since as number) + 1);
		expect(evidence?.onset?.to).toBeGreaterThanOrEqual(evidence?.since as number);
		expect(Math.abs((evidence?.since as number) - brokenAt)).toBeLessThan(20 * MINUTE_MS);
		expect(evidence?.episode.ms).toBe((play.opened("contoso")[0]?.detectedAt as number) - (evidence?.since as number));
	});
});
