import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { PairStatus } from "#detection";
import { causesOf, getIncident, takeFeedMessage, timelineOf } from "#incidents";
import { scopeOf } from "#platform";
import { type AttributeCounts, type AttributesQuery, parseFeed } from "#telemetry";
import {
	breachOpened,
	exampleCatalogue,
	exampleEvidence,
	exampleSlo,
	exampleTenant,
	START,
} from "../../testing/catalogue.ts";
import { exampleFeed } from "../../testing/feed-messages.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { createCauseWatch } from "./cause-watch.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const ONSET = START - 2 * MINUTE_MS;
const FEED = exampleFeed({ name: "changes", displayName: "The pipeline", kind: "json", gives: "changes" });
const PEERS = ["peer-a", "peer-b", "peer-c", "peer-d", "peer-e", "peer-f"];
const OF_WOODGROVE = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });
const OF_CITY_POWER = scopeOf({ name: "c", role: "viewer", tenants: ["city-power"] });

/** By tenant and attribute: value → bad and all events, in the incident and on the day before. */
type Counts = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>>>;

async function house({ counts = {}, ill = [] }: { counts?: Counts; ill?: readonly string[] } = {}) {
	const tenants = [exampleTenant("woodgrove", "Woodgrove Bank"), exampleTenant("city-power", "City Power")];
	const catalogue = exampleCatalogue({
		feeds: [FEED],
		tenants: [...tenants, ...PEERS.map((name) => exampleTenant(name, name))],
		slos: [exampleSlo("policy-create", { keep: ["cloud.region", "service.version"] })],
	});
	const rooms = await openRooms(catalogue);
	onTestFinished(() => rooms.remove());
	const { store, deps, clock } = rooms;
	const errors: unknown[] = [];
	const sick = new Set(ill);
	const broken = new Set<string>();
	const judged: string[] = [];
	const watch = createCauseWatch({
		store,
		deps,
		catalogue: () => catalogue,
		now: () => clock.now(),
		onError: (error) => errors.push(error),
		onJudged: ({ id }) => judged.push(id),
		telemetry: {
			attributes: async (queries) => {
				if (queries.some(({ tenant }) => broken.has(tenant))) throw new Error("the telemetry thread is down");
				return queries.map((query) => attributeCounts(query, counts));
			},
			statuses: () =>
				PEERS.map((tenant) => {
					const isIll = sick.has(tenant);
					return {
						tenant,
						slo: "policy-create",
						state: isIll ? "breach" : "healthy",
						breachSince: START,
					} as PairStatus;
				}),
		},
	});
	let messages = 0;
	const send = (...changes: readonly object[]) => {
		const parsed = parseFeed(FEED, { headers: {}, body: changes, receivedAt: clock.now() });
		if (parsed.status !== "parsed") throw new Error(parsed.message);
		const delivery = { feed: FEED, parsed, key: `m-${++messages}`, provesLife: true, receivedAt: clock.now() };
		return store.transaction((tx) => takeFeedMessage(tx, { bus: deps.bus, catalogue }, delivery));
	};
	return {
		...rooms,
		watch,
		sick,
		broken,
		judged,
		lookFaults: errors,
		send,
		async causes(id = "INC-1001", scope = ALL) {
			const incident = await getIncident(store.db, ALL, id);
			return incident && causesOf(store.db, scope, incident);
		},
		blames: async (scope = ALL) =>
			(await timelineOf(store.db, scope, "INC-1001")).filter(({ type }) => type === "incident.cause_blamed"),
	};
}

function attributeCounts({ tenant, by, from }: AttributesQuery, counts: Counts): AttributeCounts | undefined {
	// Combinations are not counted here: each attribute is asked by itself.
	if (by.length > 1) return undefined;
	const values = counts[tenant]?.[by[0] as string] ?? {};
	const isUsual = from < ONSET - HOUR_MS;
	const items = Object.entries(values).map(([value, [bad, total]]) => {
		const own = isUsual ? { bad: Math.round(total / 2_000), total } : { bad, total };
		return { values: [value], ...own, good: own.total - own.bad, isExact: true, since: undefined };
	});
	const sum = (key: "bad" | "good" | "total") => items.reduce((all, item) => all + item[key], 0);
	const other = { good: 0, bad: 0, total: 0 };
	return { by, keptFrom: 0, until: START, good: sum("good"), bad: sum("bad"), total: sum("total"), items, other };
}

