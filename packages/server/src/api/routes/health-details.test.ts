import { describe, expect, it } from "vitest";
import type { Catalogue } from "#catalogue";
import { scopeOf } from "#platform";
import { bearer, CATALOGUE, NOW, useApiServer } from "../../../testing/api-server.ts";
import { exampleFeed } from "../../../testing/feed-messages.ts";
import { gatherHealth } from "../health-facts.ts";
import type { FeedPullStatus } from "../sources-port.ts";

const server = useApiServer();
const { ask, tokenFor } = server;

describe("how this system fares", () => {
	it("is told as far as it is known while the telemetry thread does not answer, and to responders", async () => {
		expect((await ask("/api/v1/health/details", { headers: bearer(await tokenFor("viewer")) })).statusCode).toBe(403);
		const answer = await ask("/api/v1/health/details", { headers: bearer(await tokenFor("responder")) });
		expect([answer.statusCode, answer.json().telemetry, answer.json().storage]).toEqual([200, null, null]);
		const states = new Map(answer.json().parts.map((part: { key: string; state: string }) => [part.key, part.state]));
		expect([states.get("telemetry"), states.get("disk"), states.get("lag")]).toEqual(["failing", "unknown", "unknown"]);
		expect([...states.values()]).not.toContain(undefined);
	});

	it("names only tenants that the reader may see", async () => {
		const tenant = (name: string) => ({ name, displayName: name, contacts: { customer: [] } });
		const catalogue = { ...CATALOGUE, tenants: ["adatum", "contoso"].map(tenant) } as unknown as Catalogue;
		const scoped = scopeOf({ name: "r", role: "responder", tenants: ["adatum"] });
		const { facts } = await gatherHealth({ ...server.context, catalogue: () => catalogue }, scoped, undefined);
		expect(facts.tenants).toMatchObject({ key: 1, withoutData: ["adatum"] });
	});

	it("calls a feed that is asked failing from the start, but not for one slip after it answered", async () => {
		const feed = exampleFeed();
		const failing = async (misses: number, lastSuccessAt: number | undefined) => {
			const status: FeedPullStatus = {
				feed: feed.name,
				state: "failing",
				lastAttemptAt: NOW,
				lastSuccessAt,
				nextAt: NOW,
				requests: 1,
				unchanged: 0,
				misses,
				failures: {},
				error: undefined,
			};
			const sources = { ...server.context.sources, feeds: () => [status] };
			const catalogue = () => ({ ...CATALOGUE, feeds: [feed] });
			const everybody = scopeOf({ name: "r", role: "responder" });
			return (await gatherHealth({ ...server.context, catalogue, sources }, everybody, undefined)).facts.feeds.failing;
		};
		expect(await failing(1, undefined)).toEqual([feed.displayName]);
		expect(await failing(1, NOW)).toEqual([]);
		expect(await failing(2, NOW)).toEqual([feed.displayName]);
		// Nothing of it could be kept here.
		expect(await failing(0, NOW)).toEqual([feed.displayName]);
	});
});
