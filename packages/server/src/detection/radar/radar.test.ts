import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "./clock-minutes.ts";
import { createRadar } from "./radar.ts";
import {
	type Delivery,
	fleet,
	LEARNT,
	OPTIONS,
	pages,
	START_AT,
	seeded,
	type Trouble,
	watch,
} from "./test-radar-fleet.ts";
import type { RadarEvent } from "./types.ts";

const END = LEARNT + 180;
const everybody = OPTIONS.tenants.map((t) => t.tenant);
const outage: Trouble = { tenants: ["curie"], workload: "mail", from: LEARNT, to: LEARNT + 40, errorRatio: 0.7 };
const minutesAfter = (event: RadarEvent | undefined, from: number) =>
	((event?.at ?? Number.NaN) - START_AT) / MINUTE_MS - from;
const seen = (troubles: readonly Trouble[]) => watch(fleet(END, troubles), END);

describe("what the radar pages for", () => {
	it("a healthy fleet wakes nobody", () => {
		expect(seen([])).toEqual([]);
	});

	it("one tenant's outage is one page for that tenant, and closes when it has been well for an hour", () => {
		const events = seen([outage]);
		expect(pages(events)).toMatchObject([
			{ scope: "tenant", tenant: "curie", tenants: ["curie"], workload: "mail", sli: "availability", culprits: [] },
		]);
		expect(minutesAfter(events[0], LEARNT)).toBeLessThan(10);
		expect(pages(events)[0]?.onsetAt).toBe(START_AT + LEARNT * MINUTE_MS);
		expect(events.at(-1)).toMatchObject({ type: "closed", reason: "recovered" });
	});

	it("errors of one build name it", () => {
		const events = seen([{ ...outage, build: "b2" }]);
		expect(pages(events)).toMatchObject([{ tenant: "curie", culprits: [{ attribute: "build", value: "b2" }] }]);
	});

	it("a region that fails for all is one page of that region, and none of its tenants", () => {
		const events = seen([{ ...outage, tenants: everybody, region: "west" }]);
		expect(pages(events)).toMatchObject([{ scope: "cohort", cohort: { attribute: "region", value: "west" } }]);
		expect(pages(events)[0]?.tenants).toEqual([...everybody].sort());
	});

	it("a platform that fails is one page, within five minutes", () => {
		const events = seen([{ ...outage, tenants: everybody }]);
		expect(pages(events)).toMatchObject([{ scope: "platform", workload: "mail" }]);
		expect(minutesAfter(events[0], LEARNT)).toBeLessThan(5);
	});

	it("two tenants that are ill at the same time are two pages, not the platform", () => {
		const events = seen([outage, { ...outage, tenants: ["euler"] }]);
		expect(pages(events).map((page) => `${page.scope} ${page.tenant}`)).toEqual(["tenant curie", "tenant euler"]);
	});

	it("slower answers are a latency page", () => {
		const slow = { tenants: ["bell"], workload: "mail", from: LEARNT, to: LEARNT + 40, slower: 1 };
		expect(pages(seen([slow]))).toMatchObject([{ tenant: "bell", sli: "latency" }]);
	});

	it("events that stop while the tenant's other workload goes on are a volume page", () => {
		const stop = { tenants: ["bell"], workload: "mail", from: LEARNT, to: LEARNT + 40, keep: 0 };
		expect(pages(seen([stop]))).toMatchObject([{ tenant: "bell", workload: "mail", sli: "volume" }]);
	});

	it("a region whose events stop is named", () => {
		const stop = { tenants: ["bell"], workload: "mail", region: "west", from: LEARNT, to: LEARNT + 40, keep: 0 };
		expect(pages(seen([stop]))).toMatchObject([
			{ tenant: "bell", sli: "volume", culprits: [{ attribute: "region", value: "west" }] },
		]);
	});
});

