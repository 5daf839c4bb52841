import { ManualClock } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { FeedPullSettings } from "#catalogue";
import { createEgressReader } from "#platform";
import { type FeedAnswer, type PullFailure, parsePulled } from "#telemetry";
import { azureEvent, exampleFeed, m365Issue } from "../../../testing/feed-messages.ts";
import { type FeedPage, feedPage } from "../../../testing/feed-page.ts";
import { createFeedEngine, type FeedEngineOptions } from "./pull-feed.ts";

const NOW = Date.UTC(2026, 10, 22, 3);

function engineOf(
	page: FeedPage,
	path: string | readonly string[],
	feed: Partial<FeedEngineOptions["feed"]> = {},
	pull: Partial<FeedPullSettings> = {},
	credentials: FeedEngineOptions["credentials"] = async () => ({}),
) {
	const asked: FeedEngineOptions["feed"] = {
		...exampleFeed(feed),
		pull: {
			urls: [path].flat().map((each) => page.url + each),
			everyMs: 60_000,
			auth: { kind: "none" },
			timeoutMs: 400,
			maxResponseBytes: 100_000,
			subscriptions: [],
			...pull,
		},
	};
	const clock = new ManualClock(NOW);
	const http = createEgressReader({ allow: [page.host] });
	const engine = createFeedEngine({ feed: asked, http, credentials, clock });
	return { engine, clock, feed: asked, ask: () => engine.ask(new AbortController().signal) };
}

async function failureOf(asking: Promise<FeedAnswer>): Promise<PullFailure> {
	try {
		await asking;
	} catch (error) {
		return error as PullFailure;
	}
	throw new Error("it answered");
}

const M365 = { kind: "m365-health", components: {} } as const;

