import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { investigateIncident, mergeIncident, putUnderParent, resolveIncident, takeFromParent } from "#incidents";
import { breachOpened, START } from "../../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../../testing/rooms.ts";
import { inhibition, maintenance, route, routedCatalogue } from "../../../testing/routing.ts";
import { endMute, makeMute, routingView } from "../index.ts";
import { type ParentFacts, type Voice, voiceOf } from "./spoken-for.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const FACTS: ParentFacts = {
	state: "detected",
	isMerged: false,
	hasPaged: false,
	chain: undefined,
	routing: undefined,
};

test.each<[string, Partial<ParentFacts>, Voice]>([
	["whose chain runs pages", { chain: "running", routing: "paging", hasPaged: true }, "pages"],
	["whose chain waits whether the signal clears will page", { chain: "running", routing: "paging" }, "pages"],
	["that waits for its group will page", { routing: "waiting" }, "will-page"],
	["that shares another one's page", { routing: "sharing", hasPaged: true }, "will-page"],
	["that somebody acknowledged", { state: "acknowledged", chain: "acknowledged", routing: "over" }, "taken"],
	["that somebody investigates, muted", { state: "investigating", routing: "held" }, "taken"],
	["muted after it paged", { chain: "stopped", routing: "held", hasPaged: true }, "has-paged"],
	["that paged and now reaches nobody", { chain: "exhausted", routing: "paging", hasPaged: true }, "has-paged"],
	["that paged before an earlier version routed it", { chain: "stopped", hasPaged: true }, "has-paged"],
	["held back before its first page", { routing: "held" }, "held"],
	["held back after it was taken up again", { chain: "stopped", routing: "held" }, "held"],
	["that is only told", { routing: "telling" }, "only-tells"],
	["that is only told since the catalogue changed", { routing: "telling", hasPaged: true }, "only-tells"],
	["that went quiet while it was held back", { routing: "quiet" }, "quiet"],
	["that went quiet and had paged", { routing: "quiet", hasPaged: true, chain: "stopped" }, "quiet"],
	["whose chain reaches nobody", { chain: "exhausted", routing: "paging" }, "reaches-nobody"],
	["of which nothing is known", {}, "not-routed"],
	["that is mitigated", { state: "mitigated", hasPaged: true }, "mitigated"],
	["that is resolved", { state: "resolved", hasPaged: true, chain: "acknowledged" }, "over"],
	["that is reviewed", { state: "reviewed", hasPaged: true }, "over"],
	["that was merged", { state: "resolved", isMerged: true }, "over"],
])("a platform incident %s", (_, facts, voice) => {
	expect(voiceOf({ ...FACTS, ...facts })).toBe(voice);
});

const PLATFORM = { slo: "policy-create", scope: "platform" } as const;

async function rooms(catalogue = routedCatalogue({})) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { store, deps, clock, open, sent, request } = opened;
	const asked = () => ({ scope: ALL, principal: OPERATOR, requestId: "r1", now: clock.now() });
	return {
		...opened,
		/** The platform's incident INC-1001 with woodgrove's INC-1002 under it. */
		platform: () => open(breachOpened("woodgrove", { ...PLATFORM, detectedAt: clock.now() })),
		breach: (tenant: string, slo = "policy-create") => open(breachOpened(tenant, { slo, detectedAt: clock.now() })),
		joins: (tenant: string) => open(breachOpened(tenant, { ...PLATFORM, detectedAt: clock.now() })),
		mute: async (matchers: string, lengthMs = HOUR_MS) => {
			const mute = { matchers: [matchers], owner: "n.patel", reason: "known", endsAt: clock.now() + lengthMs };
			const outcome = await store.transaction((tx) => makeMute(tx, deps, asked(), mute));
			if (outcome.status !== "made") throw new Error(outcome.status);
			return outcome.mute.id;
		},
		unmute: (id: string) => store.transaction((tx) => endMute(tx, deps, asked(), id)),
		under: (id: string, parent: string) =>
			store.transaction((tx) => putUnderParent(tx, deps, { ...request(id), parent })),
		out: (id: string) => store.transaction((tx) => takeFromParent(tx, deps, request(id))),
		merge: (id: string, into: string) => store.transaction((tx) => mergeIncident(tx, deps, { ...request(id), into })),
		/** Incidents that m-ito was paged for since `from` messages had left. */
		paged: (from = 0) => [
			...new Set(
				sent
					.slice(from)
					.filter((message) => message.kind === "page" && message.address === "m-ito")
					.map((message) => message.incidentId),
			),
		],
		chainOf: async (id: string) =>
			(await store.db.selectFrom("escalations").select("state").where("incident_id", "=", id).execute()).at(-1)?.state,
		routing: async (id: string) => (await routingView(store.db, ALL, id))?.state,
	};
}

