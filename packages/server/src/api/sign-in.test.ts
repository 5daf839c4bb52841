import { describe, expect, it } from "vitest";
import { bearer, useApiServer } from "../../testing/api-server.ts";

const { ask, tokenFor, signIn } = useApiServer();

describe("sign-in", () => {
	it("by a one-time link works once, and reading the page uses nothing up", async () => {
		const token = await tokenFor("admin", { oneTime: true });
		for (const _ of [1, 2]) {
			const page = await ask(`/sign-in?token=${token}&next=%2Ffleet`);
			expect([page.statusCode, page.body.includes(`value="${token}"`), page.body.includes("<script")]).toEqual([
				200,
				true,
				false,
			]);
			expect(page.body).toContain(
				"This link works once. The button signs this browser in as <strong>administrator</strong>",
			);
		}
		const form = {
			method: "POST" as const,
			headers: { "content-type": "application/x-www-form-urlencoded" },
			payload: `token=${token}&next=%2Ffleet`,
		};
		const first = await ask("/sign-in", form);
		expect([first.statusCode, first.headers.location]).toEqual([303, "/fleet"]);
		expect(first.headers["set-cookie"]).toMatch(
			/^bellwether_session=[0-9a-f]{64}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
		);
		const second = await ask("/sign-in", form);
		expect([second.statusCode, second.headers["set-cookie"]]).toEqual([401, undefined]);
	});

	it("by a link that is used up offers no button that cannot work, but says what to do", async () => {
		const token = await tokenFor("viewer", { oneTime: true });
		const headers = { "content-type": "application/x-www-form-urlencoded" };
		await ask("/sign-in", { method: "POST", headers, payload: `token=${token}` });
		const page = await ask(`/sign-in?token=${token}`);
		expect(page.body).toContain("already used");
		expect(page.body).toContain("restart the server for a new one-time link");
		expect(page.body).not.toContain(token);
		expect(page.body).toContain('<input id="token"');
	});

	it("does not lend a cookie to a sender of telemetry", async () => {
		expect(
			(await ask("/api/v1/session", { method: "POST", payload: { token: await tokenFor("ingest") } })).statusCode,
		).toBe(401);
	});

	it.each([
		"https://evil.example/",
		"//evil.example/",
		"/\\evil.example",
		"/.//evil.example",
		"/a/..//evil.example",
		"javascript:alert(1)",
		"evil",
	])("never leads on to %s", async (next) => {
		const payload = new URLSearchParams({ token: await tokenFor("admin"), next }).toString();
		const response = await ask("/sign-in", {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded" },
			payload,
		});
		expect(response.headers.location).toMatch(/^\/(?![/\\])/);
	});

	it("ends on the server when one signs out", async () => {
		const { cookie, csrfToken } = await signIn(await tokenFor("viewer"));
		expect((await ask("/api/v1/session", { headers: { cookie } })).json()).toMatchObject({
			name: "viewer",
			role: "viewer",
			csrfToken,
		});
		expect(
			(await ask("/api/v1/session", { method: "DELETE", headers: { cookie, "x-csrf-token": csrfToken } })).statusCode,
		).toBe(204);
		expect((await ask("/api/v1/session", { headers: { cookie } })).statusCode).toBe(401);
	});

	it("ends on the server when the token that it was made with is revoked", async () => {
		const admin = await tokenFor("admin");
		const made = await ask("/api/v1/tokens", {
			method: "POST",
			headers: bearer(admin),
			payload: { name: "leaked", role: "responder" },
		});
		const { cookie } = await signIn(made.json().token);
		expect((await ask("/api/v1/fleet", { headers: { cookie } })).statusCode).toBe(200);
		await ask(`/api/v1/tokens/${made.json().id}`, { method: "DELETE", headers: bearer(admin) });
		expect((await ask("/api/v1/fleet", { headers: { cookie } })).statusCode).toBe(401);
	});

	it("takes the reader of a page's link back there", async () => {
		const response = await ask("/p/INC-1001");
		expect([response.statusCode, response.headers.location]).toEqual([303, "/sign-in?next=%2Fp%2FINC-1001"]);
	});

	it("stands in the audit log, without the token", async () => {
		const token = await tokenFor("admin");
		await signIn(token);
		const log = await ask("/api/v1/audit", { headers: bearer(token) });
		expect(log.json().items.map((entry: { action: string }) => entry.action)).toEqual(["session.opened"]);
		expect(log.body).not.toContain(token);
	});
});