describe("pages", () => {
	test("of Graph are all read, with the token, and end the issues that none of them names", async () => {
		const page = await feedPage(({ url }) =>
			url.includes("skip=1")
				? { value: [{ service: "Teams", status: "serviceOperational", issues: [] }] }
				: {
						value: [{ service: "Exchange", status: "serviceDegradation", issues: [m365Issue("investigating")] }],
						"@odata.nextLink": `${page.url}/health?$expand=issues&$skip=1`,
					},
		);
		const proof = async () => ({ authorization: "Bearer t" });
		const { ask, feed } = engineOf(page, "/health?$expand=issues", M365, {}, proof);
		const parsed = parsePulled(feed, await ask());
		expect(parsed).toMatchObject({ status: "parsed", complete: { prefix: "issue:", at: NOW }, faults: [] });
		expect(parsed.status === "parsed" && parsed.facts.map(({ title }) => title)).toEqual([
			"Exchange: service degradation",
			expect.any(String),
			"Teams: service operational",
		]);
		expect(page.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer t", "Bearer t"]);
	});

	test("of issues that cannot all be read end none", async () => {
		const page = await feedPage(() => ({
			value: [{ service: "Exchange", status: "serviceDegradation", issues: [{ id: "EX1" }] }],
		}));
		const { ask, feed } = engineOf(page, "/health?$expand=issues", M365);
		expect(parsePulled(feed, await ask())).toMatchObject({ status: "parsed", complete: undefined });
	});

	test("on another host are not followed, so no token goes there", async () => {
		const page = await feedPage(() => ({ value: [], "@odata.nextLink": "https://elsewhere.example/next" }));
		expect(await failureOf(engineOf(page, "/health", M365).ask())).toMatchObject({
			reason: "malformed",
			message: `${page.host} names an address on another host (elsewhere.example), which is not followed`,
		});
	});

	test("that never end are given up", async () => {
		const page = await feedPage(() => ({ value: [], nextLink: `${page.url}/again` }));
		expect(await failureOf(engineOf(page, "/list", M365).ask())).toMatchObject({ reason: "too_large" });
		expect(page.asked).toHaveLength(20);
	});

	test("of Resource Graph are asked for by its token, for the subscriptions that are named", async () => {
		const page = await feedPage(({ body }) =>
			body.includes("$skipToken")
				? { data: [azureEvent("Active", { TrackingId: "B" })], resultTruncated: "false" }
				: { data: [azureEvent()], $skipToken: "more", resultTruncated: "true" },
		);
		const { ask, feed } = engineOf(
			page,
			"/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
			{ kind: "azure-service-health", components: {} },
			{ subscriptions: ["s-1"] },
		);
		const parsed = parsePulled(feed, await ask());
		expect(parsed).toMatchObject({ status: "parsed", complete: { prefix: "event:" } });
		expect(parsed.status === "parsed" && parsed.facts).toHaveLength(4);
		expect(page.asked.map(({ method, body }) => [method, JSON.parse(body)])).toMatchObject([
			["POST", { subscriptions: ["s-1"], options: { resultFormat: "objectArray" } }],
			["POST", { options: { $skipToken: "more" } }],
		]);
	});

	test("of Resource Graph that were cut off are no answer", async () => {
		const page = await feedPage(() => ({ data: [azureEvent()], resultTruncated: "true" }));
		const path = "/providers/Microsoft.ResourceGraph/resources";
		expect(await failureOf(engineOf(page, path, { kind: "azure-service-health" }).ask())).toMatchObject({
			reason: "partial",
		});
	});
});

describe("lists of Azure DevOps", () => {
	const factsOf = async (list: unknown) => {
		const page = await feedPage(() => ({ count: 1, value: [list] }));
		const { ask, feed } = engineOf(page, "/list", { kind: "azure-devops", gives: "changes" });
		const parsed = parsePulled(feed, await ask());
		if (parsed.status !== "parsed") throw new Error(parsed.message);
		return parsed;
	};
	const deployment = {
		id: 10,
		release: { id: 18, name: "Release-18", _links: { web: { href: "https://dev.azure.example/r/18" } } },
		releaseDefinition: { id: 1, name: "Mail.CD" },
		releaseEnvironment: { id: 69, name: "ring-1" },
		attempt: 2,
		deploymentStatus: "inProgress",
		queuedOn: "2026-11-22T02:00:00Z",
		startedOn: "2026-11-22T02:01:00Z",
		lastModifiedOn: "2026-11-22T02:02:00Z",
		requestedFor: { displayName: "N. Patel" },
	};

	test("of deployments are the changes that the hooks tell", async () => {
		expect((await factsOf(deployment)).facts).toMatchObject([
			{
				externalId: "deployment:18:69:2",
				title: "Release-18 to ring-1",
				state: "running",
				component: ["Mail.CD/ring-1", "Mail.CD", "ring-1"],
				actor: "N. Patel",
				startedAt: Date.UTC(2026, 10, 22, 2, 1),
				endedAt: undefined,
			},
		]);
		const done = { ...deployment, deploymentStatus: "succeeded", completedOn: "2026-11-22T02:05:00Z" };
		expect((await factsOf(done)).facts).toMatchObject([
			{ externalId: "deployment:18:69:2", state: "succeeded", endedAt: Date.UTC(2026, 10, 22, 2, 5) },
		]);
	});

	test("of builds have no end while they run", async () => {
		const build = { id: 7, buildNumber: "7.1", definition: { name: "mail" }, startTime: "2026-11-22T02:00:00Z" };
		expect((await factsOf({ ...build, status: "inProgress" })).facts).toMatchObject([
			{ externalId: "build:7", state: "running", endedAt: undefined },
		]);
		const finished = { status: "completed", result: "failed", finishTime: "2026-11-22T02:09:00Z" };
		expect((await factsOf({ ...build, ...finished })).facts).toMatchObject([
			{ state: "failed", endedAt: Date.UTC(2026, 10, 22, 2, 9) },
		]);
	});

	test("of something else are named as a fault", async () => {
		expect(await factsOf({ id: 1 })).toMatchObject({ facts: [], faults: [{ place: "value.0" }] });
	});
});

describe("GitHub", () => {
	const GITHUB = { kind: "github", gives: "changes" } as const;
	test("whose limit is used up is asked again when it says", async () => {
		const page = await feedPage((_, response) => {
			const reset = String(NOW / 1000 + 900);
			response.writeHead(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset }).end("{}");
			return undefined;
		});
		expect(await failureOf(engineOf(page, "/repos/v/m/deployments", GITHUB).ask())).toMatchObject({
			reason: "throttled",
			retryAfterMs: 900_000,
		});
	});

	test("that names statuses on another host is not followed there", async () => {
		const created_at = new Date(NOW - 60_000).toISOString();
		const page = await feedPage(() => [{ id: 1, created_at, statuses_url: "http://169.254.169.254/latest" }]);
		expect(await failureOf(engineOf(page, "/repos/v/m/deployments", GITHUB).ask())).toMatchObject({
			reason: "malformed",
		});
		expect(page.asked).toHaveLength(1);
	});

	test("gives runs of workflows as its hook does", async () => {
		const run = {
			id: 5,
			name: "Deploy",
			status: "completed",
			conclusion: "success",
			run_started_at: "2026-11-22T02:00:00Z",
			updated_at: "2026-11-22T02:04:00Z",
			repository: { full_name: "v/m" },
		};
		const page = await feedPage(() => ({ total_count: 1, workflow_runs: [run] }));
		const { ask, feed } = engineOf(page, "/repos/v/m/actions/runs", GITHUB);
		expect(parsePulled(feed, await ask())).toMatchObject({
			facts: [{ externalId: "workflow:v/m:5:1", component: ["v/m/Deploy", "v/m"], state: "succeeded" }],
		});
	});
});

