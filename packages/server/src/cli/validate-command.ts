import { systemClock } from "@bellwether/model";
import { createColors } from "picocolors";
import { type CatalogueReading, type Finding, formatFinding, readCatalogue } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { withCoverage } from "./coverage-check.ts";
import { withRouteTests } from "./route-tests.ts";

/** Reads the folder and tells everything that is wrong with it, and which expectations of tests/routes.yaml and promises of 24x7 do not hold. 0: it can be applied, 1: it cannot, 2: no folder was named. */
export async function runValidate({ dir, json, colour, out }: CommandOptions): Promise<number> {
	if (dir === "") {
		out("No folder was named.\n  Write bellwether validate DIR.\n");
		return EXIT.usage;
	}
	const read = await readCatalogue(dir);
	const { reading: routed } = await withRouteTests(dir, read);
	const reading = withCoverage(routed, read.catalogue, systemClock.now());
	if (json) out(`${JSON.stringify(report(reading))}\n`);
	else out(findingsText(reading, colour));
	return reading.catalogue ? EXIT.fine : EXIT.findings;
}

/** All findings and one line that sums up. */
export function findingsText(reading: CatalogueReading, colour: boolean): string {
	const paint = createColors(colour);
	const lines = reading.findings.map((finding) => {
		const mark = finding.level === "error" ? paint.red : paint.yellow;
		return `${formatFinding(finding).replace(` ${finding.level} `, ` ${mark(finding.level)} `)}\n`;
	});
	return `${lines.join("")}${summary(reading)}\n`;
}

function summary({ catalogue, findings }: CatalogueReading): string {
	const warnings = number(levels(findings, "warning"), "warning");
	if (!catalogue) return `${number(levels(findings, "error"), "error")}, ${warnings}. The catalogue cannot be applied.`;
	const parts = Object.entries(counts(catalogue)).map(([what, n]) => number(n, what));
	return `The catalogue is valid, ${warnings}: ${parts.join(", ")}; ${catalogue.hash.slice(0, 12)}.`;
}

function report({ catalogue, findings }: CatalogueReading) {
	return {
		valid: catalogue !== undefined,
		hash: catalogue?.hash ?? null,
		errors: levels(findings, "error"),
		warnings: levels(findings, "warning"),
		findings,
	};
}

function counts(catalogue: NonNullable<CatalogueReading["catalogue"]>) {
	const { tenants, workloads, slos, monitors, people } = catalogue;
	return {
		"key tenant": tenants.length,
		workload: workloads.length,
		SLO: slos.length,
		monitor: monitors.length,
		"person on call": people.length,
	};
}

function levels(findings: readonly Finding[], level: Finding["level"]): number {
	return findings.filter((finding) => finding.level === level).length;
}

function number(n: number, what: string): string {
	if (what === "person on call") return `${n} ${n === 1 ? "person" : "people"} on call`;
	return `${n} ${what}${n === 1 ? "" : "s"}`;
}
