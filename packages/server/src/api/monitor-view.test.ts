import { describe, expect, it } from "vitest";
import { type Catalogue, parseCatalogue } from "#catalogue";
import type { Breach, Incident } from "#incidents";
import { monitorDetail, monitorLines, watchers } from "./monitor-view.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

const BASE = `apiVersion: bellwether/v1
kind: Tier
metadata: { name: mcs, displayName: MCS }
spec: { rank: 1, monitors: { burn-rate: { tiers: [page-quick] }, too-many: { threshold: { value: 0.02, clear: 0.01 } } } }
---
apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  defaults: { workloads: [entra] }
  tenants:
    - { name: contoso, displayName: Contoso, match: { tenant.id: a } }
    - { name: fabrikam, displayName: Fabrikam, match: { tenant.id: b }, tier: mcs, objectives: { sign-ins: 0.9 } }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: entra, displayName: Entra }
spec: { owner: Entra team }
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
  objectives: [{ target: 0.999 }]
`;
const MONITORS = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: burn-rate }
spec: { severity: "2.5" }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: too-many }
spec:
  detector: threshold
  mode: shadow
  threshold: { value: 0.05, for: 5m, minutes: 3, clear: 0.01 }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: stopped }
spec:
  detector: absence
  absence: { after: 20m }
  pause: { until: "2026-12-01T08:00Z", reason: Collector moves., owner: M. Ito }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: red }
spec: { detector: radar, mode: draft, radar: { watches: [errors, volume], falsePagesPerTenantWeek: 0.02 } }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: usual }
spec: { detector: seasonal, mode: draft, seasonal: { measure: events, direction: down } }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: idea }
spec: { mode: draft, slos: [sign-ins] }
`;
const CATALOGUE = read(BASE, MONITORS);

function read(...texts: string[]): Catalogue {
	const { catalogue, findings } = parseCatalogue(texts.map((text, k) => ({ path: `${k}.yaml`, text })));
	if (!catalogue) throw new Error(JSON.stringify(findings));
	return catalogue;
}

function detail(name: string, breaches: readonly Breach[] = [], incidents: readonly Incident[] = []) {
	const monitor = CATALOGUE.monitors.find((each) => each.name === name);
	if (!monitor) throw new Error(`no monitor ${name}`);
	return monitorDetail({ catalogue: CATALOGUE, firings: [], shadows: [], now: NOW }, monitor, breaches, incidents);
}

describe("the list of monitors", () => {
	it("has every one, whatever its mode: live, paused, in shadow, draft", () => {
		const firings = [{ monitor: "burn-rate", count: 2, lastAt: NOW - 1 }];
		const lines = monitorLines({ catalogue: CATALOGUE, firings, shadows: [], now: NOW });
		expect(lines.map(({ name, mode }) => [name, mode])).toEqual([
			["burn-rate", "live"],
			["stopped", "paused"],
			["too-many", "shadow"],
			["idea", "draft"],
			["red", "draft"],
			["usual", "draft"],
		]);
		expect(lines[0]).toMatchObject({ fired: 2, lastFiredAt: NOW - 1 });
		expect(lines[1]?.pause).toEqual({
			until: Date.UTC(2026, 11, 1, 8),
			reason: "Collector moves.",
			owner: "M. Ito",
		});
	});

	it("calls a monitor live again when its pause is over", () => {
		const later = Date.UTC(2026, 11, 1, 8);
		const line = monitorLines({ catalogue: CATALOGUE, firings: [], shadows: [], now: later }).find(
			({ name }) => name === "stopped",
		);
		expect(line).toMatchObject({ mode: "live", pause: null });
	});

	it("names the built-in one, which no file declares", () => {
		const lines = monitorLines({
			catalogue: read(BASE.replace(/, monitors: .*/, " }")),
			firings: [],
			shadows: [],
			now: NOW,
		});
		expect(lines).toMatchObject([{ name: "burn-rate", mode: "live", place: null }]);
	});

	it("tells of an SLO whether anything that watches it may open an incident", () => {
		expect(watchers(CATALOGUE, NOW)("sign-ins").isLive).toBe(true);
		const draft = read(BASE.replace(/, monitors: .*/, " }"), MONITORS.split("---").at(-1) as string);
		expect(watchers(draft, NOW)("sign-ins")).toEqual({ names: ["idea"], isLive: false });
	});
});

describe("a burn-rate monitor", () => {
	it("has a rule for each group of tenants for whom the same holds, with factors of the period", () => {
		const { rules } = detail("burn-rate");
		expect(rules.map(({ objective, tenants, names }) => ({ objective, tenants, names }))).toEqual([
			{ objective: 0.999, tenants: 1, names: [] },
			{ objective: 0.9, tenants: 1, names: ["Fabrikam"] },
		]);
		expect(rules[0]?.tiers.map(({ factor }) => Number(factor.toFixed(2)))).toEqual([13.44, 5.6, 2.8, 0.93]);
		expect(rules[0]?.tiers[0]?.errorRatio).toBeCloseTo(0.01344, 8);
	});

	it("shows tiers that are left out, and those that could never fire, beside those that run", () => {
		const { rules } = detail("burn-rate");
		expect(rules.map(({ tiers }) => tiers.map(({ state }) => state))).toEqual([
			["runs", "runs", "runs", "runs"],
			["never-fires", "off", "off", "off"],
		]);
	});

	it("says of every value who set it and where", () => {
		expect(
			detail("burn-rate").settings.map(({ field, value, setBy, holdsFor }) => [field, value, setBy, holdsFor]),
		).toEqual([
			["detector", "burn-rate", "monitor", ""],
			["mode", "live", "default", ""],
			["severity", "2.5", "monitor", ""],
			["evidenceP", "1 in 10,000", "default", ""],
			["tiers", "all four", "default", ""],
			["escalation", "default", "default", ""],
			["tiers", "page-quick", "tier", "MCS"],
		]);
		expect(detail("burn-rate").settings[2]?.place).toBe("1.yaml:4");
	});
});

describe("a monitor with another detector", () => {
	it("says when it fires, in numbers, for each group of tenants", () => {
		expect(detail("too-many").rules.map(({ says, names }) => [says, names])).toEqual([
			[
				"Fires when 3 of the last 5 minutes have more than 5% bad sign-ins; ends after 5 min without more than 1% bad sign-ins.",
				[],
			],
			[
				"Fires when 3 of the last 5 minutes have more than 2% bad sign-ins; ends after 5 min without more than 1% bad sign-ins.",
				["Fabrikam"],
			],
		]);
		expect(detail("red").rules.map(({ says }) => says)).toEqual([
			"Fires when errors or volume of a tenant are worse than its own past and its peers explain; set so that noise causes about 0.02 false pages in a tenant’s week.",
		]);
		expect(detail("usual").rules.map(({ says }) => says)).toEqual([
			"Fires when the number of sign-ins is below what is likely at that hour.",
		]);
		expect(detail("stopped").rules.map(({ says, mode }) => [says, mode])).toEqual([
			["Fires after 20 min without sign-ins, quiet hours left out.", "paused"],
		]);
	});
});

describe("a monitor in shadow", () => {
	it("shows what it would have fired, newest first, and that nobody was told", () => {
		const shadow = (at: number, monitor = "too-many") => ({
			monitor,
			tenant: "contoso",
			slo: "sign-ins",
			at,
			says: "Saw.",
		});
		const shadows = [shadow(NOW - 9), shadow(NOW - 5), shadow(NOW - 1, "burn-rate")];
		const monitor = CATALOGUE.monitors.find(({ name }) => name === "too-many");
		if (!monitor) throw new Error("no monitor too-many");
		const told = monitorDetail({ catalogue: CATALOGUE, firings: [], shadows, now: NOW }, monitor, [], []);
		expect(told).toMatchObject({ fired: 0, firedInShadow: 2, lastFiredAt: NOW - 5 });
		expect(told.firings.map(({ at, isShadow, incident, says }) => ({ at, isShadow, incident, says }))).toEqual([
			{ at: NOW - 5, isShadow: true, incident: null, says: "Saw." },
			{ at: NOW - 9, isShadow: true, incident: null, says: "Saw." },
		]);
	});
});

describe("a firing", () => {
	it("says what was seen and what became of it; without an incident nobody was told", () => {
		const window = { ms: 3_600_000, bad: 1_200, total: 12_000, burn: 100 };
		const breach = {
			id: "brc_1",
			tenant: "contoso",
			slo: "sign-ins",
			detector: "burn-rate",
			monitor: "burn-rate",
			scope: "tenant",
			state: "open",
			openedAt: NOW - 60_000,
			closedAt: undefined,
			evidence: { long: window, tier: { key: "page-quick", factor: 13.44 } },
			incidentId: "INC-1001",
		} as unknown as Breach;
		const incident = { id: "INC-1001", state: "resolved", verdict: "noise" } as Incident;
		const [first, second] = detail("burn-rate", [breach, { ...breach, incidentId: undefined }], [incident]).firings;
		expect(first).toMatchObject({
			tenantDisplayName: "Contoso",
			says: "1,200 of 12,000 in 1 h were bad (sign-ins that fail): burn 100×, limit 13.4×.",
			incident: "INC-1001",
			verdict: "noise",
			endedAt: null,
		});
		expect(second).toMatchObject({ incident: null, verdict: null });
	});
});

describe("planned maintenance on a radar's page", () => {
	const written = (tenants: string) => `
