// biome-ignore-all lint/suspicious/noTemplateCurlyInString: secrets are written so in a catalogue
import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { type BadCase, sampleFiles } from "./sample-files.ts";

const CASES: readonly BadCase[] = [
	{
		name: "a field nobody knows is an error",
		file: "slos/dlp-create.yaml",
		write: [["  service:", "  sevice: purview\n  service:"]],
		says: ['slos/dlp-create.yaml:8:3 error spec.sevice is unknown.\n  Did you mean "service"?'],
	},
	{
		name: "a required field that is missing is told at its parent",
		file: "slos/dlp-create.yaml",
		write: [["  service: purview\n", ""]],
		says: [
			"slos/dlp-create.yaml:8:3 error spec.service is missing.\n  Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
		],
	},
	{
		name: "a list where a text belongs",
		file: "slos/dlp-create.yaml",
		write: [["service: purview", "service: [purview]"]],
		says: [
			"slos/dlp-create.yaml:8:12 error spec.service (a list) is not a name.\n  Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
		],
	},
	{
		name: "a broken bracket",
		file: "slos/dlp-create.yaml",
		write: [["{ metricSource: { spec: { metric: dlp.create } } }", "{ metricSource: { spec: { metric: dlp.create } }"]],
		says: [
			"slos/dlp-create.yaml:14:3 error YAML: Flow map in block collection must be sufficiently indented and end with a }.\n  Line the entry up with its siblings.",
		],
	},
	{
		name: "a tab as indentation",
		file: "workloads/purview.yaml",
		write: [["  owner", "\towner"]],
		says: ["workloads/purview.yaml:5:1 error YAML: Tabs are not allowed as indentation.\n  Indent with spaces."],
	},
	{
		name: "an entry that stands beside its siblings, told once although it disturbs what follows",
		file: "workloads/purview.yaml",
		write: "apiVersion: bellwether/v1\nkind: Workload\nmetadata:\n  name: purview\n spec: {}\n owner: x\n",
		says: [
			"workloads/purview.yaml:5:1 error YAML: All mapping items must start at the same column.\n  Line the entry up with its siblings.",
		],
	},
	{
		name: "a second document without its separator",
		file: "workloads/purview.yaml",
		write:
			"apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: purview }\nspec: {}\napiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: intune }\nspec: {}\n",
		says: [
			"workloads/purview.yaml:5:1 error apiVersion is written twice.\n  Write --- on a line above it to begin another document.",
		],
	},
	{
		name: "a key written twice",
		file: "workloads/purview.yaml",
		write: [["  leadSlo", "  owner: x\n  leadSlo"]],
		says: ["workloads/purview.yaml:6:3 error spec.owner is written twice.\n  Remove one of the two."],
	},
	{
		name: "__proto__ as a key",
		file: "tenants/woodgrove.yaml",
		write: [["    host.domain", "    __proto__: x\n    host.domain"]],
		says: ["tenants/woodgrove.yaml:8:5 error spec.match.__proto__ is not allowed as a key.\n  Remove it."],
	},
	{
		name: "a merge key",
		file: "tenants/woodgrove.yaml",
		write: [["    host.domain", "    <<: x\n    host.domain"]],
		says: [
			'tenants/woodgrove.yaml:8:5 error spec.match["<<"] is not allowed as a key.\n  Write the fields out; merge keys are not read.',
		],
	},
	{
		name: "a custom tag",
		file: "workloads/purview.yaml",
		write: [["Purview team", "!!js/function x"]],
		says: ["workloads/purview.yaml:5:10 error YAML: Unresolved tag.\n  Remove the tag; plain values are enough."],
	},
	{
		name: "an alias without anchor",
		file: "workloads/purview.yaml",
		write: [["Purview team", "*team"]],
		says: [
			"workloads/purview.yaml:5:10 error spec.owner is an alias of nothing.\n  Write the anchor before the alias, or the value itself.",
		],
	},
	{
		name: "a name with capital letters",
		file: "workloads/purview.yaml",
		write: [["name: purview", "name: Purview"]],
		says: [
			'workloads/purview.yaml:3:19 error metadata.name "Purview" is not a name.\n  Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.',
		],
	},
	{
		name: "a name that every object has",
		file: "workloads/purview.yaml",
		write: [["name: purview", "name: constructor"]],
		says: [
			'slos/dlp-create.yaml:8:12 error spec.service "purview" is not a known Workload.\n  Write a document of kind Workload with this name.',
			'tenants/woodgrove.yaml:9:15 error spec.workloads.0 "purview" is not a known Workload.\n  Write a document of kind Workload with this name.',
			'workloads/purview.yaml:3:19 error metadata.name "constructor" is not a name.\n  Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.',
		],
	},
	{
		name: "a tenant of a name that exists",
		file: "tenants/second.yaml",
		write:
			"apiVersion: bellwether/v1\nkind: KeyTenantList\nspec:\n  tenants:\n    - name: woodgrove\n      match: { tenant.id: 77aa }\n",
		says: [
			'tenants/second.yaml:5:13 error KeyTenant "woodgrove" is already at tenants/woodgrove.yaml:3.\n  Give one of the two another name, or remove it.',
		],
	},
	{
		name: "a secret written out",
		file: "bellwether.yaml",
		write: [["${env:SMTP_PASSWORD}", "hunter2"]],
		says: [
			"bellwether.yaml:8:15 error spec.smtp.password is not a reference to a secret.\n  Write ${env:NAME} or ${file:/path}. If a secret stood here, change it: files are copied.",
		],
	},
	{
		name: "a secret that is a number",
		file: "bellwether.yaml",
		write: [["${env:SMTP_PASSWORD}", "12345"]],
		says: [
			"bellwether.yaml:8:15 error spec.smtp.password is not a reference to a secret.\n  Write ${env:NAME} or ${file:/path}. If a secret stood here, change it: files are copied.",
		],
	},
	{
		name: "a user without password",
		file: "bellwether.yaml",
		write: [["    password: ${env:SMTP_PASSWORD}", "    user: cre"]],
		says: [
			"bellwether.yaml:8:11 error spec.smtp.user has no password beside it.\n  Write password: ${env:NAME}, or remove user.",
		],
	},
	{
		name: "an empty text",
		file: "workloads/purview.yaml",
		write: [["Purview team", '""']],
		says: [
			'workloads/purview.yaml:5:10 error spec.owner "" is not a text of 1 to 200 printable characters.\n  Write one line of text; quote it when it contains : or #.',
		],
	},
	{
		name: "an address with a password in it",
		file: "bellwether.yaml",
		write: [["  smtp:", "  publicUrl: https://u:p@example.com\n  smtp:"]],
		says: [
			"bellwether.yaml:5:14 error spec.publicUrl is not a web address.\n  Write https://host/path, without user name, password or #.",
		],
	},
	{
		name: "an unknown kind",
		file: "notify/channels.yaml",
		write: [["kind: Channel", "kind: Chanel"]],
		says: ['notify/channels.yaml:2:7 error kind "Chanel" is unknown.\n  Did you mean "Channel"?'],
	},
	{
		name: "a kind of which a word is left out",
		file: "notify/channels.yaml",
		write: [["kind: Channel", "kind: Tenant"]],
		says: ['notify/channels.yaml:2:7 error kind "Tenant" is unknown.\n  Did you mean "KeyTenant"?'],
	},
	{
		name: "an unknown apiVersion",
		file: "notify/channels.yaml",
		write: [["bellwether/v1", "bellwether/v2"]],
		says: ['notify/channels.yaml:1:13 error apiVersion "bellwether/v2" is unknown.\n  Did you mean "bellwether/v1"?'],
	},
	{
		name: "a kind of the other version",
		file: "notify/channels.yaml",
		write: [["bellwether/v1", "openslo/v1"]],
		says: [
			'notify/channels.yaml:1:13 error kind "Channel" does not belong to openslo/v1.\n  Write apiVersion: bellwether/v1.',
		],
	},
	{
		name: "a document without kind",
		file: "notify/channels.yaml",
		write: [["kind: Channel\n", ""]],
		says: [
			"notify/channels.yaml:1:1 error kind is missing.\n  Write kind: Settings, Tier, KeyTenant, KeyTenantList, Cohort, Workload, Monitor, Person, Schedule, Team, EscalationPolicy, Route, Inhibition, TimeInterval, Maintenance, Ownership, Channel, Source, Feed, Runbook, Integration or AgentPolicy.",
		],
	},
	{
		name: "a document that is a list",
		file: "notify/channels.yaml",
		write: "- a\n- b\n",
		says: [
			"notify/channels.yaml:1:1 error The document (a list) is not an object.\n  Begin with apiVersion and kind.",
			'oncall/cre.yaml:6:16 error spec.contacts.0.channel "pager" is not a known Channel.\n  Write mail or phone-panel.',
		],
	},
	{
		name: "a name that exists",
		file: "notify/more.yaml",
		write: "apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: pager }\nspec: { kind: phone-panel }\n",
		says: [
			'notify/more.yaml:3:19 error Channel "pager" is already at notify/channels.yaml:3.\n  Give one of the two another name, or remove it.',
		],
	},
	{
		name: "a built-in channel of another kind",
		file: "notify/more.yaml",
		write:
			'apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: mail }\nspec: { kind: webhook, secret: "${env:X}" }\n',
		says: [
			'notify/more.yaml:4:15 error Channel "mail" is built in and of kind mail.\n  Give your channel another name.',
		],
	},
	{
		name: "anchors that multiply",
		file: "x.yaml",
		write:
			"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		says: [
			"x.yaml:1:1 error The document has more than 100000 values once its anchors are written out.\n  Use fewer aliases.",
		],
	},
	{
		name: "an anchor that contains itself",
		file: "x.yaml",
		write: "a: &a [*a]\n",
		says: ["x.yaml:1:8 error a.0 contains itself.\n  Write the value out instead of an alias."],
	},
	{
		name: "a template without subject",
		file: "notify/templates/breach.customer.fr.liquid",
		write: "Bonjour\n",
		says: [
			"notify/templates/breach.customer.fr.liquid:1:1 error The first line is not a subject.\n  Begin with Subject: and what the notice is about, then an empty line.",
		],
	},
	{
		name: "a fact that customers must not read",
		file: "notify/templates/breach.customer.fr.liquid",
		write: [["{{ since }}", "{{ burn }}"]],
		says: [
			'notify/templates/breach.customer.fr.liquid:3:67 error The customer\'s notice has no fact "burn".\n  Write organisation, tenant, workload, impact, since, state or nextUpdate.',
		],
	},
	{
		name: "a template that is no Liquid",
		file: "notify/templates/breach.customer.fr.liquid",
		write: [["{{ since }}", "{% if %}"]],
		says: [
			'notify/templates/breach.customer.fr.liquid:3:69 error Liquid: invalid value expression: "".\n  Correct the tag; {{ name }} prints a fact, {% if name %} … {% endif %} asks for one.',
		],
	},
	{
		name: "a template that reads files",
		file: "notify/templates/breach.customer.fr.liquid",
		write: [["{{ since }}", "{% include 'x' %}"]],
		says: [
			'notify/templates/breach.customer.fr.liquid:3:64 error The tag "include" reads other files.\n  Write the text out.',
		],
	},
	{
		name: "an unknown filter",
		file: "notify/templates/breach.customer.fr.liquid",
		write: [["{{ since }}", "{{ since | exec }}"]],
		says: [
			"notify/templates/breach.customer.fr.liquid:3:64 error Liquid: undefined filter: exec.\n  Correct the tag; {{ name }} prints a fact, {% if name %} … {% endif %} asks for one.",
		],
	},
	{
		name: "a template for nobody",
		file: "notify/templates/breach.boss.en.liquid",
		write: "Subject: x\n\nx\n",
		says: [
			'notify/templates/breach.boss.en.liquid:1:1 error The audience "boss" in the file name is unknown.\n  Write customer, support or csam.',
		],
	},
];

describe("A document or template that is wrong in itself", () => {
	test.each(CASES)("$name", ({ file, write, says }) => {
		const reading = parseCatalogue(sampleFiles(file, write));
		expect(reading.findings.map(formatFinding)).toEqual(says);
		expect(reading.catalogue).toBeUndefined();
	});
});
