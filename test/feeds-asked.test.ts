import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { cleanUp, eventually, onCleanUp, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

/** Feeds that are asked, with the product as a process of its own and a real page on the other side. */

interface FeedView {
	name: string;
	state: string;
	pull: { state: string; misses: number; error: { reason: string; message: string; remedy: string } | null } | null;
}

const TOKEN = "token-of-the-status-page";
const data = temporaryFolder();
const page = { isDown: false, status: "partial_outage", asked: 0 };
let host = "";
let catalogue = "";
let server: RunningServer;

const answer: RequestListener = (request, response) => {
	page.asked += 1;
	response.setHeader("content-type", "application/json");
	if (request.headers.authorization !== `Bearer ${TOKEN}`) {
		response.writeHead(401).end(`who is ${request.headers.authorization}?`);
	} else if (page.isDown) response.writeHead(503).end("down for maintenance");
	else response.end(JSON.stringify({ components: [{ name: "Mail API", status: page.status }], incidents: [] }));
};

const feed = (name: string, token: string) =>
	`apiVersion: bellwether/v1
kind: Feed
metadata: { name: ${name} }
spec:
  kind: status-json
  components: { Mail API: mail }
  pull: { url: "http://${host}", every: 10s, auth: { bearer: "\${env:${token}}" } }
`;

function files(feeds: string): Record<string, string> {
	const all = catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] });
	const settings = `${all["bellwether.yaml"]}  egress: { allow: ["${host}"] }\n`;
	return { ...all, "bellwether.yaml": settings, "feeds/all.yaml": feeds };
}

const feeds = async () => (await server.read<{ items: FeedView[] }>("/api/v1/feeds")).items;
const word = async () =>
	(await server.read<{ workloads: { state: string; why: string; feed: string }[] }>("/api/v1/platform-health"))
		.workloads[0];

beforeAll(async () => {
	const listening = createServer(answer);
	await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
	onCleanUp(() => {
		listening.closeAllConnections();
		listening.close();
	});
	host = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
	catalogue = writeCatalogue(files(feed("page", "PAGE_TOKEN")));
	server = await serve({ catalogue, data, env: { PAGE_TOKEN: TOKEN, WRONG_TOKEN: "not-the-token-it-wants" } });
});
afterAll(cleanUp);

describe("a status page that is asked", () => {
	it("is the platform's word within seconds of the start, without anybody sending", async () => {
		await eventually("the page's word", async () => (await word())?.state === "degraded");
		expect(await feeds()).toMatchObject([
			{ name: "page", state: "live", pull: { state: "ok", misses: 0, error: null } },
		]);
		expect((await server.call("/metrics")).text).toMatch(/bellwether_feed_up\{feed="page"\} 1/);
	});

	it("keeps its last word over a crash, and goes on", async () => {
		await server.stop("SIGKILL");
		page.status = "major_outage";
		server = await serve({ catalogue, data, env: { PAGE_TOKEN: TOKEN, WRONG_TOKEN: "not-the-token-it-wants" } });
		expect((await word())?.state).toMatch(/^(?:degraded|outage)$/);
		await eventually("the new word", async () => (await word())?.state === "outage");
	});

	it("that refuses our token is told with what to do, without the token, beside one that answers", async () => {
		writeCatalogue(files([feed("page", "PAGE_TOKEN"), feed("wrong", "WRONG_TOKEN")].join("---\n")), catalogue);
		const wrong = await eventually("the failure", async () => {
			const found = (await feeds()).find(({ name }) => name === "wrong");
			return found?.pull?.state === "failing" && found;
		});
		expect(wrong).toMatchObject({
			state: "waiting",
			pull: {
				error: {
					reason: "denied",
					message: `${host} answered 401: who is [hidden]?`,
					remedy: "check pull.auth and what it may read",
				},
			},
		});
		expect((await feeds()).find(({ name }) => name === "page")).toMatchObject({ state: "live", pull: { state: "ok" } });
		const { parts } = await server.read<{ parts: { key: string; state: string; says: string }[] }>(
			"/api/v1/health/details",
		);
		expect(parts.find(({ key }) => key === "feeds")).toMatchObject({
			state: "attention",
			says: "Feeds that cannot be read: wrong.",
		});
		expect(server.log()).not.toContain("not-the-token-it-wants");
	});

	it("that leaves the catalogue is asked no more", async () => {
		writeCatalogue(files("# none\n"), catalogue);
		await eventually("the change", async () => (await feeds()).length === 0);
		// What had been asked before may still arrive; after that a whole interval passes in silence.
		await sleep(1_000);
		const { asked } = page;
		await sleep(10_500);
		expect(page.asked).toBe(asked);
	});
});
