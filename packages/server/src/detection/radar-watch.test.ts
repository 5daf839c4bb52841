import { HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { type BreachOpened, createDetection, type DetectionOptions, type DetectionPair } from "./index.ts";
import { poisson } from "./test-fleet.ts";

const TENANTS = Array.from({ length: 16 }, (_, i) => `tenant-${i}`);
const PER_MINUTE = 12;
const HEALTHY = 0.0005;
const START = Date.UTC(2026, 2, 4, 12);

/** The fleet's pair and one of each tenant; burn rate is off, so that only the radar claims. */
function pairsOf(monitor: Partial<NonNullable<DetectionPair["also"]>[number]> = {}): DetectionPair[] {
	const radar = {
		watches: ["errors"] as const,
		falsePagesPerTenantWeek: 0.01,
		workload: "identity",
		utcOffsetMinutes: 0,
	};
	return ["", ...TENANTS].map((tenant) => ({
		tenant,
		slo: "sign-in",
		objective: 0.999,
		periodMs: 30 * 24 * HOUR_MS,
		fleetPair: 0,
		monitor: undefined,
		also: [
			{
				name: "red-tenants",
				mode: "live",
				radar: { ...radar, called: { tenant: `Customer ${tenant}`, workload: "Identity", slo: "Sign-ins" } },
				...monitor,
			},
		],
	}));
}

/** Half a day of healthy minutes, the same for every reader: which minute it is decides. */
const history: DetectionOptions["history"] = (_slo, tenants, from, to) => {
	const steps = (to - from) / MINUTE_MS;
	const columns = new Float64Array(tenants.length * steps * 2);
	for (let row = 0; row < tenants.length; row++)
		for (let k = 0; k < steps; k++) {
			const random = seededRandom(row * 7919 + from / MINUTE_MS + k);
			const at = from + k * MINUTE_MS;
			columns[(row * steps + k) * 2 + 1] = at < START - 12 * HOUR_MS ? 0 : poisson(random, PER_MINUTE);
		}
	return columns;
};

interface Run {
	readonly ratio?: (tenant: string, minute: number) => number;
	readonly minutes?: number;
	readonly monitor?: Parameters<typeof pairsOf>[0];
	readonly pairs?: readonly DetectionPair[];
	readonly openBreaches?: DetectionOptions["openBreaches"];
	/** Turns the order in which the counts of a minute arrive. */
	readonly isTurned?: boolean;
}

/** The news of so many minutes, fed twice a minute and evaluated every five seconds. */
function run({ ratio = () => HEALTHY, minutes = 40, openBreaches = [], isTurned = false, ...watched }: Run) {
	const { pairs = pairsOf(watched.monitor) } = watched;
	const engine = createDetection({ pairs, futureMs: 300_000, confirmMs: 0, openBreaches, history, now: START });
	while (engine.work());
	const random = seededRandom(20);
	const news: ReturnType<typeof engine.evaluate> = [];
	for (let minute = 0; minute < minutes; minute++) {
		const arrivals: [number, number, number, number][] = [];
		for (const [pair, { tenant }] of pairs.entries())
			for (const half of [10, 40]) {
				if (tenant === "") continue;
				const total = poisson(random, PER_MINUTE / 2);
				let bad = 0;
				for (let k = 0; k < total; k++) if (random() < ratio(tenant, minute)) bad++;
				const at = START + minute * MINUTE_MS + half * SECOND_MS;
				arrivals.push([pair, at, bad, total], [0, at, bad, total]);
			}
		for (const [pair, at, bad, total] of isTurned ? arrivals.toReversed() : arrivals) engine.add(pair, at, bad, total);
		for (let second = 60; second < 120; second += 5)
			news.push(...engine.evaluate(START + minute * MINUTE_MS + second * SECOND_MS));
	}
	return { engine, pairs, news, opened: news.filter((one): one is BreachOpened => one.type === "breach.opened") };
}

describe("the radar on the windows of live data", () => {
	const oneIll = (tenant: string, minute: number) =>
		tenant === "tenant-3" && minute >= 5 && minute < 25 ? 0.2 : HEALTHY;

	it("claims on the tenant that fails, with its reason, and ends the claim", () => {
		const { opened, news } = run({ ratio: oneIll, minutes: 300 });
		expect(opened.map(({ tenant, detector, monitor, scope }) => [tenant, detector, monitor, scope])).toEqual([
			["tenant-3", "radar", "red-tenants", "tenant"],
		]);
		const [{ evidence, detectedAt }] = opened as [BreachOpened];
		expect(detectedAt - START).toBeLessThan(20 * MINUTE_MS);
		expect(evidence.says).toMatch(/^Customer tenant-3: Identity Sign-ins has been off for /);
		expect(evidence.radar).toMatchObject({ scope: "tenant", kind: "errors", changes: [], culprits: [] });
		expect(news.at(-1)).toMatchObject({ type: "breach.closed", tenant: "tenant-3", detector: "radar" });
	});

	it("claims what hurts most tenants on the platform first, then on each of them as a part of it", () => {
		const { opened } = run({ ratio: (_tenant, minute) => (minute >= 5 ? 0.3 : HEALTHY), minutes: 15 });
		expect(opened[0]).toMatchObject({ tenant: "", scope: "platform", slo: "sign-in" });
		expect(opened.length).toBeGreaterThan(TENANTS.length / 2);
		expect(new Set(opened.map(({ scope }) => scope))).toEqual(new Set(["platform"]));
		expect(new Set(opened.map(({ tenant }) => tenant)).size).toBe(opened.length);
	});

	it("claims nothing while all is well", () => {
		expect(run({ minutes: 120 }).news).toEqual([]);
	});

	it("claims nothing in planned maintenance, and what fails after it", () => {
		const twice = (tenant: string, minute: number) => Math.max(oneIll(tenant, minute), oneIll(tenant, minute - 60));
		const at = (minute: number) => START + minute * MINUTE_MS;
		const planned = (from: number, until: number | undefined) => {
			const span = { from: at(from), until: until === undefined ? undefined : at(until) };
			return pairsOf().map(({ also, ...pair }) => ({
				...pair,
				also: also?.map((each) => ({ ...each, radar: each.radar && { ...each.radar, planned: () => [span] } })),
			}));
		};
		const claimedAt = (pairs: readonly DetectionPair[]) =>
			run({ ratio: twice, minutes: 90, pairs }).opened.map((one) =>
				Math.floor((one.detectedAt - START) / (30 * MINUTE_MS)),
			);
		expect(claimedAt(planned(-10, 40))).toEqual([2]);
		expect(claimedAt(planned(-10, undefined))).toEqual([]);
		expect(claimedAt(planned(-20, -10))[0]).toBe(0);
	});

	it.each([
		["one tenant", (tenant: string) => tenant === "tenant-3"],
		["everybody", () => true],
	])("claims what fails for %s since planned maintenance and goes on when it has ended", (_, isIll) => {
		const planned = () => [{ from: START - HOUR_MS, until: START + 30 * MINUTE_MS }];
		const pairs = pairsOf().map(({ also, ...pair }) => ({
			...pair,
			also: also?.map((each) => ({ ...each, radar: each.radar && { ...each.radar, planned } })),
		}));
		const ratio = (tenant: string, minute: number) => (isIll(tenant) && minute >= 5 ? 0.2 : HEALTHY);
		const [first] = run({ ratio, minutes: 50, pairs }).opened;
		const minute = ((first?.detectedAt ?? 0) - START) / MINUTE_MS;
		expect(minute).toBeGreaterThan(30);
		expect(minute).toBeLessThan(45);
		expect(first?.scope).toBe(isIll("") ? "platform" : "tenant");
	});

	it("gives the same news for the same counts, in whatever order they came within a minute", () => {
		const news = [false, true].map((isTurned) => JSON.stringify(run({ ratio: oneIll, minutes: 60, isTurned }).news));
		expect(news[1]).toBe(news[0]);
		expect((news[0] as string).length).toBeGreaterThan(100);
	});

	it("waits for what is usual: nothing is claimed before it has been learnt", () => {
		const engine = createDetection({
			pairs: pairsOf(),
			futureMs: 300_000,
			confirmMs: 0,
			openBreaches: [],
			history,
			now: START,
		});
		expect(engine.learnt()).toBe(0);
		engine.work();
		for (let k = 0; k < 100; k++) engine.work();
		expect(engine.learnt()).toBeGreaterThan(0);
		expect(engine.learnt()).toBeLessThan(1);
		while (engine.work());
		expect(engine.learnt()).toBe(1);
	});

	it("ends after a restart what was claimed before and no longer stands", () => {
		const openBreaches = [{ tenant: "tenant-5", slo: "sign-in", detector: "radar", openedAt: START - HOUR_MS }];
		const { news } = run({ openBreaches, minutes: 3 });
		expect(news.map(({ type, tenant }) => [type, tenant])).toEqual([["breach.closed", "tenant-5"]]);
	});

	it("ends after a restart also what was claimed on the platform", () => {
		const openBreaches = [{ tenant: "", slo: "sign-in", detector: "radar", openedAt: START - HOUR_MS }];
		const { news } = run({ openBreaches, minutes: 3 });
		expect(news.map(({ type, tenant }) => [type, tenant])).toEqual([["breach.closed", ""]]);
	});

	it("is the live one where another radar in shadow stands before it", () => {
		const pairs = pairsOf().map((pair) => {
			const [live] = pair.also as [NonNullable<DetectionPair["also"]>[number]];
			return { ...pair, also: [{ ...live, name: "a-shadow", mode: "shadow" as const }, live] };
		});
		const { opened, engine } = run({ ratio: oneIll, pairs });
		expect(opened.map(({ monitor }) => monitor)).toEqual(["red-tenants"]);
		expect(engine.shadowBreaches(4)).toBe(0);
	});

	it("in shadow is counted and told to nobody; paused it claims when the pause is over", () => {
		const shadow = run({ ratio: oneIll, monitor: { mode: "shadow" } });
		expect(shadow.news).toEqual([]);
		expect(shadow.engine.shadowBreaches(4)).toBe(1);
		const pausedUntil = START + 18 * MINUTE_MS;
		const paused = run({ ratio: oneIll, monitor: { pausedUntil } });
		expect(paused.opened.map(({ tenant }) => tenant)).toEqual(["tenant-3"]);
		expect(paused.opened[0]?.detectedAt).toBeGreaterThanOrEqual(pausedUntil);
	});

	it("names the change before it that fits", () => {
		const pairs = pairsOf();
		const engine = createDetection({ pairs, futureMs: 300_000, confirmMs: 0, openBreaches: [], history, now: START });
		while (engine.work());
		engine.change({
			id: "flag-7",
			at: START + 4 * MINUTE_MS,
			kind: "config",
			workload: "identity",
			scope: { tenant: "tenant-3" },
		});
		const random = seededRandom(3);
		let opened: BreachOpened | undefined;
		for (let minute = 0; minute < 20 && !opened; minute++) {
			for (const [pair, { tenant }] of pairs.entries()) {
				if (tenant === "") continue;
				const total = poisson(random, PER_MINUTE);
				const bad = oneIll(tenant, minute) > HEALTHY ? Math.round(total * 0.4) : 0;
				engine.add(pair, START + minute * MINUTE_MS + 30 * SECOND_MS, bad, total);
			}
			opened = engine
				.evaluate(START + (minute + 1) * MINUTE_MS + 26 * SECOND_MS)
				.find((one): one is BreachOpened => one.type === "breach.opened");
		}
		expect(opened?.evidence.radar?.changes).toEqual(["flag-7"]);
	});
});
