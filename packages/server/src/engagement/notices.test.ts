import { MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Catalogue } from "#catalogue";
import { createDispatcher, scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, exampleTenant, START } from "../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../testing/rooms.ts";
import { approveNotice, discardNotice, editNotice, getNotice, listNotices, type Notice } from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue: Catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { store, deps, db, clock } = opened;
	const request = (noticeId: string) => ({ scope: ALL, principal: OPERATOR, noticeId, now: clock.now() });
	return {
		...opened,
		approve: (id: string) => store.transaction((tx) => approveNotice(tx, deps, request(id))),
		edit: (id: string, text: { subject?: string; body?: string }) =>
			store.transaction((tx) => editNotice(tx, deps, { ...request(id), ...text })),
		discard: (id: string) => store.transaction((tx) => discardNotice(tx, deps, request(id))),
		notice: async (audience: Notice["audience"], incidentId = "INC-1001"): Promise<Notice> => {
			const found = (await listNotices(db, ALL, { incidentId })).find((each) => each.audience === audience);
			if (!found) throw new Error(`no notice for ${audience}`);
			return found;
		},
	};
}

const mailsOf = (sent: readonly { readonly kind: string; readonly address: string }[]) =>
	sent.filter((message) => message.kind === "notice").map((message) => message.address);

test("drafts that fail for a reason nobody foresaw keep no incident from opening and paging", async () => {
	const catalogue = exampleCatalogue({
		tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { timeZone: "Nowhere/Land" })],
	});
	const { open, deliver, sent, timeline, db } = await rooms(catalogue);
	expect((await open(breachOpened("woodgrove"))).status).toBe("opened");
	await deliver();
	expect(sent.map((message) => message.kind)).toEqual(["page", "page"]);
	expect(await listNotices(db, ALL, { incidentId: "INC-1001" })).toEqual([]);
	expect((await timeline("INC-1001")).join("\n")).toContain("Nowhere/Land");
});

test("the CSAM is told at once, and that is the first notice", async () => {
	const { open, deliver, sent, notice, incident, clock } = await rooms();
	await open(breachOpened("woodgrove"));
	clock.advance(2_000);
	await deliver();
	expect(mailsOf(sent)).toEqual(["csam-woodgrove@vendor.example"]);
	expect(await notice("csam")).toMatchObject({ state: "sent", sentAt: START + 2_000, approvedBy: "bellwether" });
	expect((await incident("INC-1001"))?.firstNoticeAt).toBe(START + 2_000);
	const mail = sent.find((message) => message.kind === "notice");
	expect(mail?.payload.subject).toBe("Woodgrove Bank: Policy (INC-1001)");
	expect(mail?.payload.text).toBe(
		"Some policy creations fail. Since 02:58 (01:58 UTC). 94.1% of 99.9%. " +
			"https://bellwether.vendor.internal/incidents/INC-1001",
	);
});

test("the customer's notice waits for approval, and leaves after it, once per contact", async () => {
	const contacts = { csam: "c@vendor.example", customer: ["ops@woodgrove.example", "it@woodgrove.example"] };
	const tenants = [exampleTenant("woodgrove", "Woodgrove Bank", { contacts })];
	const { open, deliver, pass, sent, notice, approve, timeline } = await rooms(exampleCatalogue({ tenants }));
	await open(breachOpened("woodgrove"));
	await pass(10 * MINUTE_MS);
	expect(mailsOf(sent)).toEqual(["c@vendor.example"]);
	const draft = await notice("customer");
	expect(draft).toMatchObject({ state: "draft", recipients: contacts.customer });
	expect(draft.body).toBe(
		"Some policy creations fail.\nSince 02:58 (01:58 UTC). Next update by 04:00 (03:00 UTC).\nExample Cloud",
	);
	expect(await approve(draft.id)).toMatchObject({ status: "changed", notice: { approvedBy: "n.patel" } });
	expect((await approve(draft.id)).status).toBe("unchanged");
	await deliver();
	expect(mailsOf(sent).slice(1).sort()).toEqual(["it@woodgrove.example", "ops@woodgrove.example"]);
	expect((await notice("customer")).state).toBe("sent");
	expect(await timeline("INC-1001")).toContain("n.patel approved the notice for the customer.");
});

