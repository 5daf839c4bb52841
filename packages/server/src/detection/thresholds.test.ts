import { MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import type { BreachOpened, PairMonitor } from "./index.ts";
import { fleetOf, Play } from "./test-fleet.ts";

const CONTOSO = 1;
const DRAFT = { name: "burn", mode: "draft" as const, evidenceP: 1e-4, tiers: [] };
type Terms = NonNullable<PairMonitor["threshold"]>;
const RATIO: Terms = {
	measure: "bad-ratio",
	is: "above",
	value: 0.05,
	lookMs: 5 * MINUTE_MS,
	minutes: 3,
	clear: 0.02,
	clearMs: 5 * MINUTE_MS,
};

/** A tenant without a burn-rate monitor, beside another one, that sends so many bad of 100 events in each minute. */
function play(terms: Partial<Terms>, more: Partial<PairMonitor> = {}) {
	const also = [{ name: "limit", mode: "live" as const, threshold: { ...RATIO, ...terms }, ...more }];
	const it = new Play(fleetOf(["contoso", "fabrikam"], { monitor: DRAFT, also }), { now: Date.UTC(2026, 2, 2, 9) });
	const minutes = (bads: readonly (number | undefined)[], total = 100) => {
		for (const bad of bads) {
			it.send(2, 0, 1000, it.now + 30 * SECOND_MS);
			if (bad !== undefined) it.send(CONTOSO, bad, total, it.now + 30 * SECOND_MS);
			it.pass(MINUTE_MS, undefined, 10 * SECOND_MS);
		}
	};
	return { it, minutes, opened: () => it.opened("contoso"), closed: () => it.closed("contoso") };
}

describe("a static threshold", () => {
	test.each([
		{ name: "is claimed by 3 of 5 minutes beyond it", bads: [6, 0, 6, 0, 6], opens: 1 },
		{ name: "not by 2", bads: [6, 0, 6, 0, 0, 6, 0, 6], opens: 0 },
		{ name: "not at exactly the value", bads: [5, 5, 5, 5, 5], opens: 0 },
		{ name: "not by minutes that say nothing", bads: [6, undefined, 6, undefined, undefined, 6], opens: 0 },
	])("$name", ({ bads, opens }) => {
		const { minutes, opened } = play({});
		minutes(bads);
		expect(opened()).toHaveLength(opens);
	});

	it("says what it saw, since when", () => {
		const { it: played, minutes, opened } = play({});
		const startAt = played.now;
		minutes([0, 6, 6, 6]);
		const { detector, monitor, scope, evidence } = opened()[0] as BreachOpened;
		expect({ detector, monitor, scope }).toEqual({ detector: "threshold", monitor: "limit", scope: "tenant" });
		expect(evidence.says).toBe("In 3 of the last 5 minutes the share of bad events lay above 5%.");
		expect(evidence.since).toBe(startAt + MINUTE_MS);
		expect(evidence.tier).toBeUndefined();
		expect(evidence.episode).toMatchObject({ bad: 18, total: 300 });
	});

	it("does not flap between the value and where it clears, and ends after five minutes below that", () => {
		const { minutes, opened, closed } = play({});
		minutes([6, 6, 6, 4, 4, 4, 4, 4, 4, 6, 4]);
		expect([opened().length, closed().length]).toEqual([1, 0]);
		minutes([1, 1, 1, 1]);
		expect(closed()).toHaveLength(0);
		minutes([1]);
		expect(closed()).toHaveLength(1);
	});

	it("needs events to end", () => {
		const { minutes, closed } = play({});
		minutes([6, 6, 6, ...new Array<undefined>(20).fill(undefined)]);
		expect(closed()).toHaveLength(0);
	});

	it("on events takes a minute without any for 0 while others of the SLO have some", () => {
		const { minutes, opened } = play({ measure: "events", is: "below", value: 10, clear: 10, minutes: 5 });
		minutes([0, 0, undefined, undefined, undefined, undefined]);
		expect(opened()).toHaveLength(0);
		minutes([undefined]);
		expect(opened()[0]?.evidence.says).toBe("In 5 of the last 5 minutes events lay below 10.");
	});

	it("counts, and tells nobody, in shadow; claims nothing while it is paused", () => {
		const shadow = play({}, { mode: "shadow" });
		shadow.minutes([6, 6, 6]);
		expect(shadow.it.news).toEqual([]);
		expect(shadow.it.engine.shadowBreaches(CONTOSO)).toBe(1);
		const paused = play({}, { pausedUntil: Date.UTC(2026, 2, 2, 9, 10) });
		paused.minutes(new Array(9).fill(6));
		expect(paused.opened()).toHaveLength(0);
		paused.minutes([6, 6]);
		expect(paused.opened()).toHaveLength(1);
	});

	it("is not claimed again after a restart, and its end is still told", () => {
		const first = play({});
		first.minutes([6, 6, 6]);
		const [{ tenant, slo, detector, detectedAt }] = first.opened() as [BreachOpened];
		const again = new Play(first.it.pairs, {
			now: first.it.now,
			openBreaches: [{ tenant, slo, detector, openedAt: detectedAt }],
		});
		for (let k = 0; k < 6; k++) {
			again.send(CONTOSO, 6 * Number(k === 0), 100, again.now + SECOND_MS);
			again.pass(MINUTE_MS, undefined, 10 * SECOND_MS);
		}
		expect(again.news.map(({ type }) => type)).toEqual(["breach.closed"]);
	});
});
