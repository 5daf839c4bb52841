import { MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { breachOpened, exampleCatalogue, exampleTenant, START } from "../../testing/catalogue.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { acknowledgeDueTimes, escalationView, listDeliveries, pendingTimers } from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	return opened;
}

const whoWasPaged = (sent: readonly { readonly kind: string; readonly address: string }[]) =>
	sent.filter((message) => message.kind === "page").map((message) => message.address);

/** Channels send side by side; the order between two of them says nothing. */
const BOTH_CONTACTS = ["https://pager.example/m-ito", "m-ito"];

test("an incident pages the person on call on each contact, with the sentence and the link", async () => {
	const { open, deliver, sent } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	expect(whoWasPaged(sent).sort()).toEqual(BOTH_CONTACTS);
	const [page] = sent;
	expect(page?.payload.subject).toBe("[Sev 2.5] Woodgrove Bank: policy creation fails");
	expect(page?.payload.text).toBe(
		"94.1% of policy creations by Woodgrove Bank succeed since 01:58 (01:58 UTC). Objective 99.9%, platform 99.96%.\n\n" +
			"See and acknowledge INC-1001: https://bellwether.vendor.internal/p/INC-1001",
	);
	expect(page?.payload.data).toMatchObject({
		type: "incident.page",
		incident: "INC-1001",
		severity: { key: "2.5", rank: 25 },
		escalationStep: 1,
		acknowledgeUrl: "https://bellwether.vendor.internal/p/INC-1001",
	});
});

test("nobody acknowledges: pages repeat every two minutes, escalate at five, then repeat to the lead", async () => {
	const { open, deliver, pass, sent, clock, timeline } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	const at: [number, string][] = whoWasPaged(sent).map((address) => [0, address]);
	for (let minute = 1; minute <= 10; minute++) {
		const before = sent.length;
		await pass(MINUTE_MS);
		for (const address of whoWasPaged(sent.slice(before))) at.push([(clock.now() - START) / MINUTE_MS, address]);
	}
	expect(at.filter(([, address]) => !address.startsWith("https"))).toEqual([
		[0, "m-ito"],
		[2, "m-ito"],
		[4, "m-ito"],
		[5, "lead"],
		[7, "lead"],
		[9, "lead"],
		[10, "lead"],
	]);
	expect(sent.at(-1)?.payload.text).toContain("Nobody has acknowledged it for 10 min");
	await pass(6 * MINUTE_MS);
	expect(await timeline("INC-1001")).toContain("Not acknowledged within 15 min of the page.");
});

test("after a committed acknowledgement nothing is paged any more", async () => {
	const { open, deliver, pass, acknowledge, sent, db, setAnswer } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	setAnswer(() => ({ status: "retry", detail: "503" }));
	await pass(3 * MINUTE_MS);
	const before = sent.length;
	const outcome = await acknowledge("INC-1001");
	expect(outcome.status).toBe("changed");
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	await pass(60 * MINUTE_MS);
	expect(sent.length).toBe(before);
	expect(await pendingTimers(db, ALL)).toEqual([]);
	expect((await escalationView(db, ALL, "INC-1001")).state).toBe("acknowledged");
});

test("the second to acknowledge learns who was first", async () => {
	const { open, acknowledge, clock } = await rooms();
	await open(breachOpened("woodgrove"));
	clock.advance(30 * SECOND_MS);
	await acknowledge("INC-1001", { name: "m-ito", role: "responder" });
	clock.advance(30 * SECOND_MS);
	const second = await acknowledge("INC-1001", { name: "s-haas", role: "responder" });
	expect(second).toMatchObject({ status: "unchanged", by: "m-ito", at: START + 30 * SECOND_MS });
});

test("a running chain keeps the people and steps it started with", async () => {
	const { open, deliver, pass, sent, setCatalogue } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	setCatalogue(exampleCatalogue({ people: [], schedules: [], escalations: [] }));
	await pass(5 * MINUTE_MS);
	expect(whoWasPaged(sent).at(-1)).toBe("lead");
});

test("a person without contacts is passed over at once, and named", async () => {
	const catalogue = exampleCatalogue();
	const people = catalogue.people.map((person) => (person.name === "m-ito" ? { ...person, contacts: [] } : person));
	const { open, deliver, pass, sent, timeline } = await rooms({ ...catalogue, people });
	await open(breachOpened("woodgrove"));
	await deliver();
	expect(whoWasPaged(sent)).toEqual(["lead"]);
	expect(await timeline("INC-1001")).toContain("Step 1 reaches nobody: M. Ito has no contacts.");
	await pass(4 * MINUTE_MS);
	expect(whoWasPaged(sent)).toEqual(["lead", "lead", "lead"]);
});

