import { beforeEach, describe, expect, it } from "vitest";
import { parseCatalogue, type Slo } from "#catalogue";
import type { PairStatus, ShadowFiring } from "#detection";
import { keepShadowFirings } from "#incidents";
import { scopeOf } from "#platform";
import type { ColumnsQuery, WindowsQuery } from "#telemetry";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";
import { createFleetSource } from "../fleet-source.ts";
import { gatherMonitors, gatherSlos } from "../slo-facts.ts";
import { sloDetail } from "../slo-view.ts";

const HOUR_MS = 3_600_000;
const STEP_MS = 6 * HOUR_MS;

const CATALOGUE = parseCatalogue([
	{
		path: "all.yaml",
		text: `apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  defaults: { workloads: [entra] }
  tenants:
    - { name: contoso, displayName: Contoso, match: { tenant.id: a } }
    - { name: fabrikam, displayName: Fabrikam, match: { tenant.id: b } }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: entra }
spec: { owner: Entra team }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: sign-ins }
spec:
  service: entra
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: signin, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: signin } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: strict }
spec: { detector: threshold, mode: shadow, threshold: { value: 0.02 } }
`,
	},
]).catalogue;

const server = useApiServer();
let asked: WindowsQuery[];

/** Contoso has a tenth of its events bad in one step of the period, Fabrikam none anywhere. */
beforeEach(async () => {
	if (!CATALOGUE) throw new Error("the catalogue of these tests is not valid");
	asked = [];
	const status = (tenant: string, budgetRemaining: number | undefined): PairStatus => ({
		tenant,
		slo: "sign-ins",
		objective: 0.99,
		state: budgetRemaining === undefined ? "no-data" : "healthy",
		sli: undefined,
		burn: undefined,
		total1h: 0,
		budgetRemaining,
		lastAt: undefined,
		breachSince: undefined,
	});
	const shadow = (tenant: string): ShadowFiring => ({
		monitor: "strict",
		tenant,
		slo: "sign-ins",
		at: NOW,
		says: "Saw.",
	});
	const telemetry = {
		...server.context.telemetry,
		statuses: () => [status("contoso", 0.4), status("fabrikam", undefined)],
		hourStrips: async () => [],
		windows: async (query: WindowsQuery) => {
			asked.push(query);
			const window = { at: query.from + STEP_MS, good: 90, bad: 10, total: 100, late: 0, revision: 0, closed: true };
			return query.tenant === "contoso" ? [window, { ...window, at: query.to - STEP_MS, bad: 0, total: 400 }] : [];
		},
		columns: async ({ tenants, from, to, resolutionMs }: ColumnsQuery) =>
			Float64Array.from(
				tenants
					.flatMap((tenant) => Array((to - from) / resolutionMs).fill(tenant === "contoso" ? [1, 10] : [0, 0]))
					.flat(),
			),
	};
	const { clock, store } = server.context;
	const catalogue = () => CATALOGUE;
	const fleet = createFleetSource({ clock, store, catalogue, telemetry, demo: false, onChange: () => {} });
	await store.transaction((tx) => keepShadowFirings(tx, [shadow("contoso"), shadow("fabrikam")]));
	Object.assign(server.context, { telemetry, catalogue, fleet });
});

async function read(url: string) {
	const answer = await server.ask(`/api/v1${url}`, { headers: bearer(await server.tokenFor("viewer")) });
	return { status: answer.statusCode, body: answer.json() };
}

const ONLY_CONTOSO = scopeOf({ name: "v", role: "viewer", tenants: ["contoso"] });

describe("SLOs", () => {
	it("come with every key tenant's reading, unknown ones as such", async () => {
		const { body } = await read("/slos/sign-ins");
		expect(body).toMatchObject({ tenants: 2, overspent: 0, spread: { unknown: 1, budget: { tenants: 1, p50: 0.4 } } });
		expect(body.readings.map((each: { tenant: string }) => each.tenant)).toEqual(["fabrikam", "contoso"]);
		expect((await read("/slos")).body.items).toMatchObject([{ name: "sign-ins", isWatchedLive: true }]);
	});

	it("show a reader of some tenants those alone", async () => {
		const { facts } = await gatherSlos(server.context, ONLY_CONTOSO);
		const detail = sloDetail(facts, facts.catalogue.slos[0] as Slo);
		expect(detail.readings.map(({ tenant }) => tenant)).toEqual(["contoso"]);
		expect(JSON.stringify(detail)).not.toMatch(/fabrikam/i);
	});

	it("that are not there are not found", async () => {
		for (const path of ["/slos/none", "/slis/none/spread", "/tenants/contoso/slis/none/budget", "/monitors/none"])
			expect([path, (await read(path)).status]).toEqual([path, 404]);
	});
});

describe("a budget", () => {
	it("is read over the steps of the period's window, and ends at what is left", async () => {
		const { body } = await read("/tenants/contoso/slis/sign-ins/budget");
		const to = (Math.floor(NOW / STEP_MS) + 1) * STEP_MS;
		expect(asked.slice(0, 1)).toMatchObject([
			{ from: to - 28 * 24 * HOUR_MS, to, resolutionMs: STEP_MS, of: "events" },
		]);
		expect(asked[1]).toMatchObject({ from: (asked[1]?.to ?? 0) - 6 * HOUR_MS, resolutionMs: HOUR_MS / 6 });
		expect(body.forecast).toMatchObject({ status: "spent" });
		expect(body).toMatchObject({ bad: 10, total: 500, allowedBad: 5, remaining: -1, isCalendar: false });
		expect(body.steps).toHaveLength(112);
		expect(body.steps.slice(0, 3).map((step: { remaining: number | null }) => step.remaining)).toEqual([
			null,
			-1,
			null,
		]);
	});

	it("of a tenant without events is unknown", async () => {
		const { body } = await read("/tenants/fabrikam/slis/sign-ins/budget");
		expect(body).toMatchObject({ remaining: null, allowedBad: null, total: 0 });
	});
});

describe("the spread", () => {
	it("covers whole steps, with how many tenants had events", async () => {
		const { body } = await read(`/slis/sign-ins/spread?from=${NOW - HOUR_MS}&to=${NOW}&resolutionMs=600000`);
		expect(body).toMatchObject({ from: NOW - HOUR_MS - 420_000, to: NOW + 180_000, keyTenants: 2, of: 2 });
		expect(body.steps).toHaveLength(7);
		expect(body.steps[0]).toMatchObject({ tenants: 1, p5: 0.9, p95: 0.9 });
	});

	it.each([
		["backwards", `from=${NOW}&to=${NOW - HOUR_MS}`],
		["of too many steps", `from=0&to=${NOW}`],
	])("is refused %s", async (_, query) => {
		expect((await read(`/slis/sign-ins/spread?${query}`)).status).toBe(400);
	});
});

describe("monitors", () => {
	it("come with what would have fired, for a reader of some tenants of those alone", async () => {
		const { body } = await read("/monitors/strict");
		expect(body).toMatchObject({ mode: "shadow", firedInShadow: 2, firings: [{ isShadow: true }, { isShadow: true }] });
		const { shadows } = await gatherMonitors(server.context, ONLY_CONTOSO);
		expect(shadows.map(({ tenant }) => tenant)).toEqual(["contoso"]);
		expect((await read("/monitors")).body.items.map((each: { name: string }) => each.name)).toEqual([
			"burn-rate",
			"strict",
		]);
	});
});