describe("an answer that is none", () => {
	type Answer = FeedPage["answer"];
	const html: Answer = (_, response) => {
		response.setHeader("content-type", "text/html");
		return "<!doctype html>\n<title>Sign in</title>";
	};
	const loop: Answer = ({ url }, response) => void response.writeHead(302, { location: url }).end();
	const huge: Answer = (_, response) => {
		const chunk = Buffer.alloc(65_536, "[");
		const more = () => {
			while (!response.destroyed && response.write(chunk));
			if (!response.destroyed) response.once("drain", more);
		};
		more();
	};
	const drip: Answer = (_, response) => {
		const timer = setInterval(() => response.write(" "), 20);
		response.once("close", () => clearInterval(timer));
	};
	const silent: Answer = () => undefined;
	const gone: Answer = (_, response) => void response.destroy();
	const cut: Answer = (_, response) => {
		response.writeHead(200, { "content-length": "1000" });
		response.write('{"components": [');
		setTimeout(() => response.destroy(), 20);
	};
	const bytes: Answer = (_, response) => void response.end(Buffer.from([0xff, 0xfe, 0x7b, 0x7d]));
	const empty: Answer = (_, response) => void response.writeHead(204).end();
	const asBefore: Answer = (_, response) => void response.writeHead(304).end();

	test.each<[string, Answer, string]>([
		["a page for people", html, "malformed"],
		["a redirect to itself", loop, "refused"],
		["an endless one", huge, "too_large"],
		["one that drips", drip, "timeout"],
		["none at all", silent, "timeout"],
		["a closed connection", gone, "timeout"],
		["one that is cut off", cut, "timeout"],
		["one that is not UTF-8", bytes, "malformed"],
		["an empty one", empty, "malformed"],
		["as before, although nothing was before", asBefore, "refused"],
	])("%s", async (_, answer, reason) => {
		const page = await feedPage(answer);
		const failure = await failureOf(engineOf(page, "/api/v2/summary.json").ask());
		expect(failure).toMatchObject({ reason, message: expect.stringContaining(page.host) });
		expect(failure.message.length).toBeLessThan(400);
	});

	test("because the address may not be reached", async () => {
		const page = await feedPage(() => ({}));
		const { engine } = engineOf(page, "");
		const metadata = createFeedEngine({
			feed: {
				...exampleFeed(),
				pull: { ...engineOf(page, "").feed.pull, urls: ["http://169.254.169.254/latest/meta-data"] },
			},
			http: createEgressReader({ allow: ["169.254.169.254:80"] }),
			credentials: async () => ({}),
			clock: new ManualClock(NOW),
		});
		expect(await failureOf(metadata.ask(new AbortController().signal))).toMatchObject({ reason: "blocked" });
		expect(engine.requests).toBe(0);
	});

	test("of one address costs no longer than of all: the longest wait of theirs holds", async () => {
		const page = await feedPage(({ url }, response) => {
			response.writeHead(url === "/a" ? 500 : 429, url === "/a" ? {} : { "retry-after": "77" }).end();
			return undefined;
		});
		expect(await failureOf(engineOf(page, ["/a", "/b"]).ask())).toMatchObject({
			reason: "failed",
			retryAfterMs: 77_000,
		});
	});
});

