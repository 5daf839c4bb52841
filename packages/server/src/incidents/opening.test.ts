import { MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, exampleEvidence, exampleSlo, START } from "../../testing/catalogue.ts";
import { ALL, openRooms, type Rooms } from "../../testing/rooms.ts";
import {
	addNote,
	alsoAffected,
	getIncident,
	isResolved,
	listBreaches,
	listIncidents,
	mergeIncident,
	mitigateIncident,
	openBreaches,
	putUnderParent,
	reopenIncident,
	resolveIncident,
	reviewIncident,
	takeFromParent,
	timelineOf,
} from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	return opened;
}

const ofWoodgrove = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });

test("a breach opens one incident of severity 2.5 with its evidence and onset", async () => {
	const { open, incident } = await rooms();
	expect(await open(breachOpened("woodgrove"))).toMatchObject({ status: "opened", incidentId: "INC-1001" });
	expect(await incident("INC-1001")).toMatchObject({
		tenant: "woodgrove",
		kind: "tenant",
		severity: { key: "2.5", rank: 25 },
		state: "detected",
		title: "Woodgrove Bank: policy creation fails",
		onsetAt: START - 2 * MINUTE_MS,
		detectedAt: START,
		pagedAt: START,
		evidence: exampleEvidence(),
	});
});

test("the same breach told again, as after a crash, opens nothing", async () => {
	const { open, db } = await rooms();
	const first = await open(breachOpened("woodgrove"));
	const again = await open(breachOpened("woodgrove"));
	expect(again).toEqual({ ...first, status: "already-open" });
	expect((await listIncidents(db, ALL)).items.length).toBe(1);
	expect((await openBreaches(db, ALL)).length).toBe(1);
});

test("an onset after the detection is unknown, not negative", async () => {
	const { open, incident } = await rooms();
	await open(breachOpened("woodgrove", { evidence: exampleEvidence({ since: START + 1 }) }));
	expect((await incident("INC-1001"))?.onsetAt).toBeUndefined();
});

test("a monitor in shadow records its breach and tells nobody", async () => {
	const [monitor] = exampleCatalogue().monitors;
	if (!monitor) throw new Error("the example has a monitor");
	const { open, db, deliver, sent } = await rooms(exampleCatalogue({ monitors: [{ ...monitor, mode: "shadow" }] }));
	expect((await open(breachOpened("woodgrove"))).status).toBe("shadow");
	await deliver();
	expect(sent).toEqual([]);
	expect((await listIncidents(db, ALL)).items).toEqual([]);
	expect((await listBreaches(db, ALL)).map((breach) => breach.incidentId)).toEqual([undefined]);
});

test("a flapping signal stays one incident", async () => {
	const { open, close, db, clock, timeline } = await rooms();
	for (let k = 0; k < 3; k++) {
		await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
		clock.advance(MINUTE_MS);
		await close("woodgrove");
		clock.advance(MINUTE_MS);
	}
	expect((await listIncidents(db, ALL)).items.length).toBe(1);
	const told = (await timeline("INC-1001")).filter((text) => text.includes("signal"));
	expect(told.map((text) => text.split(":")[0])).toEqual([
		"The signal cleared",
		"The signal returned.",
		"The signal cleared",
		"The signal returned.",
		"The signal cleared",
	]);
});

test("a signal that returns after an hour of quiet is a new episode, which pages", async () => {
	const { open, close, acknowledge, incident, db, clock } = await rooms();
	await open(breachOpened("woodgrove"));
	await acknowledge("INC-1001");
	clock.advance(MINUTE_MS);
	await close("woodgrove");
	clock.advance(61 * MINUTE_MS);
	const again = await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
	expect(again).toMatchObject({ status: "opened", incidentId: "INC-1002" });
	expect(await incident("INC-1002")).toMatchObject({ state: "detected", pagedAt: clock.now() });
	expect((await timelineOf(db, ALL, "INC-1002")).map((entry) => entry.text).join(" ")).toContain("INC-1001");
});

