import { HOUR_MS, MINUTE_MS, SECOND_MS, SEVERITIES } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Catalogue, EscalationPolicy, Person } from "#catalogue";
import type { Message } from "#platform";
import { breachOpened, exampleCatalogue, exampleSlo, exampleTenant, START } from "../../testing/catalogue.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { acknowledgeByAction, acknowledgeByCode, acknowledgePage, pendingTimers } from "./index.ts";

vi.setConfig({ testTimeout: 60_000 });

async function rooms(catalogue: Catalogue = exampleCatalogue()) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	return opened;
}

const CHANNELS: Catalogue["channels"] = [
	{ name: "phone", kind: "phone-panel" },
	{ name: "hook", kind: "webhook" },
	{ name: "sms", kind: "sms" },
	{ name: "mail", kind: "mail" },
];
const ITO: Person = {
	name: "m-ito",
	displayName: "M. Ito",
	timeZone: "Europe/London",
	contacts: [
		{ channel: "hook", address: "https://pager.example/m-ito" },
		{ channel: "sms", address: "+44 20 7946 0001" },
		{ channel: "mail", address: "m.ito@vendor.example" },
	],
	rules: {
		default: [
			{ afterMs: 0, contacts: ["hook"] },
			{ afterMs: MINUTE_MS, contacts: ["sms"] },
			{ afterMs: 3 * MINUTE_MS, contacts: ["mail"] },
		],
	},
};

/** One person with contact rules, one policy. */
function withPolicy(policy: Partial<EscalationPolicy>, people: readonly Person[] = [ITO]): Catalogue {
	const catalogue = exampleCatalogue();
	const [known] = catalogue.escalations;
	if (!known) throw new Error("the example has a policy");
	return {
		...catalogue,
		channels: CHANNELS,
		people: [...people, ...catalogue.people.filter((each) => !people.some((own) => own.name === each.name))],
		escalations: [
			{ ...known, steps: [{ afterMs: 0, notify: { person: "m-ito" } }], repeatEveryMs: HOUR_MS, ...policy },
		],
	};
}

const ways = (sent: readonly Message[]) => sent.filter(({ kind }) => kind === "page").map(({ channel }) => channel);

describe("a person's own rules", () => {
	test("contacts are tried in their order, each after its wait", async () => {
		const { open, deliver, pass, sent, clock } = await rooms(withPolicy({}));
		await open(breachOpened("woodgrove"));
		await deliver();
		const seen: [number, string][] = [[0, ...ways(sent)] as [number, string]];
		for (let at = 30; at <= 240; at += 30) {
			const before = sent.length;
			await pass(30 * SECOND_MS);
			for (const channel of ways(sent.slice(before))) seen.push([(clock.now() - START) / SECOND_MS, channel]);
		}
		expect(seen).toEqual([
			[0, "hook"],
			[60, "sms"],
			[180, "mail"],
		]);
	});

	test("a contact that fails gives way to the next at once", async () => {
		const { open, deliver, sent, setAnswer } = await rooms(withPolicy({}));
		setAnswer(({ channel }) =>
			channel === "hook" ? { status: "refused", detail: "HTTP 404" } : { status: "sent", detail: "taken" },
		);
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(ways(sent)).toEqual(["sms"]);
	});

	test("when every way has failed, the next step is taken at once", async () => {
		const steps = [
			{ afterMs: 0, notify: { person: "m-ito" } },
			{ afterMs: HOUR_MS, notify: { person: "lead" } },
		];
		const { open, deliver, sent, setAnswer, timeline } = await rooms(withPolicy({ steps }));
		setAnswer(({ payload }) =>
			payload.data.person === "m-ito" ? { status: "refused", detail: "no" } : { status: "sent", detail: "taken" },
		);
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(sent.filter(({ kind }) => kind === "page").map(({ address }) => address)).toEqual(["lead"]);
		expect(await timeline("INC-1001")).toContain("Every way to M. Ito failed.");
	});

	test("a step that is important pages by all contacts at once, where no rule says otherwise", async () => {
		const steps = [{ afterMs: 0, notify: { person: "m-ito" }, rule: "important" as const }];
		const { open, deliver, sent } = await rooms(withPolicy({ steps }));
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(ways(sent).toSorted()).toEqual(["hook", "mail", "sms"]);
	});

	test("a repetition goes by the ways used so far, and leaves the others to the first page", async () => {
		const { open, deliver, pass, sent } = await rooms(withPolicy({ repeatEveryMs: 2 * MINUTE_MS }));
		await open(breachOpened("woodgrove"));
		await deliver();
		await pass(2 * MINUTE_MS);
		expect(ways(sent).toSorted()).toEqual(["hook", "hook", "sms", "sms"]);
		await pass(MINUTE_MS);
		expect(ways(sent).filter((channel) => channel === "mail").length).toBe(1);
	});

	test("an acknowledgement ends the rule, too", async () => {
		const { open, deliver, pass, acknowledge, sent, db } = await rooms(withPolicy({}));
		await open(breachOpened("woodgrove"));
		await deliver();
		await acknowledge("INC-1001");
		await pass(5 * MINUTE_MS);
		expect(ways(sent)).toEqual(["hook"]);
		expect(await pendingTimers(db, ALL)).toEqual([]);
	});
});

