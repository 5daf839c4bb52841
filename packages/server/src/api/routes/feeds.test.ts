import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bearer, CATALOGUE, useApiServer } from "../../../testing/api-server.ts";
import { exampleFeed } from "../../../testing/feed-messages.ts";

const server = useApiServer();
const { ask } = server;

describe("a message of a feed", () => {
	it("is not taken while the disk is nearly full: what is left is for pages", async () => {
		const secret = join(server.dir, "feed-token");
		writeFileSync(secret, "t-1\n");
		const feed = exampleFeed({ auth: "bearer", secretRef: `\${file:${secret}}` });
		let freeBytes = 16 * 1_048_576;
		Object.assign(server.context, {
			catalogue: () => ({ ...CATALOGUE, feeds: [feed] }),
			diskFreeBytes: async () => freeBytes,
		});
		const send = () =>
			ask("/api/v1/feeds/status", {
				method: "POST",
				headers: bearer("t-1"),
				payload: { components: [{ name: "mail", status: "operational" }] },
			});
		expect((await send()).statusCode).toBe(200);
		freeBytes -= 1;
		const full = await send();
		expect([full.statusCode, full.headers["retry-after"], full.json().error.code]).toEqual([503, "60", "unavailable"]);
		expect(await server.store.db.selectFrom("feeds").select("messages").execute()).toEqual([{ messages: 1 }]);
	});
});
