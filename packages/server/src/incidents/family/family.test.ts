import { MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, exampleSlo, START } from "../../../testing/catalogue.ts";
import { ALL, openRooms } from "../../../testing/rooms.ts";
import {
	addTask,
	linkIncidents,
	linksOf,
	listIncidents,
	mergeIncident,
	openBreaches,
	openTasksOf,
	putUnderParent,
	reopenIncident,
	resolveIncident,
	setReaders,
	takeFromParent,
	timelineOf,
	unlinkIncidents,
} from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

/** INC-1001 and INC-1002 of woodgrove on two SLOs, INC-1003 of city-power; of further SLOs one more each of woodgrove. */
async function three(...further: string[]) {
	const slos = ["policy-create", "policy-read", ...further].map((name) => exampleSlo(name));
	const rooms = await openRooms(exampleCatalogue({ slos }));
	onTestFinished(() => rooms.remove());
	await rooms.open(breachOpened("woodgrove"));
	await rooms.open(breachOpened("woodgrove", { slo: "policy-read" }));
	await rooms.open(breachOpened("city-power"));
	for (const slo of further) await rooms.open(breachOpened("woodgrove", { slo }));
	const { store, deps, request, db } = rooms;
	return {
		...rooms,
		merge: (id: string, into: string) => store.transaction((tx) => mergeIncident(tx, deps, { ...request(id), into })),
		link: (id: string, other: string) => store.transaction((tx) => linkIncidents(tx, deps, { ...request(id), other })),
		unlink: (id: string, other: string) =>
			store.transaction((tx) => unlinkIncidents(tx, deps, { ...request(id), other })),
		under: (id: string, parent: string) =>
			store.transaction((tx) => putUnderParent(tx, deps, { ...request(id), parent })),
		out: (id: string) => store.transaction((tx) => takeFromParent(tx, deps, request(id))),
		hide: (id: string) => store.transaction((tx) => setReaders(tx, deps, { ...request(id), readers: [] })),
		waiting: async (id: string) =>
			(
				await db
					.selectFrom("timers")
					.select("kind")
					.where("incident_id", "=", id)
					.where("state", "=", "pending")
					.orderBy("kind")
					.execute()
			).map(({ kind }) => kind),
		unsent: async (id: string) =>
			(
				await db
					.selectFrom("outbox")
					.select("id")
					.where("incident_id", "=", id)
					.where("kind", "=", "page")
					.where("state", "=", "pending")
					.execute()
			).length,
	};
}