describe("many pages to one person", () => {
	const many = Array.from({ length: 12 }, (_, k) => `tenant-${k}`);
	const catalogue = (overrides: Partial<Catalogue> = {}) => ({
		...withPolicy({ repeatEveryMs: 5 * MINUTE_MS }, [
			{ ...ITO, rules: undefined, contacts: [{ channel: "hook", address: "https://p.example" }] },
		]),
		tenants: many.map((name, k) => exampleTenant(name, `Tenant ${k}`)),
		slos: [exampleSlo("policy-create")],
		...overrides,
	});

	test("the first leaves at once, those within seconds become one that names all, the most severe first", async () => {
		const { open, deliver, pass, sent, store } = await rooms(catalogue());
		for (const name of many) await open(breachOpened(name));
		await store.transaction((tx) =>
			tx
				.updateTable("incidents")
				.set({ severity_key: "1", severity_rank: SEVERITIES["1"].rank })
				.where("id", "=", "INC-1008")
				.execute(),
		);
		await deliver();
		expect(ways(sent)).toEqual(["hook"]);
		await pass(10 * SECOND_MS);
		const bundle = sent.filter(({ kind }) => kind === "page")[1];
		expect(bundle?.payload.subject).toBe("[Sev 1] 11 incidents: Tenant 7: policy creation fails, and 10 more");
		expect(bundle?.payload.data.incidents).toHaveLength(11);
		expect(bundle?.tenant).toBe("");
		expect(bundle?.incidentId).toBeUndefined();
	});

	test("in an hour nobody gets more than the cap, and what waits is told and named later", async () => {
		const { open, deliver, pass, sent, timeline, setCatalogue, acknowledge, clock } = await rooms(catalogue());
		const settings = { ...exampleCatalogue().settings, paging: { perPersonPerHour: 5 } };
		setCatalogue(catalogue({ settings }));
		for (const name of many) {
			await open(breachOpened(name, { detectedAt: clock.now() }));
			await deliver();
			await pass(MINUTE_MS, MINUTE_MS);
		}
		await pass(48 * MINUTE_MS, 4 * MINUTE_MS);
		expect(ways(sent).length).toBeLessThanOrEqual(5);
		const named = new Set(
			sent.flatMap(
				({ payload }) => (payload.data.incidents as string[] | undefined) ?? [String(payload.data.incident)],
			),
		);
		expect(named.size).toBe(12);
		expect((await timeline("INC-1012")).some((text) => text.includes("5 an hour is the most"))).toBe(true);
		for (let k = 1; k <= 12; k++) await acknowledge(`INC-${1000 + k}`);
		const before = sent.length;
		await pass(2 * HOUR_MS, 20 * MINUTE_MS);
		expect(sent.length).toBe(before);
	});

	test("who takes one of those that a waiting page names leaves the others to it", async () => {
		const { open, deliver, pass, acknowledge, sent } = await rooms(catalogue());
		for (const name of many.slice(0, 4)) await open(breachOpened(name));
		await deliver();
		await acknowledge("INC-1002");
		await pass(10 * SECOND_MS);
		const last = sent.filter(({ kind }) => kind === "page").at(-1);
		expect(last?.payload.data.incidents).toEqual(["INC-1003", "INC-1004"]);
	});

	test("a page of several that has not left is written anew when one of them is taken", async () => {
		const { open, deliver, pass, acknowledge, sent, setAnswer } = await rooms(catalogue());
		for (const name of many.slice(0, 4)) await open(breachOpened(name));
		await deliver();
		setAnswer(() => ({ status: "retry", detail: "503" }));
		await pass(10 * SECOND_MS);
		await acknowledge("INC-1002");
		setAnswer(() => ({ status: "sent", detail: "taken" }));
		await pass(5 * SECOND_MS, SECOND_MS);
		const last = sent.filter(({ kind }) => kind === "page").at(-1);
		expect(last?.payload.data.incidents).toEqual(["INC-1003", "INC-1004"]);
	});
});

