import { describe, expect, test } from "vitest";
import {
	asking,
	engineServer,
	failureOf,
	noCredentials,
	rowsOf,
	type Said,
	settings,
} from "../../../testing/engine.ts";
import { createKustoEngine } from "./pull-kusto.ts";

const TEXT =
	"Requests | where Time >= {{from}} and Time < {{to}} | summarize total=count() by tenant, bin(Time, {{step}})";
const QUERY = asking({ text: TEXT });

/** Frames as the v2 endpoint sends them, progress off. */
function frames(rows: readonly unknown[], end: object = { HasErrors: false, Cancelled: false }) {
	const column = (ColumnName: string, ColumnType: string) => ({ ColumnName, ColumnType });
	return [
		{ FrameType: "DataSetHeader", IsProgressive: false, Version: "v2.0" },
		{
			FrameType: "DataTable",
			TableId: 0,
			TableKind: "QueryProperties",
			TableName: "@ExtendedProperties",
			Columns: [column("Key", "string")],
			Rows: [["Visualization"]],
		},
		{
			FrameType: "DataTable",
			TableId: 1,
			TableKind: "PrimaryResult",
			TableName: "PrimaryResult",
			Columns: [
				column("tenant", "string"),
				column("time", "datetime"),
				column("good", "long"),
				column("total", "long"),
			],
			Rows: rows,
		},
		{ FrameType: "DataSetCompletion", ...end },
	];
}

const ROW = ["contoso-id", "2026-11-23T12:01:00Z", 90, 100];

async function kusto(answer: (count: number) => Said, kind: "kusto" | "log-analytics" = "kusto") {
	const server = await engineServer((_, count) => answer(count));
	const tokens: boolean[] = [];
	const engine = createKustoEngine({
		kind,
		settings: settings(server.url, { database: "Telemetry" }),
		http: server.http,
		credentials: async (_, isRenewal) => {
			tokens.push(isRenewal);
			return { authorization: `Bearer token-${tokens.length}` };
		},
	});
	return { engine, server, tokens };
}

