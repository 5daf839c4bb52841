import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

/** What stands in routing/r.yaml beside the sample: one tenant woodgrove of tier mcs, one workload purview, one SLO dlp-create. */
function findings(...documents: string[]): string[] {
	const text = documents.map((each) => `apiVersion: bellwether/v1\n${each}`).join("---\n");
	const files = [...sampleFiles(), { path: "routing/r.yaml", text }];
	return parseCatalogue(files)
		.findings.map(formatFinding)
		.filter((line) => line.startsWith("routing/"))
		.map((line) => line.replace(/^routing\/r\.yaml:/, ""));
}

const route = (spec: string) => `kind: Route\nmetadata: { name: default }\nspec:\n${spec}`;
const inhibition = (source: string, target: string, equal = "") =>
	`kind: Inhibition\nmetadata: { name: i }\nspec:\n  source: ${source}\n  target: ${target}\n${equal}`;
const interval = (part: string) =>
	`kind: TimeInterval\nmetadata: { name: t }\nspec:\n  intervals: [${part}]\n---\napiVersion: bellwether/v1\nkind: Maintenance\nmetadata: { name: m }\nspec: { workloads: [purview], during: [t], owner: x, text: y }\n`;
const maintenance = (spec: string) => `kind: Maintenance\nmetadata: { name: m }\nspec: { owner: x, text: y${spec} }\n`;
const ownership = (raci: string, more = "") =>
	`kind: Ownership\nmetadata: { name: o }\nspec:\n  workload: purview\n${more}  raci: ${raci}\n`;

const FULL =
	"{ define: { CRE: RA }, augment: { CRE: RA }, detect: { CRE: RA }, open: { CRE: RA }, respond: { CRE: RA }, engage: { CRE: RA }, learn: { CRE: RA } }";

