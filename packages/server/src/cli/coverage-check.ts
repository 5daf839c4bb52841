import { DAY_MS } from "@bellwether/model";
import type { Catalogue, CatalogueReading, Finding } from "#catalogue";
import { brokenPromises, type Gap } from "#response";

/** A rotation that ends next spring is found this winter. */
const AHEAD_MS = 364 * DAY_MS;

/**
 * The reading with what breaks the promises of its schedules from now on, without what people and calendars change: a
 * gap is an error, for a page that wakes nobody is no page. The server takes such a catalogue all the same, and shows it.
 */
export function withCoverage(
	reading: CatalogueReading,
	catalogue: Catalogue | undefined,
	now: number,
): CatalogueReading {
	if (!catalogue) return reading;
	const findings = brokenPromises(catalogue, now, now + AHEAD_MS).map(({ schedule, gaps }): Finding => {
		const place = placeOf(catalogue, schedule);
		if (gaps === "unknown") {
			const message = `Schedule "${schedule}" promises 24x7, and its people are in a calendar: whether it holds is seen on /oncall only.`;
			return {
				...place,
				level: "warning",
				message,
				remedy: "Add a layer below the calendar that always has somebody.",
			};
		}
		const [first] = gaps as readonly [Gap, ...Gap[]];
		const zone = catalogue.schedules.find((each) => each.name === schedule)?.timeZone ?? "UTC";
		const more = gaps.length > 1 ? `, and ${gaps.length - 1} times more within a year` : "";
		return {
			...place,
			level: "error",
			message: `Schedule "${schedule}" promises 24x7, and nobody is primary from ${words(first.from, zone)} to ${words(first.to, zone)}${more}.`,
			remedy: "Add a layer with priority 0 that always has somebody, or write coverage: none.",
		};
	});
	if (findings.length === 0) return reading;
	const hasErrors = findings.some((finding) => finding.level === "error");
	return { catalogue: hasErrors ? undefined : reading.catalogue, findings: [...reading.findings, ...findings] };
}

function placeOf(catalogue: Catalogue, schedule: string): Pick<Finding, "file" | "line" | "column"> {
	const [file = "oncall", line = "1"] = (catalogue.places?.[`Schedule/${schedule}`] ?? "").split(/:(?=\d+$)/);
	return { file: file === "" ? "oncall" : file, line: Number(line), column: 1 };
}

function words(at: number, timeZone: string): string {
	const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
	return `${format.format(at)} ${timeZone}`;
}
