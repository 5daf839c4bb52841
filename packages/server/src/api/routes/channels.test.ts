// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Catalogue, Channel } from "#catalogue";
import { getIncident, listenInIncidents, openForBreach, timelineOf } from "#incidents";
import { createDispatcher, type MessagePayload, type SendResult } from "#platform";
import { listenToIncidents } from "#response";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";
import { breachOpened, exampleCatalogue } from "../../../testing/catalogue.ts";
import { ALL } from "../../../testing/rooms.ts";
import { reply, startReceiver } from "../../platform/misbehaving-receiver.ts";

const PHONE = "+447700900123";
const SLACK_USER = "U0G9QF9C6";
const TWILIO = { kind: "twilio", account: "AC1", from: "+15550001234", tokenRef: "${env:TWILIO}", apiUrl: "" } as const;
const CHANNELS: readonly Channel[] = [
	{ name: "phone-panel", kind: "phone-panel" },
	{ name: "chat", kind: "slack", urlRef: "${env:SLACK_URL}", secretRef: "${env:SLACK_SECRET}" },
	{ name: "sms", kind: "sms", provider: TWILIO },
	{ name: "call", kind: "voice", provider: TWILIO },
];
const EXAMPLE = exampleCatalogue();
const catalogue: Catalogue = {
	...EXAMPLE,
	channels: CHANNELS,
	people: EXAMPLE.people.map((person) =>
		person.name === "m-ito"
			? {
					...person,
					contacts: [
						{ channel: "chat", address: SLACK_USER },
						{ channel: "sms", address: PHONE },
						{ channel: "call", address: PHONE },
					],
				}
			: { ...person, contacts: [{ channel: "phone-panel", address: person.name }] },
	),
};

const server = useApiServer();

beforeEach(() => {
	vi.stubEnv("TWILIO", "token-of-twilio\n");
	vi.stubEnv("SLACK_SECRET", "secret-of-slack");
	vi.stubEnv("SLACK_URL", "https://hooks.slack.example/T/B/x");
	Object.assign(server.context, { catalogue: () => catalogue });
});

/** Opens an incident; answers what was queued to m-ito by each channel. */
async function page(): Promise<Record<string, { id: string; payload: MessagePayload }>> {
	const { context, store } = server;
	const deps = { ids: context.ids, bus: context.bus, catalogue: context.catalogue, publicUrl: context.baseUrl };
	listenInIncidents(context.bus, deps);
	listenToIncidents(context.bus, deps);
	await store.transaction((tx) =>
		openForBreach(tx, deps, { ...breachOpened("woodgrove"), detectedAt: NOW }, catalogue),
	);
	const rows = await store.db.selectFrom("outbox").selectAll().where("kind", "=", "page").execute();
	return Object.fromEntries(rows.map((row) => [row.channel, { id: row.id, payload: JSON.parse(row.payload) }]));
}

/** Lets everything leave that waits, answered so. */
async function deliver(result: SendResult): Promise<void> {
	const dispatcher = createDispatcher({
		store: server.store,
		clock: server.clock,
		senders: () => ({ send: async () => result }),
		onError: (error) => expect.unreachable(String(error)),
	});
	await dispatcher.runDue(NOW);
}

const state = async () => (await getIncident(server.store.db, ALL, "INC-1001"))?.state;
const acknowledgedBy = async () => (await getIncident(server.store.db, ALL, "INC-1001"))?.acknowledgedBy;
const timeline = async () => (await timelineOf(server.store.db, ALL, "INC-1001")).map(({ text }) => text);

/** A form as the provider sends and signs it. */
function fromProvider(path: string, fields: Record<string, string>, key = "token-of-twilio") {
	const signed = Object.keys(fields)
		.sort()
		.map((name) => name + fields[name])
		.join("");
	const signature = createHmac("sha1", key).update(`http://127.0.0.1:8080${path}${signed}`).digest("base64");
	return server.ask(path, {
		method: "POST",
		headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
		payload: new URLSearchParams(fields).toString(),
	});
}

