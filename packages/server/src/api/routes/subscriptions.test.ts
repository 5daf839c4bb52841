import { describe, expect, it, vi } from "vitest";
import { createTeller } from "#engagement";
import { setReaders } from "#incidents";
import { forgetOld, SYSTEM, scopeOf } from "#platform";
import { breachOpened, exampleEvidence } from "../../../testing/catalogue.ts";
import { openReceiver, serveRooms } from "../../../testing/served-rooms.ts";

// Sockets and a store on disk set the pace: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;

async function subscribed(more: { tenants?: readonly string[]; body?: object } = {}) {
	const receiver = await openReceiver();
	const served = await serveRooms({ callbacks: [receiver.host] });
	const token = await served.token("responder", { name: "flows", ...(more.tenants ? { tenants: more.tenants } : {}) });
	const subscribe = (body: object = {}) =>
		served.ask("/api/v1/subscriptions", token.token, {
			method: "POST",
			body: { event: "incident.opened", callbackUrl: receiver.url, ...body },
		});
	const made = await subscribe(more.body);
	const path = `/api/v1/subscriptions/${made.body?.id}`;
	return {
		receiver,
		served,
		token,
		subscribe,
		made,
		path,
		state: async () => (await served.ask(path, token.token)).body,
		types: () => receiver.got.map(({ body }) => (JSON.parse(body) as { data: { tenant: string } }).data.tenant),
	};
}

