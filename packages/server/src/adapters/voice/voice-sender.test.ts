import { expect, it } from "vitest";
import type { PhoneProvider } from "#platform";
import { CASE_MESSAGE } from "../../platform/channel-sender.cases.ts";
import { createVoiceSender, spoken } from "./voice-sender.ts";

function sender(keysUrl: string | undefined) {
	const calls: Parameters<PhoneProvider["call"]>[0][] = [];
	const provider: PhoneProvider = {
		sendText: () => Promise.reject(new Error("nothing is written")),
		call: async (call) => {
			calls.push(call);
			return { status: "sent", detail: "" };
		},
	};
	return { calls, ...createVoiceSender({ provider, receiptUrl: () => undefined, keysUrl: () => keysUrl }) };
}

it("says who is called, how bad it is and what fails, then the key, then the details", () => {
	expect(spoken(CASE_MESSAGE, true)).toBe(
		"Bellwether calls Ada Lovelace. Severity 2.5. Contoso: sign-in fails. Press 1 to acknowledge. 62% of sign-ins by Contoso succeed since 09:30 UTC. Objective 99.9%, platform 99.96%.",
	);
});

it("asks for a key where an answer can come back, else says where to acknowledge", async () => {
	const { calls, send } = sender("https://cre.example.com/k");
	await send({ ...CASE_MESSAGE, address: "+447700900123" });
	expect(calls[0]).toMatchObject({ keysUrl: "https://cre.example.com/k", says: expect.stringContaining("Press 1") });
	const mute = sender(undefined);
	await mute.send({ ...CASE_MESSAGE, address: "+447700900123" });
	expect(mute.calls[0]).toMatchObject({ keysUrl: undefined, says: expect.stringContaining("open the console") });
	const { card: _, ...payload } = CASE_MESSAGE.payload;
	await send({ ...CASE_MESSAGE, payload, address: "+447700900123" });
	expect(calls[1]).toMatchObject({ keysUrl: undefined });
});

it("calls nobody at what is no number", async () => {
	const { calls, send } = sender(undefined);
	expect(await send({ ...CASE_MESSAGE, address: "ada" })).toMatchObject({ status: "refused" });
	expect(calls).toEqual([]);
});
