import { expect, test } from "vitest";
import {
	asking,
	engineServer,
	failureOf,
	noCredentials,
	rowsOf,
	type Said,
	settings,
} from "../../../testing/engine.ts";
import { createClickHouseEngine } from "./pull-clickhouse.ts";

const QUERY = asking({ text: "SELECT tenant, count() FROM r WHERE t >= {{from}} AND t < {{to}} GROUP BY tenant" });

async function clickHouse(said: Said) {
	const server = await engineServer(() => said);
	const engine = createClickHouseEngine({
		settings: settings(server.url, { database: "telemetry" }),
		http: server.http,
		credentials: noCredentials,
	});
	return { server, engine };
}

test("the server binds the range from the address; the text holds no value; nothing may be written", async () => {
	const { server, engine } = await clickHouse({
		body: '{"tenant":"a","time":"2026-11-23T12:01:00Z","good":9007199254740993,"total":5}\n{"tenant":"b","time":"x","good":1,"total":2}\n',
	});
	expect(await rowsOf(engine, QUERY)).toMatchObject([{ tenant: "a" }, { tenant: "b", good: 1, total: 2 }]);
	const [request] = server.heard;
	expect(request?.body).toBe(
		"SELECT tenant, count() FROM r WHERE t >= {from:DateTime64(3, 'UTC')} AND t < {to:DateTime64(3, 'UTC')} GROUP BY tenant",
	);
	expect(Object.fromEntries(request?.query ?? [])).toMatchObject({
		database: "telemetry",
		default_format: "JSONEachRow",
		readonly: "2",
		wait_end_of_query: "1",
		param_from: "2026-11-23 12:00:00.000",
		param_to: "2026-11-23 12:05:00.000",
		param_step: "60",
	});
});

test.each<[string, Said, string, RegExp]>([
	[
		"an error status with the server's words",
		{ status: 404, body: "Code: 60. DB::Exception: Table r does not exist. (UNKNOWN_TABLE)" },
		"refused",
		/Table r does not exist/,
	],
	[
		"wrong credentials",
		{ status: 403, body: "Code: 516. DB::Exception: default: Authentication failed" },
		"denied",
		/Authentication failed/,
	],
	[
		"an exception behind rows",
		{ body: '{"tenant":"a","good":1,"total":1}\nCode: 241. DB::Exception: Memory limit exceeded\n' },
		"partial",
		/Memory limit exceeded/,
	],
	[
		"an exception as a row",
		{ body: '{"exception": "Code: 159. DB::Exception: Timeout exceeded"}\n' },
		"partial",
		/Timeout exceeded/,
	],
	[
		"an exception told in a header",
		{ headers: { "x-clickhouse-exception-code": "241" }, body: '{"tenant":"a","good":1,"total":1}\n' },
		"partial",
		/241/,
	],
	["a line cut off", { body: '{"tenant":"a","good":1,"tot' }, "partial", /broke off/],
])("%s is no answer", async (_, said, reason, message) => {
	const { engine } = await clickHouse(said);
	const failure = await failureOf(engine, QUERY);
	expect(failure.reason).toBe(reason);
	expect(failure.message).toMatch(message);
});
