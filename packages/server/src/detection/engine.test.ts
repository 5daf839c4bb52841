import { binomialTail, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { BreachOpened } from "./index.ts";
import { BURN_MONITOR, fleetOf, Play } from "./test-fleet.ts";

const CONTOSO = 1;

/** A tenant that sends 100 events every 10 s and has done so for a day. */
function steadyTenant(terms: Parameters<typeof fleetOf>[1] = {}): Play {
	const play = new Play(fleetOf(["contoso"], terms));
	play.history(CONTOSO, 6 * HOUR_MS, 10 * SECOND_MS, 100);
	return play;
}
const every10s =
	(play: Play, bad: number, total = 100) =>
	(now: number) => {
		if (now % 10_000 === 0) play.send(CONTOSO, bad, total);
	};

describe("a breach of one tenant", () => {
	/** 0.05 % of the fleet's traffic is contoso's: 100 of 200,000 events in 10 s. */
	function maskedTenant(): Play {
		const play = steadyTenant();
		play.history(0, 6 * HOUR_MS, 10 * SECOND_MS, 199_900, 40);
		return play;
	}

	it("opens once, 52 s into a total outage, while the fleet stays far from burning", () => {
		const play = maskedTenant();
		const startedAt = play.now;
		play.pass(30 * MINUTE_MS, (now) => {
			if (now % 10_000 !== 0) return;
			play.send(CONTOSO, 100, 100);
			play.send(0, 40, 199_900);
		});
		expect(play.news).toHaveLength(1);
		const [breach] = play.opened("contoso") as [BreachOpened];
		expect(breach).toMatchObject({ tenant: "contoso", slo: "sign-in", detector: "burn-rate", monitor: "burn" });
		expect(breach.scope).toBe("tenant");
		// Six pushes make 60 s; the rule needs more than 51.8 s, and a second for the confirmation.
		expect(breach.detectedAt - startedAt).toBe(61 * SECOND_MS);
		expect(play.state(CONTOSO)).toBe("breach");
		expect(play.state(0)).toBe("healthy");
	});

	it("carries its evidence", () => {
		const play = maskedTenant();
		const startedAt = play.now;
		play.pass(2 * MINUTE_MS, (now) => {
			if (now % 10_000 !== 0) return;
			play.send(CONTOSO, 100, 100);
			play.send(0, 40, 199_900);
		});
		const { evidence } = play.opened("contoso")[0] as BreachOpened;
		expect(evidence.tier).toMatchObject({ key: "page-quick", factor: 14.4 });
		expect(evidence.objective).toBe(0.999);
		expect(evidence.long).toMatchObject({ ms: HOUR_MS, bad: 600 });
		expect(evidence.long.burn).toBeCloseTo(600 / evidence.long.total / 0.001, 9);
		expect(evidence.short).toMatchObject({ ms: 5 * MINUTE_MS, bad: 600, total: 3000 });
		expect(evidence.p).toBe(binomialTail(600, evidence.long.total, 0.001));
		expect(evidence.p).toBeLessThan(1e-100);
		expect(evidence.fleet.long.ms).toBe(HOUR_MS);
		expect(evidence.fleet.long.burn as number).toBeLessThan(0.3);
		expect(evidence.share).toBeCloseTo(0.0005, 9);
		expect(evidence.maskingShare).toBeCloseTo(0.0144, 12);
		expect(evidence.alsoBurning).toEqual([]);
		// The first bad push came 10 s after the last good one.
		expect(evidence.since).toBe(startedAt + 10 * SECOND_MS);
	});

	it("is told by the fastest tier that is true", () => {
		const play = steadyTenant();
		play.pass(20 * MINUTE_MS, every10s(play, 100));
		expect(play.opened("contoso").map((breach) => breach.evidence.tier?.key)).toEqual(["page-quick"]);
	});

	it("follows the workbook: 15 % errors for 10 minutes page within 6, and clear 5 minutes after they stop", () => {
		const play = steadyTenant();
		const startedAt = play.now;
		play.pass(10 * MINUTE_MS, every10s(play, 15));
		expect(play.opened("contoso")).toHaveLength(1);
		const detectedMs = (play.opened("contoso")[0] as BreachOpened).detectedAt - startedAt;
		expect(detectedMs).toBeGreaterThan(5 * MINUTE_MS);
		expect(detectedMs).toBeLessThanOrEqual(6 * MINUTE_MS);
		const stoppedAt = play.now;
		play.pass(30 * MINUTE_MS, every10s(play, 0));
		expect(play.closed("contoso")).toHaveLength(1);
		const clearedMs = (play.closed("contoso")[0]?.closedAt as number) - stoppedAt;
		expect(clearedMs).toBeGreaterThan(4 * MINUTE_MS);
		expect(clearedMs).toBeLessThanOrEqual(5.5 * MINUTE_MS);
		// The long window alone would keep it open for an hour.
		const hour = play.engine.sums(CONTOSO, HOUR_MS);
		expect(hour.bad / hour.total / 0.001).toBeGreaterThan(14.4);
		expect(play.state(CONTOSO)).not.toBe("breach");
	});

	it("never opens at exactly the factor, and does above it", () => {
		for (const [bad, opens] of [
			[144, 0],
			[145, 1],
		] as const) {
			const play = new Play(fleetOf(["contoso"]));
			play.history(CONTOSO, 6 * HOUR_MS, 10 * SECOND_MS, 10_000, bad);
			play.pass(5 * SECOND_MS);
			const quick = play.opened("contoso").filter((breach) => breach.evidence.tier?.key === "page-quick");
			expect(quick).toHaveLength(opens);
		}
	});

	it("never falls silent with more errors (property)", () => {
		const history = fc.array(
			fc.record({
				agoMs: fc.nat(6 * HOUR_MS),
				total: fc.integer({ min: 1, max: 500 }),
				bad: fc.nat(20),
				more: fc.nat(20),
			}),
			{ maxLength: 40 },
		);
		fc.assert(
			fc.property(history, (events) => {
				const opens = [0, 1].map((extra) => {
					const play = new Play(fleetOf(["contoso"]));
					for (const { agoMs, total, bad, more } of events) {
						play.send(CONTOSO, Math.min(total, bad + extra * more), total, play.now - agoMs);
					}
					play.pass(2 * SECOND_MS);
					return play.opened("contoso").length > 0;
				});
				expect(opens[1] || !opens[0]).toBe(true);
			}),
		);
	});
});

describe("confirmation", () => {
	it("a request split in parts, its total before its good, wakes nobody", () => {
		const play = steadyTenant();
		play.pass(60 * SECOND_MS, every10s(play, 0));
		play.send(CONTOSO, 20_000, 20_000);
		play.evaluate();
		play.send(CONTOSO, -20_000, 0);
		play.pass(10 * SECOND_MS);
		expect(play.news).toEqual([]);
		expect(play.state(CONTOSO)).toBe("healthy");
	});
	it("a claim that still holds 300 ms later is told then, not before", () => {
		const play = steadyTenant();
		play.send(CONTOSO, 20_000, 20_000);
		expect(play.evaluate()).toEqual([]);
		play.now += 299;
		expect(play.evaluate()).toEqual([]);
		play.now += 1;
		expect(play.evaluate().map((one) => one.type)).toEqual(["breach.opened", "breach.opened"]);
	});
	it("starts again after the clock stepped back", () => {
		const play = steadyTenant();
		play.send(CONTOSO, 20_000, 20_000);
		play.evaluate();
		play.now -= HOUR_MS;
		expect(play.evaluate()).toEqual([]);
		play.now += 300;
		expect(play.evaluate()).toHaveLength(2);
	});
});

describe("the end of a breach", () => {
	function brokenTenant(): Play {
		const play = steadyTenant();
		play.pass(2 * MINUTE_MS, every10s(play, 100));
		play.news.length = 0;
		return play;
	}
	it("needs events: silence keeps it open, however long", () => {
		const play = brokenTenant();
		play.pass(2 * DAY_MS, undefined, MINUTE_MS);
		expect(play.news).toEqual([]);
		expect(play.state(CONTOSO)).toBe("breach");
	});
	it("comes with fresh healthy events after the silence", () => {
		const play = brokenTenant();
		play.pass(20 * MINUTE_MS, undefined, MINUTE_MS);
		const backAt = play.now;
		play.pass(MINUTE_MS, every10s(play, 0));
		expect(play.news).toEqual([
			{
				type: "breach.closed",
				tenant: "",
				slo: "sign-in",
				detector: "burn-rate",
				closedAt: backAt + 11 * SECOND_MS,
				reason: "recovered",
			},
			{
				type: "breach.closed",
				tenant: "contoso",
				slo: "sign-in",
				detector: "burn-rate",
				closedAt: backAt + 11 * SECOND_MS,
				reason: "recovered",
			},
		]);
		expect(play.state(CONTOSO)).not.toBe("breach");
	});
	it("is followed by a new breach when it starts again", () => {
		const play = brokenTenant();
		play.pass(20 * MINUTE_MS, every10s(play, 0));
		play.pass(20 * MINUTE_MS, every10s(play, 100));
		const own = play.news.filter((one) => one.tenant === "contoso").map((one) => one.type);
		expect(own).toEqual(["breach.closed", "breach.opened"]);
	});
});

describe("restart", () => {
	it("does not announce what was open, shows it, and tells its end", () => {
		const openedAt = Date.UTC(2026, 2, 2, 8, 50);
		const openBreaches = [
			{ tenant: "contoso", slo: "sign-in", detector: "burn-rate", openedAt },
			{ tenant: "gone", slo: "sign-in", detector: "burn-rate", openedAt },
		];
		const play = new Play(fleetOf(["contoso"]), { openBreaches });
		play.history(CONTOSO, HOUR_MS, 10 * SECOND_MS, 100, 50);
		expect(play.state(CONTOSO)).toBe("breach");
		play.pass(MINUTE_MS, every10s(play, 50));
		expect(play.news.map((one) => one.tenant)).toEqual([""]);
		expect(play.engine.statuses(play.now)[CONTOSO]?.breachSince).toBe(openedAt);
		play.pass(3 * HOUR_MS, every10s(play, 0), 10 * SECOND_MS);
		expect(play.news.map((one) => one.type)).toEqual(["breach.opened", "breach.closed", "breach.closed"]);
		expect(play.engine.statuses(play.now)[CONTOSO]?.breachSince).toBeUndefined();
	});

	it("shows what history tells before and after the first evaluation", () => {
		const play = new Play(fleetOf(["contoso", "fabrikam"]));
		play.history(CONTOSO, DAY_MS, MINUTE_MS, 100);
		play.history(2, 3 * DAY_MS, MINUTE_MS, 1000, 4);
		expect(play.state(CONTOSO)).toBe("healthy");
		play.evaluate();
		expect(play.state(CONTOSO)).toBe("healthy");
		expect(play.state(2)).toBe("at-risk");
		play.send(CONTOSO, 30_000, 30_000);
		play.evaluate();
		expect(play.state(CONTOSO)).toBe("healthy");
	});

	it("the same adds, ticks and evaluations give the same answers", () => {
		const run = () => {
			const play = steadyTenant();
			play.pass(5 * MINUTE_MS, every10s(play, 40));
			play.pass(20 * MINUTE_MS, every10s(play, 0));
			return { news: play.news, statuses: play.engine.statuses(play.now) };
		};
		expect(run()).toEqual(run());
	});
});

describe("monitors", () => {
	const outage = (mode: "live" | "shadow" | "draft" | undefined) => {
		const play = steadyTenant({ monitor: mode && { ...BURN_MONITOR, mode } });
		play.pass(5 * MINUTE_MS, every10s(play, 100));
		return play;
	};
	test.each([
		{ mode: "live", news: 2, shadow: 0, state: "breach" },
		{ mode: "shadow", news: 0, shadow: 1, state: "at-risk" },
		{ mode: "draft", news: 0, shadow: 0, state: "at-risk" },
		{ mode: undefined, news: 0, shadow: 0, state: "at-risk" },
	] as const)("$mode: $news news, $shadow shadow breaches, state $state", ({ mode, news, shadow, state }) => {
		const play = outage(mode);
		expect(play.news).toHaveLength(news);
		expect(play.engine.shadowBreaches(CONTOSO)).toBe(shadow);
		expect(play.state(CONTOSO)).toBe(state);
	});
	it("a shadow counts each breach once, and the next one again", () => {
		const play = outage("shadow");
		play.pass(40 * MINUTE_MS, every10s(play, 0));
		play.pass(5 * MINUTE_MS, every10s(play, 100));
		expect(play.engine.shadowBreaches(CONTOSO)).toBe(2);
	});
	it("judge only by their tiers", () => {
		const play = steadyTenant({ monitor: { ...BURN_MONITOR, tiers: ["page-slow"] } });
		play.pass(3 * MINUTE_MS, every10s(play, 100));
		expect(play.opened("contoso").map((breach) => breach.evidence.tier?.key)).toEqual(["page-slow"]);
	});
	it("leave out tiers that an objective can never trip", () => {
		const play = steadyTenant({ objective: 0.9 });
		play.pass(4 * HOUR_MS, every10s(play, 100), 10 * SECOND_MS);
		expect(play.opened("contoso").map((breach) => breach.evidence.tier?.key)).toEqual(["page-slow"]);
	});
	it("leave out tiers that fire while the budget lasts", () => {
		// 7 days: tickets would fire from 0.7 on; the slow page from 1.4.
		const play = new Play(fleetOf(["contoso"], { periodMs: 7 * DAY_MS }));
		play.history(CONTOSO, 3 * DAY_MS, MINUTE_MS, 10_000, 13);
		play.pass(2 * SECOND_MS);
		expect(play.news).toEqual([]);
		expect(play.state(CONTOSO)).toBe("healthy");
	});
	it("a ticket tier puts a pair at risk and pages nobody", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.history(CONTOSO, 3 * DAY_MS, MINUTE_MS, 1000, 4);
		play.pass(2 * SECOND_MS);
		expect(play.news).toEqual([]);
		expect(play.state(CONTOSO)).toBe("at-risk");
		expect(play.engine.statuses(play.now)[CONTOSO]?.burn).toBeCloseTo(4, 9);
	});
});