describe("secrets", () => {
	const KEY = "k-0123456789abcdef";
	const echo: FeedPage["answer"] = ({ url, headers }, response) => {
		response.statusCode = Number(url.slice(1, 4));
		const basic = headers.authorization?.replace(/^Basic /, "") ?? "";
		return `no: ${headers.authorization} ${Buffer.from(basic, "base64").toString("latin1")} ${url} ${decodeURIComponent(url)}`;
	};
	test.each([
		["401", { authorization: `Bearer ${KEY}` }],
		["200", { authorization: `Bearer ${KEY}` }],
		["500", { authorization: `Basic ${Buffer.from(`reader:${KEY}`).toString("base64")}` }],
		["404", {}],
	])("that a system repeats in an answer of %s are in no message", async (status, proof) => {
		const page = await feedPage(echo);
		const query = status === "404" ? `?api_key=${KEY}&signature=a%2Fb%2B${KEY}` : "";
		const { message } = await failureOf(engineOf(page, `/${status}${query}`, {}, {}, async () => proof as never).ask());
		expect(message).toContain("[hidden]");
		expect(message).not.toContain(KEY);
		expect(message).not.toContain(Buffer.from(`reader:${KEY}`).toString("base64").slice(0, 16));
	});
});

describe("what is as before", () => {
	test("is not asked for by what cannot be sent back", async () => {
		const page = await feedPage((_, response) => {
			response.setHeader("etag", Buffer.from('"\u00e9"', "utf8").toString("latin1"));
			return { components: [] };
		});
		const { ask } = engineOf(page, "/a");
		await ask();
		await ask();
		expect(page.asked.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, undefined]);
	});

	test("is no answer when a cache has held it for longer than the feed may be silent", async () => {
		const page = await feedPage(({ url }, response) => {
			response.setHeader("age", url === "/old" ? "181" : "179");
			return { components: [] };
		});
		const { ask, feed } = engineOf(page, "/new", { expectEveryMs: 180_000 });
		expect(parsePulled(feed, await ask()).status).toBe("parsed");
		expect(await failureOf(engineOf(page, "/old", { expectEveryMs: 180_000 }).ask())).toMatchObject({
			reason: "partial",
			message: expect.stringContaining("a cache in between held it"),
		});
	});

	test("is asked for whole once an hour, and never trusted across addresses", async () => {
		const page = await feedPage(({ headers, url }, response) => {
			response.setHeader("last-modified", "Sun, 22 Nov 2026 02:00:00 GMT");
			if (headers["if-modified-since"] === undefined) return { components: [{ name: url, status: "operational" }] };
			response.writeHead(304).end();
			return undefined;
		});
		const { ask, engine, clock } = engineOf(page, ["/a", "/b"]);
		const [first, second] = [await ask(), await ask()];
		expect(second.messages.map(({ body }) => body)).toEqual(first.messages.map(({ body }) => body));
		expect(first.messages.map(({ body }) => body)).toMatchObject([
			{ components: [{ name: "/a" }] },
			{ components: [{ name: "/b" }] },
		]);
		expect(engine.unchanged).toBe(2);
		clock.advance(3_600_000);
		await ask();
		expect(engine.unchanged).toBe(2);
	});
});
