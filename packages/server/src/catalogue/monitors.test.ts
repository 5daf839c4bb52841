import { describe, expect, test } from "vitest";
import {
	type Catalogue,
	effectiveMonitor,
	explainPair,
	formatFinding,
	heldMonitor,
	monitorsOf,
	parseCatalogue,
	pauseOn,
	pausesAt,
} from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

const MONITOR = (spec: string, name = "limit") =>
	`apiVersion: bellwether/v1\nkind: Monitor\nmetadata: { name: ${name} }\nspec:\n${spec
		.split("\n")
		.map((line) => `  ${line}`)
		.join("\n")}\n`;

/** The sample catalogue with these files changed or added. */
function read(changes: Readonly<Record<string, string>>) {
	const files = Object.entries({ ...SAMPLE, ...changes }).map(([path, text]) => ({ path, text }));
	return parseCatalogue(files);
}

const LIMIT = MONITOR("detector: threshold\nseverity: 3\nthreshold: { value: 0.05, for: 10m, minutes: 4 }");
const TIERS = `${SAMPLE["tenants/tiers.yaml"]}  monitors:\n    limit:\n      threshold: { value: 0.03 }\n      severity: 2\n`;
const TENANT = `${SAMPLE["tenants/woodgrove.yaml"]}  monitors:\n    limit: { threshold: { minutes: 2 } }\n`;
const WORKLOAD = `${SAMPLE["workloads/purview.yaml"]}  monitors: { limit: { severity: 4, mode: shadow } }\n`;

describe("what holds for a tenant", () => {
	const { catalogue } = read({
		"monitors/limit.yaml": LIMIT,
		"tenants/tiers.yaml": TIERS,
		"tenants/woodgrove.yaml": TENANT,
		"workloads/purview.yaml": WORKLOAD,
	}) as { catalogue: Catalogue };
	const [slo] = catalogue.slos as [Catalogue["slos"][number]];
	const tenant = catalogue.tenants.find(({ name }) => name === "woodgrove");
	const monitor = catalogue.monitors.find(({ name }) => name === "limit") as Catalogue["monitors"][number];

	test("is the monitor's, over it the workload's, over that the tier's, over that the tenant's, field by field", () => {
		const held = effectiveMonitor(catalogue, monitor, slo, tenant);
		expect(held).toMatchObject({ mode: "shadow", severity: "2" });
		expect(held.threshold).toMatchObject({ value: 0.03, minutes: 2, lookMs: 600_000, clear: 0.03 });
		expect(effectiveMonitor(catalogue, monitor, slo, undefined)).toMatchObject({ severity: "4", mode: "shadow" });
	});

	test("is told with the place where each value is written", () => {
		const told = explainPair(catalogue, slo, tenant).map(({ monitor: of, field, value, setBy, place }) =>
			[of ?? "", field, value, setBy, place ?? ""].join(" "),
		);
		expect(told).toContain(" objective 0.9995 tenant tenants/woodgrove.yaml:12");
		expect(told).toContain("limit mode shadow workload workloads/purview.yaml:7");
		expect(told).toContain("limit severity 2 tier tenants/tiers.yaml:11");
		expect(told).toContain("limit threshold.value 0.03 tier tenants/tiers.yaml:10");
		expect(told).toContain("limit threshold.minutes 2 tenant tenants/woodgrove.yaml:16");
		expect(told).toContain("limit threshold.for 600000 monitor monitors/limit.yaml:7");
		expect(told).toContain("limit threshold.measure bad-ratio default ");
	});

	test("is found by names, also for the platform and for a monitor of an SLO that is gone", () => {
		expect(heldMonitor(catalogue, "limit", slo.name, "woodgrove")?.severity).toBe("2");
		expect(heldMonitor(catalogue, "limit", slo.name, "")?.severity).toBe("4");
		expect(heldMonitor(catalogue, "limit", "gone", "")?.severity).toBe("3");
		expect(heldMonitor(catalogue, "gone", slo.name, "")).toBeUndefined();
	});

	test("other detectors leave the burn-rate monitor where it is", () => {
		expect(monitorsOf(catalogue, slo.name).map(({ name }) => name)).toEqual(["burn-rate", "limit"]);
	});

	test("where it is written is no part of the content", () => {
		const moved = read({
			"monitors/limit.yaml": `# moved down\n${LIMIT}`,
			"tenants/tiers.yaml": TIERS,
			"tenants/woodgrove.yaml": TENANT,
			"workloads/purview.yaml": WORKLOAD,
		}).catalogue;
		expect(moved?.hash).toBe(catalogue.hash);
		expect(moved?.places).not.toEqual(catalogue.places);
	});
});

