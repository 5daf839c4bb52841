import { describe, expect, it } from "vitest";
import { bearer, useApiServer } from "../../testing/api-server.ts";

const { ask, tokenFor } = useApiServer();

describe("answers", () => {
	it("hold nothing that their schema does not list", async () => {
		const response = await ask("/api/v1/ingest/accounting", { headers: bearer(await tokenFor("viewer")) });
		expect(response.json()).toEqual({
			items: [
				{
					tenant: "",
					source: "otlp",
					protocol: "otlp-json",
					received: 2,
					counted: 1,
					duplicate: 0,
					rejected: { too_old: 1 },
				},
			],
		});
	});

	it("carry headers that keep pages from running foreign or inline code", async () => {
		const response = await ask("/sign-in");
		const csp = String(response.headers["content-security-policy"]);
		const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(csp)?.[1];
		expect(response.body).toContain(`<style nonce="${nonce}">`);
		expect(csp).toContain("default-src 'none'");
		expect(csp).toContain("frame-ancestors 'none'");
		expect(csp).not.toContain("unsafe");
		expect(response.headers).toMatchObject({
			"x-content-type-options": "nosniff",
			"cache-control": "no-store",
			"referrer-policy": "same-origin",
		});
	});

	it("tell readiness with reasons", async () => {
		const response = await ask("/readyz");
		expect([response.statusCode, response.json()]).toEqual([
			503,
			{ ready: false, checks: [{ name: "telemetry", ok: false, level: "error", reason: "rebuilding: disk full" }] },
		]);
		expect((await ask("/healthz")).json()).toEqual({ status: "ok" });
	});

	it("say how to build the console when it is not built", async () => {
		const response = await ask("/fleet");
		expect([response.statusCode, response.body.includes("npm start")]).toEqual([503, true]);
	});

	it("render the API as a page that loads nothing from elsewhere", async () => {
		const response = await ask("/api");
		expect(response.body).toContain("/api/v1/incidents/{id}/acknowledge");
		expect(response.body).not.toMatch(/<script|src=|href="(?:https?:)?\/\//);
	});

	it("tells the program's version to those who sign in alone", async () => {
		const version = async (headers: Record<string, string>) =>
			(await ask("/openapi.json", { headers })).json().info.version;
		expect([await version({}), await version(bearer(await tokenFor("viewer")))]).toEqual(["v1", "0.0.0"]);
		expect((await ask("/api")).body).not.toContain("0.0.0");
	});
});