const TOLD = { pages: false, tell: [{ channel: "hook", address: "https://chat.example/platform" }] };

describe("while the platform incident pages nobody, the tenants' incidents page by themselves", () => {
	test.each<[string, ReturnType<typeof routedCatalogue>]>([
		[
			"its route only tells",
			routedCatalogue({
				root: route("default", "", { groupWaitMs: 0, routes: [route("told", 'scope="platform"', TOLD)] }),
			}),
		],
		[
			"its route pages only later",
			routedCatalogue({
				root: route("default", "", {
					groupWaitMs: 0,
					routes: [route("day", 'scope="platform"', { groupWaitMs: 0, activeIntervals: ["night"] })],
				}),
				intervals: [{ name: "night", parts: [{ timeZone: "UTC", times: [{ from: 0, to: 60 }] }] }],
			}),
		],
		[
			"another incident inhibits it",
			routedCatalogue({ inhibitions: [inhibition("mail first", 'workload="mail"', 'scope="platform"', [])] }),
		],
		[
			"its policy reaches nobody",
			{
				...routedCatalogue({
					root: route("default", "", {
						groupWaitMs: 0,
						routes: [route("lost", 'scope="platform"', { groupWaitMs: 0, escalation: "lost" })],
					}),
				}),
				escalations: [
					...routedCatalogue({}).escalations,
					{ name: "lost", repeatEveryMs: MINUTE_MS, acknowledgeWithinMs: HOUR_MS, steps: [] },
				],
			},
		],
	])("%s", async (_, catalogue) => {
		const { platform, breach, pass, paged, timeline, acknowledge, incident } = await rooms(catalogue);
		if (catalogue.routing?.inhibitions.length) await breach("city-power", "mail-read");
		await platform();
		const [parent, child] = catalogue.routing?.inhibitions.length ? ["INC-1002", "INC-1003"] : ["INC-1001", "INC-1002"];
		expect((await incident(child as string))?.parentId).toBe(parent);
		await pass(MINUTE_MS);
		expect(paged()).toContain(child);
		if (catalogue.escalations.length === 1) expect(paged()).not.toContain(parent);
		expect((await timeline(child as string)).join("\n")).toContain(`Platform incident ${parent} `);
		await acknowledge(parent as string);
		expect(await incident(child as string)).toMatchObject({ state: "acknowledged" });
	});

	test("it is muted; when the mute ends it pages, and they stand back", async () => {
		const { platform, joins, mute, unmute, pass, paged, sent, chainOf, timeline } = await rooms();
		const id = await mute('scope="platform"');
		await platform();
		await joins("city-power");
		await pass(MINUTE_MS);
		expect(paged()).toEqual(["INC-1002", "INC-1003"]);
		await unmute(id);
		const before = sent.length;
		await pass(10 * MINUTE_MS, MINUTE_MS);
		expect(paged(before)).toEqual(["INC-1001"]);
		expect([await chainOf("INC-1002"), await chainOf("INC-1003")]).toEqual(["stopped", "stopped"]);
		expect((await timeline("INC-1002")).join("\n")).toContain("platform incident INC-1001 pages for it");
	});

	test("what holds it back holds them back as well where it matches them", async () => {
		const windows = [{ from: START - HOUR_MS, until: START + HOUR_MS }];
		const upgrade = maintenance({ workloads: ["policy"], windows });
		const { platform, pass, paged, routing } = await rooms(routedCatalogue({ maintenance: [upgrade] }));
		await platform();
		await pass(50 * MINUTE_MS, 5 * MINUTE_MS);
		expect(paged()).toEqual([]);
		expect([await routing("INC-1001"), await routing("INC-1002")]).toEqual(["held", "held"]);
		await pass(15 * MINUTE_MS, MINUTE_MS);
		expect(paged()).toContain("INC-1001");
		expect(await routing("INC-1001")).toBe("paging");
		expect(await routing("INC-1002")).toBe("over");
	});

	test("the first signs that paged before it go on paging", async () => {
		const { breach, mute, joins, pass, paged, sent, incident } = await rooms();
		await breach("woodgrove");
		await pass(MINUTE_MS);
		await mute('scope="platform"');
		await joins("city-power");
		expect((await incident("INC-1001"))?.parentId).toBe("INC-1002");
		const before = sent.length;
		await pass(3 * MINUTE_MS, MINUTE_MS);
		expect(paged(before).toSorted()).toEqual(["INC-1001", "INC-1003"]);
	});

	test("it waits for its group and is muted before it pages", async () => {
		const { platform, mute, pass, paged } = await rooms(
			routedCatalogue({ root: route("default", "", { groupWaitMs: 10 * SECOND_MS }) }),
		);
		await platform();
		await mute('scope="platform"');
		expect(paged()).toEqual([]);
		await pass(MINUTE_MS);
		expect(paged()).toEqual(["INC-1002"]);
	});

	test("it is mitigated and another tenant fails", async () => {
		const { platform, joins, pass, acknowledge, mitigate, paged, sent, incident } = await rooms();
		await platform();
		await pass(MINUTE_MS);
		await acknowledge("INC-1001");
		await mitigate("INC-1001");
		const before = sent.length;
		await joins("city-power");
		await pass(MINUTE_MS);
		expect(await incident("INC-1003")).toMatchObject({ state: "detected", parentId: "INC-1001" });
		expect(paged(before)).toEqual(["INC-1003"]);
	});
});

