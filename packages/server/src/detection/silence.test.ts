import { DAY_MS, HOUR_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { fleetOf, Play } from "./test-fleet.ts";

const CONTOSO = 1;

/** Sends one event every `everyMs` for a day, then nothing; tells after how many minutes of silence the state is no-data. */
function minutesUntilNoData(everyMs: number, eventsEach = 1): number {
	const play = new Play(fleetOf(["contoso"]));
	play.history(CONTOSO, DAY_MS, everyMs, eventsEach);
	const lastAt = play.now;
	play.evaluate();
	while (play.state(CONTOSO) !== "no-data") {
		play.now += MINUTE_MS;
		play.evaluate();
	}
	return (play.now - lastAt) / MINUTE_MS;
}

describe("no-data", () => {
	it("is the state of a pair that never had an event", () => {
		const play = new Play(fleetOf(["contoso"]));
		expect(play.state(CONTOSO)).toBe("no-data");
		play.pass(MINUTE_MS);
		expect(play.state(CONTOSO)).toBe("no-data");
	});
	test.each([
		{ name: "a push every minute", everyMs: MINUTE_MS, events: 100, from: 15, to: 17 },
		{ name: "100 events per hour", everyMs: 36_000, events: 1, from: 15, to: 17 },
		{
			name: "3 events per hour: a silence of probability 1e-4",
			everyMs: 20 * MINUTE_MS,
			events: 1,
			from: 180,
			to: 190,
		},
		{ name: "a delivery of 1,000 every hour: three pauses", everyMs: HOUR_MS, events: 1000, from: 175, to: 245 },
	])("comes after $name between $from and $to minutes", ({ everyMs, events, from, to }) => {
		const minutes = minutesUntilNoData(everyMs, events);
		expect(minutes).toBeGreaterThan(from);
		expect(minutes).toBeLessThanOrEqual(to);
	});
	it("comes after a day at the latest", () => {
		expect(minutesUntilNoData(20 * HOUR_MS)).toBeLessThanOrEqual(24 * 60 + 1);
	});
	it("does not flap: twenty tenants of three random events per hour change less than once in two weeks each", () => {
		const tenants = Array.from({ length: 20 }, (_, i) => `tenant-${i}`);
		const play = new Play(fleetOf(tenants));
		const random = seededRandom(3);
		for (const pair of tenants.keys()) play.history(pair + 1, DAY_MS, 20 * MINUTE_MS, 1);
		play.evaluate();
		play.engine.changedStatuses(play.now);
		const states = new Map(tenants.map((tenant) => [tenant, "healthy"]));
		let changes = 0;
		play.pass(
			7 * DAY_MS,
			() => {
				for (const pair of tenants.keys()) if (random() < 3 / 60) play.send(pair + 1, 0, 1);
				for (const { tenant, state } of play.engine.changedStatuses(play.now)) {
					if (states.has(tenant) && states.get(tenant) !== state) changes++;
					states.set(tenant, state);
				}
			},
			MINUTE_MS,
		);
		expect(changes).toBeLessThan(10);
	});
	it("ends with the first event", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.history(CONTOSO, HOUR_MS, MINUTE_MS, 10);
		play.pass(HOUR_MS, undefined, MINUTE_MS);
		expect(play.state(CONTOSO)).toBe("no-data");
		play.send(CONTOSO, 0, 1);
		play.evaluate();
		expect(play.state(CONTOSO)).toBe("healthy");
	});
	it("lasts, once it began, until then, and a restart agrees at every hour of it", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.history(CONTOSO, 2 * DAY_MS, 7 * MINUTE_MS, 3);
		const startAt = play.now;
		let wasSilent = false;
		for (let hour = 0; hour < 30; hour++) {
			play.now += HOUR_MS;
			play.evaluate();
			const restarted = new Play(fleetOf(["contoso"]), { now: play.now });
			for (let at = startAt - 2 * DAY_MS; at < startAt; at += 7 * MINUTE_MS) restarted.send(CONTOSO, 0, 3, at);
			restarted.evaluate();
			expect(restarted.state(CONTOSO)).toBe(play.state(CONTOSO));
			const isSilent = play.state(CONTOSO) === "no-data";
			expect(isSilent || !wasSilent).toBe(true);
			wasSilent = isSilent;
		}
		expect(wasSilent).toBe(true);
	});
});