describe("statuses", () => {
	it("tell the last hour, the budget of the period and the last event", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.history(CONTOSO, 10 * DAY_MS, HOUR_MS, 10_000, 2);
		play.send(CONTOSO, 8, 10_000);
		play.evaluate();
		expect(play.engine.statuses(play.now)[CONTOSO]).toEqual({
			tenant: "contoso",
			slo: "sign-in",
			objective: 0.999,
			state: "healthy",
			sli: 0.9995,
			burn: 0.5,
			total1h: 20_000,
			budgetRemaining: 1 - (240 * 2 + 8) / (241 * 10),
			lastAt: play.now,
			breachSince: undefined,
		});
	});
	it("of a pair that never had an event are no-data without numbers", () => {
		const play = new Play(fleetOf(["contoso"]));
		play.pass(2 * SECOND_MS);
		expect(play.engine.statuses(play.now)[CONTOSO]).toMatchObject({
			state: "no-data",
			sli: undefined,
			burn: undefined,
			total1h: 0,
			budgetRemaining: undefined,
			lastAt: undefined,
		});
	});
	it("are reported once per change, all of them the first time", () => {
		const play = new Play(fleetOf(["contoso", "fabrikam"]));
		play.evaluate();
		const changed = () => play.engine.changedStatuses(play.now).map((status) => status.tenant);
		expect(changed()).toEqual(["", "contoso", "fabrikam"]);
		expect(changed()).toEqual([]);
		play.engine.add(2, play.now, 0, 10);
		play.evaluate();
		expect(changed()).toEqual(["fabrikam"]);
		play.pass(2 * SECOND_MS);
		expect(changed()).toEqual([]);
		// Its events leave the five minutes.
		play.pass(6 * MINUTE_MS);
		expect(changed()).toEqual(["fabrikam"]);
	});
});

describe("the strip of 24 hours", () => {
	it("tells each hour's worst by itself, oldest first", () => {
		const play = new Play(fleetOf(["contoso"]), { now: Date.UTC(2026, 2, 2, 9, 30) });
		const at = (hoursAgo: number) => play.now - hoursAgo * HOUR_MS;
		play.send(CONTOSO, 0, 1_000, at(23));
		play.send(CONTOSO, 1_000, 1_000, at(22));
		play.send(CONTOSO, 50, 10_000, at(21));
		// Above the budget's pace, but two of a thousand are no evidence.
		play.send(CONTOSO, 2, 1_000, at(20));
		play.send(CONTOSO, 0, 1_000, at(0));
		play.evaluate();
		const strip = play.engine.hourStrip(CONTOSO, play.now);
		expect(strip).toHaveLength(24);
		expect(strip.slice(0, 5)).toEqual(["healthy", "breach", "at-risk", "healthy", "no-data"]);
		expect(strip.slice(5, 23)).toEqual(new Array(18).fill("no-data"));
		expect(strip[23]).toBe("healthy");
	});
});
