import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import type { BreachOpened, DetectionPair } from "./index.ts";
import { fleetOf, Play } from "./test-fleet.ts";

const TENANTS = ["contoso", "fabrikam", "northwind", "tailspin", "wingtip"];
const ALSO = [{ name: "missing", mode: "live" as const, absence: { quietHours: true } }];

/** Two SLOs, five tenants each, every pair an event a minute; `sends` tells who still does. */
function fleet(history = 3 * DAY_MS, also: DetectionPair["also"] = ALSO) {
	const one = fleetOf(TENANTS, { also });
	const pairs = [...one, ...one.map((pair) => ({ ...pair, slo: "search", fleetPair: one.length }))];
	const play = new Play(pairs, { now: Date.UTC(2026, 2, 4, 12) });
	for (const pair of pairs.keys()) if (pairs[pair]?.tenant !== "") play.history(pair, history, 10 * MINUTE_MS, 10);
	const pass = (ms: number, sends: (tenant: string, slo: string) => boolean) =>
		play.pass(
			ms,
			() => {
				for (const [pair, { tenant, slo }] of pairs.entries())
					if (tenant !== "" && sends(tenant, slo)) play.send(pair, 0, 1);
			},
			MINUTE_MS,
		);
	pass(20 * MINUTE_MS, () => true);
	const opened = () => play.news.filter((one): one is BreachOpened => one.type === "breach.opened");
	return { play, pass, opened };
}

describe("telemetry that stops", () => {
	it("of one tenant is claimed once, whatever the number of its SLOs", () => {
		const { pass, opened, play } = fleet();
		const stoppedAt = play.now;
		pass(HOUR_MS, (tenant) => tenant !== "contoso");
		expect(opened().map(({ tenant, detector, scope }) => [tenant, detector, scope])).toEqual([
			["contoso", "absence", "tenant"],
		]);
		const [{ evidence, detectedAt }] = opened() as [BreachOpened];
		expect(evidence.absence).toEqual({ answer: "tenant-stopped", tenants: 1 });
		expect(evidence.since).toBe(stoppedAt);
		// Three times its longest pause of the last six hours.
		expect(detectedAt - stoppedAt).toBeLessThanOrEqual(32 * MINUTE_MS);
	});

	it("ends with events", () => {
		const { pass, play } = fleet();
		pass(HOUR_MS, (tenant) => tenant !== "contoso");
		pass(2 * MINUTE_MS, () => true);
		expect(play.closed("contoso")).toHaveLength(1);
	});

	it("is claimed by a live monitor also where one in shadow saw it first", () => {
		const shadow = {
			name: "a-shadow",
			mode: "shadow" as const,
			absence: { quietHours: true, afterMs: 20 * MINUTE_MS },
		};
		const { pass, opened, play } = fleet(3 * DAY_MS, [shadow, ...ALSO]);
		pass(HOUR_MS, (tenant) => tenant !== "contoso");
		expect(opened().map(({ tenant, monitor }) => [tenant, monitor])).toEqual([["contoso", "missing"]]);
		expect(play.engine.takeShadowFirings().map(({ tenant, monitor }) => [tenant, monitor])).toEqual([
			["contoso", "a-shadow"],
		]);
	});

	it("of several tenants at the same time is their source's: one claim on the platform, none of a tenant", () => {
		const { pass, opened } = fleet();
		pass(2 * HOUR_MS, (tenant, slo) => slo === "search" || tenant === "wingtip");
		expect(opened().map(({ tenant, slo }) => [tenant, slo])).toEqual([["", "sign-in"]]);
		expect(opened()[0]?.evidence.absence).toEqual({ answer: "source-down", tenants: 4 });
	});

	it("of everybody is one claim about ourselves, and nobody is missed right after it", () => {
		const { pass, opened, play } = fleet();
		pass(2 * HOUR_MS, () => false);
		expect(opened().map(({ tenant, evidence }) => [tenant, evidence.absence?.answer])).toEqual([
			["", "everything-stopped"],
		]);
		pass(10 * MINUTE_MS, (tenant) => tenant !== "contoso");
		expect(opened()).toHaveLength(1);
		expect(play.closed("")).toHaveLength(1);
		pass(20 * MINUTE_MS, (tenant) => tenant !== "contoso");
		expect(opened().map(({ tenant }) => tenant)).toEqual(["", "contoso"]);
	});

	it("while this system was away is nobody's", () => {
		const { play } = fleet();
		const later = new Play(play.pairs, { now: play.now + 3 * HOUR_MS });
		for (const [pair, { tenant }] of play.pairs.entries())
			if (tenant !== "") for (let at = play.now - DAY_MS; at < play.now; at += MINUTE_MS) later.send(pair, 0, 1, at);
		later.pass(
			2 * HOUR_MS,
			() => {
				for (const [pair, { tenant }] of later.pairs.entries()) if (tenant !== "") later.send(pair, 0, 1);
			},
			MINUTE_MS,
		);
		expect(later.news).toEqual([]);
	});

	it("at the hours that were empty on the days before is a habit", () => {
		const { play } = fleet(0);
		const isOpen = (now: number) => new Date(now).getUTCHours() >= 7 && new Date(now).getUTCHours() < 18;
		const tenth = 10 * MINUTE_MS;
		play.pass(
			4 * DAY_MS,
			(now) => {
				for (const [pair, { tenant }] of play.pairs.entries())
					if (tenant !== "" && (tenant !== "contoso" || isOpen(now))) play.send(pair, 0, 10);
			},
			tenth,
		);
		const before = play.opened("contoso").filter(({ detectedAt }) => detectedAt > play.now - 2 * DAY_MS);
		expect(before).toEqual([]);
		// Stays away in the morning: told when an hour that used to have events is over.
		const morning = play.news.length;
		play.pass(
			DAY_MS,
			() => {
				for (const [pair, { tenant }] of play.pairs.entries())
					if (tenant !== "" && tenant !== "contoso") play.send(pair, 0, 10);
			},
			tenth,
		);
		const told = play.news.slice(morning).filter((one): one is BreachOpened => one.type === "breach.opened");
		expect(told.map(({ tenant }) => tenant)).toEqual(["contoso"]);
	});

	it("long ago is no news", () => {
		const play = new Play(fleetOf(["contoso", "fabrikam"], { also: ALSO }));
		for (let at = play.now - 5 * DAY_MS; at < play.now - 3 * DAY_MS; at += 10 * MINUTE_MS) play.send(1, 0, 10, at);
		play.history(2, 5 * DAY_MS, 10 * MINUTE_MS, 10);
		play.pass(2 * HOUR_MS, () => play.send(2, 0, 1), MINUTE_MS);
		expect(play.news).toEqual([]);
	});

	it("after a time that the monitor names is told then", () => {
		const also = [{ name: "missing", mode: "live" as const, absence: { afterMs: 5 * MINUTE_MS, quietHours: false } }];
		const play = new Play(fleetOf(["contoso", "fabrikam"], { also }));
		const send = (pairs: readonly number[]) => () => {
			for (const pair of pairs) play.send(pair, 0, 1);
		};
		play.pass(30 * MINUTE_MS, send([1, 2]), MINUTE_MS);
		const stoppedAt = play.now;
		play.pass(10 * MINUTE_MS, send([2]), MINUTE_MS);
		expect((play.opened("contoso")[0]?.detectedAt as number) - stoppedAt).toBe(6 * MINUTE_MS);
	});
});
