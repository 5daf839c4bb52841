import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { BURN_MONITOR, fleetOf, Play } from "./test-fleet.ts";

/** Slices of five minutes at 99.9 %: each is one event in its last ten seconds. */
function playOf(sliceMs: number) {
	const pairs = fleetOf(["contoso"], { objective: 0.999, periodMs: 28 * DAY_MS, monitor: BURN_MONITOR });
	return new Play(pairs.map((pair) => ({ ...pair, sliceMs })));
}

describe("a pair whose events are slices", () => {
	it("is in breach after two bad slices of five minutes, and since the first of them began", () => {
		const play = playOf(5 * MINUTE_MS);
		const start = play.now;
		const slice = (k: number, bad: number) => {
			play.now = start + (k + 1) * 5 * MINUTE_MS + 30 * SECOND_MS;
			play.send(1, bad, 1, start + (k + 1) * 5 * MINUTE_MS - 10 * SECOND_MS);
			play.evaluate();
			play.now += SECOND_MS;
			return play.evaluate().filter((event) => event.tenant === "contoso");
		};
		for (let k = 0; k < 24; k++) expect(slice(k, 0)).toEqual([]);
		expect(slice(24, 1), "one bad slice may be chance").toEqual([]);
		const [breach] = slice(25, 1);
		expect(breach).toMatchObject({
			type: "breach.opened",
			evidence: {
				since: start + 24 * 5 * MINUTE_MS,
				episode: { bad: 2, total: 2, ms: 10 * MINUTE_MS + 31 * SECOND_MS },
			},
		});
		for (let k = 26; k < 32; k++) slice(k, 0);
		expect(play.news.some((event) => event.type === "breach.closed" && event.tenant === "contoso")).toBe(true);
	});

	it("of a day each is not silent while the day runs, and is after a day without", () => {
		const play = playOf(DAY_MS);
		play.send(1, 0, 1, play.now - 10 * SECOND_MS);
		const stateAfter = (ms: number) => {
			play.engine.evaluate(play.now + ms);
			return play.engine.statuses(play.now + ms)[1]?.state;
		};
		expect(stateAfter(MINUTE_MS)).toBe("healthy");
		expect(stateAfter(DAY_MS + MINUTE_MS)).toBe("healthy");
		expect(stateAfter(2 * DAY_MS + HOUR_MS)).toBe("no-data");
	});
});