const change = (id: string, minutesBefore: number, more: object = {}) => ({
	id,
	title: `Change ${id}`,
	kind: "config",
	workload: "policy",
	state: "succeeded",
	startedAt: ONSET - minutesBefore * MINUTE_MS,
	updatedAt: ONSET - minutesBefore * MINUTE_MS,
	...more,
});
const deploy = (id: string, minutesBefore: number, build: string, region?: string) =>
	change(id, minutesBefore, { kind: "deployment", build, region });
/** Now and then something, so that it is known how often. */
const ORDINARY = Array.from({ length: 6 }, (_, day) => change(`old-${day}`, ((day + 1) * DAY_MS) / MINUTE_MS - 60));
const EVIDENCE = exampleEvidence({
	onset: { from: ONSET - MINUTE_MS, to: ONSET + MINUTE_MS, shape: "step", isOpen: false },
});
const BUILDS: Counts = {
	woodgrove: {
		"cloud.region": { westeurope: [300, 1_000] },
		"service.version": { b103: [1, 700], b104: [299, 300] },
	},
	"": { "cloud.region": { westeurope: [300, 9_000], eastus: [0, 9_000] }, "service.version": { b103: [1, 17_000] } },
};

describe("a change is blamed", () => {
	test("that brought the build in which the errors are, and the timeline says so once", async () => {
		const { open, send, watch, causes, blames } = await house({ counts: BUILDS });
		await send(...ORDINARY, deploy("d-1", 4, "b104", "West Europe"), change("f-1", 9));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		const [first] = (await causes())?.ranked ?? [];
		expect(first).toMatchObject({ id: "d-1", isBlamed: true, leadMs: 4 * MINUTE_MS });
		expect(first?.reasons[0]).toContain("b104, which is where the errors are");
		await watch.look();
		await send(change("later", -3));
		await watch.look();
		expect((await blames()).map(({ text }) => text)).toEqual([
			expect.stringMatching(
				/^Probably because of a change \(\d+ %\): deployed build b104 to West Europe 4 min before the onset\.$/,
			),
		]);
	});

	test("that is told only after the incident was opened, within the hour", async () => {
		const { open, send, watch, causes, blames, clock } = await house({ counts: BUILDS });
		await send(...ORDINARY);
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		expect((await causes())?.ranked.some(({ isBlamed }) => isBlamed)).toBe(false);
		expect(await blames()).toEqual([]);
		clock.advance(50 * MINUTE_MS);
		await send(deploy("d-1", 4, "b104", "westeurope"));
		await watch.look();
		expect((await blames()).length).toBe(1);
	});

	test("and another instead, when it turns out that the first was never made", async () => {
		const { open, send, watch, blames } = await house();
		await send(...ORDINARY, change("first", 9, { kind: "policy", tenant: "woodgrove" }));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		const undone = { kind: "policy", tenant: "woodgrove", state: "planned", updatedAt: START };
		await send(change("first", 9, undone), change("second", 4, { kind: "policy", tenant: "woodgrove" }));
		await watch.look();
		const texts = (await blames()).map(({ text }) => text);
		expect([texts.length, texts[0]?.includes("first"), texts[1]?.startsWith("Another change fits better now")]).toEqual(
			[2, true, true],
		);
	});

	test("of the tenant's own policy, which its own readers may see", async () => {
		const { open, send, watch, causes, blames } = await house();
		await send(...ORDINARY, change("edit", 3, { kind: "policy", tenant: "woodgrove" }));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		expect((await causes("INC-1001", OF_WOODGROVE))?.ranked[0]).toMatchObject({ id: "edit", isBlamed: true });
		expect((await blames(OF_WOODGROVE))[0]?.text).toContain("Change edit 3 min before the onset");
	});
});