test("whoever investigates it has those under it that page by themselves as well", async () => {
	const { platform, mute, pass, paged, sent, incident, store, deps, request } = await rooms();
	await mute('scope="platform"');
	await platform();
	await pass(MINUTE_MS);
	await store.transaction((tx) => investigateIncident(tx, deps, request("INC-1001")));
	expect(await incident("INC-1002")).toMatchObject({ state: "acknowledged", acknowledgedBy: "n.patel" });
	const before = sent.length;
	await pass(10 * MINUTE_MS, MINUTE_MS);
	expect(paged(before)).toEqual([]);
});

test("what no longer burns when it goes quiet wakes nobody, and pages when the signal returns alone", async () => {
	const { platform, joins, mute, unmute, breach, close, pass, paged, sent, routing } = await rooms();
	await platform();
	await joins("city-power");
	await pass(MINUTE_MS);
	const id = await mute('scope="platform"');
	await close("woodgrove");
	await close("city-power");
	await unmute(id);
	expect([await routing("INC-1001"), await routing("INC-1002")]).toEqual(["quiet", "quiet"]);
	const before = sent.length;
	await pass(20 * MINUTE_MS, MINUTE_MS);
	expect(paged(before)).toEqual([]);
	await breach("woodgrove");
	await pass(MINUTE_MS);
	expect(paged(before)).toEqual(["INC-1002"]);
});

describe("once it paged, it speaks for them", () => {
	test("a tenant that joins later does not page, nor does either when the paging one is muted", async () => {
		const { platform, joins, mute, pass, paged, chainOf } = await rooms();
		await platform();
		await pass(MINUTE_MS);
		await joins("city-power");
		await mute('scope="platform"');
		await pass(10 * MINUTE_MS, MINUTE_MS);
		expect(paged()).toEqual(["INC-1001"]);
		expect(await chainOf("INC-1003")).toBeUndefined();
	});

	describe("but held back since, it speaks for none that was not among those it paged for", () => {
		async function muted() {
			const all = await rooms();
			await all.platform();
			await all.pass(MINUTE_MS);
			const id = await all.mute('scope="platform"');
			await all.pass(5 * MINUTE_MS, MINUTE_MS);
			return { ...all, id, before: all.sent.length };
		}

		test("a tenant that fails later pages, until the platform incident pages again", async () => {
			const { joins, unmute, pass, paged, chainOf, timeline, before, sent, id } = await muted();
			await joins("city-power");
			await pass(10 * MINUTE_MS, MINUTE_MS);
			expect(paged(before)).toEqual(["INC-1003"]);
			expect(await chainOf("INC-1002")).toBeUndefined();
			expect((await timeline("INC-1003")).join("\n")).toContain(
				"Platform incident INC-1001 pages nobody any more, so this one is routed by itself.",
			);
			await unmute(id);
			const after = sent.length;
			await pass(10 * MINUTE_MS, MINUTE_MS);
			expect(paged(after)).toEqual(["INC-1001"]);
			expect(await chainOf("INC-1003")).toBe("stopped");
		});

		test("nor does a second mute, or a clock that was set back, make it speak for that one", async () => {
			const { joins, mute, unmute, clock, pass, paged, chainOf, before, id } = await muted();
			clock.step(-30 * MINUTE_MS);
			await joins("city-power");
			await mute('scope="platform"');
			await unmute(id);
			await pass(10 * MINUTE_MS, MINUTE_MS);
			expect(paged(before)).toEqual(["INC-1003"]);
			expect(await chainOf("INC-1003")).toBe("running");
		});

		test("one that pages already and comes under it goes on paging", async () => {
			const { breach, under, joins, pass, sent, paged, chainOf } = await muted();
			await breach("city-power", "policy-read");
			await breach("city-power");
			await under("INC-1003", "INC-1001");
			await joins("city-power");
			const after = sent.length;
			await pass(10 * MINUTE_MS, MINUTE_MS);
			expect(paged(after)).toEqual(expect.arrayContaining(["INC-1003", "INC-1004"]));
			expect([await chainOf("INC-1003"), await chainOf("INC-1004")]).toEqual(["running", "running"]);
		});

		test("one that was resolved and fails again pages", async () => {
			const { breach, close, pass, store, deps, request, paged, before, incident } = await muted();
			await close("woodgrove");
			const verdict = { ...request("INC-1002"), verdict: "real-impact" };
			expect((await store.transaction((tx) => resolveIncident(tx, deps, verdict))).status).toBe("changed");
			await breach("woodgrove");
			expect(await incident("INC-1002")).toMatchObject({ state: "detected" });
			await pass(MINUTE_MS);
			expect(paged(before)).toEqual(["INC-1002"]);
		});
	});

	test("taken out of one that pages, an incident pages; of one that does not, it goes on as it was", async () => {
		const { platform, mute, out, pass, paged, sent, timeline } = await rooms();
		await mute('scope="platform"');
		await platform();
		await pass(MINUTE_MS);
		const before = sent.length;
		await out("INC-1002");
		await pass(SECOND_MS);
		expect(paged(before)).toEqual([]);
		await pass(2 * MINUTE_MS);
		expect(paged(before)).toEqual(["INC-1002"]);
		expect(
			(await timeline("INC-1002")).filter((line) => line.startsWith("Escalation policy default started")),
		).toHaveLength(1);
	});

	test("put under one that pages nobody, an incident goes on paging; under one that pages, it stops", async () => {
		const { platform, mute, unmute, breach, under, pass, chainOf } = await rooms();
		const id = await mute('scope="platform"');
		await platform();
		await breach("city-power", "policy-read");
		await under("INC-1003", "INC-1001");
		expect(await chainOf("INC-1003")).toBe("running");
		await unmute(id);
		await pass(SECOND_MS);
		expect(await chainOf("INC-1003")).toBe("stopped");
	});
});

