import { MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Report, reportIncident, setReaders } from "#incidents";
import { breachOpened, exampleCatalogue } from "../../testing/catalogue.ts";
import { OPERATOR, openRooms } from "../../testing/rooms.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms() {
	const catalogue = exampleCatalogue();
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { store, deps, clock } = opened;
	const report = (more: Partial<Report>, principal = OPERATOR) =>
		store.transaction((tx) =>
			reportIncident(tx, deps, catalogue, {
				report: { tenant: "woodgrove", workload: "policy", reportedBy: "customer", text: "It fails again.", ...more },
				principal,
				now: clock.now(),
				requestId: "r1",
			}),
		);
	return { ...opened, report };
}

test("a report that comes again by its key is the same one, also where an incident was at work: one entry, one page", async () => {
	const { open, acknowledge, mitigate, pass, report, sent, timeline, resolve } = await rooms();
	await open(breachOpened("woodgrove"));
	await pass(MINUTE_MS);
	await acknowledge("INC-1001");
	await mitigate("INC-1001");
	const before = sent.length;
	expect((await report({ key: "case-1" })).status).toBe("attached");
	await pass(MINUTE_MS);
	const pages = sent.length - before;
	expect(pages).toBeGreaterThan(0);
	expect(await report({ key: "case-1" })).toMatchObject({ status: "repeated", incident: { id: "INC-1001" } });
	await pass(MINUTE_MS);
	expect(sent.length - before).toBe(pages);
	expect((await timeline("INC-1001")).filter((line) => line.includes("It fails again."))).toHaveLength(1);
	expect((await report({ key: "case-2" })).status).toBe("attached");
	await resolve("INC-1001");
	expect(await report({ key: "case-1" })).toMatchObject({ status: "repeated", incident: { id: "INC-1001" } });
});

test("one that opens beside an incident which is private to others does not say that this went quiet", async () => {
	const { open, report, store, deps, request, timeline } = await rooms();
	await open(breachOpened("woodgrove"));
	await store.transaction((tx) => setReaders(tx, deps, { ...request("INC-1001"), readers: [] }));
	const outcome = await report({}, { name: "s-haas", role: "responder" });
	expect(outcome).toMatchObject({ status: "opened", incident: { id: "INC-1002" } });
	expect(await timeline("INC-1002")).toContain("Opened beside INC-1001, which is at work as well.");
});