test("each tenant under a platform incident has its own notices; the platform itself has none", async () => {
	const { open, notice, db } = await rooms();
	await open(breachOpened("woodgrove", { scope: "platform" }));
	expect(await listNotices(db, ALL, { incidentId: "INC-1001" })).toEqual([]);
	expect((await notice("customer", "INC-1002")).tenant).toBe("woodgrove");
});

describe("whatever fails in a notice, the incident and its page go out", () => {
	const [csam, customer] = exampleCatalogue().templates;
	if (!csam || !customer) throw new Error("the example has templates");
	const cases = [
		{
			name: "a template that names what does not exist",
			catalogue: exampleCatalogue({ templates: [{ ...csam, body: "{{ nobody }}" }, customer] }),
			says: /^No notice for the CSAM could be drafted: template breach: undefined variable: nobody/,
		},
		{
			name: "no template at all",
			catalogue: exampleCatalogue({ templates: [customer] }),
			says: /^No notice for the CSAM could be drafted: the catalogue has no template for them/,
		},
		{
			name: "no CSAM",
			catalogue: exampleCatalogue({
				tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { contacts: { customer: [] } })],
			}),
			says: /^No notice for the CSAM could be drafted: the tenant has no CSAM contact/,
		},
	];
	test.each(cases)("$name", async ({ catalogue, says }) => {
		const { open, deliver, sent, timeline, notice } = await rooms(catalogue);
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(sent.filter((message) => message.kind === "page").length).toBe(2);
		expect((await timeline("INC-1001")).some((text) => says.test(text))).toBe(true);
		expect((await notice("customer")).state).toBe("draft");
	});

	test("no mail server: notices wait, and approval says what is missing", async () => {
		const { smtp: _, ...settings } = exampleCatalogue().settings;
		const { open, deliver, sent, notice, approve } = await rooms(exampleCatalogue({ settings }));
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(mailsOf(sent)).toEqual([]);
		expect((await notice("csam")).state).toBe("draft");
		expect(await approve((await notice("customer")).id)).toMatchObject({
			status: "refused",
			reason: "no-mail-channel",
		});
	});
});

describe("the last check before a notice leaves", () => {
	test("withholds it from an address that was removed from the contacts after approval", async () => {
		const { open, deliver, approve, notice, sent, setCatalogue, timeline } = await rooms();
		await open(breachOpened("woodgrove"));
		await approve((await notice("customer")).id);
		const contacts = { csam: "csam-woodgrove@vendor.example", customer: [] };
		setCatalogue(exampleCatalogue({ tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { contacts })] }));
		await deliver();
		expect(mailsOf(sent)).toEqual(["csam-woodgrove@vendor.example"]);
		expect((await notice("customer")).state).toBe("draft");
		expect(await timeline("INC-1001")).toContain(
			"Notice to the customer failed: withheld: the address is no longer a contact of the tenant",
		);
	});

	test("withholds it when recipients or address are not the approved ones", async () => {
		for (const tamper of ["outbox", "notice"] as const) {
			const { open, deliver, approve, notice, sent, store } = await rooms();
			await open(breachOpened("woodgrove"));
			await open(breachOpened("city-power"));
			const { id } = await notice("customer");
			await approve(id);
			await store.transaction(async (tx) => {
				if (tamper === "outbox") {
					const address = "ops@city-power.example";
					const ofCustomer = tx.updateTable("outbox").set({ address }).where("delivery", "=", "at-most-once");
					await ofCustomer.execute();
				} else {
					const recipients = JSON.stringify(["ops@woodgrove.example", "ops@city-power.example"]);
					await tx.updateTable("notices").set({ recipients }).where("id", "=", id).execute();
				}
			});
			await deliver();
			expect(mailsOf(sent).filter((address) => address.startsWith("ops@"))).toEqual([]);
		}
	});
});

test("a contact that was added after approval is no recipient", async () => {
	const { open, deliver, approve, notice, sent, store, setCatalogue } = await rooms();
	await open(breachOpened("woodgrove"));
	await approve((await notice("customer")).id);
	const address = "new@woodgrove.example";
	const contacts = { customer: ["ops@woodgrove.example", address] };
	setCatalogue(exampleCatalogue({ tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { contacts })] }));
	await store.transaction((tx) =>
		tx.updateTable("outbox").set({ address }).where("delivery", "=", "at-most-once").execute(),
	);
	await deliver();
	expect(mailsOf(sent)).not.toContain(address);
});