apiVersion: bellwether/v1
kind: Maintenance
metadata: { name: upgrade, displayName: Upgrade }
spec:
  ${tenants}
  windows: [{ from: "2026-01-01T00:00Z", until: "2026-01-03T00:00Z" }]
  owner: Directory
  text: Sign-in is upgraded.
`;
	const planned = (name: string, tenants: string, now: number) => {
		const catalogue = read(BASE, MONITORS, written(tenants));
		const monitor = catalogue.monitors.find((each) => each.name === name);
		if (!monitor) throw new Error(`no monitor ${name}`);
		return monitorDetail({ catalogue, firings: [], shadows: [], now }, monitor, [], []).planned;
	};
	const [FROM, UNTIL] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3)];

	it("is there while it is, for a day before it and after", () => {
		const found = [FROM - 25, FROM - 23, FROM + 1, UNTIL + 23, UNTIL + 25].map((at, k) => {
			const base = k < 3 ? FROM : UNTIL;
			return planned("red", "workloads: [entra]", base + (at - base) * 3_600_000).length;
		});
		expect(found).toEqual([0, 1, 1, 1, 0]);
	});

	it("names whom it is for, and stands on radars alone", () => {
		expect(planned("red", "tenants: [contoso]", FROM)).toEqual([
			{ name: "Upgrade", owner: "Directory", tenants: ["Contoso"], workloads: ["entra"], from: FROM, until: UNTIL },
		]);
		expect(planned("usual", "tenants: [contoso]", FROM)).toEqual([]);
	});
});
