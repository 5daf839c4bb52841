import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCatalogue, readCatalogue, starterFiles } from "./index.ts";

const EXAMPLES = join(import.meta.dirname, "../../../../examples");

describe("The Microsoft security example", async () => {
	const { catalogue, findings } = await readCatalogue(join(EXAMPLES, "microsoft-security"));

	test("has no finding", () => {
		expect(findings).toEqual([]);
	});

	test("has 61 SLOs over 12 workloads", () => {
		expect(catalogue?.slos).toHaveLength(61);
		expect(catalogue?.workloads).toHaveLength(12);
	});

	test("shares them out as the services do", () => {
		const counts = catalogue?.workloads.map((workload) => [
			workload.name,
			catalogue.slos.filter((slo) => slo.workload === workload.name).length,
		]);
		expect(Object.fromEntries(counts ?? [])).toEqual({
			"entra-id": 6,
			"defender-endpoint": 6,
			"defender-office-365": 5,
			"defender-identity": 4,
			"defender-cloud-apps": 5,
			"defender-xdr": 5,
			sentinel: 6,
			"purview-dlp": 6,
			"purview-information-protection": 4,
			"purview-insider-risk": 3,
			"purview-ediscovery": 5,
			intune: 6,
		});
	});

	test("says of every SLO what is good, what is total and what an event is", () => {
		for (const slo of catalogue?.slos ?? []) {
			expect(slo.description, slo.name).toMatch(/^Good: .+\. Total: .+\./);
			expect(slo.unit, slo.name).not.toBe("events");
		}
	});

	test("holds the snapshots of devices and controllers over 7 days, all else over 28", () => {
		const week = catalogue?.slos.filter((slo) => slo.periodMs === 7 * 86_400_000).map((slo) => slo.name);
		expect(week).toEqual([
			"dlp-endpoint-sync",
			"intune-check-in",
			"intune-compliance-eval",
			"mde-client-update",
			"mde-sensor-active",
			"mdi-coverage",
		]);
		expect(catalogue?.slos.filter((slo) => slo.periodMs === 28 * 86_400_000)).toHaveLength(55);
	});

	test("has every kind of SLI", () => {
		expect(new Set(catalogue?.slos.map((slo) => slo.sliKind))).toEqual(
			new Set(["availability", "latency", "freshness", "throughput", "correctness", "saturation"]),
		);
	});
});

describe("The starter", () => {
	test("is valid without a warning, with one of everything that the main job needs", () => {
		const { catalogue, findings } = parseCatalogue(starterFiles());
		expect(findings).toEqual([]);
		expect(catalogue).toMatchObject({
			tenants: [{ name: "woodgrove", tier: "strategic" }],
			workloads: [{ name: "files" }],
			slos: [{ name: "file-open", objective: 0.999 }],
			monitors: [{ name: "burn-rate" }],
			people: [{ name: "ada" }],
			schedules: [{ name: "cre" }],
			escalations: [{ name: "default" }],
		});
	});

	test("explains itself in every file", () => {
		for (const file of starterFiles()) expect(file.text, file.path).toMatch(/^# /);
	});
});