test("a customer's notice that was cut off while sending is uncertain, raised, and never sent again", async () => {
	const { open, approve, deliver, notice, store, dispatcherOptions, clock, sent, timeline, setAnswer } = await rooms();
	await open(breachOpened("woodgrove"));
	await approve((await notice("customer")).id);
	setAnswer(() => new Promise(() => {}));
	const dying = createDispatcher(dispatcherOptions);
	void dying.runDue(clock.now());
	// The process is gone once the attempts are on record as under way.
	await expect.poll(async () => (await notice("customer")).state).toBe("sending");
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	const restarted = createDispatcher(dispatcherOptions);
	clock.advance(MINUTE_MS);
	await restarted.runDue(clock.now());
	await deliver();
	expect(mailsOf(sent)).toEqual(["csam-woodgrove@vendor.example"]);
	expect((await notice("customer")).state).toBe("uncertain");
	expect((await timeline("INC-1001")).filter((text) => text.includes("may or may not have arrived")).length).toBe(1);
	expect(await store.db.selectFrom("outbox").select("state").where("delivery", "=", "at-most-once").execute()).toEqual([
		{ state: "uncertain" },
	]);
	const again = await approve((await notice("customer")).id);
	expect(again).toMatchObject({ status: "refused", reason: "state" });
});

test("what certainly did not arrive is a draft again and can be approved anew", async () => {
	const { open, approve, deliver, notice, sent, setAnswer } = await rooms();
	await open(breachOpened("woodgrove"));
	const { id } = await notice("customer");
	await approve(id);
	setAnswer((message) =>
		message.kind === "notice" ? { status: "refused", detail: "550 no such user" } : { status: "sent", detail: "" },
	);
	await deliver();
	expect((await notice("customer")).state).toBe("draft");
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	await approve(id);
	await deliver();
	expect((await notice("customer")).state).toBe("sent");
	expect(mailsOf(sent)).toContain("ops@woodgrove.example");
});

test("a draft can be edited and discarded; what is approved can be taken back until it leaves", async () => {
	const { open, approve, edit, discard, deliver, notice, sent } = await rooms();
	await open(breachOpened("woodgrove"));
	await open(breachOpened("city-power"));
	const { id } = await notice("customer");
	expect(await edit(id, { subject: "One\r\nBcc: x@y.example", body: "Two" })).toMatchObject({
		status: "changed",
		notice: { subject: "One Bcc: x@y.example", body: "Two", version: 2 },
	});
	expect(await edit(id, { body: " " })).toMatchObject({ status: "refused", reason: "text-invalid" });
	await approve(id);
	expect(await edit(id, { body: "Three" })).toMatchObject({ status: "refused", reason: "state" });
	expect(await discard(id)).toMatchObject({ status: "changed", notice: { state: "discarded" } });
	await deliver();
	expect(mailsOf(sent)).not.toContain("ops@woodgrove.example");
	const other = await notice("customer", "INC-1002");
	await approve(other.id);
	await deliver();
	expect(await discard(other.id)).toMatchObject({ status: "refused", reason: "state" });
});

test("what was no false alarm after all is drafted anew for those alone who were sent nothing", async () => {
	const { open, close, deliver, pass, resolve, sent, store } = await rooms();
	await open(breachOpened("woodgrove"));
	await deliver();
	const mails = mailsOf(sent).length;
	await resolve("INC-1001", "noise", "a load test");
	await close("woodgrove");
	await open(breachOpened("woodgrove"));
	await pass(1_000);
	const rows = await store.db.selectFrom("notices").select(["audience", "state"]).execute();
	const customer = rows.filter(({ audience }) => audience === "customer").map(({ state }) => state);
	expect(customer.toSorted()).toEqual(["discarded", "draft"]);
	expect(rows.filter(({ audience }) => audience !== "customer").every(({ state }) => state === "sent")).toBe(true);
	expect(mailsOf(sent).length).toBe(mails);
});

test("what a person discarded is drafted anew after a false alarm that was none, and leaves only when a person says so", async () => {
	const { open, close, deliver, discard, notice, pass, resolve, sent, store } = await rooms();
	await open(breachOpened("woodgrove"));
	expect(await discard((await notice("csam")).id)).toMatchObject({ status: "changed" });
	await resolve("INC-1001", "noise", "a load test");
	await close("woodgrove");
	await open(breachOpened("woodgrove"));
	await pass(1_000);
	await deliver();
	const rows = await store.db.selectFrom("notices").select("state").where("audience", "=", "csam").execute();
	expect(rows.map(({ state }) => state).toSorted()).toEqual(["discarded", "draft"]);
	expect(mailsOf(sent).filter((to) => to.includes("csam"))).toEqual([]);
});