describe("a pause", () => {
	const until = Date.UTC(2026, 11, 1, 8);
	const { catalogue } = read({
		"tenants/woodgrove.yaml": `${SAMPLE["tenants/woodgrove.yaml"]}  monitors:\n    burn-rate:\n      pause: { until: 2026-12-01T08:00Z, reason: migration, owner: j.park }\n`,
	}) as { catalogue: Catalogue };
	const [slo] = catalogue.slos as [Catalogue["slos"][number]];

	test("leaves the other monitors to watch", () => {
		const others = read({
			"monitors/limit.yaml": LIMIT,
			"tenants/woodgrove.yaml": `${SAMPLE["tenants/woodgrove.yaml"]}  monitors:\n    burn-rate:\n      pause: { until: 2026-12-01T08:00Z, reason: migration, owner: j.park }\n`,
		}) as { catalogue: Catalogue };
		expect(pauseOn(others.catalogue, slo, "woodgrove", until - 1)?.isAlone).toBe(false);
	});

	test("holds for whom it is written, until its time", () => {
		const pause = { monitor: "burn-rate", until, reason: "migration", owner: "j.park" };
		expect(pauseOn(catalogue, slo, "woodgrove", until - 1)).toEqual({ ...pause, isAlone: true });
		expect(pauseOn(catalogue, slo, "woodgrove", until)).toBeUndefined();
		expect(pauseOn(catalogue, slo, "", until - 1)).toBeUndefined();
		expect(pausesAt(catalogue, until - 1)).toEqual([{ ...pause, of: "Woodgrove Bank" }]);
		expect(pausesAt(catalogue, until)).toEqual([]);
	});
});

describe("a monitor that is wrong is refused", () => {
	test.each([
		["detector: threshold\nthreshold: { value: 1 }", /threshold can never fire: no ratio is above 1\./],
		["detector: threshold", /threshold has no value\./],
		["detector: threshold\nthreshold: { measure: events, is: below, value: 0 }", /can never fire: nothing is below 0/],
		["detector: threshold\nthreshold: { value: 0.1, clear: 0.2 }", /clears at 0\.2, on the claiming side of 0\.1/],
		[
			"detector: threshold\nthreshold: { value: 0.1, for: 5m, minutes: 6 }",
			/can never fire: 6 minutes do not fit into 5/,
		],
		["detector: threshold\nthreshold: { value: 0.1, for: 90s }", /is not a whole number of minutes/],
		[
			"detector: threshold\nthreshold: { value: 0.1, clear: -1 }",
			/threshold never clears: nothing is at or below -1\./,
		],
		[
			"detector: threshold\nthreshold: { is: below, value: 1, clear: 2 }",
			/threshold never clears: nothing is at or above 2\./,
		],
		["detector: absence\nabsence: { after: 1s }", /absence\.after is shorter than a minute, so everybody is missing\./],
		["detector: absence\nabsence: { after: 999999d }", /absence\.after is longer than 28d\.\n {2}Write 15m/],
		["pause: { reason: r, owner: o }", /spec\.pause\.until is missing\.\n {2}Write its end, such as 2026-12-01T08:00Z/],
		["detector: absence\ntiers: [page-quick]", /spec\.tiers has no meaning for the detector absence\./],
		["threshold: { value: 0.1 }", /spec\.threshold has no meaning for the detector burn-rate\./],
		[
			"pause: { until: 2026-02-30, reason: r, owner: o }",
			/spec\.pause\.until "2026-02-30" is no time on the calendar\./,
		],
		["pause: { until: 2026-02-20, reason: r }", /spec\.pause\.owner is missing\./],
	])("%s", (spec, says) => {
		const { findings, catalogue } = read({ "monitors/limit.yaml": MONITOR(spec) });
		expect(catalogue).toBeUndefined();
		expect(findings.map(formatFinding).join("\n")).toMatch(says);
	});

	test("also where only an override makes it so", () => {
		const { findings } = read({
			"monitors/limit.yaml": LIMIT,
			"tenants/woodgrove.yaml": `${SAMPLE["tenants/woodgrove.yaml"]}  monitors: { limit: { threshold: { minutes: 11 } } }\n`,
		});
		expect(findings.map(formatFinding)).toEqual([
			expect.stringMatching(
				/^tenants\/woodgrove\.yaml:15:\d+ error spec\.monitors\.limit\.threshold can never fire: 11 minutes do not fit into 10/,
			),
		]);
	});

	test("also where only a tier's and a tenant's values together make it so", () => {
		const { findings } = read({
			"monitors/limit.yaml": LIMIT,
			"tenants/tiers.yaml": `${SAMPLE["tenants/tiers.yaml"]}  monitors: { limit: { threshold: { for: 3m } } }\n`,
			"tenants/woodgrove.yaml": `${SAMPLE["tenants/woodgrove.yaml"]}  monitors: { limit: { threshold: { minutes: 5 } } }\n`,
		});
		expect(findings.map(formatFinding)).toEqual([
			expect.stringMatching(
				/^tenants\/woodgrove\.yaml:15:\d+ error The threshold of limit for woodgrove on .* can never fire: 5 minutes do not fit into 3\.\n {2}Write fewer/,
			),
		]);
	});

	test("and an override of a monitor that does not exist", () => {
		const { findings } = read({
			"tenants/tiers.yaml": `${SAMPLE["tenants/tiers.yaml"]}  monitors: { limt: { severity: 3 } }\n`,
			"monitors/limit.yaml": LIMIT,
		});
		expect(findings.map(formatFinding).join()).toMatch(/names the unknown Monitor "limt"/);
	});
});