describe("merging", () => {
	test("ends the source's paging and timers; its breach is the target's", async () => {
		const { merge, incident, waiting, unsent, db, timeline } = await three();
		expect(await unsent("INC-1001")).toBeGreaterThan(0);
		expect(await merge("INC-1001", "INC-1002")).toMatchObject({
			status: "changed",
			incident: { state: "resolved", verdict: "duplicate", mergedInto: "INC-1002" },
		});
		expect(await waiting("INC-1001")).toEqual([]);
		expect(await unsent("INC-1001")).toBe(0);
		expect(await waiting("INC-1002")).toContain("escalation.next");
		const ofWoodgrove = (await openBreaches(db, ALL)).filter(({ tenant }) => tenant === "woodgrove");
		expect(new Set(ofWoodgrove.map(({ incidentId }) => incidentId))).toEqual(new Set(["INC-1002"]));
		expect((await incident("INC-1002"))?.state).toBe("detected");
		expect((await timeline("INC-1002")).at(-1)).toBe("n.patel merged INC-1001 into this incident.");
		expect(await timeline("INC-1001")).toContain("Merged into INC-1002 by n.patel.");
	});
	test("the target's signal is on until both have cleared, and a claim of the source's pair continues the target", async () => {
		const { merge, close, open, incident, clock, db } = await three();
		await merge("INC-1002", "INC-1001");
		await close("woodgrove", "policy-create");
		expect((await incident("INC-1001"))?.signalClearedAt).toBeUndefined();
		await close("woodgrove", "policy-read");
		expect((await incident("INC-1001"))?.signalClearedAt).toBe(START);
		clock.advance(5 * MINUTE_MS);
		const again = await open(breachOpened("woodgrove", { slo: "policy-read", detectedAt: clock.now() }));
		expect(again).toMatchObject({ status: "attached", incidentId: "INC-1001" });
		expect((await incident("INC-1001"))?.signalClearedAt).toBeUndefined();
		expect((await listIncidents(db, ALL)).items).toHaveLength(3);
	});
	test("a signal that is still on undoes a mitigation of the target, which is told by a page", async () => {
		const { merge, close, mitigate, deliver, incident, sent, timeline } = await three();
		await close("woodgrove", "policy-create");
		await mitigate("INC-1001");
		await deliver();
		const before = sent.length;
		await merge("INC-1002", "INC-1001");
		await deliver();
		expect(await incident("INC-1001")).toMatchObject({ state: "investigating", mitigatedAt: undefined });
		expect(sent.length).toBeGreaterThan(before);
		expect(await timeline("INC-1001")).toContain("The signal returned: the mitigation did not hold.");
	});
	test("open tasks go on with the target, with their reminders", async () => {
		const { merge, store, deps, request, pass, timeline, db } = await three();
		const task = { ...request("INC-1002"), text: "Raise the quota", dueAt: START + 10 * MINUTE_MS };
		await store.transaction((tx) => addTask(tx, deps, task));
		await merge("INC-1002", "INC-1001");
		await pass(12 * MINUTE_MS, MINUTE_MS);
		expect((await openTasksOf(db, ALL, {})).map(({ incidentId }) => incidentId)).toEqual(["INC-1001"]);
		expect((await timeline("INC-1001")).join("\n")).toContain("Overdue: Raise the quota");
	});
	test.each([
		["across tenants", "INC-1003", "other-tenant"],
		["with itself", "INC-1002", "same-incident"],
		["into what does not exist", "INC-9999", "target-unfit"],
	])("is refused %s", async (_, into, reason) => {
		const { merge, incident } = await three();
		expect(await merge("INC-1002", into)).toMatchObject({ status: "refused", reason });
		expect((await incident("INC-1002"))?.state).toBe("detected");
	});
	test("is refused into a resolved or merged one, and where others may not read what comes in", async () => {
		const { merge, resolve, hide } = await three();
		await resolve("INC-1001", "noise", "x");
		expect(await merge("INC-1002", "INC-1001")).toMatchObject({ reason: "target-unfit" });
		await hide("INC-1003");
		const fresh = await three();
		await fresh.hide("INC-1002");
		expect(await fresh.merge("INC-1002", "INC-1001")).toMatchObject({ reason: "target-unfit" });
	});
	test("what was merged into the source is the target's as well", async () => {
		const { merge, open, close, clock, incident } = await three("policy-write");
		await merge("INC-1001", "INC-1002");
		await merge("INC-1002", "INC-1004");
		expect((await incident("INC-1001"))?.mergedInto).toBe("INC-1004");
		await close("woodgrove", "policy-create");
		clock.advance(MINUTE_MS);
		expect(await open(breachOpened("woodgrove", { detectedAt: clock.now() }))).toMatchObject({
			incidentId: "INC-1004",
		});
	});
	test("twice is as once; a merged one is neither reopened nor merged elsewhere", async () => {
		const { merge, store, deps, request, timeline } = await three();
		await merge("INC-1002", "INC-1001");
		const before = await timeline("INC-1001");
		expect((await merge("INC-1002", "INC-1001")).status).toBe("unchanged");
		expect(await timeline("INC-1001")).toEqual(before);
		expect(await store.transaction((tx) => reopenIncident(tx, deps, request("INC-1002")))).toMatchObject({
			reason: "merged",
		});
	});
});

describe("a duplicate", () => {
	test("names its original of the same tenant, and is not taken up again by its signal", async () => {
		const { store, deps, request, close, open, clock, db } = await three();
		const duplicate = { ...request("INC-1002"), verdict: "duplicate", duplicateOf: "INC-1001" };
		const outcome = await store.transaction((tx) => resolveIncident(tx, deps, duplicate));
		expect(outcome).toMatchObject({ status: "changed", incident: { duplicateOf: "INC-1001" } });
		await close("woodgrove", "policy-read");
		clock.advance(MINUTE_MS);
		const again = await open(breachOpened("woodgrove", { slo: "policy-read", detectedAt: clock.now() }));
		expect(again).toMatchObject({ status: "opened", incidentId: "INC-1004" });
		const original = (await listIncidents(db, ALL)).items.find(({ id }) => id === "INC-1001");
		expect(original && (await linksOf(db, ALL, original)).map(({ kind }) => kind)).toEqual(["has-duplicate"]);
	});
	test.each([
		["another tenant's", "INC-1003", "duplicate", "other-tenant"],
		["itself", "INC-1002", "duplicate", "same-incident"],
		["nothing that exists", "INC-9", "duplicate", "target-unfit"],
		["with another verdict", "INC-1001", "noise", "verdict-unknown"],
	])("is refused: %s", async (_, duplicateOf, verdict, reason) => {
		const { store, deps, request } = await three();
		const asked = { ...request("INC-1002"), verdict, reason: "x", duplicateOf };
		expect(await store.transaction((tx) => resolveIncident(tx, deps, asked))).toMatchObject({ reason });
	});
});