describe("none fits", () => {
	test("when nothing changed, or it changed elsewhere, or comes only later", async () => {
		const { open, send, watch, causes } = await house({ counts: BUILDS });
		await send(
			...ORDINARY,
			change("elsewhere", 3, { region: "eastus" }),
			change("theirs", 3, { kind: "policy", tenant: "city-power" }),
			change("planned", 3, { state: "planned", tenant: "woodgrove" }),
			change("later", -30, { tenant: "woodgrove" }),
		);
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		const found = await causes();
		expect(found?.none).toBeGreaterThan(0.8);
		for (const id of ["elsewhere", "theirs", "planned", "later"])
			expect(found?.ranked.map((each) => each.id)).not.toContain(id);
	});

	test("an hour after the detection nothing is judged anew, nor once it is resolved", async () => {
		const { open, send, watch, causes, clock, resolve } = await house({ counts: BUILDS });
		await send(...ORDINARY);
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await open(breachOpened("city-power", { evidence: EVIDENCE }));
		await watch.look();
		await resolve("INC-1002", "noise", "a test of ours");
		await send(change("edit", 3, { kind: "policy", tenant: "city-power" }));
		await watch.look();
		expect((await causes("INC-1002"))?.ranked.map(({ id }) => id)).not.toContain("edit");
		clock.advance(61 * MINUTE_MS);
		await send(deploy("d-1", 4, "b104", "westeurope"));
		await watch.look();
		expect((await causes())?.ranked.map(({ id }) => id)).not.toContain("d-1");
	});

	test("of no change while a feed was never heard, which is named", async () => {
		const { open, watch, causes } = await house();
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		expect(await causes()).toMatchObject({ ranked: [], none: 1, silentFeeds: ["The pipeline"] });
	});
});

test("what cannot be judged now keeps no other from being judged, and is judged later", async () => {
	const { open, send, watch, causes, broken, judged, lookFaults } = await house({ counts: BUILDS });
	await send(...ORDINARY);
	await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
	await open(breachOpened("city-power", { evidence: EVIDENCE }));
	broken.add("city-power");
	await watch.look();
	expect([judged, lookFaults.length, await causes("INC-1002")]).toEqual([["INC-1001"], 1, undefined]);
	broken.clear();
	await watch.look();
	expect(judged).toEqual(["INC-1001", "INC-1002"]);
});

describe("who may see it", () => {
	test("a change of no single tenant and its timeline entry are for those who may see all", async () => {
		const { open, send, watch, causes, blames } = await house({ counts: BUILDS });
		await send(...ORDINARY, { ...deploy("d-1", 4, "b104", "westeurope"), title: "For City Power's sake" });
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		const seen = await causes("INC-1001", OF_WOODGROVE);
		expect(seen?.ranked).toEqual([]);
		expect(seen?.unseen).toBeGreaterThan(0.75);
		expect([await blames(OF_WOODGROVE), (await blames()).length]).toEqual([[], 1]);
		expect(await causes("INC-1001", OF_CITY_POWER)).toBeUndefined();
	});

	test("of a change of several tenants each sees its own row alone", async () => {
		const { open, send, watch, causes } = await house();
		await send(...ORDINARY, change("both", 3, { kind: "policy", tenants: ["city-power", "woodgrove"] }));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		const seen = await causes("INC-1001", OF_WOODGROVE);
		expect(seen?.ranked[0]?.change.tenant).toBe("woodgrove");
		expect(JSON.stringify(seen)).not.toContain("city-power");
	});
});

describe("what else is known", () => {
	test("a change for all is likelier when others fell ill with it, and less so when they are well", async () => {
		const probability = async (ill: readonly string[]) => {
			const { open, send, watch, causes } = await house({ ill });
			await send(...ORDINARY, change("all", 6));
			await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
			await watch.look();
			return (await causes())?.ranked.find(({ id }) => id === "all")?.probability ?? 0;
		};
		const [together, alone] = [await probability(PEERS), await probability([])];
		expect(together).toBeGreaterThan(alone);
	});

	test("names of regions and builds that telemetry does not know clear no change", async () => {
		const { open, send, watch, causes } = await house({ counts: BUILDS });
		await send(...ORDINARY, deploy("d-1", 4, "f95f852bd8", "dc-amsterdam-3"));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE }));
		await watch.look();
		expect((await causes())?.ranked[0]?.id).toBe("d-1");
	});

	test("an incident under the platform's is told the platform's cause", async () => {
		const { open, send, watch, causes, sick } = await house();
		for (const peer of PEERS) sick.add(peer);
		await send(...ORDINARY, change("all", 3));
		await open(breachOpened("woodgrove", { evidence: EVIDENCE, scope: "platform" }));
		await watch.look();
		expect((await causes("INC-1002"))?.ranked[0]?.id).toBe("all");
		expect(await causes("INC-1002")).toEqual(await causes("INC-1001"));
	});
});
