import { binomialTail, exceedsBurnRate, HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { BURN_MONITOR, fleetOf, Play, poisson } from "./test-fleet.ts";

const MONTH_MS = 30 * 24 * HOUR_MS;
const HEALTHY_ERROR_RATIO = 0.0002;
const PAGES = { ...BURN_MONITOR, tiers: ["page-quick", "page-slow"] as const };

/** False pages per tenant-month of healthy tenants with Poisson traffic, judged every minute at 99.9 % over 30 days. */
function falsePagesPerMonth(eventsPerHour: number, tenantCount: number, evidenceP: number, seed: number): number {
	const tenants = Array.from({ length: tenantCount }, (_, i) => `tenant-${i}`);
	const play = new Play(fleetOf(tenants, { monitor: { ...PAGES, evidenceP } }), { confirmMs: 0 });
	const random = seededRandom(seed);
	let pages = 0;
	for (const end = play.now + MONTH_MS; play.now < end; ) {
		play.now += MINUTE_MS;
		for (let pair = 1; pair <= tenantCount; pair++) {
			const events = poisson(random, eventsPerHour / 60);
			let bad = 0;
			for (let event = 0; event < events; event++) if (random() < HEALTHY_ERROR_RATIO) bad++;
			if (events > 0) play.engine.add(pair, play.now, bad, events);
		}
		pages += play.engine.evaluate(play.now).filter((one) => one.type === "breach.opened").length;
	}
	return pages / tenantCount;
}

describe("30 events per hour, healthy at 0.02 % errors", () => {
	it("page less than 0.05 times in a tenant-month", () => {
		expect(falsePagesPerMonth(30, 100, 1e-4, 46)).toBeLessThanOrEqual(0.05);
	});
	it("would page about five times without the evidence", () => {
		// 1.1: no probability is above it, so the gate is always open.
		const pages = falsePagesPerMonth(30, 10, 1.1, 46);
		expect(pages).toBeGreaterThan(3);
		expect(pages).toBeLessThan(7);
	});
	it("are paged within 10 minutes of a total outage", () => {
		for (let phase = 0; phase < 12; phase++) {
			const play = new Play(fleetOf(["contoso"], { monitor: PAGES }));
			play.history(1, 24 * HOUR_MS, 2 * MINUTE_MS, 1);
			const brokenAt = play.now + phase * 10 * SECOND_MS;
			play.pass(15 * MINUTE_MS, (now) => {
				if (now % (2 * MINUTE_MS) === 0) play.send(1, now > brokenAt ? 1 : 0, 1);
			});
			const [breach] = play.opened("contoso");
			expect(breach?.detectedAt as number).toBeLessThanOrEqual(brokenAt + 10 * MINUTE_MS);
		}
	});
	it("are paged within 10 minutes of 9 in 10 outages when they come at random, within 30 of all", () => {
		const random = seededRandom(9);
		const delays: number[] = [];
		for (let trial = 0; trial < 300; trial++) {
			const play = new Play(fleetOf(["contoso"], { monitor: PAGES }));
			for (let minutes = 24 * 60; minutes > 0; minutes--) {
				const events = poisson(random, 0.5);
				if (events > 0) play.send(1, 0, events, play.now - minutes * MINUTE_MS);
			}
			const brokenAt = play.now;
			play.pass(
				30 * MINUTE_MS,
				() => {
					const events = poisson(random, 30 / 360);
					if (events > 0) play.send(1, events, events);
				},
				10 * SECOND_MS,
			);
			delays.push((play.opened("contoso")[0]?.detectedAt ?? Number.POSITIVE_INFINITY) - brokenAt);
		}
		delays.sort((a, b) => a - b);
		// In 4 of 100 outages fewer than two calls come in 10 minutes, and one failing call proves nothing.
		expect(delays.filter((delayMs) => delayMs <= 10 * MINUTE_MS).length).toBeGreaterThanOrEqual(270);
		expect(delays[150]).toBeLessThanOrEqual(5 * MINUTE_MS);
		expect(delays.at(-1)).toBeLessThanOrEqual(30 * MINUTE_MS);
	});
	it("page less than 0.05 times in a tenant-month when each failing call is tried up to ten times within a minute", () => {
		const tenantCount = 60;
		const play = new Play(
			fleetOf(
				Array.from({ length: tenantCount }, (_, i) => `tenant-${i}`),
				{ monitor: PAGES },
			),
			{ confirmMs: 0 },
		);
		const random = seededRandom(71);
		const nextAt = Array.from({ length: tenantCount }, () => play.now);
		const pause = () => (Math.log(1 / (1 - random())) * HOUR_MS) / 30;
		let failures = 0;
		let pages = 0;
		for (const end = play.now + MONTH_MS; play.now < end; ) {
			play.now += MINUTE_MS;
			for (let i = 0; i < tenantCount; i++) {
				let at = (nextAt[i] as number) + pause();
				for (; at <= play.now; at += pause()) {
					const isBad = random() < HEALTHY_ERROR_RATIO;
					play.engine.add(i + 1, at, isBad ? 1 : 0, 1);
					if (!isBad) continue;
					failures++;
					for (let retries = 1 + Math.floor(random() * 9); retries > 0; retries--)
						play.engine.add(i + 1, at + random() * MINUTE_MS, 1, 1);
				}
				nextAt[i] = play.now;
			}
			pages += play.engine.evaluate(play.now).filter((one) => one.type === "breach.opened").length;
		}
		expect(failures).toBeGreaterThan(200);
		expect(pages / tenantCount).toBeLessThanOrEqual(0.05);
	});
});

describe("at low traffic", () => {
	/** A day of one good event every two minutes, then bad ones at these seconds from now; tells whether it pages. */
	function pagesAfter(badAtS: readonly number[], goodAtS: readonly number[] = []): boolean {
		const play = new Play(fleetOf(["contoso"], { monitor: PAGES }));
		play.history(1, 24 * HOUR_MS, 2 * MINUTE_MS, 1);
		const startAt = play.now;
		play.pass(
			15 * MINUTE_MS,
			(now) => {
				const second = (now - startAt) / SECOND_MS;
				if (badAtS.includes(second)) play.send(1, 1, 1);
				if (goodAtS.includes(second)) play.send(1, 0, 1);
			},
			5 * SECOND_MS,
		);
		return play.opened("contoso").length > 0;
	}
	it.each([
		{ name: "one failing call pages nobody", bad: [30], pages: false },
		{ name: "nor do its retries within a minute", bad: [30, 35, 45, 60, 85], pages: false },
		{ name: "more than ten are not one call's", bad: [30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80], pages: true },
		{ name: "two failing calls in a row page", bad: [30, 150], pages: true },
		{ name: "two with ten good ones between prove too little", bad: [30, 330], good: tenGood(), pages: false },
		{ name: "a third one is proof again", bad: [30, 330, 460], good: tenGood(), pages: true },
	])("$name", ({ bad, good, pages }) => {
		expect(pagesAfter(bad, good)).toBe(pages);
	});
	function tenGood(): number[] {
		return Array.from({ length: 10 }, (_, i) => 60 + 20 * i);
	}
	it("a claim shows the facts that it rests on", () => {
		const play = new Play(fleetOf(["contoso"], { monitor: PAGES }));
		play.history(1, 24 * HOUR_MS, 2 * MINUTE_MS, 1);
		play.pass(5 * MINUTE_MS, (now) => (now % (2 * MINUTE_MS) === 0 ? play.send(1, 1, 1) : undefined));
		expect(play.opened("contoso")[0]?.evidence.facts).toEqual({ bad: 2, total: 2 });
		expect(play.opened("contoso")[0]?.evidence.p).toBeCloseTo(1e-5, 9);
	});
	it("thirty bad events that come at once, once an hour, page with their first delivery", () => {
		const play = new Play(fleetOf(["contoso"], { monitor: PAGES }));
		play.history(1, 24 * HOUR_MS, HOUR_MS, 30);
		play.now += HOUR_MS;
		play.evaluate();
		play.send(1, 30, 30);
		play.pass(2 * SECOND_MS);
		expect(play.opened("contoso")).toHaveLength(1);
	});
});

describe("from 300 events per hour on, evidence changes no decision", () => {
	it("for every count that a page tier's long window can have", () => {
		for (let perHour = 300; perHour <= 30_000; perHour = Math.ceil(perHour * 1.01)) {
			for (const { hours, factor } of [
				{ hours: 1, factor: 14.4 },
				{ hours: 6, factor: 6 },
			]) {
				const total = perHour * hours;
				let bad = 0;
				while (!exceedsBurnRate(bad, total, 0.999, factor)) bad++;
				expect(binomialTail(bad, total, 0.001)).toBeLessThan(1e-4);
			}
		}
	});
	it("in a week with outages of every size", () => {
		const news = [1e-4, 1.1].map((evidenceP) => {
			const play = new Play(fleetOf(["contoso"], { monitor: { ...PAGES, evidenceP } }));
			const random = seededRandom(300);
			let errorRatio = HEALTHY_ERROR_RATIO;
			play.history(1, 6 * HOUR_MS, MINUTE_MS, 5);
			play.pass(
				7 * 24 * HOUR_MS,
				() => {
					if (random() < 1 / 240) errorRatio = random() < 0.5 ? HEALTHY_ERROR_RATIO : random() ** 4;
					let bad = 0;
					for (let event = 0; event < 5; event++) if (random() < errorRatio) bad++;
					play.send(1, bad, 5);
				},
				MINUTE_MS,
			);
			return play.news.map((one) => [one.type, one.type === "breach.opened" ? one.detectedAt : one.closedAt]);
		});
		expect((news[0] as unknown[]).length).toBeGreaterThan(10);
		expect(news[0]).toEqual(news[1]);
	});
});
