import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@bellwether/model";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Catalogue, parseCatalogue } from "#catalogue";
import type { PairStatus } from "#detection";
import { type ControlStore, type Principal, SYSTEM, scopeOf } from "#platform";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import { createFleetSource, type FleetSource } from "./fleet-source.ts";

const CATALOGUE = parseCatalogue([
	{
		path: "all.yaml",
		text: `apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail }
spec: { owner: team }
---
apiVersion: bellwether/v1
kind: KeyTenantList
spec: { tenants: [ { name: woodgrove, match: { t: a } }, { name: fabrikam, match: { t: b } } ] }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: send, annotations: { bellwether.dev/per-tenant: "true" } }
spec:
  service: mail
  indicator:
    metadata: { name: send }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { metricSourceRef: otlp, spec: { metric: bad } } }
        total: { metricSource: { metricSourceRef: otlp, spec: { metric: total } } }
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives: [ { target: 0.999 } ]
`,
	},
]).catalogue as Catalogue;

const status = (tenant: string, state: PairStatus["state"], sli = 1): PairStatus => ({
	tenant,
	slo: "send",
	objective: 0.999,
	state,
	sli,
	burn: 0,
	total1h: 10,
	budgetRemaining: 1,
	lastAt: 1,
	breachSince: undefined,
});

let dir: string;
let store: ControlStore;
let source: FleetSource;
let statuses: PairStatus[];
let announced: number[];
let stripReads: number;

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	dir = mkdtempSync(join(tmpdir(), "bellwether-fleet-"));
	const clock = new ManualClock(Date.UTC(2026, 10, 22));
	store = await openControlStore({ path: join(dir, "control.db"), clock });
	statuses = ["", "woodgrove", "fabrikam"].map((tenant) => status(tenant, "healthy"));
	announced = [];
	stripReads = 0;
	source = createFleetSource({
		clock,
		store,
		catalogue: () => CATALOGUE,
		telemetry: {
			statuses: () => statuses,
			hourStrips: async () => {
				stripReads++;
				return [];
			},
		},
		demo: false,
		onChange: (version) => announced.push(version),
	});
	source.statusesChanged(statuses);
	vi.runAllTimers();
	announced = [];
});
afterEach(async () => {
	source.stop();
	vi.useRealTimers();
	await store.close();
	rmSync(dir, { recursive: true });
});

const change = (changed: PairStatus) => {
	statuses = statuses.map((each) => (each.tenant === changed.tenant ? changed : each));
	source.statusesChanged([changed]);
};
const all = scopeOf(SYSTEM);

describe("the fleet source", () => {
	it("shows a change of state at once and announces it within a blink", async () => {
		expect((await source.view(all)).tenants.map((row) => row.worst)).toEqual(["healthy", "healthy"]);
		change(status("woodgrove", "breach"));
		expect((await source.view(all)).tenants[0]).toMatchObject({ name: "woodgrove", worst: "breach" });
		vi.advanceTimersByTime(50);
		expect(announced).toEqual([source.version()]);
	});

	it("gathers changes of numbers, and a change of state does not wait for them", async () => {
		for (let i = 0; i < 100; i++) change(status("woodgrove", "healthy", i / 100));
		vi.advanceTimersByTime(1_900);
		expect(announced).toEqual([]);
		change(status("fabrikam", "at-risk"));
		vi.advanceTimersByTime(50);
		expect(announced).toHaveLength(1);
		vi.advanceTimersByTime(10_000);
		expect(announced).toHaveLength(1);
	});

	it("builds one view for all readers of a version and asks for the hours rarely", async () => {
		expect(await source.view(all)).toBe(await source.view(all));
		change(status("woodgrove", "breach"));
		await source.view(all);
		expect(stripReads).toBe(1);
	});

	it("shows who is limited to a tenant nothing of the others, nor of the fleet", async () => {
		const viewer: Principal = { name: "v", role: "viewer", tenants: ["fabrikam"] };
		change(status("woodgrove", "breach"));
		const view = await source.view(scopeOf(viewer));
		expect(view.tenants.map((row) => row.name)).toEqual(["fabrikam"]);
		expect(JSON.stringify(view)).not.toContain("woodgrove");
		expect(view.platform.cells[0]?.lead?.sli).toBeNull();
	});
});
