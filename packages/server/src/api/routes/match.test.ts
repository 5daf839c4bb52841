import { describe, expect, it } from "vitest";
import type { Role } from "#platform";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";

const server = useApiServer();
const { ask, tokenFor } = server;

describe("matching telemetry to key tenants", () => {
	it("lists values in pages", async () => {
		const headers = bearer(await tokenFor("viewer"));
		const first = (await ask("/api/v1/match?limit=2", { headers })).json();
		expect(first).toMatchObject({ total: 3, unmatched: 2, nextCursor: "2" });
		expect(first.items[0]).toMatchObject({ value: "a", tenant: null, lastSampleAt: NOW - 14_000 });
		const second = (await ask("/api/v1/match?limit=2&cursor=2", { headers })).json();
		expect(second).toMatchObject({ nextCursor: null, items: [{ value: "c", tenant: "contoso" }] });
	});

	it("makes a key tenant only for administrators, and says what to do where the folder cannot be written", async () => {
		const payload = { attribute: "tenant.id", value: "a", name: "fabrikam" };
		const as = async (role: Role) =>
			ask("/api/v1/match/key-tenants", { method: "POST", headers: bearer(await tokenFor(role)), payload });
		expect((await as("responder")).statusCode).toBe(403);
		const answer = await as("admin");
		expect([answer.statusCode, answer.json().error.message]).toEqual([
			409,
			"The catalogue's folder cannot be written (EROFS: read-only file system), so nothing changed.",
		]);
	});

	it("tells which ids a tenant had at a time", async () => {
		const row = (since_at: number, until_at: number | null, ids: object) => ({
			tenant: "contoso",
			since_at,
			until_at,
			applied_by: "ana",
			config: "c0ffee",
			ids: JSON.stringify(ids),
		});
		const alias = { attribute: "org", values: [], patterns: ["c-.*"], from: NOW - 500 };
		const rows = [
			row(NOW - 2_000, NOW - 1_000, { match: { "tenant.id": ["a"] }, aliases: [] }),
			row(NOW - 1_000, null, { match: {}, aliases: [alias] }),
		];
		await server.store.transaction((tx) => tx.insertInto("register_versions").values(rows).execute());
		const headers = bearer(await tokenFor("viewer"));
		const at = async (time: number) => (await ask(`/api/v1/tenants/contoso/register?at=${time}`, { headers })).json();
		expect(await at(NOW - 3_000)).toMatchObject({
			version: null,
			ids: [],
			versions: [{ until: null }, { until: NOW - 1_000 }],
		});
		expect(await at(NOW - 1_500)).toMatchObject({
			version: { since: NOW - 2_000, appliedBy: "ana" },
			ids: [{ attribute: "tenant.id", values: ["a"], isEffective: true }],
		});
		expect((await at(NOW - 1_000)).ids).toMatchObject([{ patterns: ["c-.*"], from: NOW - 500, isEffective: false }]);
		expect((await at(NOW)).ids).toMatchObject([{ isEffective: true }]);
		expect((await ask("/api/v1/tenants/nobody/register", { headers })).statusCode).toBe(404);
	});
});
