import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { type BreachOpened, createDetection, type DetectionPair, type PairMonitor, type TenantClock } from "./index.ts";
import { poisson } from "./test-fleet.ts";

const START = Date.UTC(2026, 2, 4, 11);

/** Events a minute: 2 at night, 20 by day. */
function rate(at: number): number {
	const hour = new Date(at).getUTCHours();
	return hour >= 7 && hour < 19 ? 20 : 2;
}

function pairsOf(monitor: Partial<PairMonitor>): DetectionPair[] {
	const terms = { slo: "sign-in", objective: 0.999, periodMs: 30 * 24 * HOUR_MS, fleetPair: 0, monitor: undefined };
	const seasonal = { measure: "events" as const, direction: "both" as const, clock: (at: number) => at };
	return ["", "contoso"].map((tenant) => ({
		tenant,
		...terms,
		also: tenant === "" ? [] : [{ name: "usual", mode: "live", seasonal, ...monitor }],
	}));
}

/** Two weeks behind and `minutes` ahead of it; `share` of the usual events come, `ratio` of them bad. */
function run(options: {
	readonly minutes: number;
	readonly share?: (minute: number) => number;
	readonly ratio?: (minute: number) => number;
	readonly monitor?: Partial<PairMonitor>;
	/** Of the minutes before the start, counted back from it. */
	readonly shareBefore?: (minutesAgo: number) => number;
	readonly isOpen?: boolean;
	readonly start?: number;
}) {
	const { shareBefore = () => 1, isOpen = false, start = START } = options;
	const { minutes, share = () => 1, ratio = () => 0.01, monitor = {} } = options;
	const random = seededRandom(4);
	const engine = createDetection({
		pairs: pairsOf(monitor),
		futureMs: 300_000,
		confirmMs: 0,
		openBreaches: isOpen
			? [{ tenant: "contoso", slo: "sign-in", detector: "seasonal", openedAt: start - HOUR_MS }]
			: [],
		now: start,
		history: (_slo, tenants, from, to) => {
			const steps = (to - from) / MINUTE_MS;
			const columns = new Float64Array(tenants.length * steps * 2);
			for (let k = 0; k < steps; k++) {
				const total = poisson(random, rate(from + k * MINUTE_MS) * shareBefore(steps - k));
				for (const row of tenants.keys()) columns[(row * steps + k) * 2 + 1] = total + (row === 0 ? 0 : 50);
				columns[k * 2] = Math.min(total, poisson(random, total * 0.01));
			}
			return columns;
		},
	});
	expect(engine.learnt()).toBe(0);
	while (engine.work());
	expect(engine.learnt()).toBe(1);
	const news: ReturnType<typeof engine.evaluate> = [];
	for (let minute = 0; minute < minutes; minute++) {
		const at = start + minute * MINUTE_MS + 30 * SECOND_MS;
		const total = poisson(random, rate(at) * share(minute));
		const bad = Math.min(total, poisson(random, total * ratio(minute)));
		engine.add(0, at, bad, total + 50);
		if (total > 0) engine.add(1, at, bad, total);
		news.push(...engine.evaluate(start + (minute + 1) * MINUTE_MS));
	}
	return { news, opened: news.filter((one): one is BreachOpened => one.type === "breach.opened") };
}

describe("a series beside its own season", () => {
	const falls = (minute: number) => (minute >= 60 && minute < 120 ? 0.15 : 1);

	it("is claimed when events stay away by day, says what was expected, and ends when they are back", () => {
		const { opened, news } = run({ minutes: 240, share: falls });
		expect(opened.map(({ tenant, detector, monitor }) => [tenant, detector, monitor])).toEqual([
			["contoso", "seasonal", "usual"],
		]);
		const [{ evidence, detectedAt }] = opened as [BreachOpened];
		expect(detectedAt - START).toBeGreaterThan(60 * MINUTE_MS);
		expect(detectedAt - START).toBeLessThanOrEqual(76 * MINUTE_MS);
		expect(evidence.says).toMatch(/^Events in five minutes: expected \S+ .*, saw \d+; (about|less than) once .*\.$/);
		expect(news.at(-1)?.type).toBe("breach.closed");
	});

	it("on a holiday is set beside its Sundays", () => {
		const holiday = Date.UTC(2026, 2, 4);
		const start = holiday - 14 * DAY_MS;
		const floodAt = holiday + 10 * HOUR_MS;
		const shareAt = (at: number) => (at >= floodAt ? 9 : at >= holiday || new Date(at).getUTCDay() === 0 ? 0.1 : 1);
		const expectedOn = (clock: TenantClock) => {
			const { opened } = run({
				start,
				minutes: (floodAt + 2 * HOUR_MS - start) / MINUTE_MS,
				share: (minute) => shareAt(start + minute * MINUTE_MS),
				shareBefore: (minutesAgo) => shareAt(start - minutesAgo * MINUTE_MS),
				monitor: { seasonal: { measure: "events", direction: "both", clock } },
			});
			expect(opened).toHaveLength(1);
			const [, most] = /expected [\d,.]+-([\d,.]+)/.exec(opened[0]?.evidence.says ?? "") ?? [];
			return Number(most);
		};
		const asSunday = expectedOn((at) => (at >= holiday ? at - 3 * DAY_MS : at));
		expect(asSunday).toBeLessThan(expectedOn((at) => at));
	});

	it("is not claimed at night, when there are few every night, nor for a whole healthy day", () => {
		expect(run({ minutes: 24 * 60 }).news).toEqual([]);
	});

	it("by ratio is claimed when far more fail than usual, whatever the objective", () => {
		const seasonal = { measure: "bad-ratio" as const, direction: "up" as const, clock: (at: number) => at };
		const ratio = (minute: number) => (minute >= 60 && minute < 120 ? 0.3 : 0.01);
		const { opened } = run({ minutes: 130, ratio, monitor: { seasonal } });
		expect(opened).toHaveLength(1);
		expect(opened[0]?.evidence.says).toMatch(/^Share of bad events: expected .*%.*, saw \d+(\.\d+)?%/);
	});

	it("raised while paused is told when the pause is over, if it still stands", () => {
		const pausedUntil = START + 100 * MINUTE_MS;
		const still = run({ minutes: 130, share: falls, monitor: { pausedUntil } });
		expect(still.opened.map(({ detectedAt }) => detectedAt)).toEqual([pausedUntil]);
		const over = run({ minutes: 200, share: falls, monitor: { pausedUntil: START + 180 * MINUTE_MS } });
		expect(over.opened).toEqual([]);
	});

	it("that began while this system was away is claimed after the start, once, and not when it is over", () => {
		const away = (until: number) => (minutesAgo: number) => (minutesAgo <= 40 && minutesAgo > until ? 0.15 : 1);
		const lasting = run({ minutes: 40, shareBefore: away(0), share: () => 0.15 });
		expect(lasting.opened.map(({ tenant }) => tenant)).toEqual(["contoso"]);
		expect(run({ minutes: 40, shareBefore: away(20) }).news).toEqual([]);
	});

	it("that was claimed before a restart is not claimed again, and its end is told", () => {
		const shareBefore = (minutesAgo: number) => (minutesAgo <= 40 ? 0.15 : 1);
		const { news } = run({ minutes: 90, shareBefore, share: (minute) => (minute < 30 ? 0.15 : 1), isOpen: true });
		expect(news.map(({ type }) => type)).toEqual(["breach.closed"]);
	});
});
