import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { type BadCase, sampleFiles } from "./sample-files.ts";

const CASES: readonly BadCase[] = [
	{
		name: "a private destination without its port",
		file: "bellwether.yaml",
		write: [["  smtp:", "  egress: { allow: [10.0.0.0/8, '127.0.0.1:9000'] }\n  smtp:"]],
		says: [
			'bellwether.yaml:5:21 error spec.egress.allow.0 "10.0.0.0/8" is not host:port.\n  Write the host and its port, such as 127.0.0.1:9000 or [fd00::1]:8443.',
		],
	},
	{
		name: "a tenant without match",
		file: "tenants/woodgrove.yaml",
		write: [["  match:\n    tenant.id: [3f2a, 9c1e]\n    host.domain: woodgrove.example", "  match: {}"]],
		says: [
			"tenants/woodgrove.yaml:6:10 error spec.match is empty, so no telemetry belongs to woodgrove.\n  Write an attribute and its values, such as tenant.id: [3f2a9c1e].",
		],
	},
	{
		name: "a value that two tenants claim",
		file: "tenants/second.yaml",
		write:
			"apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: tailspin }\nspec:\n  match: { tenant.id: [77aa, 9c1e] }\n",
		says: [
			'tenants/second.yaml:5:30 error spec.match["tenant.id"] "9c1e" already belongs to woodgrove (tenants/woodgrove.yaml:7).\n  Remove it from one of the two, or end it there with until.',
			'tenants/woodgrove.yaml:7:23 error spec.match["tenant.id"] "9c1e" already belongs to tailspin (tenants/second.yaml:5).\n  Remove it from one of the two, or end it there with until.',
		],
	},
	{
		name: "an id that loses its zeros as a number",
		file: "tenants/woodgrove.yaml",
		write: [["3f2a", "007"]],
		says: [
			'tenants/woodgrove.yaml:7:17 error spec.match["tenant.id"].0 007 would be read as the number 7.\n  Write it in quotes: "007".',
		],
	},
	{
		name: "an unknown tier",
		file: "tenants/woodgrove.yaml",
		write: [["tier: mcs", "tier: gold"]],
		says: ['tenants/woodgrove.yaml:5:9 error spec.tier "gold" is not a known Tier.\n  Write mcs.'],
	},
	{
		name: "an unknown workload",
		file: "tenants/woodgrove.yaml",
		write: [["[purview]", "[purvew]"]],
		says: [
			'tenants/woodgrove.yaml:9:15 error spec.workloads.0 "purvew" is not a known Workload.\n  Did you mean "purview"?',
		],
	},
	{
		name: "an empty list of workloads",
		file: "tenants/woodgrove.yaml",
		write: [["[purview]", "[]"]],
		says: ["tenants/woodgrove.yaml:9:14 error spec.workloads is empty.\n  Write at least one entry."],
	},
	{
		name: "an objective for an unknown SLO",
		file: "tenants/woodgrove.yaml",
		write: [["dlp-create: 0.9995", "dlp-creat: 0.9995"]],
		says: [
			'tenants/woodgrove.yaml:12:5 error spec.objectives names the unknown SLO "dlp-creat".\n  Did you mean "dlp-create"?',
		],
	},
	{
		name: "a tenant's objective in percent",
		file: "tenants/woodgrove.yaml",
		write: [["0.9995", "99.95"]],
		says: ["tenants/woodgrove.yaml:12:17 error spec.objectives.dlp-create 99.95 is not below 1.\n  Write 0.9995."],
	},
	{
		name: "a time zone that does not exist",
		file: "tenants/woodgrove.yaml",
		write: [["New_York", "Newark"]],
		says: [
			'tenants/woodgrove.yaml:10:13 error spec.timeZone "America/Newark" is not a time zone.\n  Write an IANA name such as Europe/Paris, America/New_York or UTC.',
		],
	},
	{
		name: "a bad mail address",
		file: "tenants/woodgrove.yaml",
		write: [["j.park@example.com", '"j.park@example.com; x@example.com"']],
		says: [
			'tenants/woodgrove.yaml:14:11 error spec.contacts.csam "j.park@example.com; x@example.com" is not a mail address.\n  Write one address such as j.park@example.com.',
		],
	},
	{
		name: "a mail address with a line break",
		file: "tenants/woodgrove.yaml",
		write: [["j.park@example.com", '"j.park@example.com\\nBcc: v@example.com"']],
		says: [
			'tenants/woodgrove.yaml:14:11 error spec.contacts.csam "j.park@example.com\\u000aBcc: v@example.com" is not a mail address.\n  Write one address such as j.park@example.com.',
		],
	},
	{
		name: "a bad language",
		file: "tenants/woodgrove.yaml",
		write: [["  timeZone", "  language: english!\n  timeZone"]],
		says: [
			'tenants/woodgrove.yaml:10:13 error spec.language "english!" is not a language tag.\n  Write a tag such as en, ja or pt-BR.',
		],
	},
	{
		name: "two settings",
		file: "other.yaml",
		write: "apiVersion: bellwether/v1\nkind: Settings\nspec: {}\n",
		says: ["other.yaml:2:7 error Settings is already at bellwether.yaml:2.\n  Keep one."],
	},
	{
		name: "a lateness out of range",
		file: "bellwether.yaml",
		write: [["  smtp:", "  telemetry: { lateness: 30d }\n  smtp:"]],
		says: [
			'bellwether.yaml:5:26 error spec.telemetry.lateness "30d" is not from 1m to 1d.\n  Write a duration from 1m to 1d.',
		],
	},
	{
		name: "a lead SLO of another workload",
		file: "workloads/purview.yaml",
		write: [["leadSlo: dlp-create", "leadSlo: dlp-crate"]],
		says: [
			'workloads/purview.yaml:6:12 error spec.leadSlo "dlp-crate" is not a known SLO.\n  Did you mean "dlp-create"?',
		],
	},
	{
		name: "two accountable parties",
		file: "workloads/purview.yaml",
		write: [["  leadSlo", "  raci: { mitigate: { cre: A, engineering: RA } }\n  leadSlo"]],
		says: [
			"workloads/purview.yaml:6:11 error spec.raci.mitigate has 2 accountable parties (cre, engineering).\n  Give exactly one party an A (or RA).",
		],
	},
	{
		name: "nobody accountable",
		file: "workloads/purview.yaml",
		write: [["  leadSlo", "  raci: { mitigate: { cre: R } }\n  leadSlo"]],
		says: [
			"workloads/purview.yaml:6:11 error spec.raci.mitigate has no accountable party.\n  Give exactly one party an A (or RA).",
		],
	},
	{
		name: "a monitor of an unknown SLO",
		file: "monitors/burn-rate.yaml",
		write: [["  mode: live", "  mode: live\n  slos: [dlp-create, dlp-delete]"]],
		says: ['monitors/burn-rate.yaml:7:22 error spec.slos.1 "dlp-delete" is not a known SLO.\n  Write dlp-create.'],
	},
	{
		name: "a severity that does not exist",
		file: "monitors/burn-rate.yaml",
		write: [['"2.5"', '"2.7"']],
		says: [
			'monitors/burn-rate.yaml:5:13 error spec.severity "2.7" is not a severity.\n  Write one of 1, 2, 2.5, 3, 4.',
		],
	},
	{
		name: "an evidence that is no probability",
		file: "monitors/burn-rate.yaml",
		write: [["  mode: live", "  evidenceP: 2"]],
		says: [
			"monitors/burn-rate.yaml:6:14 error spec.evidenceP 2 is not a probability between 0 and 1.\n  Write a small number such as 0.0001.",
		],
	},
	{
		name: "two monitors of everything",
		file: "monitors/second.yaml",
		write: "apiVersion: bellwether/v1\nkind: Monitor\nmetadata: { name: second }\nspec: {}\n",
		says: [
			'monitors/second.yaml:3:19 error Monitor "second" watches every SLO, as "burn-rate" does.\n  Name its SLOs, or write mode: shadow.',
		],
	},
	{
		name: "an unknown channel",
		file: "oncall/cre.yaml",
		write: [["channel: pager", "channel: pagr"]],
		says: [
			'oncall/cre.yaml:6:16 error spec.contacts.0.channel "pagr" is not a known Channel.\n  Did you mean "pager"?',
		],
	},
	{
		name: "a webhook without a secret",
		file: "notify/channels.yaml",
		write: [[`, secret: "\${env:PAGER_SECRET}"`, ""]],
		says: [
			`notify/channels.yaml:4:1 error Webhook "pager" has no secret to sign with, so no page could leave by it.\n  Write secret: \${env:NAME}.`,
		],
	},
	{
		name: "an address that is no URL",
		file: "oncall/cre.yaml",
		write: [["https://pager.example.com/ada", "ada"]],
		says: [
			"oncall/cre.yaml:7:16 error spec.contacts.0.address is not a web address.\n  Write https://host/path, without user name or password.",
		],
	},
	{
		name: "an unknown person in a schedule",
		file: "oncall/cre.yaml",
		write: [["people: [ada]", "people: [eda]"]],
		says: ['oncall/cre.yaml:15:12 error spec.people.0 "eda" is not a known Person.\n  Did you mean "ada"?'],
	},
	{
		name: "an unknown schedule",
		file: "oncall/cre.yaml",
		write: [["{ schedule: cre }", "{ schedule: cra }"]],
		says: [
			'oncall/cre.yaml:22:27 error spec.steps.0.notify.schedule "cra" is not a known Schedule.\n  Did you mean "cre"?',
		],
	},
	{
		name: "a step that names nobody",
		file: "oncall/cre.yaml",
		write: [["{ schedule: cre }", "{}"]],
		says: [
			"oncall/cre.yaml:22:7 error spec.steps.0.notify names nobody.\n  Write either schedule: NAME or person: NAME; a second target is a step of its own.",
		],
	},
	{
		name: "steps out of order",
		file: "oncall/cre.yaml",
		write: [["- notify: { schedule: cre }", "- after: 20m\n      notify: { schedule: cre }"]],
		says: [
			'oncall/cre.yaml:22:14 warning Nobody is paged at once: the first step of "default" waits 20m.\n  Write after: 0m on the first step.',
			'oncall/cre.yaml:24:14 error spec.steps.1.after "15m" is earlier than the step before.\n  Put the steps in the order of time.',
		],
	},
	{
		name: "a date that does not exist",
		file: "oncall/cre.yaml",
		write: [["2026-01-05", "2026-02-30"]],
		says: [
			'oncall/cre.yaml:14:13 error spec.startsAt "2026-02-30T09:00" is not a time that exists.\n  Write a date of the calendar, such as 2026-01-05T09:00.',
		],
	},
	{
		name: "a duration without unit",
		file: "oncall/cre.yaml",
		write: [["after: 15m", "after: 15"]],
		says: [
			"oncall/cre.yaml:23:14 error spec.steps.1.after 15 is not a duration.\n  Write a count and a unit, such as 90s, 5m, 3h, 28d or 4w.",
		],
	},
];

describe("A tenant, workload, monitor or on-call document that is wrong", () => {
	test.each(CASES)("$name", ({ file, write, says }) => {
		const reading = parseCatalogue(sampleFiles(file, write));
		expect(reading.findings.map(formatFinding)).toEqual(says);
		expect(reading.catalogue).toBeUndefined();
	});
});
