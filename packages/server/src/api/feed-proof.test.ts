import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { proveMessage } from "./feed-proof.ts";

const NOW = Date.UTC(2026, 10, 22, 2);
const KEY = `whsec_${Buffer.from("key-of-this-feed-0123456789").toString("base64")}`;
const OTHER = `whsec_${Buffer.from("key-of-another-feed-01234567").toString("base64")}`;
const BODY = '{"id":"C-1"}';
const bytes = (text: string) => Buffer.from(text);

/** As the reference library signs. */
function signed(body = BODY, { key = KEY, sentAt = NOW, id = "msg_1" } = {}) {
	return {
		"webhook-id": id,
		"webhook-timestamp": String(Math.floor(sentAt / 1000)),
		"webhook-signature": new Webhook(key).sign(id, new Date(sentAt), body),
	};
}

const prove = (headers: Record<string, string>, body = BODY, secrets = KEY) =>
	proveMessage("standard-webhooks", secrets, headers, bytes(body), NOW);

describe("Standard Webhooks", () => {
	test("a message of the reference library is proven by its id", () => {
		expect(prove(signed())).toEqual({ status: "proven", key: "id:msg_1", provesLife: true });
	});

	test.each<[string, Record<string, string>, string?]>([
		["no signature", {}],
		["another body", signed(), '{"id":"C-2"}'],
		["one byte more", signed(), `${BODY} `],
		["another feed's key", signed(BODY, { key: OTHER })],
		["another id", { ...signed(), "webhook-id": "msg_2" }],
		["another timestamp", { ...signed(), "webhook-timestamp": String(NOW / 1000 + 1) }],
		["a timestamp that is no number", { ...signed(), "webhook-timestamp": "1e9" }],
		["an unknown version", { ...signed(), "webhook-signature": signed()["webhook-signature"].replace("v1,", "v2,") }],
		["an empty signature", { ...signed(), "webhook-signature": "v1," }],
		["half of the signature", { ...signed(), "webhook-signature": signed()["webhook-signature"].slice(0, 20) }],
		[
			"id and timestamp cut elsewhere",
			{
				"webhook-id": `msg_1.${NOW / 1000}`,
				"webhook-timestamp": "1",
				"webhook-signature": signed()["webhook-signature"],
			},
		],
	])("is not proven: %s", (_, headers, body) => {
		expect(prove(headers, body).status).toBe("unproven");
	});

	test.each([
		[5 * 60_000, "proven"],
		[-5 * 60_000, "proven"],
		[5 * 60_000 + 1_000, "old"],
		[-5 * 60_000 - 1_000, "old"],
	])("a good signature from %i ms ago is %s", (ageMs, status) => {
		expect(prove(signed(BODY, { sentAt: NOW - ageMs })).status).toBe(status);
	});

	test("an old message with a bad signature is told nothing of its age", () => {
		const old = signed(BODY, { sentAt: NOW - 3_600_000, key: OTHER });
		expect(prove(old).status).toBe("unproven");
	});

	test("while keys change, each of them is good, on both sides", () => {
		expect(prove(signed(BODY, { key: OTHER }), BODY, `${KEY}\n${OTHER}`).status).toBe("proven");
		const both = `${signed(BODY, { key: OTHER })["webhook-signature"]} ${signed()["webhook-signature"]}`;
		expect(prove({ ...signed(), "webhook-signature": both }).status).toBe("proven");
	});

	test.each(["", "whsec_", "short", "whsec_AAAA"])("with the key %j nobody can prove anything", (key) => {
		expect(prove(signed(), BODY, key).status).toBe("unusable");
	});
});

describe("GitHub", () => {
	const github = (body: string, key: string, sent = body) =>
		proveMessage(
			"github",
			key,
			{
				"x-github-event": "deployment",
				"x-hub-signature-256": `sha256=${createHmac("sha256", "its secret").update(sent).digest("hex")}`,
			},
			bytes(body),
			NOW,
		);

	test("the example of its documentation is proven", () => {
		const headers = {
			"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
		};
		const outcome = proveMessage("github", "It's a Secret to Everybody", headers, bytes("Hello, World!"), NOW);
		expect(outcome).toMatchObject({ status: "proven", provesLife: false });
	});

	test("the body alone is signed, so the same body is the same message and no sign of life", () => {
		const once = github(BODY, "its secret");
		expect([once, github("[]", "its secret")]).toMatchObject([{ provesLife: false }, { status: "proven" }]);
		expect(github(BODY, "its secret")).toEqual(once);
		expect(github(BODY, "another secret").status).toBe("unproven");
		expect(github("{}", "its secret", BODY).status).toBe("unproven");
	});
});

describe("tokens", () => {
	const header = (auth: "bearer" | "basic", authorization: string, secret: string) =>
		proveMessage(auth, secret, { authorization }, bytes(BODY), NOW).status;

	test.each([
		["bearer", "Bearer t-1", "t-1", "proven"],
		["bearer", "bearer t-1", "t-0\nt-1", "proven"],
		["bearer", "Bearer t-2", "t-1", "unproven"],
		["bearer", "Bearer t-1x", "t-1", "unproven"],
		["bearer", "Bearer ", "t-1", "unproven"],
		["bearer", "", "t-1", "unproven"],
		["bearer", `Basic ${btoa("t-1")}`, "t-1", "unproven"],
		["basic", `Basic ${btoa("devops:p:w")}`, "devops:p:w", "proven"],
		["basic", `Basic ${btoa("devops:other")}`, "devops:p:w", "unproven"],
		["basic", "Bearer devops:p:w", "devops:p:w", "unproven"],
	] as const)("%s, %j against %j is %s", (auth, authorization, secret, status) => {
		expect(header(auth, authorization, secret)).toBe(status);
	});
});