describe("a link", () => {
	test("is read from both sides, once, and goes away", async () => {
		const { link, unlink, incident, db, timeline } = await three();
		expect((await link("INC-1003", "INC-1001")).status).toBe("changed");
		expect((await link("INC-1001", "INC-1003")).status).toBe("unchanged");
		for (const [id, other] of [
			["INC-1001", "INC-1003"],
			["INC-1003", "INC-1001"],
		] as const) {
			const of = await incident(id);
			expect(of && (await linksOf(db, ALL, of)).map((each) => each.incident.id)).toEqual([other]);
			expect((await timeline(id)).at(-1)).toBe(`n.patel linked ${other}.`);
		}
		expect((await unlink("INC-1001", "INC-1003")).status).toBe("changed");
		expect((await unlink("INC-1001", "INC-1003")).status).toBe("unchanged");
	});
	test("to another tenant's incident is not told to whoever sees one of the two alone", async () => {
		const { link, incident, db } = await three();
		await link("INC-1001", "INC-1003");
		const scope = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });
		const own = await incident("INC-1001");
		expect(own && (await linksOf(db, scope, own))).toEqual([]);
		expect((await timelineOf(db, scope, "INC-1001")).map(({ text }) => text).join("\n")).not.toContain("INC-1003");
	});
	test("to a private incident names it to nobody who may not read it", async () => {
		const { link, hide, incident, db } = await three();
		await hide("INC-1002");
		await link("INC-1001", "INC-1002");
		const scope = scopeOf({ name: "ana", role: "responder" });
		const own = await incident("INC-1001");
		expect(own && (await linksOf(db, scope, own))).toEqual([]);
		expect((await timelineOf(db, scope, "INC-1001")).map(({ text }) => text).join("\n")).not.toContain("INC-1002");
	});
});

describe("under a platform incident by hand", () => {
	async function withPlatform() {
		const world = await three();
		await world.open(breachOpened("", { slo: "policy-read", scope: "platform", detectedAt: START + 20 * MINUTE_MS }));
		return world;
	}
	test("the tenant's incident does not page; taken out, it pages again if nobody has it", async () => {
		const { under, out, waiting, incident, timeline } = await withPlatform();
		const platform = "INC-1004";
		expect((await incident(platform))?.kind).toBe("platform");
		expect((await under("INC-1003", platform)).status).toBe("changed");
		expect((await under("INC-1003", platform)).status).toBe("unchanged");
		expect(await waiting("INC-1003")).not.toContain("escalation.next");
		expect(await timeline("INC-1003")).toContain("n.patel put it under platform incident INC-1004.");
		await out("INC-1003");
		expect(await waiting("INC-1003")).toContain("escalation.next");
		expect((await out("INC-1003")).status).toBe("unchanged");
	});
	test("who took the platform's incident has taken it as well", async () => {
		const { under, acknowledge, incident } = await withPlatform();
		await acknowledge("INC-1004");
		await under("INC-1003", "INC-1004");
		expect(await incident("INC-1003")).toMatchObject({ state: "acknowledged", acknowledgedBy: "n.patel" });
	});
	test("is refused under a tenant's, under a resolved one, and for the platform's own", async () => {
		const { under, resolve } = await withPlatform();
		expect(await under("INC-1003", "INC-1001")).toMatchObject({ reason: "target-unfit" });
		expect(await under("INC-1004", "INC-1004")).toMatchObject({ reason: "target-unfit" });
		await resolve("INC-1004", "noise", "x");
		expect(await under("INC-1003", "INC-1004")).toMatchObject({ reason: "target-unfit" });
	});
	test("what a person took out the product does not put back", async () => {
		const { under, out, open, incident, clock } = await withPlatform();
		await under("INC-1002", "INC-1004");
		await out("INC-1002");
		clock.advance(30 * MINUTE_MS);
		await open(
			breachOpened("woodgrove", { slo: "policy-read", scope: "platform", detector: "radar", detectedAt: clock.now() }),
		);
		expect((await incident("INC-1002"))?.parentId).toBeUndefined();
	});
});
