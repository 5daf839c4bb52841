import { expect, test } from "vitest";
import { asking, engineServer, failureOf, noCredentials, rowsOf, settings } from "../../../testing/engine.ts";
import { createGraphEngine } from "./pull-graph.ts";

const QUERY = asking({
	text: "/v1.0/auditLogs/signIns?$filter=createdDateTime ge {{from}} and createdDateTime lt {{to}}&$top=1000",
	columns: { tenant: "homeTenantId", time: "createdDateTime" },
	goodWhen: { "status.errorCode": ["0"] },
});
const signIn = (id: number) => ({
	id: String(id),
	homeTenantId: "a",
	createdDateTime: "2026-11-23T12:00:01Z",
	status: { errorCode: 0 },
});

const engineOf = (server: Awaited<ReturnType<typeof engineServer>>, more = {}) =>
	createGraphEngine({ settings: settings(server.url, more), http: server.http, credentials: noCredentials });

test("all pages of the range are read, each by the link of the one before", async () => {
	let url = "";
	const server = await engineServer(({ query }) => {
		const page = Number(query.get("$skiptoken") ?? 0);
		return {
			body: {
				value: [signIn(page)],
				...(page < 3 ? { "@odata.nextLink": `${url}/v1.0/next?$skiptoken=${page + 1}` } : {}),
			},
		};
	});
	url = server.url;
	const rows = await rowsOf(engineOf(server), QUERY);
	expect(rows.map((row) => row.id)).toEqual(["0", "1", "2", "3"]);
	expect(server.heard[0]?.query.get("$filter")).toBe(
		"createdDateTime ge 2026-11-23T12:00:00.000Z and createdDateTime lt 2026-11-23T12:05:00.000Z",
	);
});

test("a next page on another host gets no token and no request", async () => {
	const elsewhere = await engineServer(() => ({ body: { value: [] } }));
	const server = await engineServer(() => ({ body: { value: [], "@odata.nextLink": `${elsewhere.url}/next` } }));
	expect(await failureOf(engineOf(server), QUERY)).toMatchObject({
		reason: "malformed",
		message: expect.stringContaining("which is not followed"),
	});
	expect(elsewhere.heard).toEqual([]);
});

test("throttling on a later page loses the whole answer and tells how long to wait", async () => {
	let url = "";
	const server = await engineServer((_, count) =>
		count === 1
			? { body: { value: [signIn(1)], "@odata.nextLink": `${url}/next` } }
			: { status: 429, headers: { "retry-after": "30" }, body: { error: { message: "Too many requests" } } },
	);
	url = server.url;
	expect(await failureOf(engineOf(server), QUERY)).toMatchObject({
		reason: "throttled",
		retryAfterMs: 30_000,
		message: expect.stringContaining("Too many requests"),
	});
});

test("pages without end stop at the limit of one answer", async () => {
	let url = "";
	const server = await engineServer((_, count) => ({
		body: { value: [signIn(count)], "@odata.nextLink": `${url}/next?${count}` },
	}));
	url = server.url;
	expect(await failureOf(engineOf(server, { maxResponseBytes: 2_000 }), QUERY)).toMatchObject({ reason: "too_large" });
	expect(server.heard.length).toBeLessThan(20);
});

test("a state as it is now needs no range", async () => {
	const server = await engineServer(() => ({
		body: { value: [{ service: "Exchange", status: "serviceOperational" }] },
	}));
	const health = asking({ text: "/v1.0/admin/serviceAnnouncement/healthOverviews" });
	expect(await rowsOf(engineOf(server), health)).toEqual([{ service: "Exchange", status: "serviceOperational" }]);
});
