import { describe, expect, it } from "vitest";
import { bearer, useApiServer } from "../../testing/api-server.ts";

const { ask, tokenFor, signIn } = useApiServer();

describe("requests of other sites", () => {
	it.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example:8080", "user@127.0.0.1:8080"])(
		"are refused under the host name %j",
		async (host) => {
			expect((await ask("/api/v1/fleet", { headers: { host } })).statusCode).toBe(421);
		},
	);

	const foreign: [string, Record<string, string>][] = [
		["another origin", { origin: "https://evil.example" }],
		["another program of this machine", { origin: "http://127.0.0.1:3000" }],
		["no origin that can be named", { origin: "null" }],
		["another site by the browser's word", { "sec-fetch-site": "cross-site" }],
		["a neighbour by the browser's word", { "sec-fetch-site": "same-site" }],
	];
	it.each(foreign)("cannot change anything: %s", async (_name, headers) => {
		const { cookie, csrfToken } = await signIn(await tokenFor("admin"));
		const response = await ask("/api/v1/config:apply", {
			method: "POST",
			headers: { cookie, "x-csrf-token": csrfToken, ...headers },
		});
		expect([response.statusCode, response.json().error.code]).toEqual([403, "cross_site"]);
	});

	it("cannot use a cookie without the session's own proof; a token needs none", async () => {
		const token = await tokenFor("admin");
		const { cookie, csrfToken } = await signIn(token);
		const other = await signIn(token);
		const status = async (headers: Record<string, string>) =>
			(await ask("/api/v1/config:apply", { method: "POST", headers })).statusCode;
		expect(await status({ cookie })).toBe(403);
		expect(await status({ cookie, "x-csrf-token": other.csrfToken })).toBe(403);
		expect(await status({ cookie, "x-csrf-token": csrfToken })).toBe(422);
		expect(await status(bearer(token))).toBe(422);
	});
});