test("a last step that reaches nobody gives way to the nearest one that does", async () => {
	const catalogue = exampleCatalogue();
	const people = catalogue.people.map((person) => (person.name === "lead" ? { ...person, contacts: [] } : person));
	const { open, deliver, pass, sent, db } = await rooms({ ...catalogue, people });
	await open(breachOpened("woodgrove"));
	await deliver();
	await pass(9 * MINUTE_MS);
	expect(whoWasPaged(sent).filter((address) => address === "m-ito").length).toBe(6);
	expect((await pendingTimers(db, ALL)).filter((timer) => timer.kind === "escalation.next").length).toBe(1);
});

test("an exhausted chain pages by what the catalogue says since, not only by what it said at its start", async () => {
	const whole = exampleCatalogue();
	const { open, deliver, pass, sent, setCatalogue, db, timeline } = await rooms({ ...whole, escalations: [] });
	await open(breachOpened("woodgrove"));
	await deliver();
	await pass(6 * MINUTE_MS, MINUTE_MS);
	expect(whoWasPaged(sent)).toEqual([]);
	setCatalogue(whole);
	await pass(5 * MINUTE_MS, MINUTE_MS);
	expect(whoWasPaged(sent).sort()).toEqual(BOTH_CONTACTS);
	expect((await escalationView(db, ALL, "INC-1001")).state).toBe("running");
	const said = (await timeline("INC-1001")).filter((line) => line.startsWith("Nobody"));
	expect(said.length).toBeLessThanOrEqual(1);
});

test("a chain that reaches nobody is exhausted, says so, and the incident stands", async () => {
	const { open, incident, timeline, db } = await rooms(exampleCatalogue({ people: [] }));
	await open(breachOpened("woodgrove"));
	expect((await incident("INC-1001"))?.state).toBe("detected");
	expect(await timeline("INC-1001")).toContain(
		"The escalation can reach nobody. Nobody has been paged; act by other means.",
	);
	expect((await escalationView(db, ALL, "INC-1001")).state).toBe("exhausted");
	const waiting = await pendingTimers(db, ALL);
	expect(waiting.map((timer) => timer.kind)).toEqual(["escalation.retry"]);
});

test("an hour of stand-still pages each overdue step once, and makes up for no repeat", async () => {
	const { open, deliver, fireTimers, clock, sent } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	clock.advance(60 * MINUTE_MS);
	await fireTimers();
	await deliver();
	// Different receivers are served side by side: who of them is first is not told.
	const paged = whoWasPaged(sent).filter((address) => !address.startsWith("https"));
	expect(paged.toSorted()).toEqual(["lead", "m-ito", "m-ito"]);
});

test("a step of the wall clock moves the whole chain along", async () => {
	for (const stepMs of [3 * 60 * MINUTE_MS, -2 * 60 * MINUTE_MS]) {
		const { open, deliver, pass, followClock, clock, sent } = await rooms();
		await followClock();
		await open(breachOpened("woodgrove"));
		await deliver();
		await pass(MINUTE_MS);
		clock.step(stepMs);
		await followClock();
		await pass(3 * MINUTE_MS);
		expect(whoWasPaged(sent)).not.toContain("lead");
		await pass(MINUTE_MS);
		expect(whoWasPaged(sent).at(-1)).toBe("lead");
	}
});

test("when a receiver comes back it gets the newest page, not all that waited", async () => {
	const { open, pass, sent, setAnswer, db } = await rooms();
	setAnswer(() => ({ status: "retry", detail: "503" }));
	await open(breachOpened("woodgrove"));
	await pass(4 * MINUTE_MS + 30 * SECOND_MS);
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	await pass(29 * SECOND_MS);
	// The lead as well: whoever was on call could not be reached by any way.
	expect(whoWasPaged(sent).sort()).toEqual([BOTH_CONTACTS[0], "lead", BOTH_CONTACTS[1]]);
	const deliveries = await listDeliveries(db, ALL, { limit: 500 });
	expect(new Set(deliveries.map((each) => each.outcome))).toEqual(new Set(["failed", "sent"]));
});