test("the page of one under it ends when it pages in the same group: whoever shared that page is paged at once", async () => {
	const root = route("default", "", { groupWaitMs: 0, groupIntervalMs: 0, groupBy: ["workload"] });
	const { platform, breach, mute, unmute, pass, routing, chainOf, paged, sent } = await rooms(
		routedCatalogue({ root }),
	);
	const id = await mute('scope="platform"');
	await platform();
	await breach("city-power", "policy-read");
	await pass(SECOND_MS);
	expect([await chainOf("INC-1002"), await routing("INC-1003")]).toEqual(["running", "sharing"]);
	const before = sent.length;
	await unmute(id);
	await pass(SECOND_MS);
	expect([await chainOf("INC-1001"), await chainOf("INC-1002")]).toEqual(["running", "stopped"]);
	expect([await routing("INC-1001"), await routing("INC-1003")]).toEqual(["paging", "sharing"]);
	// What comes soon after a page to the same person waits for its company.
	await pass(3 * MINUTE_MS, MINUTE_MS);
	expect(paged(before)).toEqual(["INC-1001"]);
});

describe("when it ends", () => {
	test("what still burns is nobody's child any more, and pages", async () => {
		const { platform, breach, under, close, pass, store, deps, request, incident, sent, paged, timeline } =
			await rooms();
		await platform();
		await pass(SECOND_MS);
		await close("woodgrove");
		await breach("city-power", "policy-read");
		await under("INC-1003", "INC-1001");
		await pass(SECOND_MS);
		const before = sent.length;
		const verdict = { ...request("INC-1001"), verdict: "real-impact" };
		expect((await store.transaction((tx) => resolveIncident(tx, deps, verdict))).status).toBe("changed");
		await pass(MINUTE_MS);
		expect(await incident("INC-1003")).toMatchObject({ state: "detected", parentId: undefined });
		expect(paged(before)).toEqual(["INC-1003"]);
		expect(await timeline("INC-1003")).toContain("It still burns: it does not end with platform incident INC-1001.");
	});

	test("by a merge into one that pages nobody, those under it page; into one that was taken, they are taken", async () => {
		for (const isTaken of [false, true]) {
			const { platform, open, mute, merge, clock, pass, acknowledge, sent, paged, incident } = await rooms();
			await mute('slo="policy-read"');
			await open(breachOpened("", { slo: "policy-read", scope: "platform", detectedAt: clock.now() }));
			await platform();
			await pass(SECOND_MS);
			expect(paged()).toEqual(["INC-1002"]);
			if (isTaken) await acknowledge("INC-1001");
			const before = sent.length;
			await merge("INC-1002", "INC-1001");
			await pass(MINUTE_MS);
			expect(await incident("INC-1003")).toMatchObject({
				parentId: "INC-1001",
				state: isTaken ? "acknowledged" : "detected",
			});
			expect(paged(before).length).toBe(isTaken ? 0 : 1);
		}
	});
});