describe("a rule that can have no effect is told, with its place and what to do", () => {
	test.each<[string, string[], RegExp]>([
		[
			"a match at the root",
			[route('  match: tenant="woodgrove"\n')],
			/^5:3 error spec\.match cannot stand at the root/,
		],
		[
			"a value that is not there",
			[route('  routes:\n    - match: tenant="woodgrov"\n')],
			/^6:14 error spec\.routes\.0\.match tenant="woodgrov" matches nothing that is in the catalogue\.\n {2}Did you mean "woodgrove"\?/,
		],
		[
			"a label that is not there",
			[route('  routes:\n    - match: tennant="woodgrove"\n')],
			/error spec\.routes\.0\.match uses the label "tennant", which no incident has\.\n {2}Did you mean "tenant"\?/,
		],
		[
			"what is no matcher",
			[route("  routes:\n    - match: tenant is woodgrove\n")],
			/error spec\.routes\.0\.match "tenant is woodgrove" cannot be read from/,
		],
		[
			"matchers that exclude each other",
			[route('  routes:\n    - match: tenant="woodgrove", scope="platform"\n')],
			/error spec\.routes\.0 can match no incident of this catalogue\./,
		],
		[
			"a route behind one that takes all of its incidents",
			[
				route(
					'  routes:\n    - { name: a, match: tenant="woodgrove" }\n    - { name: b, match: "tenant=\\"woodgrove\\", severity=\\"2\\"" }\n',
				),
			],
			/^7:\d+ error spec\.routes\.1 is never reached: route "default\/a" takes all of its incidents\./,
		],
		[
			"a route behind several that take all of its incidents together",
			[
				route(
					'  routes:\n    - match: severity=~"1|2"\n    - match: severity!~"1|2"\n    - match: tenant="woodgrove"\n',
				),
			],
			/error spec\.routes\.2 is never reached: the routes before it together take all of its incidents\./,
		],
		[
			"a route that neither pages nor tells",
			[route('  routes:\n    - { match: tenant="woodgrove", page: false }\n')],
			/error spec\.routes\.0 pages nobody and tells nobody, so its incidents would be lost in silence\./,
		],
		[
			"a repeat of what nobody is told",
			[route("  repeatInterval: 1h\n")],
			/^5:3 error spec\.repeatInterval has no effect: the route tells nobody/,
		],
		[
			"an escalation beside an owner",
			[route('  routes: [{ match: tenant="woodgrove", escalation: default, pageOwnerOf: respond }]\n')],
			/error spec\.routes\.0 names an escalation and pageOwnerOf/,
		],
		[
			"a policy that is not there",
			[route("  escalation: nobody\n")],
			/^5:15 error spec\.escalation "nobody" is not a known/,
		],
		[
			"a wait beyond the promise",
			[route("  groupWait: 45s\n")],
			/^5:14 warning spec\.groupWait "45s" lets the first page wait longer than 30s/,
		],
		[
			"a second Route",
			[route("  groupWait: 5s\n"), route("  groupWait: 5s\n").replace("default", "other")],
			/error There is a Route already at routing\/r\.yaml:3/,
		],
		[
			"an interval that is not there",
			[route('  routes: [{ match: tenant="woodgrove", muteIntervals: [night] }]\n')],
			/error spec\.routes\.0\.muteIntervals\.0 "night" is not a known TimeInterval/,
		],
		[
			"a channel that is not there",
			[route("  tell: [{ channel: teams, address: x }]\n")],
			/error spec\.tell\.0\.channel "teams" is not a known Channel/,
		],
		[
			"whom nobody can tell",
			[route("  tell: [{ channel: mail }]\n")],
			/error spec\.tell\.0 does not say whom channel "mail" reaches/,
		],
		[
			"a label to group by that is not there",
			[route("  groupBy: [tenant, ring]\n")],
			/error spec\.groupBy\.1 "ring" is a label that no incident has/,
		],
		[
			"an owner who is in no register",
			[route("  pageOwnerOf: respond\n")],
			/^5:16 warning spec\.pageOwnerOf respond finds nobody who can be paged for purview/,
		],
		[
			"an inhibition that inhibits itself",
			[inhibition('severity="2"', 'severity="2"')],
			/^4:1 error "i" has no effect: .*nothing inhibits itself/,
		],
		[
			"an inhibition whose sides can never be equal",
			[inhibition('severity="2"', 'severity="3"', "  equal: [severity]\n")],
			/error spec\.equal\.0 "severity" can never be equal on both sides of "i"/,
		],
		[
			"two that inhibit each other",
			[
				inhibition('severity="2"', 'severity="3"'),
				inhibition('severity="3"', 'severity="2"').replace("name: i", "name: j"),
			],
			/warning "j" and "i" \(routing\/r\.yaml:3\) can inhibit each other; then the incident that opened first pages/,
		],
		[
			"a day that no month has",
			[interval('{ daysOfMonth: ["31"], months: [april] }')],
			/error spec\.intervals\.0 of "t" never is\./,
		],
		[
			"a time that ends before it begins",
			[interval('{ times: [{ startTime: "22:00", endTime: "06:00" }] }')],
			/so it never is\.\n {2}Over midnight write two/,
		],
		[
			"an interval that always is",
			[interval('{ times: [{ startTime: "00:00", endTime: "24:00" }] }')],
			/error spec\.intervals\.0 of "t" always is/,
		],
		[
			"a week that goes round its end",
			[interval("{ weekdays: [friday:monday] }")],
			/error spec\.intervals\.0\.weekdays\.0 "friday:monday" ends before it begins/,
		],
		[
			"the 0th day",
			[interval('{ daysOfMonth: ["0"] }')],
			/error spec\.intervals\.0\.daysOfMonth\.0 "0" is no range of this field/,
		],
		[
			"a month that is none",
			[interval("{ months: [smarch] }")],
			/error spec\.intervals\.0\.months\.0 "smarch" is no range/,
		],
		[
			"a zone that is none",
			[interval("{ months: [may], location: Mars/Olympus }")],
			/error spec\.intervals\.0\.location "Mars\/Olympus" is not a time zone/,
		],
		[
			"maintenance of everything",
			[maintenance(", windows: [{ from: 2027-01-01, until: 2027-01-02 }]")],
			/error "m" names neither tenants nor workloads, so it would hold every page back/,
		],
		["maintenance that is never", [maintenance(", tenants: [woodgrove]")], /error "m" says nowhere when it is/],
		[
			"a window that ends before it begins",
			[maintenance(", tenants: [woodgrove], windows: [{ from: 2027-01-02, until: 2027-01-01 }]")],
			/error spec\.windows\.0 ends before it begins, so it never is/,
		],
		[
			"a window of a month",
			[maintenance(", tenants: [woodgrove], windows: [{ from: 2027-01-01, until: 2027-02-01 }]")],
			/error spec\.windows\.0 is longer than 14d/,
		],
		[
			"two who are accountable",
			[ownership(FULL.replace("respond: { CRE: RA }", "respond: { CRE: RA, CARE: A }"))],
			/error spec\.raci\.respond has 2 accountable parties \(CARE, CRE\)/,
		],
		[
			"nobody who is accountable",
			[ownership(FULL.replace("learn: { CRE: RA }", "learn: { CRE: R }"))],
			/error spec\.raci\.learn has no accountable party/,
		],
		[
			"a step that is left open",
			[ownership("{ respond: { CRE: RA } }")],
			/warning "o" says of nobody who is accountable for step learn/,
		],
		[
			"a party that cannot be paged",
			[ownership(FULL)],
			/warning spec\.raci\.respond gives a part to CRE, who cannot be paged\.\n {2}Write spec\.parties\.CRE\.escalation\./,
		],
		[
			"two registers of one workload",
			[ownership(FULL), ownership(FULL).replace("name: o", "name: p")],
			/error Workload "purview" already has an owner at routing\/r\.yaml:5/,
		],
	])("%s", (_, documents, says) => {
		const told = findings(...documents);
		expect(told.filter((line) => says.test(line)).length, told.join("\n")).toBe(1);
	});
});

test("what is right is taken without a word, wherever it stands and in whatever order the files come", () => {
	const documents = [
		route(
			'  groupBy: [tenant]\n  routes:\n    - { name: gold, match: tier="mcs", continue: true, tell: [{ channel: phone-panel }] }\n    - { match: severity=~"1|2", pageOwnerOf: respond, activeIntervals: [t] }\n',
		),
		inhibition('severity="2"', 'severity=~"3|4"', "  equal: [tenant]\n"),
		interval('{ times: [{ startTime: "09:00", endTime: "24:00" }], weekdays: [monday:friday], daysOfMonth: ["1:-2"] }'),
		ownership(FULL, "  parties: { CRE: { escalation: default } }\n"),
	];
	expect(findings(...documents)).toEqual([]);
	const parse = (list: readonly string[]) =>
		parseCatalogue([
			...sampleFiles(),
			...list.map((text, k) => ({ path: `routing/${k}.yaml`, text: `apiVersion: bellwether/v1\n${text}` })),
		]).catalogue;
	expect(parse(documents)?.hash).toBe(parse(documents.toReversed())?.hash);
	expect(parse(documents)?.routing?.root?.routes.map((each) => each.name)).toEqual(["default/gold", "default/2"]);
});
