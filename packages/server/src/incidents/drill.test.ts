import { MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { breachOpened, exampleCatalogue, exampleEvidence, START } from "../../testing/catalogue.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { incidentsNear, listIncidents, openBreaches } from "./index.ts";

async function rooms() {
	const opened = await openRooms(exampleCatalogue());
	onTestFinished(() => opened.remove());
	return opened;
}

const TEST = exampleEvidence({ drill: { by: "ada" }, says: "A test of the monitor burn, asked for by ada." });

test("a test opens an incident that says so, pages, and tells no customer", async () => {
	const { open, incident, deliver, sent, db } = await rooms();
	await open(breachOpened("woodgrove", { evidence: TEST }));
	expect(await incident("INC-1001")).toMatchObject({
		title: "TEST: Woodgrove Bank: policy creation fails",
		pagedAt: START,
		signalClearedAt: START,
		firstNoticeAt: undefined,
	});
	await deliver();
	const texts = JSON.stringify(sent);
	expect(texts).toContain("TEST: Woodgrove Bank");
	expect(texts).toContain("asked for by ada");
	expect(await db.selectFrom("notices").selectAll().execute()).toEqual([]);
	expect(await openBreaches(db, ALL)).toEqual([]);
});

test("what is real never belongs to a test: it opens an incident of its own and pages", async () => {
	const { open, incident, clock, db } = await rooms();
	await open(breachOpened("woodgrove", { evidence: TEST }));
	clock.advance(MINUTE_MS);
	expect((await open(breachOpened("woodgrove", { detectedAt: clock.now() }))).status).toBe("opened");
	expect((await incident("INC-1002"))?.pagedAt).toBe(clock.now());
	clock.advance(MINUTE_MS);
	await open(breachOpened("", { detectedAt: clock.now(), scope: "platform" }));
	const { items } = await listIncidents(db, ALL);
	expect(items.find(({ id }) => id === "INC-1001")?.parentId).toBeUndefined();
	expect(items.find(({ id }) => id === "INC-1002")?.parentId).toBe("INC-1003");
});

test("a case of the customer at that time was not found by a test", async () => {
	const { open, incident, db } = await rooms();
	await open(breachOpened("woodgrove", { evidence: TEST }));
	const workload = (await incident("INC-1001"))?.workload ?? "";
	expect(await incidentsNear(db, ALL, [{ tenant: "woodgrove", workload, openedAt: START }])).toEqual([]);
});
