import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bearer, useApiServer } from "../../../testing/api-server.ts";

/** One look at who listens. */
const CHECK_MS = 2_000;

describe("the live stream", () => {
	const server = useApiServer();
	const listen = async (headers: Record<string, string>) => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
		await server.api.listen({ host: "127.0.0.1", port: 0 });
		const { port } = server.api.server.address() as AddressInfo;
		const { body } = await fetch(`http://127.0.0.1:${port}/api/v1/stream`, { headers });
		let text = "";
		const isEnded = (async () => {
			for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
			return true;
		})();
		await expect.poll(() => text, { interval: 5 }).toContain("resync");
		return {
			heard: () => text,
			isEnded,
			look: () => vi.advanceTimersByTime(CHECK_MS),
			isOpen: async () => {
				vi.advanceTimersByTime(CHECK_MS);
				// Whoever is still known is found so by one look-up, which this one comes after.
				await server.store.db.selectFrom("tokens").select("id").execute();
				await new Promise(setImmediate);
				return server.context.hub.size === 1;
			},
		};
	};
	const tokenIds = async () => (await server.store.db.selectFrom("tokens").select("id").execute()).map(({ id }) => id);
	const revoke = async () => {
		const admin = await server.tokenFor("admin");
		const [id] = await tokenIds();
		await server.ask(`/api/v1/tokens/${id}`, { method: "DELETE", headers: bearer(admin) });
	};
	afterEach(() => {
		server.context.hub.close();
		vi.useRealTimers();
	});

	it("goes on for whoever may listen", async () => {
		const stream = await listen(bearer(await server.tokenFor("viewer")));
		expect(await stream.isOpen()).toBe(true);
		server.context.hub.publish("fleet", { version: 1 });
		await expect.poll(stream.heard, { interval: 5 }).toContain('{"version":1}');
	});

	it("ends with its token: revoked", async () => {
		const stream = await listen(bearer(await server.tokenFor("viewer")));
		await revoke();
		stream.look();
		expect(await stream.isEnded).toBe(true);
		expect(server.context.hub.size).toBe(0);
	});

	it("ends with its token: expired", async () => {
		const stream = await listen(bearer(await server.tokenFor("viewer", { ttlMs: 60_000 })));
		server.clock.advance(61_000);
		stream.look();
		expect(await stream.isEnded).toBe(true);
	});

	it.each([
		["other tenants", { tenants: '["woodgrove"]' }],
		["another role", { role: "ingest" }],
	])("ends when its token is for %s now", async (_what, change) => {
		const stream = await listen(bearer(await server.tokenFor("viewer")));
		await server.store.transaction((tx) => tx.updateTable("tokens").set(change).execute());
		stream.look();
		expect(await stream.isEnded).toBe(true);
	});

	it("ends when its session is closed, and keeps no session alive", async () => {
		const { cookie, csrfToken } = await server.signIn(await server.tokenFor("admin"));
		const stream = await listen({ cookie });
		const seen = () => server.store.db.selectFrom("sessions").select("seen_at").executeTakeFirst();
		const before = await seen();
		server.clock.advance(3_600_000);
		expect(await stream.isOpen()).toBe(true);
		expect(await seen()).toEqual(before);
		await server.ask("/api/v1/session", { method: "DELETE", headers: { cookie, "x-csrf-token": csrfToken } });
		stream.look();
		expect(await stream.isEnded).toBe(true);
	});
});
