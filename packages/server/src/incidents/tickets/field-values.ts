import { Liquid } from "liquidjs";

/** Templates of the catalogue, which was checked: only the facts given, no files, bounded work. */
const engine = new Liquid({
	ownPropertyOnly: true,
	strictVariables: true,
	strictFilters: true,
	parseLimit: 4_096,
	renderLimit: 500,
	memoryLimit: 100_000,
	templates: {},
});

export type FieldValues =
	| { readonly status: "rendered"; readonly values: Readonly<Record<string, string>> }
	| { readonly status: "failed"; readonly reason: string };

/** Their fields with our facts written in. */
export function fieldValues(
	fields: Readonly<Record<string, string>>,
	facts: Readonly<Record<string, string>>,
): FieldValues {
	const values: Record<string, string> = {};
	for (const [field, template] of Object.entries(fields)) {
		try {
			values[field] = String(engine.parseAndRenderSync(template, facts)).trim();
		} catch (error) {
			const reason = ((error as Error).message.split("\n")[0] ?? "").replace(/, (?:file|line):.*$/, "");
			return { status: "failed", reason: `field ${field}: ${reason}` };
		}
	}
	return { status: "rendered", values };
}
