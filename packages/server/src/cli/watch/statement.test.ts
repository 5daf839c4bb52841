import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { readStatement } from "./statement.ts";

const KEY = `whsec_${Buffer.from("a key for this test").toString("base64")}`;
const OTHER = `whsec_${Buffer.from("another key").toString("base64")}`;
const AT = Date.UTC(2026, 10, 23, 12);
const BODY = JSON.stringify({
	type: "watchdog.heartbeat",
	timestamp: new Date(AT).toISOString(),
	data: { everyMs: 20_000, audit: { seq: 7, hash: "ab" }, more: "later versions may say more" },
});
const signedWith = (key: string, body = BODY) => ({
	"webhook-id": "hb_1",
	"webhook-signature": new Webhook(key).sign("hb_1", new Date(AT), body),
});

test("a heartbeat says when the checks passed and what the head of the audit log is", () => {
	expect(readStatement(BODY, {}, undefined)).toEqual({ at: AT, everyMs: 20_000, audit: { seq: 7, hash: "ab" } });
	expect(readStatement(BODY, signedWith(KEY), KEY)).toEqual({ at: AT, everyMs: 20_000, audit: { seq: 7, hash: "ab" } });
});

test("while keys are exchanged, either signature will do", () => {
	const both = `${signedWith(OTHER)["webhook-signature"]} ${signedWith(KEY)["webhook-signature"]}`;
	expect(readStatement(BODY, { "webhook-id": "hb_1", "webhook-signature": both }, KEY)).toMatchObject({ at: AT });
	expect(readStatement(BODY, signedWith(OTHER), `${KEY} ${OTHER}`)).toMatchObject({ at: AT });
});

test.each<[string, string, Record<string, string>]>([
	["no signature", BODY, {}],
	["another key's", BODY, signedWith(OTHER)],
	["one of another text", BODY.replace("12:00", "12:05"), signedWith(KEY)],
	["one of another id", BODY, { ...signedWith(KEY), "webhook-id": "hb_2" }],
])("with a key, %s is a fault", (_, body, headers) => {
	expect(readStatement(body, headers, KEY)).toEqual({ fault: "its signature is missing or wrong" });
});

test.each([
	["no JSON", "<html>", "what came is no JSON"],
	["something else", '{"type":"incident.page"}', "what came is no heartbeat of a Bellwether server"],
	[
		"no instant",
		'{"type":"watchdog.heartbeat","timestamp":"now","data":{}}',
		"what came is no heartbeat of a Bellwether server",
	],
])("%s is a fault", (_, body, fault) => {
	expect(readStatement(body, {}, undefined)).toEqual({ fault });
});