describe("a subscription", () => {
	it("is told again with the same id until its receiver takes it", async () => {
		const { receiver, served, state } = await subscribed();
		receiver.answer(503);
		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		expect(await state()).toMatchObject({ state: "active", lastOutcome: "HTTP 503", waiting: 1, deliveries: 0 });
		receiver.answer(202);
		served.clock.advance(10_000);
		await served.deliver();
		expect(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
		expect(receiver.got).toHaveLength(2);
		expect(receiver.got[0]?.body).toBe(receiver.got[1]?.body);
		expect(await state()).toMatchObject({ waiting: 0, deliveries: 1, failures: 0 });
	});

	it("ends when its receiver is gone (410), with what waits, and says why", async () => {
		const { receiver, served, state } = await subscribed();
		receiver.answer(410);
		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		expect(await state()).toMatchObject({ state: "disabled", reason: "Its receiver is gone (HTTP 410).", waiting: 0 });
		await served.claim(breachOpened("city-power"));
		await served.deliver();
		expect(receiver.got).toHaveLength(1);
	});

	it("that ended by itself is kept for a month, so that people can see why", async () => {
		const { receiver, served, token, path } = await subscribed();
		receiver.answer(410);
		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		const after = async (days: number) => {
			await forgetOld(served.store, served.clock.now() + days * 24 * HOUR_MS);
			return (await served.ask(path, token.token)).status;
		};
		expect([await after(29), await after(31)]).toEqual([200, 404]);
	});

	it("ends after five refusals in a row, or a day without an answer", async () => {
		const { receiver, served, state } = await subscribed({ body: { event: "incident.changed" } });
		receiver.answer(404);
		const person = await served.token("responder", { name: "n.patel" });
		await served.claim(breachOpened("woodgrove"));
		for (let n = 0; n < 5; n++) {
			await served.ask("/api/v1/incidents/INC-1001/notes", person.token, { method: "POST", body: { text: `${n}` } });
			await served.deliver();
		}
		expect((await state()).reason).toMatch(/^Its receiver refused 5 messages in a row: HTTP 404\./);

		const other = await subscribed();
		other.receiver.answer(500);
		await other.served.claim(breachOpened("woodgrove"));
		for (let n = 0; n < 8; n++) {
			await other.served.deliver();
			other.served.clock.advance(4 * HOUR_MS);
		}
		expect(await other.state()).toMatchObject({ state: "disabled" });
		expect((await other.state()).reason).toMatch(/^Its receiver could not be reached: given up after/);
	});

	it("is told of what its filter lets through alone", async () => {
		const { served, subscribe, types } = await subscribed({ body: { tenants: ["city-power"] } });
		expect((await subscribe({ tenants: ["nobody"] })).status).toBe(400);
		expect((await subscribe({ workloads: ["nothing"] })).status).toBe(400);
		expect((await subscribe({ severities: ["5"] })).status).toBe(400);
		await served.claim(breachOpened("woodgrove"));
		await served.claim(breachOpened("city-power"));
		await served.deliver();
		expect(types()).toEqual(["city-power"]);
		await subscribe({ severities: ["1"] });
		await served.claim(breachOpened("woodgrove", { slo: "other" }));
		await served.deliver();
		expect(types()).toEqual(["city-power"]);
	});

	it("is one for the same token, event and address, however often it is asked for", async () => {
		const { subscribe, made } = await subscribed();
		const again = await subscribe({ severities: ["1"] });
		expect(again.body).toMatchObject({ id: made.body.id, secret: made.body.secret, filter: { severities: ["1"] } });
		expect((await subscribe({ event: "incident.changed" })).body.id).not.toBe(made.body.id);
	});

	it("of a token of some tenants hears of those alone, and of parts of a platform incident too", async () => {
		const { served, subscribe, types, made } = await subscribed({ tenants: ["city-power"] });
		expect(made.body.filter.includeParts).toBe(true);
		expect((await subscribe({ tenants: ["woodgrove"] })).body.error.message).toBe(
			(await subscribe({ tenants: ["nobody"] })).body.error.message.replace("nobody", "woodgrove"),
		);
		await served.claim(breachOpened("woodgrove"));
		await served.claim(breachOpened("city-power"));
		await served.claim(breachOpened("", { scope: "platform" }));
		await served.deliver();
		expect(types()).toEqual(["city-power"]);
	});

	it("of a token of some tenants hears no fact that names what is another tenant's, as timelines have it", async () => {
		const { receiver, served } = await subscribed({ tenants: ["woodgrove"], body: { event: "incident.changed" } });
		const person = await served.token("responder", { name: "n.patel" });
		const post = (verb: string, body: object) =>
			served.ask(`/api/v1/incidents/INC-1001/${verb}`, person.token, { method: "POST", body });
		await served.claim(breachOpened("woodgrove"));
		await served.claim(breachOpened("city-power"));
		expect((await post("link", { other: "INC-1002" })).status).toBe(200);
		await served.store.transaction((tx) =>
			served.deps.bus.publish(tx, {
				type: "incident.cause_blamed",
				at: served.clock.now(),
				tenant: "",
				incidentId: "INC-1001",
				actor: SYSTEM,
				data: { what: "Rotate the fleet's keys", probability: 0.9 },
			}),
		);
		await post("notes", { text: "a note" });
		await served.deliver();
		const told = receiver.got.map(({ body }) => JSON.parse(body).data.change.text);
		expect(told.filter((text) => /INC-1002|Rotate/.test(text))).toEqual([]);
		expect(told).toContain("n.patel: a note");
	});

	it("hears nothing of tests, nor of parts, unless it asks for them", async () => {
		const { served, types } = await subscribed();
		await served.claim(breachOpened("woodgrove", { evidence: exampleEvidence({ drill: { by: "n.patel" } }) }));
		await served.claim(breachOpened("city-power", { scope: "platform" }));
		await served.deliver();
		expect(types()).toEqual([""]);
	});

	it("hears nothing of a private incident, not even what waited when it became private", async () => {
		const { receiver, served, subscribe, types } = await subscribed();
		await subscribe({ event: "incident.changed", callbackUrl: `${receiver.url}&n=2` });
		await served.claim(breachOpened("woodgrove"));
		const admin = { name: "root", role: "admin" } as const;
		const asked = { scope: scopeOf(admin), principal: admin, incidentId: "INC-1001", now: served.clock.now() };
		await served.store.transaction((tx) => setReaders(tx, served.context, { ...asked, readers: ["m-ito"] }));
		await served.deliver();
		served.clock.advance(HOUR_MS);
		await served.deliver();
		expect(types()).toEqual([]);
	});

	it("ends with its token: revoked, expired, or not that of a program", async () => {
		const { receiver, served, token, path } = await subscribed();
		const admin = await served.token("admin");
		await served.claim(breachOpened("woodgrove"));
		await served.ask(`/api/v1/tokens/${token.id}`, admin.token, { method: "DELETE" });
		await served.deliver();
		expect(receiver.got).toEqual([]);
		expect((await served.ask(path, admin.token)).body).toMatchObject({
			state: "disabled",
			reason: "The token it was made with is revoked or has expired.",
		});
		const viewer = await served.token("viewer");
		const asked = { method: "POST", body: { event: "incident.opened", callbackUrl: receiver.url } };
		expect((await served.ask("/api/v1/subscriptions", viewer.token, asked)).status).toBe(403);
	});

	it("is its token's own: another token's answers like one that does not exist, and administrators see all", async () => {
		const { served, path } = await subscribed();
		const other = await served.token("responder", { name: "other" });
		for (const method of ["GET", "DELETE"]) {
			const foreign = await served.ask(path, other.token, { method });
			const missing = await served.ask("/api/v1/subscriptions/sub_0", other.token, { method });
			expect(foreign.status).toBe(404);
			const text = (answer: typeof foreign) => answer.body.error.message.replace(/"[^"]*"/, "ID");
			expect(text(foreign)).toBe(text(missing));
		}
		expect((await served.ask("/api/v1/subscriptions", other.token)).body.items).toEqual([]);
		const admin = await served.token("admin");
		const [seen] = (await served.ask("/api/v1/subscriptions", admin.token)).body.items;
		expect(seen).toMatchObject({ owner: "flows" });
		expect(JSON.stringify(seen)).not.toMatch(/SECRET|whsec_/);
	});

	it("goes nowhere inside: by address, by name, by port, or without encryption", async () => {
		const served = await serveRooms();
		const { token } = await served.token("responder");
		for (const callbackUrl of [
			"https://127.0.0.1/x",
			"https://[::1]/x",
			"https://0x7f000001/x",
			"https://2130706433/x",
			"https://169.254.169.254/latest/meta-data",
			"https://168.63.129.16/x",
			"https://[::ffff:10.0.0.1]/x",
			"https://10.1.2.3/x",
			"https://hooks.example.com:8080/x",
			"http://hooks.example.com/x",
			"https://user:pw@hooks.example.com/x",
			"file:///etc/passwd",
			"javascript:alert(1)",
			"no address",
		]) {
			const asked = { method: "POST", body: { event: "incident.opened", callbackUrl } };
			expect((await served.ask("/api/v1/subscriptions", token, asked)).status, callbackUrl).toBe(400);
		}
		// A name that leads inside is found when it is looked up, and where it leads to is not told.
		const callbackUrl = "https://localhost/x";
		await served.ask("/api/v1/subscriptions", token, {
			method: "POST",
			body: { event: "incident.opened", callbackUrl },
		});
		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		const [seen] = (await served.ask("/api/v1/subscriptions", token)).body.items;
		expect(seen.lastOutcome).toBe("blocked: its address leads to where this server sends nothing");
		expect(JSON.stringify((await served.ask("/api/v1/deliveries", token)).body)).not.toMatch(/127\.0\.0\.1|::1/);
	});

	it("goes to nothing inside that is allowed for what the catalogue names alone", async () => {
		const { host, url } = await openReceiver();
		const served = await serveRooms({ allow: [host] });
		const { token } = await served.token("responder");
		const body = { event: "incident.opened", callbackUrl: url };
		const answer = await served.ask("/api/v1/subscriptions", token, { method: "POST", body });
		expect(answer.status).toBe(400);
		expect(JSON.stringify(answer.body)).toContain(`add \\"${host}\\" to settings.egress.callbacks`);
	});

	it("is refused beyond a hundred of one token", async () => {
		const { subscribe, receiver } = await subscribed();
		for (let n = 1; n < 100; n++) expect((await subscribe({ callbackUrl: `${receiver.url}&n=${n}` })).status).toBe(201);
		expect((await subscribe({ callbackUrl: `${receiver.url}&n=100` })).status).toBe(409);
	});

	it("whose stored filter is damaged ends, and the others are told all the same", async () => {
		const { served, subscribe, state, receiver, types } = await subscribed();
		await subscribe({ callbackUrl: `${receiver.url}&n=2` });
		for (const filter of ["{", JSON.stringify({ severities: 7 })])
			await served.store.transaction(async (tx) => {
				await tx.updateTable("subscriptions").set({ filter }).where("callback_url", "=", receiver.url).execute();
			});
		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		expect(types()).toEqual(["woodgrove"]);
		expect(await state()).toMatchObject({ state: "disabled", reason: "Its filter cannot be read." });
	});

	it("of which there are many are told some at a time, each once, also by a process that goes on after a crash", async () => {
		const { served, subscribe, receiver } = await subscribed();
		for (let n = 1; n < 60; n++) await subscribe({ callbackUrl: `${receiver.url}&n=${n}` });
		await served.claim(breachOpened("woodgrove"));
		const queued = () => served.db.selectFrom("outbox").select("channel").where("channel", "like", "sub%").execute();
		// The second transaction fails as if the process had died before it, and another process begins.
		let transactions = 0;
		const dying = createTeller({
			store: {
				...served.store,
				transaction: (work) => {
					if (++transactions === 2) throw new Error("died");
					return served.store.transaction(work);
				},
			},
			deps: served.deps,
			onError: () => {},
		});
		await expect(dying.runDue()).rejects.toThrow("died");
		expect(await queued()).toHaveLength(25);
		await createTeller({ store: served.store, deps: served.deps, onError: () => {} }).runDue();
		expect(new Set((await queued()).map(({ channel }) => channel)).size).toBe(60);
		expect(await queued()).toHaveLength(60);
	});
});
