import { beforeEach, describe, expect, it } from "vitest";
import { parseCatalogue } from "#catalogue";
import type { LatenciesQuery } from "#telemetry";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";

const sli = (name: string, good: string, total: string) => `
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: entra
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: ${good} } }
        total: { metricSource: { spec: ${total} } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]`;

const CATALOGUE = parseCatalogue([
	{
		path: "all.yaml",
		text: `apiVersion: bellwether/v1
kind: Workload
metadata: { name: entra }
spec: { owner: Entra team }${sli("fast", "{ metric: signin.duration, le: 1.5 }", "{ metric: signin.duration }")}${sli(
			"quick",
			"{ span: signin, le: 250 }",
			"{ span: signin }",
		)}${sli("works", "{ metric: signin, where: { result: ok } }", "{ metric: signin }")}`,
	},
]).catalogue;

const server = useApiServer();
let asked: LatenciesQuery | undefined;

beforeEach(() => {
	const telemetry = {
		...server.context.telemetry,
		latencies: async (query: LatenciesQuery) => {
			asked = query;
			const percentiles = [
				{ low: 0.1, high: 0.3 },
				{ low: 0, high: 0.5 },
				{ low: 10, high: Number.POSITIVE_INFINITY },
			];
			const window = { at: NOW, known: 0, total: 2, percentiles: [undefined, undefined, undefined] };
			return { ratios: query.ratios, known: 3, total: 5, percentiles, windows: [window] };
		},
	};
	Object.assign(server.context, { telemetry, catalogue: () => CATALOGUE });
});

async function read(url: string) {
	const path = `/api/v1/tenants/~fleet/slis/${url}`;
	const answer = await server.ask(path, { headers: bearer(await server.tokenFor("viewer")) });
	return { status: answer.statusCode, body: answer.json() };
}

describe("percentiles of latency", () => {
	it("are intervals, with what is least wrong where both sides are known, and unknown where there are no data", async () => {
		const { body } = await read(`fast/latencies?from=${NOW}&to=${NOW + 3_600_000}&percentiles=0.5,.9,1`);
		expect(asked).toMatchObject({ tenant: "", slo: "fast", resolutionMs: 60_000, ratios: [0.5, 0.9, 1] });
		expect(body).toMatchObject({ unit: null, known: 3, total: 5 });
		expect(body.percentiles).toEqual([
			{ ratio: 0.5, low: 0.1, high: 0.3, estimate: expect.closeTo(0.15), errorRatio: expect.closeTo(0.5) },
			{ ratio: 0.9, low: 0, high: 0.5, estimate: null, errorRatio: null },
			{ ratio: 1, low: 10, high: null, estimate: null, errorRatio: null },
		]);
		expect(body.windows).toMatchObject([
			{ at: NOW, known: 0, total: 2, percentiles: [{ low: null, high: null }, {}, {}] },
		]);
	});

	it("of spans are in milliseconds", async () => {
		expect((await read("quick/latencies")).body.unit).toBe("ms");
		expect(asked?.ratios).toEqual([0.5, 0.9, 0.99]);
	});

	it.each([
		["an SLI without a bound", "works/latencies", 400, /no latencies are kept/],
		["an SLI that does not exist", "other/latencies", 404, /other/],
		["a ratio above 1", "fast/latencies?percentiles=99", 400, /percentiles/],
		["a range turned round", "fast/latencies?from=2&to=1", 400, /before/],
		["less than a minute", "fast/latencies?resolutionMs=10000", 400, /resolutionMs/],
	])("of %s are refused with the reason", async (_, url, status, says) => {
		const answer = await read(url);
		expect(answer.status).toBe(status);
		expect(JSON.stringify(answer.body.error)).toMatch(says);
	});
});