describe("what wakes nobody", () => {
	const half = ["sign-in", "mail"].map((workload) => ({
		tenants: ["darwin"],
		workload,
		from: LEARNT,
		to: LEARNT + 100,
		keep: 0.45,
	}));

	it("a day on which a tenant does less of everything", () => {
		expect(seen(half)).toEqual([]);
	});

	it("a blip of three minutes", () => {
		expect(seen([{ ...outage, to: LEARNT + 3, errorRatio: 0.3 }])).toEqual([]);
	});

	it("announced maintenance", () => {
		const window = {
			tenant: "curie",
			workload: "mail",
			from: outage.from * MINUTE_MS + START_AT,
			to: outage.to * MINUTE_MS + START_AT,
		};
		expect(watch(fleet(END, [outage]), END, { maintenance: [window] })).toEqual([]);
	});

	it.each([
		["one tenant", ["ada"]],
		["everybody", everybody],
	])("telemetry of %s that is held up for nine minutes", (_, who) => {
		const gap = LEARNT + 10;
		const held = fleet(END).map((delivery) => {
			const m = (delivery.minute.minuteAt - START_AT) / MINUTE_MS;
			return who.includes(delivery.minute.tenant) && m >= gap && m < gap + 9
				? { ...delivery, arrives: gap + 12 }
				: delivery;
		});
		expect(watch(held, END)).toEqual([]);
	});
});

describe("what never matters", () => {
	const troubles = [outage, { ...outage, tenants: ["euler"], workload: "sign-in", build: "b1" }];
	const plain = JSON.stringify(seen(troubles));

	it("running it again", () => {
		expect(JSON.stringify(seen(troubles))).toBe(plain);
	});

	it("batches that come twice", () => {
		const random = seeded("twice");
		const twice = fleet(END, troubles).flatMap((delivery) =>
			random() < 0.2 ? [delivery, { ...delivery, arrives: delivery.arrives + Math.floor(random() * 20) }] : [delivery],
		);
		expect(JSON.stringify(watch(twice, END))).toBe(plain);
	});

	it("the order in which a minute's batches come", () => {
		const random = seeded("order");
		const shuffled = fleet(END, troubles)
			.map((delivery) => ({ delivery, key: random() }))
			.sort((a, b) => a.key - b.key)
			.map(({ delivery }) => delivery);
		expect(JSON.stringify(watch(shuffled, END))).toBe(plain);
	});

	it("minutes that came late, once they are there", () => {
		const random = seeded("late");
		const late = fleet(END, troubles).map((delivery): Delivery => {
			const isLate = delivery.arrives < LEARNT - 45 && random() < 0.02;
			return isLate ? { ...delivery, arrives: delivery.arrives + 1 + Math.floor(random() * 40) } : delivery;
		});
		expect(JSON.stringify(watch(late, END))).toBe(plain);
	});

	it("what comes afterwards", () => {
		const cut = LEARNT + 25;
		const until = seen(troubles).filter((event) => event.at < START_AT + cut * MINUTE_MS);
		expect(watch(fleet(cut, troubles), cut).filter((event) => event.at < START_AT + cut * MINUTE_MS)).toEqual(until);
	});

	it("the trouble of another tenant", () => {
		const alone = seen([outage]).filter((event) => event.type !== "closed");
		const both = seen(troubles).filter((event) => event.type !== "closed" && event.alert.tenant === "curie");
		const bare = (events: readonly RadarEvent[]) =>
			events.map((e) => (e.type === "closed" ? e : { ...e.alert, id: "" }));
		expect(bare(both)).toEqual(bare(alone));
	});
});

describe("what the radar refuses", () => {
	const [first] = fleet(1) as [Delivery];

	it("tenants and signals that it was not told of", () => {
		const radar = createRadar(OPTIONS);
		expect(radar.observe({ ...first.minute, tenant: "nobody" })).toBe(false);
		expect(radar.observe({ ...first.minute, signal: "nothing" })).toBe(false);
	});

	it("a minute again, and one that is later than an hour", () => {
		const radar = createRadar(OPTIONS);
		expect(radar.observe(first.minute)).toBe(true);
		expect(radar.observe(first.minute)).toBe(false);
		radar.advance(START_AT + 90 * MINUTE_MS);
		expect(radar.observe({ ...first.minute, id: "another" })).toBe(false);
	});
});