test("of several tenants' incidents on one page, the later ways go on for those that nobody took", async () => {
	const { open, deliver, pass, acknowledge, sent, errors } = await rooms(withPolicy({}));
	await open(breachOpened("woodgrove"));
	await open(breachOpened("city-power"));
	await open(breachOpened("woodgrove", { slo: "policy-delete" }));
	await deliver();
	await pass(10 * SECOND_MS);
	await acknowledge("INC-1002");
	await pass(MINUTE_MS);
	const text = sent.filter(({ channel }) => channel === "sms").at(-1);
	expect(text).toMatchObject({ incidentId: "INC-1003", tenant: "woodgrove" });
	expect(errors).toEqual([]);
});

describe("after the acknowledgement", () => {
	const afterAcknowledge = { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS };

	test("who does nothing is asked, then the chain begins anew, and acknowledging again ends it", async () => {
		const { open, deliver, pass, acknowledge, sent, timeline, store, deps, request, db } = await rooms(
			withPolicy({ afterAcknowledge }),
		);
		await open(breachOpened("woodgrove"));
		await deliver();
		await acknowledge("INC-1001", { name: "s-haas", role: "responder" });
		await pass(30 * MINUTE_MS, 10 * MINUTE_MS);
		expect(sent.at(-1)?.payload.text).toContain("You acknowledged this, and nothing has happened for 30 min.");
		expect(sent.at(-1)?.address).toBe("s-haas");
		await pass(15 * MINUTE_MS, 5 * MINUTE_MS);
		expect(sent.at(-1)?.payload.text).toContain("S. Haas acknowledged this, and nothing has happened for 45 min.");
		const again = await store.transaction((tx) => acknowledgePage(tx, deps, request("INC-1001")));
		expect(again.status).toBe("changed");
		expect((await timeline("INC-1001")).at(-1)).toBe("Acknowledged again by n.patel.");
		const kinds = (await pendingTimers(db, ALL)).map((timer) => timer.kind);
		expect(kinds).toEqual(["escalation.remind"]);
	});

	test("who works on it is left alone", async () => {
		const { open, deliver, pass, acknowledge, mitigate, sent, db } = await rooms(withPolicy({ afterAcknowledge }));
		await open(breachOpened("woodgrove"));
		await deliver();
		await acknowledge("INC-1001");
		const before = sent.length;
		await pass(20 * MINUTE_MS, 10 * MINUTE_MS);
		await mitigate("INC-1001");
		await pass(2 * HOUR_MS, 10 * MINUTE_MS);
		expect(sent.length).toBe(before);
		expect(await pendingTimers(db, ALL)).toEqual([]);
	});
});

test("the page that a mitigation did not hold is answered by acknowledging, which ends its later ways", async () => {
	const { open, close, deliver, pass, mitigate, sent, clock, store, deps, request, db } = await rooms(withPolicy({}));
	await open(breachOpened("woodgrove"));
	await deliver();
	await mitigate("INC-1001");
	await close("woodgrove");
	clock.advance(MINUTE_MS);
	await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
	await deliver();
	expect(ways(sent)).toEqual(["hook", "hook"]);
	await store.transaction((tx) => acknowledgePage(tx, deps, request("INC-1001")));
	await pass(5 * MINUTE_MS, MINUTE_MS);
	expect(ways(sent)).toEqual(["hook", "hook"]);
	expect(await pendingTimers(db, ALL)).toEqual([]);
});

describe("a signal that tends to clear by itself", () => {
	const transients = { waitMs: 2 * MINUTE_MS, afterFlaps: 1, withinMs: 6 * HOUR_MS };

	test("pages after the wait, unless it clears; if it comes back it pages at once", async () => {
		const { open, close, deliver, pass, resolve, sent, clock, timeline } = await rooms(withPolicy({ transients }));
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(ways(sent)).toEqual(["hook"]);
		await pass(MINUTE_MS);
		await close("woodgrove");
		await resolve("INC-1001", "noise", "it flapped");
		await pass(2 * HOUR_MS, 10 * MINUTE_MS);
		const before = sent.length;
		await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
		await deliver();
		await pass(MINUTE_MS, 30 * SECOND_MS);
		expect(ways(sent.slice(before))).toEqual([]);
		await close("woodgrove");
		await pass(5 * MINUTE_MS, MINUTE_MS);
		expect(ways(sent.slice(before))).toEqual([]);
		expect((await timeline("INC-1002")).at(-1)).toContain("The signal cleared before anybody was paged");
		await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
		await pass(10 * SECOND_MS);
		expect(ways(sent.slice(before))).toEqual(["hook"]);
	});

	test("severity 2 waits for nothing", async () => {
		const monitors = [{ name: "burn", detector: "burn-rate", mode: "live", severity: "2", evidenceP: 1e-4 }] as const;
		const always = { ...transients, afterFlaps: 0 };
		const { open, deliver, sent } = await rooms({ ...withPolicy({ transients: always }), monitors });
		await open(breachOpened("woodgrove"));
		await deliver();
		expect(ways(sent)).toEqual(["hook"]);
	});
});

