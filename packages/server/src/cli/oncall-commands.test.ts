import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "#catalogue";
import { withCoverage } from "./coverage-check.ts";
import { runImportIcal } from "./import-ical-command.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const PEOPLE =
	"apiVersion: bellwether/v1\nkind: Person\nmetadata: { name: ada }\nspec: { contacts: [{ channel: phone-panel }] }\n";
const files = (more: Record<string, string>) =>
	Object.entries({ "oncall/people.yaml": PEOPLE, ...more }).map(([path, text]) => ({ path, text }));
const schedule = (spec: string) =>
	`apiVersion: bellwether/v1\nkind: Schedule\nmetadata: { name: desk }\nspec:\n  coverage: 24x7\n  timeZone: Europe/London\n${spec}`;

describe("validate, where a schedule promises 24x7,", () => {
	const check = (spec: string) => {
		const reading = parseCatalogue(files({ "oncall/desk.yaml": schedule(spec) }));
		const checked = withCoverage(reading, reading.catalogue, NOW);
		return {
			isValid: checked.catalogue !== undefined,
			told: checked.findings.map(formatFinding).filter((line) => line.includes("24x7")),
		};
	};
	const day =
		"    - { name: day, times: [{ from: 08:00, to: 20:00 }], rotation: { every: day, startsAt: 2026-01-05, people: [ada] } }\n";

	test("refuses a gap, with its place, the first one in local time, and how many there are", () => {
		expect(check(`  layers:\n${day}`)).toEqual({
			isValid: false,
			told: [
				'oncall/desk.yaml:3:1 error Schedule "desk" promises 24x7, and nobody is primary from 2026-11-23 20:00 Europe/London to 2026-11-24 08:00 Europe/London, and 363 times more within a year.\n  Add a layer with priority 0 that always has somebody, or write coverage: none.',
			],
		});
	});

	test("is content where a layer has the rest", () => {
		const rest = "    - { name: rest, rotation: { every: week, startsAt: 2026-01-05, people: [ada] } }\n";
		expect(check(`  layers:\n${day}${rest}`)).toEqual({ isValid: true, told: [] });
		expect(check("  startsAt: 2026-01-05\n  people: [ada]\n")).toEqual({ isValid: true, told: [] });
	});

	test("warns where people are in a calendar", () => {
		const { isValid, told } = check("  layers:\n    - { name: team, calendar: { url: https://c.example/a.ics } }\n");
		expect([isValid, told.length]).toEqual([true, 1]);
		expect(told[0]).toContain("warning");
	});
});

describe("import ical", () => {
	let dir: string;
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), "bellwether-ical-"));
		writeFileSync(join(dir, "people.yaml"), PEOPLE);
	});
	afterEach(() => rmSync(dir, { recursive: true }));

	const event = (title: string, uid: string) =>
		`BEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:${title}\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T170000Z\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\nEND:VEVENT\r\n`;
	async function run(...titles: string[]) {
		const source = join(dir, "vendor.ics");
		writeFileSync(
			source,
			`BEGIN:VCALENDAR\r\n${titles.map((title, k) => event(title, `u${k}`)).join("")}END:VCALENDAR\r\n`,
		);
		let said = "";
		const outFile = join(dir, "vendor.yaml");
		const code = await runImportIcal({
			source,
			catalogueDir: dir,
			schedule: "vendor",
			timeZone: "UTC",
			isOverride: false,
			days: 365,
			outFile,
			now: NOW,
			json: false,
			colour: false,
			out: (text) => {
				said += text;
			},
		});
		return { code, said, outFile };
	}

	test("writes recurrences as single shifts that the catalogue takes, one layer per priority", async () => {
		const { code, outFile } = await run("ada", "[L3] Ada");
		expect(code).toBe(0);
		const { catalogue } = parseCatalogue(files({ "oncall/v.yaml": readFileSync(outFile, "utf8") }));
		const layers = catalogue?.schedules.find(({ name }) => name === "vendor")?.layers;
		expect(
			layers?.map(({ name, priority, turns }) => [name, priority, "shifts" in turns && turns.shifts.length]),
		).toEqual([
			["calendar-l0", 0, 2],
			["calendar-l3", 3, 2],
		]);
	});

	test("names titles that name nobody, and writes nothing when none names somebody", async () => {
		const some = await run("ada", "Team lunch");
		expect([some.code, some.said]).toEqual([1, expect.stringContaining('The title "Team lunch" names nobody.')]);
		rmSync(some.outFile);
		const none = await run("Team lunch");
		expect([none.code, none.said]).toEqual([1, expect.stringContaining("No event to come names a person")]);
	});
});
