import {
	type Catalogue,
	type CatalogueReading,
	type Finding,
	instantOf,
	type RouteTest,
	readRouteTests,
} from "#catalogue";
import { type Foretold, foretell, type Imagined } from "#response";

const DEFAULT_AT = "2026-01-05T12:00Z";

/** The reading with what the expectations of tests/routes.yaml say of it; an expectation that fails is an error. */
export async function withRouteTests(
	dir: string,
	reading: CatalogueReading,
): Promise<{ readonly reading: CatalogueReading; readonly held: number }> {
	const { tests, findings } = await readRouteTests(dir);
	if (!reading.catalogue) return { reading: withFindings(reading, findings), held: 0 };
	const catalogue = reading.catalogue;
	const failed = tests.map((test) => runRouteTest(catalogue, test));
	const held = failed.filter((each) => each.length === 0).length;
	return { reading: withFindings(reading, [...findings, ...failed.flat()]), held };
}

function withFindings(reading: CatalogueReading, more: readonly Finding[]): CatalogueReading {
	const hasErrors = more.some((finding) => finding.level === "error");
	return { catalogue: hasErrors ? undefined : reading.catalogue, findings: [...reading.findings, ...more] };
}

/** What of a test does not hold; empty: it holds. */
export function runRouteTest(catalogue: Catalogue, test: RouteTest): Finding[] {
	const error = (field: string, message: string, remedy: string): Finding => ({
		...(test.places[field] ?? test.place),
		level: "error",
		message: `Route test "${test.name}": ${message}`,
		remedy,
	});
	const at = instantOf(test.at ?? DEFAULT_AT, "UTC");
	if (at === undefined) return [error("at", `${test.at} is not a time that exists.`, "Write a date of the calendar.")];
	const foretelling = foretell(catalogue, imagined(test.incident), at, (test.open ?? []).map(imagined));
	if (foretelling.status === "unknown") {
		const { field, value, known } = foretelling;
		const some = known.slice(0, 8).join(", ");
		return [
			error(
				"incident",
				`${field} "${value}" is not in the catalogue.`,
				`Known are ${some}${known.length > 8 ? ", …" : ""}.`,
			),
		];
	}
	const { told } = foretelling;
	return differences(test.expect, told).map(({ field, wanted, found }) =>
		error(field, `${field} is ${found}, not ${wanted}.`, told.words.join(" ")),
	);
}

function imagined(written: RouteTest["incident"]): Imagined {
	return { ...written, severity: written.severity === undefined ? undefined : String(written.severity) };
}

function differences(expected: RouteTest["expect"], told: Foretold) {
	const { decision } = told;
	const [firstRoute] = decision.routes;
	const found: Record<keyof RouteTest["expect"], string | readonly string[]> = {
		action: decision.action,
		route: firstRoute ?? "(no route)",
		policy: decision.action === "tell" ? "(nobody is paged)" : decision.policy.name,
		pages: told.steps[0]?.people ?? [],
		tells: told.tells,
		heldBy: decision.holds.map((hold) => hold.ref),
	};
	return (Object.keys(expected) as (keyof typeof found)[]).flatMap((field) => {
		const wanted = expected[field];
		if (wanted === undefined) return [];
		const [a, b] = [words(wanted), words(found[field])];
		return a === b ? [] : [{ field, wanted: a, found: b }];
	});
}

/** Lists are compared as sets: an order of names says nothing. */
function words(value: string | readonly string[]): string {
	if (typeof value === "string") return value;
	return value.length === 0 ? "nobody" : value.toSorted().join(", ");
}