test("an incident that nobody has taken goes on however long its signal was quiet: it still pages", async () => {
	const { open, close, clock } = await rooms();
	await open(breachOpened("woodgrove"));
	clock.advance(MINUTE_MS);
	await close("woodgrove");
	clock.advance(5 * 60 * MINUTE_MS);
	const again = await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
	expect(again).toMatchObject({ status: "attached", incidentId: "INC-1001" });
});

describe("a real incident that is resolved while its signal is on", () => {
	test("opens anew, and pages, when the signal is still on an hour later", async () => {
		const { open, mitigate, resolve, pass, deliver, incident, sent, db } = await rooms();
		const pages = () => sent.filter((message) => message.kind === "page").length;
		await open(breachOpened("woodgrove"));
		await deliver();
		await mitigate("INC-1001");
		await resolve("INC-1001");
		const before = pages();
		await pass(59 * MINUTE_MS, MINUTE_MS);
		expect(pages()).toBe(before);
		await pass(2 * MINUTE_MS, MINUTE_MS);
		expect(await incident("INC-1002")).toMatchObject({ tenant: "woodgrove", state: "detected", kind: "tenant" });
		expect(pages()).toBeGreaterThan(before);
		expect((await openBreaches(db, ALL)).map((breach) => breach.incidentId)).toEqual(["INC-1002"]);
	});
	test("and stays resolved when it cleared meanwhile", async () => {
		const { open, mitigate, resolve, close, pass, db } = await rooms();
		await open(breachOpened("woodgrove"));
		await mitigate("INC-1001");
		await resolve("INC-1001");
		await pass(30 * MINUTE_MS, MINUTE_MS);
		await close("woodgrove");
		await pass(60 * MINUTE_MS, MINUTE_MS);
		expect((await listIncidents(db, ALL)).items.map(({ id }) => id)).toEqual(["INC-1001"]);
	});
	test("and stays resolved when the verdict says that it was not real", async () => {
		const { open, resolve, pass, db } = await rooms();
		await open(breachOpened("woodgrove"));
		await resolve("INC-1001", "expected-change", "a test of the tenant's own");
		await pass(90 * MINUTE_MS, MINUTE_MS);
		expect((await listIncidents(db, ALL)).items.map(({ id }) => id)).toEqual(["INC-1001"]);
	});
});

describe("platform-wide", () => {
	test("a tenant's claim of scope platform opens the platform's incident first, told of the fleet", async () => {
		const { open, incident } = await rooms();
		expect(await open(breachOpened("woodgrove", { scope: "platform" }))).toMatchObject({
			status: "child",
			incidentId: "INC-1002",
		});
		const evidence = exampleEvidence();
		expect(await incident("INC-1001")).toMatchObject({
			tenant: "",
			kind: "platform",
			title: "Platform: policy creation fails",
			evidence: { short: evidence.fleet.short, episode: evidence.fleet.episode, share: 1 },
		});
		expect(await incident("INC-1002")).toMatchObject({ parentId: "INC-1001", pagedAt: undefined });
	});

	test("tenants' incidents of the last ten minutes are linked, older ones are not", async () => {
		const { open, incident, timeline } = await rooms();
		await open(breachOpened("woodgrove", { detectedAt: START }));
		await open(breachOpened("city-power", { detectedAt: START + 5 * MINUTE_MS }));
		await open(breachOpened("", { scope: "platform", detectedAt: START + 11 * MINUTE_MS }));
		expect((await incident("INC-1001"))?.parentId).toBeUndefined();
		expect((await incident("INC-1002"))?.parentId).toBe("INC-1003");
		expect(await timeline("INC-1002")).toContain("Paging stopped: platform incident INC-1003 pages for it.");
	});

	test("it clears when neither the fleet nor any tenant still burns", async () => {
		const { open, close, incident, clock } = await rooms();
		await open(breachOpened("woodgrove", { scope: "platform" }));
		await open(breachOpened("", { scope: "platform" }));
		clock.advance(MINUTE_MS);
		await close("");
		expect((await incident("INC-1001"))?.signalClearedAt).toBeUndefined();
		clock.advance(MINUTE_MS);
		await close("woodgrove");
		expect((await incident("INC-1001"))?.signalClearedAt).toBe(START + 2 * MINUTE_MS);
	});

	test("resolving it resolves what is under it, with the same verdict", async () => {
		const { open, mitigate, resolve, incident } = await rooms();
		await open(breachOpened("woodgrove", { scope: "platform" }));
		await mitigate("INC-1001");
		await resolve("INC-1001", "real-impact", "a bad deployment");
		expect(await incident("INC-1002")).toMatchObject({ state: "resolved", verdict: "real-impact" });
	});
});

