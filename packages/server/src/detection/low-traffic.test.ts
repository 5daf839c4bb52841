import { binomialTail, exceedsBurnRate, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { BURN_MONITOR, fleetOf, Play, poisson, seededRandom } from "./test-fleet.ts";

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
	it("are paged within 10 minutes in most outages when they come at random, within 20 in all", () => {
		const random = seededRandom(9);
		const delays: number[] = [];
		for (let trial = 0; trial < 200; trial++) {
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
		// Three bad events are needed: their number in 10 minutes is Poisson with mean 5, three or more in 87.5 %.
		expect(delays.filter((delayMs) => delayMs <= 10 * MINUTE_MS).length).toBeGreaterThanOrEqual(160);
		expect(delays.at(-1)).toBeLessThanOrEqual(20 * MINUTE_MS);
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
