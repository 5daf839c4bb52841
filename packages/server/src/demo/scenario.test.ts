import { fileURLToPath } from "node:url";
import { binomialTail, burnRateTiers, DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { countsIn } from "./counts.ts";
import { type DemoTenant, readFleet } from "./fleet.ts";
import { makeScenario, type Scenario } from "./scenario.ts";
import { SCENARIOS, type ScenarioName } from "./scenario-names.ts";
import { SIGNALS, type Signal, signalOf } from "./signals.ts";

const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
const BREAK_AT = Date.UTC(2026, 2, 4, 7, 41, 10);
const fleet = readFleet(CATALOGUE, 1);
const [quick, slow] = burnRateTiers(28 * DAY_MS);
const tenant = (name: string) => fleet.keyTenants.find((each) => each.name === name) as DemoTenant;
const scenarioOf = (name: ScenarioName) => makeScenario(name, fleet, BREAK_AT);

/** Burn rate over the window that ends at `now`, from the counts that the demo would send. */
function burn(scenario: Scenario, who: readonly DemoTenant[], signal: Signal, now: number, windowMs: number) {
	let bad = 0;
	let total = 0;
	for (let to = now; to > now - windowMs; to -= 10_000)
		for (const each of who) {
			const counts = countsIn(fleet, scenario, each, signal, to - 10_000, to);
			bad += counts?.bad ?? 0;
			total += counts?.total ?? 0;
		}
	return { bad, total, rate: bad / total / (1 - signal.objective) };
}

describe("the demo's scenarios", () => {
	it.each(SCENARIOS.filter((name) => name !== "slow-burn"))(
		"%s: until the break nobody burns fast enough to page, and nothing is silent",
		(name) => {
			const scenario = scenarioOf(name);
			for (const who of fleet.keyTenants.slice(0, 6))
				for (const signal of SIGNALS.filter((each) => who.workloads.includes(each.workload)))
					expect(burn(scenario, [who], signal, BREAK_AT, HOUR_MS).rate).toBeLessThan(2);
		},
	);

	it("tenant-outage: 49 s of it trip the quick rule with evidence, while the platform stays within its budget", () => {
		const scenario = scenarioOf("tenant-outage");
		const signal = signalOf("policy-create");
		const earlier = burn(scenario, [tenant("woodgrove")], signal, BREAK_AT + 40_000, HOUR_MS);
		expect(earlier.rate).toBeLessThan(quick?.factor as number);
		const later = burn(scenario, [tenant("woodgrove")], signal, BREAK_AT + 60_000, HOUR_MS);
		expect(later.rate).toBeGreaterThan(quick?.factor as number);
		expect(binomialTail(later.bad, later.total, 1 - signal.objective)).toBeLessThan(1e-4);
		const everyone = [...fleet.keyTenants, ...fleet.others];
		expect(burn(scenario, everyone, signal, BREAK_AT + 60_000, 5 * MINUTE_MS).rate).toBeLessThan(1);
	});

	it("slow-burn: the slow rule becomes true about the break, the quick one never does", () => {
		const scenario = scenarioOf("slow-burn");
		const signal = signalOf("file-open");
		const who = [tenant("city-power")];
		const factor = slow?.factor as number;
		expect(burn(scenario, who, signal, BREAK_AT - 8 * MINUTE_MS, 6 * HOUR_MS).rate).toBeLessThan(factor);
		expect(burn(scenario, who, signal, BREAK_AT + 8 * MINUTE_MS, 6 * HOUR_MS).rate).toBeGreaterThan(factor);
		expect(burn(scenario, who, signal, BREAK_AT + 8 * MINUTE_MS, HOUR_MS).rate).toBeLessThan(quick?.factor as number);
	});

	it("platform-outage: every tenant and the platform burn alike", () => {
		const scenario = scenarioOf("platform-outage");
		const signal = signalOf("signin-success");
		for (const who of [[tenant("woodgrove")], [tenant("contoso")], [...fleet.keyTenants, ...fleet.others]])
			expect(burn(scenario, who, signal, BREAK_AT + 2 * MINUTE_MS, HOUR_MS).rate).toBeGreaterThan(
				quick?.factor as number,
			);
	});

	it("flapping: down for a minute, well for six, down again", () => {
		const scenario = scenarioOf("flapping");
		const ratio = (at: number) =>
			scenario.errorRatio(tenant("northwind-traders"), signalOf("file-open"), BREAK_AT + at);
		expect([10_000, 59_000, 7 * MINUTE_MS + 10_000].map(ratio)).toEqual([1, 1, 1]);
		for (const at of [-10_000, 70_000, 6 * MINUTE_MS]) expect(ratio(at)).toBeLessThan(0.001);
	});

	it("say in words what will happen, except when nothing will", () => {
		for (const name of SCENARIOS)
			if (name === "quiet") expect(scenarioOf(name).announcement).toBeUndefined();
			else expect(scenarioOf(name).announcement).toMatch(/\.$/);
	});
});