describe("another tenant's incident answers as one that does not exist", () => {
	test("to reading and to every change", async () => {
		const { open, db, store, deps, request } = await rooms();
		await open(breachOpened("city-power"));
		await open(breachOpened("", { scope: "platform" }));
		const foreign = { ...request("INC-1001"), scope: ofWoodgrove };
		expect(await getIncident(db, ofWoodgrove, "INC-1001")).toBeUndefined();
		expect(await timelineOf(db, ofWoodgrove, "INC-1001")).toEqual([]);
		expect((await listIncidents(db, ofWoodgrove)).items).toEqual([]);
		expect(await listBreaches(db, ofWoodgrove)).toEqual([]);
		expect(await openBreaches(db, ofWoodgrove)).toEqual([]);
		const outcomes = await store.transaction(async (tx) => [
			await mitigateIncident(tx, deps, foreign),
			await resolveIncident(tx, deps, { ...foreign, verdict: "noise", reason: "x" }),
			await addNote(tx, deps, { ...foreign, text: "hello" }),
			await mitigateIncident(tx, deps, { ...foreign, incidentId: "INC-9999" }),
		]);
		expect(outcomes).toEqual(outcomes.map(() => ({ status: "not-found" })));
	});

	test("and a reader of no tenant at all reads nothing", async () => {
		const { open, db } = await rooms();
		await open(breachOpened("woodgrove"));
		const nobody = scopeOf({ name: "n", role: "viewer", tenants: [] });
		expect(await listIncidents(db, nobody)).toEqual({ items: [], next: undefined });
		expect(await listBreaches(db, nobody)).toEqual([]);
		expect(await openBreaches(db, nobody)).toEqual([]);
	});

	test("and its name is left out of what others read", async () => {
		const { open, db } = await rooms();
		const evidence = exampleEvidence({ alsoBurning: ["city-power"] });
		await open(breachOpened("woodgrove", { evidence }));
		await open(breachOpened("city-power"));
		const incident = await getIncident(db, ofWoodgrove, "INC-1001");
		if (!incident) throw new Error("it is in scope");
		expect(JSON.stringify(incident)).not.toContain("city-power");
		expect(await alsoAffected(db, ofWoodgrove, incident)).toEqual([]);
		expect(await alsoAffected(db, ALL, incident)).toEqual(["city-power"]);
		expect(JSON.stringify(await listBreaches(db, ofWoodgrove))).not.toContain("city-power");
	});
});

test("a change on top of another's is a conflict that shows what is there now", async () => {
	const { open, store, deps, request, acknowledge } = await rooms();
	await open(breachOpened("woodgrove"));
	await acknowledge("INC-1001");
	const stale = await store.transaction((tx) =>
		mitigateIncident(tx, deps, { ...request("INC-1001"), expectedVersion: 1 }),
	);
	expect(stale).toMatchObject({ status: "conflict", incident: { version: 2, state: "acknowledged" } });
});

test("every request that changes something has one audit entry", async () => {
	const { open, acknowledge, mitigate, resolve, db } = await rooms();
	await open(breachOpened("woodgrove"));
	await acknowledge("INC-1001");
	await acknowledge("INC-1001");
	await mitigate("INC-1001");
	await resolve("INC-1001", "noise");
	await resolve("INC-1001", "noise", "a test");
	const entries = await db.selectFrom("audit").select(["action", "actor"]).orderBy("seq").execute();
	expect(entries).toEqual([
		{ action: "incident.open", actor: "bellwether" },
		{ action: "incident.acknowledge", actor: "n.patel" },
		{ action: "incident.mitigate", actor: "n.patel" },
		{ action: "incident.resolve", actor: "n.patel" },
	]);
});

