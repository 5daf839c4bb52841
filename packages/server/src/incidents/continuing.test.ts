import { MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { breachOpened, exampleCatalogue, START } from "../../testing/catalogue.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { listIncidents } from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	return opened;
}

test("a breach later than the cool-down after a resolution opens a new incident that names the one before", async () => {
	const { open, close, acknowledge, resolve, clock, timeline } = await rooms();
	await open(breachOpened("woodgrove"));
	await acknowledge("INC-1001");
	clock.advance(5 * MINUTE_MS);
	await close("woodgrove");
	await resolve("INC-1001");
	clock.advance(61 * MINUTE_MS);
	expect(await open(breachOpened("woodgrove", { detectedAt: clock.now() }))).toMatchObject({
		status: "opened",
		incidentId: "INC-1002",
	});
	expect(await timeline("INC-1002")).toContain("Follows INC-1001, resolved 1 h 1 min before.");
});

test("without a cool-down a claim after a resolution always opens a new incident, which pages", async () => {
	const { settings } = exampleCatalogue();
	const none = exampleCatalogue({ settings: { ...settings, incidents: { coolDownMs: 0 } } });
	const { open, close, resolve, incident } = await rooms(none);
	await open(breachOpened("woodgrove"));
	await close("woodgrove");
	await resolve("INC-1001", "noise", "x");
	expect(await open(breachOpened("woodgrove"))).toMatchObject({ status: "opened", incidentId: "INC-1002" });
	expect((await incident("INC-1002"))?.state).toBe("detected");
});

test("a claim within the cool-down after a resolution takes the incident up again, which pages anew", async () => {
	const { open, close, acknowledge, resolve, clock, incident, deliver, sent, db } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	await acknowledge("INC-1001");
	clock.advance(5 * MINUTE_MS);
	await close("woodgrove");
	await resolve("INC-1001");
	const before = sent.length;
	clock.advance(12 * MINUTE_MS);
	expect(await open(breachOpened("woodgrove", { detectedAt: clock.now() }))).toMatchObject({
		status: "attached",
		incidentId: "INC-1001",
	});
	await deliver();
	expect(sent.length).toBeGreaterThan(before);
	expect(await incident("INC-1001")).toMatchObject({
		state: "detected",
		pagedAt: clock.now(),
		acknowledgedBy: undefined,
		verdict: undefined,
		reopenedAt: clock.now(),
		firstResponse: { pagedAt: START, acknowledgedAt: START },
	});
	expect((await listIncidents(db, ALL)).items).toHaveLength(1);
});