describe("answers from outside", () => {
	const code = (message: Message | undefined) => message?.payload.card?.acknowledge?.code ?? "";

	test("the code of a text message acknowledges once, and only from its own number", async () => {
		const { open, pass, deliver, sent, store, deps, clock, incident } = await rooms(withPolicy({}));
		await open(breachOpened("woodgrove"));
		await deliver();
		await pass(MINUTE_MS);
		const text = sent.find(({ channel }) => channel === "sms");
		const answer = (says: string, from: string) =>
			store.transaction((tx) => acknowledgeByCode(tx, deps, says, from, clock.now()));
		expect(await answer(code(text), "+442079460009")).toMatchObject({ status: "refused", reason: "not-ours" });
		expect(await answer(`ok ${code(text)} thanks`, "+442079460001")).toMatchObject({
			status: "acknowledged",
			incidents: ["INC-1001"],
			by: "m-ito",
		});
		expect(await answer(code(text), "+442079460001")).toMatchObject({ reason: "used" });
		expect((await incident("INC-1001"))?.acknowledgedBy).toBe("m-ito");
	});

	test("after five wrong codes a number has to wait", async () => {
		const { open, pass, deliver, sent, store, deps, clock } = await rooms(withPolicy({}));
		await open(breachOpened("woodgrove"));
		await deliver();
		await pass(MINUTE_MS);
		const right = code(sent.find(({ channel }) => channel === "sms"));
		const wrong = right === "000000" ? "000001" : "000000";
		const answer = (says: string) =>
			store.transaction((tx) => acknowledgeByCode(tx, deps, says, "+442079460001", clock.now()));
		for (let k = 0; k < 5; k++) expect(await answer(wrong)).toMatchObject({ reason: "not-ours" });
		expect(await answer(right)).toMatchObject({ reason: "locked" });
		clock.advance(15 * MINUTE_MS);
		expect(await answer(right)).toMatchObject({ status: "acknowledged" });
	});

	test("a mail's token acknowledges as the person it was sent to, until it expires", async () => {
		const people = [{ ...ITO, rules: undefined }];
		const { open, deliver, sent, store, deps, clock, incident } = await rooms(withPolicy({}, people));
		await open(breachOpened("woodgrove"));
		await deliver();
		const mail = sent.find(({ channel, kind }) => channel === "mail" && kind === "page");
		const token = mail?.payload.card?.acknowledge?.token ?? "";
		const act = (given: string) => store.transaction((tx) => acknowledgeByAction(tx, deps, given, clock.now()));
		expect(await act(`${token.slice(0, -2)}xx`)).toMatchObject({ status: "refused", reason: "not-ours" });
		expect(await act(token)).toMatchObject({ status: "acknowledged", by: "m-ito" });
		expect(await act(token)).toMatchObject({ status: "already", by: "m-ito" });
		expect((await incident("INC-1001"))?.acknowledgedBy).toBe("m-ito");
		clock.advance(25 * HOUR_MS);
		expect(await act(token)).toMatchObject({ reason: "expired" });
	});

	test("whoever left the catalogue acknowledges nothing any more", async () => {
		const people = [{ ...ITO, rules: undefined }];
		const { open, deliver, sent, store, deps, clock, setCatalogue } = await rooms(withPolicy({}, people));
		await open(breachOpened("woodgrove"));
		await deliver();
		setCatalogue({ ...withPolicy({}), people: [] });
		const token = sent.find(({ channel }) => channel === "mail")?.payload.card?.acknowledge?.token ?? "";
		const outcome = await store.transaction((tx) => acknowledgeByAction(tx, deps, token, clock.now()));
		expect(outcome).toMatchObject({ status: "refused", reason: "gone" });
	});
});

test("an exhausted chain looks again, and pages when somebody can be reached", async () => {
	const catalogue = withPolicy({ steps: [{ afterMs: 0, notify: { inTurn: ["new-hire"] } }] });
	const { open, pass, sent, setCatalogue } = await rooms(catalogue);
	await open(breachOpened("woodgrove"));
	await pass(5 * MINUTE_MS);
	expect(ways(sent)).toEqual([]);
	const hire = { ...ITO, name: "new-hire", displayName: "New Hire", rules: undefined };
	setCatalogue({ ...catalogue, people: [...catalogue.people, hire] });
	await pass(5 * MINUTE_MS);
	expect(new Set(ways(sent))).toEqual(new Set(["hook", "sms", "mail"]));
});
