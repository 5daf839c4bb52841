import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import type { Message } from "#platform";
import { temporaryControlStore } from "../sqlite/control-store-temporary.ts";
import { createPhonePanel, type PhoneMessage } from "./phone-panel.ts";

const MESSAGE: Message = {
	id: "msg_1",
	kind: "page",
	delivery: "at-least-once",
	tenant: "contoso",
	incidentId: "inc_1",
	channel: "phone",
	address: "ada",
	payload: { subject: "[Sev 2.5] Contoso", text: "cannot sign in", person: "Ada Lovelace", data: {} },
	attempt: 1,
	createdAt: 1,
};

async function setUp() {
	const clock = new ManualClock(1_000);
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	const heard: PhoneMessage[] = [];
	const { store } = temporary;
	return {
		clock,
		store,
		heard,
		phone: createPhonePanel({ store, clock, onMessage: (message) => heard.push(message) }),
		rows: () => store.db.selectFrom("phone_messages").selectAll().execute(),
	};
}

test("a page stands on the phone and is told to whoever listens", async () => {
	const { phone, heard, rows } = await setUp();
	expect(await phone.send(MESSAGE)).toEqual({ status: "sent", detail: "on the phone panel" });
	const shown = { id: "msg_1", tenant: "contoso", at: 1_000, person: "Ada Lovelace", title: "[Sev 2.5] Contoso" };
	expect(await rows()).toEqual([{ ...shown, incident_id: "inc_1", body: "cannot sign in" }]);
	expect(heard).toEqual([{ ...shown, incidentId: "inc_1", body: "cannot sign in" }]);
});

test("a page that is delivered again is there once, as it first came, and told once", async () => {
	const { phone, clock, heard, rows } = await setUp();
	await phone.send(MESSAGE);
	clock.advance(5_000);
	expect(await phone.send({ ...MESSAGE, attempt: 2 })).toEqual({
		status: "sent",
		detail: "was on the phone panel already",
	});
	expect(await rows()).toMatchObject([{ at: 1_000 }]);
	expect(heard).toHaveLength(1);
});

test("a page without a person's name shows the address, one without an incident stands alone", async () => {
	const { phone, rows } = await setUp();
	const { person: _, ...payload } = MESSAGE.payload;
	await phone.send({ ...MESSAGE, incidentId: undefined, payload });
	expect(await rows()).toMatchObject([{ person: "ada", incident_id: null }]);
});

test("when the store does not take it, it surely did not arrive: to be tried again", async () => {
	const { phone, store, heard } = await setUp();
	await store.close();
	expect(await phone.send(MESSAGE)).toMatchObject({ status: "retry" });
	expect(heard).toEqual([]);
});
