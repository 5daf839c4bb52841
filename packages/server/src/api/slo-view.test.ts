import { DAY_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { type Catalogue, effectiveObjective, parseCatalogue, type Slo } from "#catalogue";
import type { PairStatus } from "#detection";
import { fleetView } from "./fleet-view.ts";
import type { CellState } from "./schemas.ts";
import { type SloFacts, sloDetail, sloSummaries } from "./slo-view.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

const CATALOGUE = read(`apiVersion: bellwether/v1
kind: Tier
metadata: { name: mcs, displayName: MCS }
spec: { rank: 1, objectives: { sign-ins: 0.995 } }
---
apiVersion: bellwether/v1
kind: Tier
metadata: { name: s500 }
spec: { rank: 2 }
---
apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  defaults: { tier: s500, workloads: [entra] }
  tenants:
    - { name: contoso, displayName: Contoso, match: { tenant.id: a } }
    - { name: fabrikam, displayName: Fabrikam, match: { tenant.id: b }, tier: mcs }
    - { name: northwind, displayName: Northwind, match: { tenant.id: c }, tier: mcs, objectives: { sign-ins: 0.999 } }
    - { name: quiet, displayName: Quiet, match: { tenant.id: d } }
    - { name: elsewhere, displayName: Elsewhere, match: { tenant.id: e }, workloads: [mail] }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: entra, displayName: Entra }
spec: { owner: Entra team }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail }
spec: { owner: Mail team }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: sign-ins, displayName: Sign-ins, annotations: { bellwether.dev/unit: sign-ins } }
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
`);
const SLO = CATALOGUE.slos[0] as Slo;

function read(text: string): Catalogue {
	const { catalogue, findings } = parseCatalogue([{ path: "all.yaml", text }]);
	if (!catalogue) throw new Error(JSON.stringify(findings));
	return catalogue;
}

/** What is left of the budget by tenant; undefined: no events in the period. "" is the platform. */
function facts(left: Readonly<Record<string, readonly [left: number | undefined, state: CellState]>>): SloFacts {
	const tenants = new Map(CATALOGUE.tenants.map((tenant) => [tenant.name, tenant]));
	const objectiveOf = (tenant: string) => effectiveObjective(CATALOGUE, SLO, tenants.get(tenant));
	const statuses = Object.entries(left).map(
		([tenant, [budgetRemaining, state]]): PairStatus => ({
			tenant,
			slo: SLO.name,
			objective: objectiveOf(tenant).objective,
			state: state as PairStatus["state"],
			sli: undefined,
			burn: undefined,
			total1h: 0,
			budgetRemaining,
			lastAt: undefined,
			breachSince: undefined,
		}),
	);
	const fleet = fleetView({
		catalogue: CATALOGUE,
		effectiveObjective: objectiveOf,
		statuses,
		strips: new Map(),
		incidents: [],
		lastBreach: undefined,
		now: NOW,
		demo: false,
	});
	return {
		catalogue: CATALOGUE,
		fleet,
		incidents: [{ id: "INC-1001", tenant: "fabrikam", slo: SLO.name }],
		watchedBy: () => ({ names: ["burn-rate"], isLive: true }),
	};
}

const FACTS = facts({
	"": [0.8, "healthy"],
	contoso: [0.5, "healthy"],
	fabrikam: [-0.25, "breach"],
	northwind: [0.9, "healthy"],
	quiet: [undefined, "no-data"],
});

describe("an SLO in the list", () => {
	it("says what is promised, how the key tenants stand, and who has least left", () => {
		const [summary] = sloSummaries(FACTS);
		expect(summary).toMatchObject({
			name: "sign-ins",
			promise: "Of the sign-ins of a tenant, 99% succeed, over any 28 days.",
			workloadDisplayName: "Entra",
			tenants: 4,
			states: { breach: 1, healthy: 2, "no-data": 1, "at-risk": 0 },
			worst: "breach",
			overspent: 1,
			ownObjectives: 2,
			lowest: { tenant: "fabrikam", displayName: "Fabrikam", remaining: -0.25 },
			openIncidents: 1,
			place: { file: "all.yaml" },
		});
		expect(summary?.platform?.budgetRemaining).toBe(0.8);
	});

	it("knows nobody's budget while nothing was counted: it is not zero", () => {
		const [summary] = sloSummaries(facts({ quiet: [undefined, "no-data"] }));
		expect(summary).toMatchObject({ lowest: null, overspent: 0, worst: "no-data" });
	});
});

describe("an SLO by itself", () => {
	it("lists key tenants worst first, each with its SLI of the period and its incident", () => {
		const { readings } = sloDetail(FACTS, SLO);
		expect(readings.map(({ tenant, incident }) => [tenant, incident])).toEqual([
			["fabrikam", "INC-1001"],
			["quiet", null],
			["contoso", null],
			["northwind", null],
		]);
		// What is left says it: 1 − 1.25 × 0.5 %, 1 − 0.5 × 1 %, 1 − 0.1 × 0.1 %.
		expect(readings.map(({ periodSli }) => periodSli)).toEqual([
			expect.closeTo(0.99375, 10),
			null,
			expect.closeTo(0.995, 10),
			expect.closeTo(0.9999, 10),
		]);
	});

	it("says who set each objective and for how many it holds", () => {
		expect(sloDetail(FACTS, SLO).objectives).toEqual([
			{ objective: 0.99, setBy: "slo", name: "sign-ins", displayName: "Sign-ins", tenants: 2 },
			{ objective: 0.995, setBy: "tier", name: "mcs", displayName: "MCS", tenants: 1 },
			{ objective: 0.999, setBy: "tenant", name: "northwind", displayName: "Northwind", tenants: 1 },
		]);
	});

	it("has a spread over those whose budget is known, and counts the others", () => {
		const { spread } = sloDetail(FACTS, SLO);
		expect(spread.unknown).toBe(1);
		expect(spread.budget).toMatchObject({ tenants: 3, p50: 0.5 });
		expect(spread.budget?.p5).toBeCloseTo(-0.175, 10);
		expect(sloDetail(facts({}), SLO).spread).toMatchObject({ sli: null, budget: null, unknown: 4 });
	});

	it("has the period that its readings are of", () => {
		expect(sloDetail(FACTS, SLO).periodMs).toBe(28 * DAY_MS);
	});
});