test("fifty tenants at once: one platform incident, at most two tenants page", async () => {
	const names = Array.from({ length: 50 }, (_, k) => `tenant-${k}`);
	const tenants = names.map((name, k) => exampleTenant(name, `Tenant ${k}`));
	const { open, deliver, fireTimers, sent, db, clock } = await rooms(exampleCatalogue({ tenants }));
	const outcomes = [];
	for (const [k, name] of names.entries()) {
		const scope = k < 2 ? "tenant" : "platform";
		outcomes.push(await open(breachOpened(name, { scope, detectedAt: START + k * SECOND_MS })));
	}
	outcomes.push(await open(breachOpened("", { scope: "platform", detectedAt: START + MINUTE_MS })));
	const statuses = outcomes.map((outcome) => outcome.status);
	expect(statuses.filter((status) => status === "opened").length).toBe(2);
	expect(statuses.filter((status) => status === "child").length).toBe(48);
	expect(statuses.at(-1)).toBe("attached");
	clock.advance(MINUTE_MS);
	await fireTimers();
	await deliver();
	const paged = sent.filter((message) => message.kind === "page");
	// The two first signs had their chains stopped before anything left; the platform pages both contacts once.
	expect(new Set(paged.map((message) => message.tenant))).toEqual(new Set([""]));
	expect(paged.length).toBe(2);
	const running = await db.selectFrom("escalations").selectAll().where("state", "=", "running").execute();
	expect(running.map((row) => row.tenant)).toEqual([""]);
});

test("acknowledging the platform's incident acknowledges what is under it, and what comes under it later", async () => {
	const { open, acknowledge, db, incident } = await rooms();
	await open(breachOpened("", { scope: "platform" }));
	await open(breachOpened("woodgrove", { scope: "platform" }));
	await acknowledge("INC-1001");
	await open(breachOpened("city-power", { scope: "platform" }));
	expect(await incident("INC-1002")).toMatchObject({ parentId: "INC-1001", acknowledgedBy: "n.patel" });
	expect(await incident("INC-1003")).toMatchObject({ parentId: "INC-1001", acknowledgedBy: "n.patel" });
	expect(await acknowledgeDueTimes(db, ALL)).toEqual(new Map());
});

test("the view tells the steps with their people, the next page and the deadline", async () => {
	const { open, deliver, pass, db, acknowledge } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	await pass(3 * MINUTE_MS);
	expect(await escalationView(db, ALL, "INC-1001")).toEqual({
		state: "running",
		policy: "default",
		steps: [
			{ dueAt: START, person: "M. Ito", pages: true, state: "done" },
			{ dueAt: START + 5 * MINUTE_MS, person: "K. Abara", pages: true, state: "pending" },
		],
		nextPerson: "M. Ito",
		nextAt: START + 4 * MINUTE_MS,
		acknowledgeDueAt: START + 15 * MINUTE_MS,
	});
	expect(await acknowledgeDueTimes(db, ALL)).toEqual(new Map([["INC-1001", START + 15 * MINUTE_MS]]));
	await acknowledge("INC-1001");
	const view = await escalationView(db, ALL, "INC-1001");
	expect(view.steps.map((step) => step.state)).toEqual(["done", "cancelled"]);
	expect(view.nextAt).toBeUndefined();
});

test("a mitigation that does not hold pages who is on call once more, without a new chain", async () => {
	const { open, close, mitigate, deliver, sent, incident, pass, clock } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	await mitigate("INC-1001");
	clock.advance(MINUTE_MS);
	await close("woodgrove");
	clock.advance(MINUTE_MS);
	const before = sent.length;
	await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
	await deliver();
	expect(sent.slice(before).map((message) => message.payload.text.split("\n")[0])).toEqual([
		"The signal returned: the mitigation did not hold.",
		"The signal returned: the mitigation did not hold.",
	]);
	expect(await incident("INC-1001")).toMatchObject({ state: "investigating", mitigatedAt: undefined });
	const after = sent.length;
	await pass(30 * MINUTE_MS);
	expect(sent.length).toBe(after);
});

test("a chain whose channel the catalogue has lost reaches its people as the catalogue says now", async () => {
	const catalogue = exampleCatalogue();
	const { open, deliver, pass, sent, setCatalogue } = await rooms(catalogue);
	await open(breachOpened("woodgrove"));
	await deliver();
	const before = sent.length;
	const [kept] = catalogue.channels.filter((channel) => channel.kind === "phone-panel");
	if (!kept) expect.unreachable();
	setCatalogue({
		...catalogue,
		channels: [kept],
		people: catalogue.people.map((person) => ({
			...person,
			contacts: [{ channel: kept.name, address: `${person.name}-new` }],
		})),
	});
	await pass(2 * MINUTE_MS);
	expect(whoWasPaged(sent.slice(before)).sort()).toEqual(["m-ito", "m-ito-new"]);
	setCatalogue({ ...catalogue, channels: [], people: [] });
	await pass(2 * MINUTE_MS);
	expect(whoWasPaged(sent.slice(-2)).sort()).toEqual(BOTH_CONTACTS);
});