test("a list is read to its end by the cursor, in both directions", async () => {
	const slos = Array.from({ length: 7 }, (_, k) => exampleSlo(`slo-${k}`));
	const { open, db } = await rooms(exampleCatalogue({ slos }));
	for (const { name } of slos) await open(breachOpened("woodgrove", { slo: name }));
	for (const order of ["oldest", "newest"] as const) {
		const numbers: number[] = [];
		for (let after: string | undefined; ; ) {
			const page = await listIncidents(db, ALL, { order, after, limit: 3 });
			numbers.push(...page.items.map((item) => item.number));
			after = page.next;
			if (after === undefined) break;
		}
		expect(numbers.length).toBe(7);
		expect(numbers).toEqual([...numbers].sort((a, b) => (order === "oldest" ? a - b : b - a)));
	}
	expect((await listIncidents(db, ALL, { states: ["resolved"] })).items).toEqual([]);
});

async function checkInvariants({ db }: Rooms): Promise<void> {
	const all = (await listIncidents(db, ALL, { limit: 500 })).items;
	const burning = all.filter((incident) => !isResolved(incident) && incident.signalClearedAt === undefined);
	const keys = burning.map((incident) => `${incident.tenant}/${incident.slo}`);
	expect(new Set(keys).size, "one burning incident per (tenant, SLO)").toBe(keys.length);
	const platforms = all.filter((incident) => incident.kind === "platform" && !isResolved(incident));
	expect(platforms.length, "one platform incident per SLO").toBeLessThanOrEqual(2);
	const unsent = await db
		.selectFrom("outbox")
		.innerJoin("incidents", "incidents.id", "outbox.incident_id")
		.select("incidents.id")
		.where("outbox.kind", "=", "page")
		.where("outbox.state", "=", "pending")
		.where("incidents.state", "in", ["resolved", "reviewed"])
		.execute();
	expect(unsent, "pages of what is over").toEqual([]);
	for (const incident of all) {
		const waiting = await db
			.selectFrom("timers")
			.select("id")
			.where("incident_id", "=", incident.id)
			.where("kind", "=", "escalation.next")
			.where("state", "=", "pending")
			.execute();
		const pages = incident.state === "detected" && incident.parentId === undefined;
		expect(waiting.length, `next steps of ${incident.id}, ${incident.state}`).toBe(pages ? 1 : 0);
	}
}

test("whatever happens in whatever order: one incident per pair, one next step per incident that pages", async () => {
	const step = fc.record({
		act: fc.constantFrom(
			...["open", "open-platform", "close", "acknowledge", "mitigate", "resolve", "pass"],
			...["reopen", "review", "merge", "under", "out"],
		),
		tenant: fc.constantFrom("woodgrove", "city-power", ""),
		slo: fc.constantFrom("policy-create", "policy-read"),
		pick: fc.nat(9),
	});
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
			const slos = [exampleSlo("policy-create"), exampleSlo("policy-read")];
			const world = await openRooms(exampleCatalogue({ slos }));
			try {
				for (const { act, tenant, slo, pick } of steps) {
					const id = `INC-${1001 + pick}`;
					const detectedAt = world.clock.now();
					if (act === "open") await world.open(breachOpened(tenant, { slo, detectedAt }));
					if (act === "open-platform") await world.open(breachOpened(tenant, { slo, detectedAt, scope: "platform" }));
					if (act === "close") await world.close(tenant, slo);
					if (act === "acknowledge") await world.acknowledge(id);
					if (act === "mitigate") await world.mitigate(id);
					if (act === "resolve") await world.resolve(id, "duplicate");
					const other = `INC-${1001 + ((pick + 1) % 4)}`;
					const request = { ...world.request(id), into: other, parent: other };
					const work = { reopen: reopenIncident, review: reviewIncident, merge: mergeIncident };
					const family = { under: putUnderParent, out: takeFromParent };
					const change = { ...work, ...family }[act as keyof typeof work | keyof typeof family];
					if (change) await world.store.transaction((tx) => change(tx, world.deps, request));
					if (act === "pass") await world.pass((pick + 1) * 30 * SECOND_MS, 60 * SECOND_MS);
					await checkInvariants(world);
				}
				expect(world.errors).toEqual([]);
			} finally {
				await world.remove();
			}
		}),
		{ numRuns: 30, seed: 11 },
	);
});