describe("receipts of a provider", () => {
	const receipts = (id: string) => `/api/v1/channels/sms/receipts?message=${id}`;

	it("are kept beside the delivery, once each, and told in the timeline", async () => {
		const { sms = expect.unreachable() } = await page();
		await deliver({ status: "sent", detail: "taken by the provider" });
		for (const status of ["queued", "sent", "delivered", "delivered"])
			expect((await fromProvider(receipts(sms.id), { MessageStatus: status, MessageSid: "SM1" })).statusCode).toBe(204);
		const kept = await server.store.db.selectFrom("delivery_receipts").select(["state", "incident_id"]).execute();
		expect(kept).toEqual([
			{ state: "accepted", incident_id: "INC-1001" },
			{ state: "delivered", incident_id: "INC-1001" },
		]);
		const headers = bearer(await server.tokenFor("viewer"));
		const { items } = (await server.ask("/api/v1/deliveries?incident=INC-1001", { headers })).json();
		expect(items.map(({ channel, receipt }: { channel: string; receipt: unknown }) => [channel, receipt])).toEqual(
			expect.arrayContaining([
				["sms", { state: "delivered", at: NOW }],
				["chat", null],
			]),
		);
		expect((await timeline()).filter((text) => text.includes("was delivered"))).toEqual([
			"Page to M. Ito by sms was delivered.",
		]);
	});

	it("say when a message was lost, with the provider's code alone", async () => {
		const { sms = expect.unreachable() } = await page();
		await fromProvider(receipts(sms.id), {
			MessageStatus: "undelivered",
			ErrorCode: "30003",
			ErrorMessage: "secret words",
		});
		expect(await timeline()).toContain(
			"Page to M. Ito by sms was not delivered: undelivered, the provider's error 30003",
		);
	});

	it("without the right proof, of another channel or of nobody are refused alike", async () => {
		const { sms = expect.unreachable() } = await page();
		const fields = { MessageStatus: "delivered" };
		const answers = [
			await fromProvider(receipts(sms.id), fields, "another token"),
			await fromProvider(receipts("msg_other"), fields, "another token"),
			await fromProvider(`/api/v1/channels/nobody/receipts?message=${sms.id}`, fields),
			await fromProvider(`/api/v1/channels/chat/receipts?message=${sms.id}`, fields),
			await server.ask(receipts(sms.id), { method: "POST", payload: "MessageStatus=delivered" }),
		];
		expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401, 401]);
		expect(new Set(answers.map((answer) => answer.json().error.message)).size).toBe(1);
		expect(await server.store.db.selectFrom("delivery_receipts").selectAll().execute()).toEqual([]);
	});

	it("of messages that left by another channel, or of none, change nothing", async () => {
		const { call = expect.unreachable() } = await page();
		await fromProvider(receipts(call.id), { MessageStatus: "delivered" });
		await fromProvider(receipts("msg_none"), { MessageStatus: "delivered" });
		expect(await server.store.db.selectFrom("delivery_receipts").selectAll().execute()).toEqual([]);
	});
});

describe("an answer by text message", () => {
	const text = (from: string, body: string) =>
		fromProvider("/api/v1/channels/sms/messages", { From: from, Body: body });
	const codeOf = (payload: MessagePayload | undefined) => payload?.card?.acknowledge?.code ?? "";

	it("with the code acknowledges as the person who was paged", async () => {
		const { sms } = await page();
		const answer = await text(PHONE, `Ack ${codeOf(sms?.payload)}!`);
		expect(answer.statusCode).toBe(200);
		expect(answer.body).toBe("<Response><Message>Acknowledged: INC-1001. Paging stopped.</Message></Response>");
		expect([await state(), await acknowledgedBy()]).toEqual(["acknowledged", "m-ito"]);
	});

	it("with another code is told so; from a stranger, or without digits, nothing is answered", async () => {
		const { sms } = await page();
		const code = codeOf(sms?.payload);
		expect((await text(PHONE, `ACK ${code === "0000" ? "1111" : "0000"}`)).body).toContain("not known");
		expect((await text("+15550009999", `ACK ${code}`)).body).toBe("<Response/>");
		expect((await text(PHONE, "what?")).body).toBe("<Response/>");
		expect(await state()).toBe("detected");
	});
});

