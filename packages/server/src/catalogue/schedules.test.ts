import { describe, expect, test } from "vitest";
import { formatFinding, OVERRIDE_PRIORITY, parseCatalogue } from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

function parse(spec: string) {
	const text = `apiVersion: bellwether/v1\nkind: Schedule\nmetadata: { name: layered }\nspec:\n${spec}`;
	return parseCatalogue(
		Object.entries({ ...SAMPLE, "oncall/a.yaml": text }).map(([path, each]) => ({ path, text: each })),
	);
}

const layered = (layer: string) => parse(`  timeZone: Europe/London\n  layers:\n    - name: base\n${layer}`);
const errors = (layer: string) =>
	layered(layer)
		.findings.filter((finding) => finding.level === "error")
		.map((finding) => formatFinding(finding).replace(/^oncall\/a\.yaml:\d+:\d+ error /, ""));
const rotation = (more: string) => `      rotation: { startsAt: 2026-01-05T09:00, people: [ada], ${more} }\n`;

test("a layer says its role, priority, zone, times and turns", () => {
	const { catalogue, findings } = layered(`      role: secondary
      priority: 7
      timeZone: Asia/Tokyo
      times: [{ days: [sat, mon], from: 22:00, to: 06:00 }, {}]
      rotation: { every: week, interval: 2, startsAt: 2026-01-05T09:00, until: 2027-01-04, days: [thu, mon], people: [ada, [ada]] }
`);
	expect(findings.filter(({ level }) => level === "error")).toEqual([]);
	expect(catalogue?.schedules.find(({ name }) => name === "layered")).toMatchObject({
		people: ["ada"],
		layers: [
			{
				name: "base",
				role: "secondary",
				priority: 7,
				timeZone: "Asia/Tokyo",
				times: [
					{ days: ["mon", "sat"], fromMinute: 1_320, toMinute: 360 },
					{ days: [], fromMinute: 0, toMinute: 1_440 },
				],
				turns: {
					kind: "rotation",
					every: "week",
					interval: 2,
					startsAt: "2026-01-05T09:00:00",
					until: "2027-01-04T00:00:00",
					days: ["mon", "thu"],
					people: [["ada"], ["ada"]],
				},
			},
		],
	});
});

test("single shifts and calendars; an override wins over every priority", () => {
	const shifts = `      override: true
      shifts: [{ from: 2026-12-24T09:00, to: 2026-12-25T09:00, people: [ada] }]
    - name: team
      calendar: { url: "\${env:CALENDAR}", every: 5m }
`;
	expect(layered(shifts).catalogue?.schedules.find(({ name }) => name === "layered")?.layers).toMatchObject([
		{
			priority: OVERRIDE_PRIORITY,
			turns: { kind: "shifts", shifts: [{ from: Date.UTC(2026, 11, 24, 9), to: Date.UTC(2026, 11, 25, 9) }] },
		},
		// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
		{ turns: { kind: "calendar", urlRef: "${env:CALENDAR}", everyMs: 300_000 } },
	]);
});

test("the short form goes on working", () => {
	const short = "  timeZone: Europe/London\n  startsAt: 2026-01-05T09:00\n  people: [ada]\n";
	expect(parse(short).catalogue?.schedules.find(({ name }) => name === "layered")).toEqual({
		name: "layered",
		displayName: "layered",
		timeZone: "Europe/London",
		startsAt: Date.UTC(2026, 0, 5, 9),
		shiftMs: 7 * 86_400_000,
		people: ["ada"],
	});
});

describe("what would have no effect, or another than meant, is refused", () => {
	test.each([
		[
			"a start on a day on which no turn begins",
			rotation("every: week, days: [tue]"),
			'spec.layers.0.rotation.startsAt "2026-01-05T09:00" is a mon, on which no turn begins.',
		],
		[
			"a start on a day of the month on which no turn begins",
			rotation("every: month, monthDays: [1]"),
			'spec.layers.0.rotation.startsAt "2026-01-05T09:00" is day 5 of its month, on which no turn begins.',
		],
		["days by the hour", rotation("every: hour, days: [mon]"), "spec.layers.0.rotation.days is not used every hour."],
		[
			"an interval beside days",
			rotation("every: day, interval: 2, days: [mon]"),
			"spec.layers.0.rotation.interval has no meaning beside days.",
		],
		["an end before the start", rotation("every: day, until: 2026-01-01"), "is not after startsAt."],
		["nobody", "      priority: 1\n", "spec.layers.0 says not who is on call."],
		["somebody unknown", rotation("every: day").replace("[ada]", "[ada, [eda]]"), '"eda" is not a known Person.'],
		[
			"a priority of an override",
			`      override: true\n      priority: 3\n${rotation("every: day")}`,
			"has no effect",
		],
		[
			"a shift that ends first",
			"      shifts: [{ from: 2026-12-24, to: 2026-12-23, people: [ada] }]\n",
			"is not after from.",
		],
	])("%s", (_name, layer, message) => {
		expect(errors(layer)[0]).toContain(message);
	});

	test("an address of a calendar is not repeated when it is wrong", () => {
		const told = errors("      calendar: { url: 'webcal://secret-a1' }\n");
		expect(told[0]).toContain("spec.layers.0.calendar.url is not a web address, nor a reference to a secret.");
		expect(told.join()).not.toContain("secret-a1");
	});

	test("fields of the short form beside layers, and neither", () => {
		const both = parse(
			"  people: [ada]\n  layers: [{ name: a, rotation: { every: day, startsAt: 2026-01-05, people: [ada] } }]\n",
		);
		expect(both.findings.map(formatFinding).join()).toContain("spec.people is not used by a schedule with layers.");
		expect(parse("  timeZone: UTC\n").findings.map(formatFinding).join()).toContain("spec.people is missing.");
	});
});
