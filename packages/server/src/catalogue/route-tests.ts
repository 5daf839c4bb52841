import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { explain } from "./explain.ts";
import * as f from "./fields.ts";
import { Findings } from "./finding.ts";
import { readSource } from "./source.ts";
import type { Finding, Place } from "./types.ts";
import { pathText } from "./wording.ts";

/** Where a catalogue says what its routes must do. It is no part of what runs. */
export const ROUTE_TESTS_FILE = "tests/routes.yaml";

const incident = z
	.strictObject({
		tenant: f.name("Key tenant. Default: the platform.").optional(),
		workload: f.name("Workload. Default: that of the SLO.").optional(),
		slo: f.name("SLO. Default: the workload's leading one.").optional(),
		severity: f.severity("Severity. Default: the monitor's.").optional(),
		monitor: f.name("Monitor. Default: one that watches the SLO.").optional(),
	})
	.describe("The incident that opens.");

const Tests = z.strictObject({
	tests: z
		.array(
			z.strictObject({
				name: f.text("What is expected, in words.", 200),
				at: f.localTime("When it opens, UTC without an offset. Default: 2026-01-05T12:00Z, a Monday.").optional(),
				incident,
				open: z.array(incident).max(50).describe("Incidents that burn already.").optional(),
				expect: z
					.strictObject({
						action: f.choice(["page", "wait", "hold", "tell"], "What happens first.").optional(),
						route: f.text("Route that pages, such as default/gold.", 600).optional(),
						policy: f.name("Escalation policy that pages.").optional(),
						pages: z.array(f.name("Person.")).max(50).describe("Whom the first page goes to.").optional(),
						tells: z.array(f.name("Channel or integration.")).max(50).describe("Who is told.").optional(),
						heldBy: z
							.array(f.text("Maintenance, inhibition's incident or route.", 600))
							.max(50)
							.describe("What holds the page back.")
							.optional(),
					})
					.describe("What must come of it; what is left out may be anything."),
			}),
		)
		.max(5_000),
});

export type RouteTest = z.infer<typeof Tests>["tests"][number] & {
	/** Of each expectation that is written. */
	readonly places: Readonly<Record<string, Place>>;
	readonly place: Place;
};

/** The expectations of a folder; empty when it has none. What is wrong with the file itself is a finding. */
export async function readRouteTests(
	dir: string,
): Promise<{ readonly tests: readonly RouteTest[]; readonly findings: readonly Finding[] }> {
	const findings = new Findings();
	let text: string;
	try {
		text = await readFile(join(dir, ROUTE_TESTS_FILE), "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
			const place = { file: ROUTE_TESTS_FILE, line: 1, column: 1 };
			findings.error(
				place,
				`The file cannot be read (${(error as Error).message}).`,
				"Correct its rights, or remove it.",
			);
		}
		return { tests: [], findings: findings.sorted() };
	}
	const tests = readSource({ path: ROUTE_TESTS_FILE, text }, findings).flatMap((document): RouteTest[] => {
		const parsed = Tests.safeParse(document.value);
		if (!parsed.success) {
			for (const each of parsed.error.issues.flatMap((issue) => explain(Tests, issue, document.value)))
				findings.error(document.place(each.path, each.at), each.message, each.remedy);
			return [];
		}
		return parsed.data.tests.map((test, k) => {
			const at = ["tests", k, "expect"];
			const places = Object.keys(test.expect).map((field) => [field, document.place([...at, field])] as const);
			if (places.length === 0)
				findings.error(
					document.place(at, "key"),
					`${pathText(at)} expects nothing.`,
					"Write action, policy, pages or tells.",
				);
			return { ...test, place: document.place(["tests", k, "name"]), places: Object.fromEntries(places) };
		});
	});
	return { tests, findings: findings.sorted() };
}
