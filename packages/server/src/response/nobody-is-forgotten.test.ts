import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { reportIncident, resolveIncident, setSeverity, takeFromParent } from "#incidents";
import { breachOpened, exampleCatalogue } from "../../testing/catalogue.ts";
import { OPERATOR, openRooms } from "../../testing/rooms.ts";
import { route, routedCatalogue } from "../../testing/routing.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { open, clock, sent, pass, acknowledge, mitigate } = opened;
	return {
		...opened,
		breach: (scope: "tenant" | "platform" = "tenant") =>
			open(breachOpened("woodgrove", { scope, detectedAt: clock.now() })),
		take: async (id: string) => {
			await pass(SECOND_MS);
			await acknowledge(id);
			await mitigate(id);
		},
		/** Incidents of which m-ito was paged since `from` messages had left. */
		pagedSince: (from: number) =>
			sent
				.slice(from)
				.filter((message) => message.kind === "page" && message.address === "m-ito")
				.map((message) => message.incidentId),
	};
}

test("a tenant that fails anew alone, under a platform incident that is mitigated and quiet, pages by itself", async () => {
	const { breach, take, close, pass, sent, pagedSince, incident, timeline } = await rooms();
	await breach("platform");
	await take("INC-1001");
	await close("woodgrove");
	await pass(10 * MINUTE_MS, MINUTE_MS);
	const before = sent.length;
	await breach();
	await pass(SECOND_MS);
	expect(pagedSince(before)).toEqual(["INC-1002"]);
	expect((await incident("INC-1002"))?.parentId).toBeUndefined();
	expect((await incident("INC-1001"))?.state).toBe("mitigated");
	expect(await timeline("INC-1002")).toContain(
		"Its signal returned alone: it is no part of platform incident INC-1001 any more.",
	);
});

test("so does one that was resolved under it; when the platform fails again it comes under it again", async () => {
	const { breach, take, close, resolve, pass, sent, pagedSince, incident } = await rooms();
	await breach("platform");
	await take("INC-1001");
	await close("woodgrove");
	await resolve("INC-1002");
	const before = sent.length;
	await pass(10 * MINUTE_MS, MINUTE_MS);
	await breach();
	await pass(SECOND_MS);
	expect(pagedSince(before)).toEqual(["INC-1002"]);
	await close("woodgrove");
	await breach("platform");
	expect((await incident("INC-1002"))?.parentId).toBe("INC-1001");
});

test("what a person took out of a platform incident stays out of it", async () => {
	const { breach, close, store, deps, request, incident } = await rooms();
	await breach("platform");
	await store.transaction((tx) => takeFromParent(tx, deps, request("INC-1002")));
	await close("woodgrove");
	await breach("platform");
	expect((await incident("INC-1002"))?.parentId).toBeUndefined();
});

test("after a mitigation that did not hold the one page is not all: when nobody does anything, a chain begins", async () => {
	const catalogue = exampleCatalogue();
	const afterAcknowledge = { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS };
	const escalations = catalogue.escalations.map((policy) => ({ ...policy, afterAcknowledge }));
	const { breach, take, close, pass, sent, pagedSince } = await rooms({ ...catalogue, escalations });
	await breach();
	await take("INC-1001");
	await close("woodgrove");
	await pass(30 * MINUTE_MS, MINUTE_MS);
	const before = sent.length;
	await breach();
	await pass(46 * MINUTE_MS, MINUTE_MS);
	expect(pagedSince(before).length).toBeGreaterThan(2);
	expect(sent.at(-1)?.payload.text).toContain("acknowledged this, and nothing has happened for 45 min");
});

test("who reports that a mitigated incident fails again wakes somebody", async () => {
	const { breach, take, close, pass, store, deps, clock, sent, pagedSince } = await rooms();
	await breach();
	await take("INC-1001");
	await close("woodgrove");
	await pass(30 * MINUTE_MS, MINUTE_MS);
	const before = sent.length;
	const report = {
		tenant: "woodgrove",
		workload: "policy",
		reportedBy: "customer",
		text: "It is down again.",
	} as const;
	const asked = { report, principal: OPERATOR, now: clock.now(), requestId: "r1" };
	const outcome = await store.transaction((tx) => reportIncident(tx, deps, deps.catalogue(), asked));
	expect(outcome).toMatchObject({ status: "attached", incident: { id: "INC-1001" } });
	await pass(SECOND_MS);
	expect(pagedSince(before)).toEqual(["INC-1001"]);
});

test("what was only told pages once its severity is another route's", async () => {
	const tell = [{ channel: "mail", address: "team@vendor.example" }];
	const mild = route("mild", 'severity=~"2.5|3|4"', { pages: false, tell });
	const { breach, pass, store, deps, request, pagedSince } = await rooms(
		routedCatalogue({ root: route("default", "", { groupWaitMs: 0, routes: [mild] }) }),
	);
	await breach();
	await pass(MINUTE_MS);
	expect(pagedSince(0)).toEqual([]);
	await store.transaction((tx) => setSeverity(tx, deps, { ...request("INC-1001"), severity: "2", reason: "worse" }));
	await pass(SECOND_MS);
	expect(pagedSince(0)).toEqual(["INC-1001"]);
});

test("a duplicate that still burns is looked at again an hour after its original is closed", async () => {
	const catalogue = routedCatalogue({});
	const { close, pass, store, deps, request, sent, pagedSince, clock, open } = await rooms(catalogue);
	await open(breachOpened("woodgrove", { slo: "mail-create", detectedAt: clock.now() }));
	await open(breachOpened("woodgrove", { slo: "policy-create", detectedAt: clock.now() }));
	const duplicate = { verdict: "duplicate", duplicateOf: "INC-1001" };
	await store.transaction((tx) => resolveIncident(tx, deps, { ...request("INC-1002"), ...duplicate }));
	await store.transaction((tx) => resolveIncident(tx, deps, { ...request("INC-1001"), verdict: "noise", reason: "x" }));
	await close("woodgrove", "mail-create");
	const before = sent.length;
	await pass(HOUR_MS + MINUTE_MS, MINUTE_MS);
	expect(new Set(pagedSince(before))).toEqual(new Set(["INC-1003"]));
});
