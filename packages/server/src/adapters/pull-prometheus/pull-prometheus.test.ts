import { expect, test } from "vitest";
import type { Slo } from "#catalogue";
import type { PulledSeries } from "#telemetry";
import {
	asking,
	engineServer,
	FROM,
	failureOf,
	noCredentials,
	RANGE,
	rowsOf,
	type Said,
	settings,
} from "../../../testing/engine.ts";
import { createPrometheusEngine } from "./pull-prometheus.ts";

const success = (result: readonly object[], more = {}) => ({
	status: "success",
	data: { resultType: "matrix", result },
	...more,
});
const PROMQL = {
	good: 'sum by (tenant) (increase(r{code="200"}[{{step}}]))',
	total: "sum by (tenant) (increase(r[{{step}}]))",
};
const s = (minutes: number) => FROM / 1000 + minutes * 60;

async function prometheus(answer: (form: URLSearchParams) => Said) {
	const server = await engineServer(({ body }) => answer(new URLSearchParams(body)));
	const engine = createPrometheusEngine({
		settings: settings(server.url),
		http: server.http,
		credentials: noCredentials,
	});
	return { server, engine, forms: () => server.heard.map(({ body }) => Object.fromEntries(new URLSearchParams(body))) };
}

async function seriesOf(indicator: Slo["indicator"]): Promise<{ queries: string[]; series: PulledSeries[] }> {
	const { engine, forms } = await prometheus(() => ({
		body: success([
			{
				metric: { __name__: "r", tenant: "a" },
				values: [
					[s(1.25), "7"],
					[s(2.25), "+Inf"],
				],
			},
		]),
	}));
	const series: PulledSeries[] = [];
	const signal = new AbortController().signal;
	for await (const each of engine.series?.(asking({}, { indicator }), RANGE, signal) ?? []) series.push(each);
	return { queries: forms().map((form) => `${form.query} @ ${Number(form.time) - FROM / 1000}`), series };
}

test("the SLO's own metric is asked for as raw samples, once for good and total", async () => {
	const { queries, series } = await seriesOf(asking({}).slo.indicator);
	expect(queries).toEqual(["requests_total[300000ms] @ 300"]);
	expect(series).toEqual([
		{
			labels: { __name__: "r", tenant: "a" },
			samples: [
				[FROM + 75_000, 7],
				[FROM + 135_000, Number.POSITIVE_INFINITY],
			],
		},
	]);
});

test("parts that are different metrics are asked for one by one, buckets of a histogram by their bound", async () => {
	const ratio = { kind: "ratio", numerator: "good" } as const;
	const metric = (name: string) => ({ metric: name, where: [] });
	expect(
		(await seriesOf({ ...ratio, numerator: "bad", part: metric("errors"), total: metric("all") })).queries,
	).toEqual(["errors[300000ms] @ 300", "all[300000ms] @ 300"]);
	expect((await seriesOf({ ...ratio, part: { ...metric("x"), le: 1 }, total: metric("x") })).queries).toEqual([
		'x_bucket{le=~"1|1\\\\.0|1e\\\\+00"}[300000ms] @ 300',
		"x_count[300000ms] @ 300",
	]);
});

test("PromQL of one's own is evaluated at the end of each step; parts are joined by tenant and step", async () => {
	const { engine, forms } = await prometheus((form) => ({
		body: success([
			{
				metric: { tenant: "a" },
				values: form.get("query")?.includes("200")
					? [[s(1), "9"]]
					: [
							[s(1), "10"],
							[s(2), "4"],
						],
			},
			{ metric: {}, values: [[s(1), "1"]] },
		]),
	}));
	expect(await rowsOf(engine, asking({ promql: PROMQL }))).toEqual([
		{ tenant: "a", time: FROM, good: 9, total: 10 },
		{ tenant: "", time: FROM, good: 1, total: 1 },
		// No series of good events is not the same as none good.
		{ tenant: "a", time: FROM + 60_000, good: null, total: 4 },
	]);
	expect(forms()[0]).toMatchObject({
		query: 'sum by (tenant) (increase(r{code="200"}[60000ms]))',
		start: String(s(1)),
		end: String(s(5)),
		step: "60",
	});
});

test("no series of bad events is none bad", async () => {
	const { engine } = await prometheus((form) => ({
		body: success(form.get("query") === "bad" ? [] : [{ metric: { tenant: "a" }, values: [[s(1), "10"]] }]),
	}));
	const query = asking({
		promql: { bad: "bad", total: "total" },
		columns: { tenant: "tenant", time: "time", bad: "bad", total: "total" },
	});
	expect(await rowsOf(engine, query)).toEqual([{ tenant: "a", time: FROM, bad: 0, total: 10 }]);
});

test.each<[string, Said, string, RegExp]>([
	[
		"a query that cannot be read",
		{ status: 400, body: { status: "error", errorType: "bad_data", error: "parse error: unexpected <by>" } },
		"refused",
		/parse error: unexpected <by>/,
	],
	[
		"an error in an answer of 200",
		{ body: { status: "error", error: "query timed out" } },
		"refused",
		/query timed out/,
	],
	[
		"a warning that stores did not answer",
		{ body: success([], { warnings: ["store 10.0.0.7 is gone"] }) },
		"partial",
		/is gone/,
	],
	["too many at once", { status: 503, headers: { "retry-after": "5" }, body: {} }, "throttled", /503/],
	["another program", { body: { hello: 1 } }, "malformed", /another form than Prometheus/],
])("%s is no answer", async (_, said, reason, message) => {
	const { engine } = await prometheus(() => said);
	const failure = await failureOf(engine, asking({ promql: PROMQL }));
	expect(failure.reason).toBe(reason);
	expect(failure.message).toMatch(message);
});