describe("Azure Data Explorer", () => {
	test("the range and the step are parameters, and the rows are those of the primary result", async () => {
		const { engine, server } = await kusto(() => ({ body: frames([ROW]) }));
		expect(await rowsOf(engine, QUERY)).toEqual([
			{ tenant: "contoso-id", time: "2026-11-23T12:01:00Z", good: 90, total: 100 },
		]);
		const [request] = server.heard;
		expect(request).toMatchObject({ method: "POST", path: "/v2/rest/query" });
		const { db, csl, properties } = JSON.parse(request?.body ?? "");
		expect(db).toBe("Telemetry");
		expect(csl).toBe(
			"declare query_parameters(_from:datetime, _to:datetime, _step:timespan);\nRequests | where Time >= _from and Time < _to | summarize total=count() by tenant, bin(Time, _step)",
		);
		expect(JSON.parse(properties).Parameters).toEqual({
			_from: "datetime(2026-11-23T12:00:00.000Z)",
			_to: "datetime(2026-11-23T12:05:00.000Z)",
			_step: "time(00:01:00.000)",
		});
	});

	test.each<[string, Said, string, RegExp]>([
		[
			"errors at the end of an answer that began well",
			{
				body: frames([ROW], {
					HasErrors: true,
					Cancelled: false,
					OneApiErrors: [
						{
							error: {
								code: "LimitsExceeded",
								message: "Request is invalid",
								"@message": "E_QUERY_RESULT_SET_TOO_LARGE",
							},
						},
					],
				}),
			},
			"partial",
			/a part of the answer only: E_QUERY_RESULT_SET_TOO_LARGE/,
		],
		[
			"an error in the place of a row",
			{ body: frames([ROW, { OneApiErrors: [{ error: { message: "shard lost" } }] }]) },
			"partial",
			/shard lost/,
		],
		[
			"a refused query",
			{
				status: 400,
				body: { error: { code: "BadRequest", message: "Request is invalid", "@message": "no column Tme" } },
			},
			"refused",
			/answered 400: no column Tme/,
		],
		["a sign-in page", { body: "<html>Sign in</html>" }, "malformed", /not JSON; it begins "<html>Sign in/],
		["another form", { body: [] }, "malformed", /another form/],
		[
			"an answer over the limit",
			{ body: frames(Array.from({ length: 3_000 }, () => ROW)) },
			"too_large",
			/larger than 100000/,
		],
		["a server error", { status: 500, body: "" }, "failed", /answered 500/],
		["a redirect", { status: 302, headers: { location: "https://elsewhere.example" }, body: "" }, "refused", /302/],
	])("%s is no answer", async (_, said, reason, message) => {
		const { engine } = await kusto(() => said);
		const failure = await failureOf(engine, QUERY);
		expect(failure.reason).toBe(reason);
		expect(failure.message).toMatch(message);
		expect(failure.remedy).not.toBe("");
	});

	test("throttling tells how long to wait", async () => {
		const { engine } = await kusto(() => ({ status: 429, headers: { "retry-after": "17" }, body: {} }));
		expect(await failureOf(engine, QUERY)).toMatchObject({ reason: "throttled", retryAfterMs: 17_000 });
	});

	test("a token that ended is renewed once; a fresh one that is refused is the end", async () => {
		const renewed = await kusto((count) => (count === 1 ? { status: 401, body: {} } : { body: frames([ROW]) }));
		expect(await rowsOf(renewed.engine, QUERY)).toHaveLength(1);
		expect(renewed.tokens).toEqual([false, true]);
		expect(renewed.server.heard.map(({ headers }) => headers.authorization)).toEqual([
			"Bearer token-1",
			"Bearer token-2",
		]);
		const denied = await kusto(() => ({ status: 401, body: {} }));
		expect(await failureOf(denied.engine, QUERY)).toMatchObject({ reason: "denied" });
		expect(denied.server.heard).toHaveLength(2);
	});
});

describe("Log Analytics", () => {
	const tables = (more: object = {}) => ({
		tables: [
			{
				name: "PrimaryResult",
				columns: ["tenant", "time", "good", "total"].map((name) => ({ name, type: "string" })),
				rows: [ROW],
			},
		],
		...more,
	});

	test("the range is bound by name before the query and given as the time span", async () => {
		const { engine, server } = await kusto(() => ({ body: tables() }), "log-analytics");
		expect(await rowsOf(engine, QUERY)).toMatchObject([{ tenant: "contoso-id", total: 100 }]);
		expect(server.heard[0]?.path).toBe("/v1/workspaces/Telemetry/query");
		const { query, timespan } = JSON.parse(server.heard[0]?.body ?? "");
		expect(timespan).toBe("2026-11-23T12:00:00.000Z/2026-11-23T12:05:00.000Z");
		expect(query.split("\n").slice(0, 3)).toEqual([
			"let _from=datetime(2026-11-23T12:00:00.000Z);",
			"let _to=datetime(2026-11-23T12:05:00.000Z);",
			"let _step=time(00:01:00.000);",
		]);
	});

	test("an answer of 200 that says it is partial is no answer", async () => {
		const error = {
			code: "PartialError",
			message: "There were some errors",
			details: [],
			innererror: { message: "timed out" },
		};
		const { engine } = await kusto(() => ({ body: tables({ error }) }), "log-analytics");
		expect(await failureOf(engine, QUERY)).toMatchObject({
			reason: "partial",
			message: expect.stringContaining("timed out"),
		});
	});
});

test("an address inside that nobody allowed is never called", async () => {
	const server = await engineServer(() => ({ body: frames([ROW]) }));
	const inside = settings(server.url.replace("127.0.0.1", "localhost"), { database: "d" });
	const engine = createKustoEngine({ kind: "kusto", settings: inside, http: server.http, credentials: noCredentials });
	expect(await failureOf(engine, QUERY)).toMatchObject({ reason: "blocked" });
	expect(server.heard).toEqual([]);
});