describe("a key in a call", () => {
	const press = (id: string, to: string, digits: string) =>
		fromProvider(`/api/v1/channels/call/keys?message=${id}`, { To: to, Digits: digits });

	it("1 acknowledges as the person who was called, and the call says so", async () => {
		const { call = expect.unreachable() } = await page();
		const answer = await press(call.id, PHONE, "1");
		expect(answer.body).toBe("<Response><Say>Acknowledged: INC-1001. Paging stopped.</Say></Response>");
		expect([await state(), await acknowledgedBy()]).toEqual(["acknowledged", "m-ito"]);
	});

	it("another key, another number, another message acknowledge nothing", async () => {
		const { call = expect.unreachable(), sms = expect.unreachable() } = await page();
		expect((await press(call.id, PHONE, "2")).body).toContain("not acknowledged");
		expect((await press(call.id, "+15550009999", "1")).body).toContain("cannot acknowledge");
		expect((await press(sms.id, PHONE, "1")).body).toContain("cannot acknowledge");
		expect(await state()).toBe("detected");
	});
});

describe("a button in Slack", () => {
	function press(payload: object, { at = NOW, key = "secret-of-slack" } = {}) {
		const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
		const timestamp = String(Math.floor(at / 1000));
		const signature = `v0=${createHmac("sha256", key).update(`v0:${timestamp}:${body}`).digest("hex")}`;
		return server.ask("/api/v1/channels/chat/actions", {
			method: "POST",
			headers: {
				"content-type": "application/x-www-form-urlencoded",
				"x-slack-request-timestamp": timestamp,
				"x-slack-signature": signature,
			},
			payload: body,
		});
	}
	const button = (value: string | undefined, user = SLACK_USER, more: object = {}) => ({
		type: "block_actions",
		user: { id: user },
		actions: [{ action_id: "bellwether_acknowledge", value }],
		...more,
	});
	const tokenOf = (payload: MessagePayload | undefined) => payload?.card?.acknowledge?.token ?? "";

	it("acknowledges as the person whose contact pressed it", async () => {
		const { chat } = await page();
		expect((await press(button(tokenOf(chat?.payload)))).statusCode).toBe(200);
		expect(await acknowledgedBy()).toBe("m-ito");
	});

	it("acknowledges as a stranger of that channel, under the chat's own id", async () => {
		const { chat } = await page();
		await press(button(tokenOf(chat?.payload), "U999999"));
		expect(await acknowledgedBy()).toBe("channel:chat U999999");
	});

	it("tells the chat what became of it", async () => {
		const { chat } = await page();
		await using receiver = await startReceiver(reply("200 OK", { body: "ok" }));
		const settings = { ...catalogue.settings, egress: { allow: [], callbacks: [receiver.host] } };
		Object.assign(server.context, { catalogue: () => ({ ...catalogue, settings }) });
		await press(button(tokenOf(chat?.payload), SLACK_USER, { response_url: `http://${receiver.host}/r` }));
		await expect.poll(() => receiver.requests.length).toBe(1);
		expect(JSON.parse(receiver.requests[0]?.body ?? "")).toMatchObject({
			text: "Acknowledged: INC-1001. Paging stopped.",
			replace_original: false,
		});
	});

	it("with a forged token, a wrong signature or an old one acknowledges nothing", async () => {
		const { chat } = await page();
		const token = tokenOf(chat?.payload);
		expect((await press(button(`${token.slice(0, -3)}xxx`))).statusCode).toBe(200);
		expect((await press(button(token), { key: "another" })).statusCode).toBe(401);
		expect((await press(button(token), { at: NOW - 6 * 60_000 })).statusCode).toBe(401);
		expect((await press(button(token), { at: NOW + 6 * 60_000 })).statusCode).toBe(401);
		expect((await press({ hello: 1 })).statusCode).toBe(400);
		expect(await state()).toBe("detected");
	});

	it("that only opens a page is taken without a word", async () => {
		await page();
		const opened = {
			type: "block_actions",
			user: { id: SLACK_USER },
			actions: [{ action_id: "bellwether_open_incident" }],
		};
		expect((await press(opened)).statusCode).toBe(200);
		expect(await state()).toBe("detected");
	});
});