test("after a false alarm no draft is left to approve", async () => {
	const { open, notice, resolve } = await rooms();
	await open(breachOpened("woodgrove"));
	await resolve("INC-1001", "noise", "a load test");
	expect((await notice("customer")).state).toBe("discarded");
});

test("approval is refused for what must not be read, with place and remedy", async () => {
	const { open, approve, edit, notice, deliver, sent } = await rooms();
	await open(breachOpened("woodgrove"));
	const { id } = await notice("customer");
	await edit(id, { body: "We see the same\nat City Power." });
	expect(await approve(id)).toMatchObject({
		status: "leak",
		findings: [{ place: "body:2", message: '"city power" is a name of key tenant City Power.' }],
	});
	await deliver();
	expect(mailsOf(sent)).not.toContain("ops@woodgrove.example");
});

test("another tenant's notice answers as one that does not exist", async () => {
	const { open, db, store, deps, notice, clock } = await rooms();
	await open(breachOpened("city-power"));
	const { id } = await notice("customer");
	const principal = { name: "w", role: "responder" as const, tenants: ["woodgrove"] };
	const request = { scope: scopeOf(principal), principal, noticeId: id, now: clock.now() };
	expect(await getNotice(db, request.scope, id)).toBeUndefined();
	expect(await listNotices(db, request.scope)).toEqual([]);
	const outcomes = await store.transaction(async (tx) => [
		await approveNotice(tx, deps, request),
		await editNotice(tx, deps, { ...request, body: "x" }),
		await discardNotice(tx, deps, request),
		await approveNotice(tx, deps, { ...request, noticeId: "ntc_none" }),
	]);
	expect(outcomes).toEqual(outcomes.map(() => ({ status: "not-found" })));
});

test("whatever people do, mail reaches only the tenant's own addresses, the customer's at most once each", async () => {
	const names = ["woodgrove", "city-power", "adatum"];
	const tenants = names.map((name) => exampleTenant(name, name.toUpperCase()));
	const act = fc.record({
		act: fc.constantFrom("open", "approve", "edit", "discard", "fail", "work", "deliver"),
		pick: fc.nat(5),
	});
	await fc.assert(
		fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
			const world = await openRooms(exampleCatalogue({ tenants }));
			try {
				const { store, deps, db, clock } = world;
				for (const { act, pick } of acts) {
					const customers = (await listNotices(db, ALL)).filter((each) => each.audience === "customer");
					const noticeId = customers[pick % Math.max(1, customers.length)]?.id ?? "none";
					const request = { scope: ALL, principal: OPERATOR, noticeId, now: clock.now() };
					if (act === "open") await world.open(breachOpened(names[pick % 3] as string, { detectedAt: clock.now() }));
					if (act === "approve") await store.transaction((tx) => approveNotice(tx, deps, request));
					if (act === "edit") await store.transaction((tx) => editNotice(tx, deps, { ...request, body: `b${pick}` }));
					if (act === "discard") await store.transaction((tx) => discardNotice(tx, deps, request));
					if (act === "fail") world.setAnswer(() => ({ status: pick < 3 ? "refused" : "uncertain", detail: "no" }));
					if (act === "work") world.setAnswer(() => ({ status: "sent", detail: "taken" }));
					if (act === "deliver") {
						clock.advance(MINUTE_MS);
						await world.deliver();
					}
				}
				const mails = world.sent.filter((message) => message.kind === "notice");
				for (const mail of mails) {
					expect([`csam-${mail.tenant}@vendor.example`, `ops@${mail.tenant}.example`]).toContain(mail.address);
				}
				const toCustomers = mails.filter((mail) => mail.delivery === "at-most-once");
				const keys = toCustomers.map((mail) => `${mail.payload.data.notice} ${mail.address}`);
				expect(new Set(keys).size).toBe(keys.length);
				expect(world.errors).toEqual([]);
			} finally {
				await world.remove();
			}
		}),
		{ numRuns: 20, seed: 3 },
	);
});
