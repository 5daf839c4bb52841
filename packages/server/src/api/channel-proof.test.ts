import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { proveSlack, proveTwilio } from "./channel-proof.ts";

/** The examples that the providers publish with their descriptions of the signatures. */
const SLACK = {
	secret: "8f742231b10e8888abcd99yyyzzz85a5",
	timestamp: "1531420618",
	signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
	body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
};
const TWILIO = {
	token: "12345",
	url: "https://mycompany.com/myapp.php?foo=1&bar=2",
	signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
	fields: {
		CallSid: "CA1234567890ABCDE",
		Caller: "+14158675309",
		Digits: "1234",
		From: "+14158675309",
		To: "+18005551212",
	},
};

describe("Slack", () => {
	const { secret, timestamp, signature, body } = SLACK;
	const at = Number(timestamp) * 1000;
	const prove = (change: Partial<typeof SLACK> = {}, now = at) => {
		const given = { secret, timestamp, signature, body, ...change };
		return proveSlack(given.secret, given, Buffer.from(given.body), now).status;
	};

	it("is believed by its own example, and while secrets are changed", () => {
		expect(prove()).toBe("proven");
		expect(prove({ secret: `new\n${secret}\n` })).toBe("proven");
		expect(prove({}, at + 299_000)).toBe("proven");
	});

	it.each<[string, Partial<typeof SLACK>, number?]>([
		["another body", { body: `${body}&x=1` }],
		["another secret", { secret: "another" }],
		["no secret", { secret: "\n" }],
		["another time", { timestamp: "1531420619" }],
		["no time", { timestamp: "" }],
		["no signature", { signature: "" }],
		["a signature of another version", { signature: signature.replace("v0", "v1") }],
		["five minutes later", {}, at + 301_000],
		["five minutes too early", {}, at - 301_000],
	])("is not believed with %s", (_, change, now = at) => {
		expect(prove(change, now)).toBe("unproven");
	});
});

describe("Twilio", () => {
	const { token, url, signature, fields } = TWILIO;
	const prove = (change: { token?: string; url?: string; signature?: string | undefined; fields?: object } = {}) => {
		const given = { token, url, signature, fields, ...change };
		return proveTwilio(given.token, given.signature, given.url, new URLSearchParams({ ...given.fields })).status;
	};

	it("is believed by its own example, whatever the order of the fields, and while tokens are changed", () => {
		expect(prove()).toBe("proven");
		expect(prove({ fields: Object.fromEntries(Object.entries(fields).reverse()) })).toBe("proven");
		expect(prove({ token: `new\n${token}` })).toBe("proven");
	});

	it("is believed when a field comes twice", () => {
		const twice = createHmac("sha1", token).update(`${url}Aa1Aa2`).digest("base64");
		const given = new URLSearchParams([
			["A", "a2"],
			["A", "a1"],
			["A", "a2"],
		]);
		expect(proveTwilio(token, twice, url, given).status).toBe("proven");
	});

	it.each([
		["another address", { url: `${url}&baz=3` }],
		["another field", { fields: { ...fields, Digits: "1" } }],
		["one field more", { fields: { ...fields, Extra: "1" } }],
		["another token", { token: "12346" }],
		["no signature", { signature: undefined }],
		["a short signature", { signature: "RSOY" }],
	])("is not believed with %s", (_, change) => {
		expect(prove(change)).toBe("unproven");
	});
});