const test = async (role: "viewer" | "responder" | "admin", payload: object) =>
	server.ask("/api/v1/page-tests", { method: "POST", headers: bearer(await server.tokenFor(role)), payload });

describe("test pages", () => {
	it("go by each contact, and are asked for by their ids", async () => {
		const asked = await test("admin", { person: "m-ito" });
		expect(asked.statusCode).toBe(202);
		const { items } = asked.json();
		expect(items.map(({ channel, status }: { channel: string; status: string }) => [channel, status])).toEqual([
			["chat", "waiting"],
			["sms", "waiting"],
			["call", "waiting"],
		]);
		const ids = items.map(({ messageId }: { messageId: string }) => messageId).join(",");
		const answer = await server.ask(`/api/v1/page-tests?ids=${ids}`, {
			headers: bearer(await server.tokenFor("responder")),
		});
		expect(answer.json().items).toEqual(items);
	});

	it("by one channel only, or to the channel's own address", async () => {
		expect((await test("admin", { person: "m-ito", channel: "sms" })).json().items).toHaveLength(1);
		expect((await test("admin", { channel: "chat" })).json()).toMatchObject({
			person: "",
			items: [{ channel: "chat" }],
		});
	});

	it.each([
		["others, for a responder", "responder", { person: "m-ito" }, 403],
		["anybody, for a viewer", "viewer", { person: "m-ito" }, 403],
		["me, who is nobody", "admin", { person: "me" }, 404],
		["nobody", "admin", { person: "nobody" }, 404],
		["an unknown channel", "admin", { person: "m-ito", channel: "fax" }, 404],
		["a channel that the person has not", "admin", { person: "lead", channel: "sms" }, 400],
		["a channel without an address of its own", "admin", { channel: "sms" }, 400],
		["nothing", "admin", {}, 400],
	] as const)("to %s are refused", async (_, role, payload, status) => {
		expect((await test(role, payload)).statusCode).toBe(status);
		expect(await server.store.db.selectFrom("outbox").selectAll().execute()).toEqual([]);
	});
});

describe("the list of channels", () => {
	it("tells what came back only to who may act, and faults without secrets", async () => {
		vi.stubEnv("SLACK_SECRET", undefined);
		await test("admin", { person: "m-ito", channel: "sms" });
		await deliver({ status: "refused", detail: "HTTP 401" });
		const read = async (role: "viewer" | "responder") =>
			(await server.ask("/api/v1/channels", { headers: bearer(await server.tokenFor(role)) })).json().items;
		const sms = (await read("responder")).find(({ name }: { name: string }) => name === "sms");
		expect(sms).toMatchObject({
			state: "shaky",
			lastFailure: { detail: "HTTP 401" },
			people: [{ name: "m-ito" }],
			hasOwnAddress: false,
			fault: null,
		});
		expect(sms.days.at(-1)).toMatchObject({ failed: 1, sent: 0 });
		const seen = await read("viewer");
		expect(JSON.stringify(seen)).not.toContain("HTTP 401");
		expect(seen.find(({ name }: { name: string }) => name === "chat").fault).toContain(
			"${env:SLACK_SECRET} is missing",
		);
	});
});