describe("a seasonal monitor of latency", () => {
	const FAST = (SAMPLE["slos/dlp-create.yaml"] as string)
		.replace("name: dlp-create", "name: dlp-fast")
		.replace("sli-kind: availability", "sli-kind: latency")
		.replace("metric: dlp.create, where: { result: ok }", "metric: dlp.duration, le: 500")
		.replace("metric: dlp.create }", "metric: dlp.duration }");
	const withMonitor = (seasonal: string, slos = "slos: [dlp-fast]\n") =>
		read({
			"slos/dlp-fast.yaml": FAST,
			"monitors/slower.yaml": MONITOR(`detector: seasonal\n${slos}seasonal: { ${seasonal} }`, "slower"),
		});

	test("judges the p90, upwards, unless it is told otherwise", () => {
		const termsOf = (seasonal: string) =>
			withMonitor(seasonal).catalogue?.monitors.find(({ name }) => name === "slower")?.seasonal;
		expect(termsOf("measure: latency")).toEqual({ measure: "latency", percentile: 90, direction: "up" });
		expect(termsOf("measure: latency, percentile: 99, direction: down")).toEqual({
			measure: "latency",
			percentile: 99,
			direction: "down",
		});
	});

	test.each([
		[
			"an SLO that keeps no latencies",
			"measure: latency",
			"slos: [dlp-create]\n",
			/^monitors\/slower.yaml:6:\d+ .*"dlp-create" keeps no latencies.* dlp-fast/,
		],
		["every SLO", "measure: latency", "", /^monitors\/slower.yaml:3:\d+ .*has no spec.slos.* dlp-fast/],
		[
			"both directions",
			"measure: latency, direction: both",
			undefined,
			/^monitors\/slower.yaml:7:\d+ .*both has no meaning.*up/,
		],
		[
			"a percentile of another measure",
			"percentile: 90",
			undefined,
			/^monitors\/slower.yaml:7:\d+ .*percentile has no meaning.*measure: latency/,
		],
		[
			"a percentile above 99",
			"measure: latency, percentile: 100",
			undefined,
			/^monitors\/slower.yaml:7:\d+ .*percentile/,
		],
	])("on %s is refused with its place and what to do", (_, seasonal, slos, expected) => {
		const { findings } = withMonitor(seasonal, slos);
		const errors = findings.filter(({ level }) => level === "error");
		expect(errors).toHaveLength(1);
		expect(errors.map((each) => formatFinding(each).replaceAll("\n", " "))[0]).toMatch(expected);
	});
});
