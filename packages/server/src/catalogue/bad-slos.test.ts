import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { type BadCase, sampleFiles } from "./sample-files.ts";

const CASES: readonly BadCase[] = [
	{
		name: "a misspelt choice gets the nearest one",
		file: "slos/dlp-create.yaml",
		write: [["Occurrences", "Occurences"]],
		says: [
			'slos/dlp-create.yaml:17:20 error spec.budgetingMethod "Occurences" is unknown.\n  Did you mean "Occurrences"?',
		],
	},
	{
		name: "an objective in percent is shown as a ratio",
		file: "slos/dlp-create.yaml",
		write: [["0.995", "99.9"]],
		says: [
			"slos/dlp-create.yaml:19:15 error spec.objectives.0.target 99.9 is not below 1.\n  Write 0.999, or use targetPercent: 99.9.",
		],
	},
	{
		name: "an objective of 1 leaves no budget",
		file: "slos/dlp-create.yaml",
		write: [["0.995", "1"]],
		says: [
			"slos/dlp-create.yaml:19:15 error spec.objectives.0.target 1 is not below 1.\n  An objective of 100 % leaves no error budget. Write a ratio such as 0.9999.",
		],
	},
	{
		name: "an objective of 0 promises nothing",
		file: "slos/dlp-create.yaml",
		write: [["0.995", "0"]],
		says: [
			"slos/dlp-create.yaml:19:15 error spec.objectives.0.target 0 is not above 0.\n  Write a ratio such as 0.995.",
		],
	},
	{
		name: "an objective in quotes is a text",
		file: "slos/dlp-create.yaml",
		write: [["0.995", '"0.995"']],
		says: [
			'slos/dlp-create.yaml:19:15 error spec.objectives.0.target "0.995" is not a ratio between 0 and 1.\n  Write a number such as 0.995.',
		],
	},
	{
		name: "targetPercent of 100 is refused",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "targetPercent: 100"]],
		says: [
			"slos/dlp-create.yaml:19:22 error spec.objectives.0.targetPercent 100 is not below 100.\n  Write a percentage such as 99.5.",
		],
	},
	{
		name: "target and targetPercent exclude each other",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "target: 0.995\n      targetPercent: 99.5"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0 has both target and targetPercent.\n  Keep one of the two.",
		],
	},
	{
		name: "an objective without target is incomplete",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "displayName: x"]],
		says: [
			"slos/dlp-create.yaml:19:7 error spec.objectives.0.target is missing.\n  Write target: 0.995, or targetPercent: 99.5.",
		],
	},
	{
		name: "a field without a value",
		file: "slos/dlp-create.yaml",
		write: [["service: purview", "service:"]],
		says: [
			"slos/dlp-create.yaml:8:3 error spec.service has no value.\n  Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit. Or remove the field.",
		],
	},
	{
		name: "a service that is no workload",
		file: "slos/dlp-create.yaml",
		write: [["service: purview", "service: purvew"]],
		says: ['slos/dlp-create.yaml:8:12 error spec.service "purvew" is not a known Workload.\n  Did you mean "purview"?'],
	},
	{
		name: "a calendar window",
		file: "slos/dlp-create.yaml",
		write: [["isRolling: true", "isRolling: false"]],
		says: [
			"slos/dlp-create.yaml:16:18 error spec.timeWindow.0.isRolling asks for a calendar window, which cannot be evaluated yet.\n  Write duration: 28d and isRolling: true (1d to 90d).",
		],
	},
	{
		name: "a calendar",
		file: "slos/dlp-create.yaml",
		write: [
			["isRolling: true", 'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: UTC }'],
		],
		says: [
			"slos/dlp-create.yaml:17:17 error spec.timeWindow.0.calendar asks for a calendar window, which cannot be evaluated yet.\n  Write duration: 28d and isRolling: true (1d to 90d).",
		],
	},
	{
		name: "a month as a window",
		file: "slos/dlp-create.yaml",
		write: [["28d", "1M"]],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "1M" is a calendar period, which cannot be evaluated yet.\n  Write duration: 28d and isRolling: true (1d to 90d).',
		],
	},
	{
		name: "a window over 90 days",
		file: "slos/dlp-create.yaml",
		write: [["28d", "100d"]],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "100d" is not a whole number of days from 1 to 90.\n  Write duration: 28d and isRolling: true (1d to 90d).',
		],
	},
	{
		name: "a window that is no whole number of days",
		file: "slos/dlp-create.yaml",
		write: [["28d", "36h"]],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "36h" is not a whole number of days from 1 to 90.\n  Write duration: 28d and isRolling: true (1d to 90d).',
		],
	},
	{
		name: "a window that is no duration",
		file: "slos/dlp-create.yaml",
		write: [["28d", "four weeks"]],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "four weeks" is not a duration.\n  Write duration: 28d and isRolling: true (1d to 90d).',
		],
	},
	{
		name: "two windows",
		file: "slos/dlp-create.yaml",
		write: [["      isRolling: true", "      isRolling: true\n    - duration: 7d\n      isRolling: true"]],
		says: [
			"slos/dlp-create.yaml:15:5 error spec.timeWindow has 2 entries, not one.\n  Write one window, such as - duration: 28d and isRolling: true.",
		],
	},
	{
		name: "time slices",
		file: "slos/dlp-create.yaml",
		write: [["Occurrences", "Timeslices"]],
		says: [
			'slos/dlp-create.yaml:17:20 error spec.budgetingMethod "Timeslices" cannot be evaluated yet: counts are kept per event, not per slice.\n  Write Occurrences.',
		],
	},
	{
		name: "a time slice target",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0.timeSliceTarget cannot be evaluated yet: counts are kept per event, not per slice.\n  Remove it, and write budgetingMethod: Occurrences.",
		],
	},
	{
		name: "ratio time slices",
		file: "slos/dlp-create.yaml",
		write: [["Occurrences", "RatioTimeslices"]],
		says: [
			'slos/dlp-create.yaml:17:20 error spec.budgetingMethod "RatioTimeslices" cannot be evaluated yet: counts are kept per event, not per slice.\n  Write Occurrences.',
		],
	},
	{
		name: "two objectives",
		file: "slos/dlp-create.yaml",
		write: [["    - target: 0.995", "    - target: 0.995\n    - target: 0.99"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives has 2 entries; one is evaluated per SLO.\n  Write one SLO per objective.",
		],
	},
	{
		name: "a composite",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "target: 0.995\n      indicatorRef: other"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0.indicatorRef makes a composite SLO, which cannot be evaluated yet.\n  Write one SLO per indicator.",
		],
	},
	{
		name: "no objective",
		file: "slos/dlp-create.yaml",
		write: [["  objectives:\n    - target: 0.995", "  objectives: []"]],
		says: [
			"slos/dlp-create.yaml:18:15 error spec.objectives is empty.\n  Write one objective, such as - target: 0.995.",
		],
	},
	{
		name: "op on a ratio metric",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "target: 0.995\n      op: lte"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0.op is only for a thresholdMetric.\n  Remove it; a ratioMetric counts good events itself.",
		],
	},
	{
		name: "good and total that are the same",
		file: "slos/dlp-create.yaml",
		write: [[", where: { result: ok }", ""]],
		says: [
			"slos/dlp-create.yaml:12:9 error spec.indicator.spec.ratioMetric.good selects the same events as total.\n  Say by where (or le) which events are good.",
		],
	},
	{
		name: "a raw ratio",
		file: "slos/dlp-create.yaml",
		write: [["        total:", "        raw: { metricSource: { spec: { metric: x } } }\n        total:"]],
		says: [
			"slos/dlp-create.yaml:13:9 error spec.indicator.spec.ratioMetric.raw cannot be evaluated yet: a ready-made ratio does not say of how many events.\n  Write good and total.",
		],
	},
	{
		name: "no total",
		file: "slos/dlp-create.yaml",
		write: [["        total: { metricSource: { spec: { metric: dlp.create } } }\n", ""]],
		says: [
			"slos/dlp-create.yaml:11:7 error spec.indicator.spec.ratioMetric.total is missing.\n  Write the metric that counts all events.",
		],
	},
	{
		name: "another data source",
		file: "slos/dlp-create.yaml",
		write: [["metricSourceRef: otlp", "metricSourceRef: prometheus"]],
		says: [
			'slos/dlp-create.yaml:12:50 error spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef "prometheus" is not a known DataSource.\n  Write otlp.',
		],
	},
	{
		name: "an unknown annotation of ours",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind", "bellwether.dev/sli-knd"]],
		says: [
			'slos/dlp-create.yaml:6:5 error metadata.annotations["bellwether.dev/sli-knd"] is unknown.\n  Did you mean "bellwether.dev/sli-kind"?',
		],
	},
	{
		name: "an unknown SLI kind",
		file: "slos/dlp-create.yaml",
		write: [["sli-kind: availability", "sli-kind: avalability"]],
		says: [
			'slos/dlp-create.yaml:6:30 error metadata.annotations["bellwether.dev/sli-kind"] "avalability" is unknown.\n  Did you mean "availability"?',
		],
	},
	{
		name: "an SLO that is not per tenant",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind: availability", 'bellwether.dev/per-tenant: "false"']],
		says: [
			'slos/dlp-create.yaml:6:32 error metadata.annotations["bellwether.dev/per-tenant"] "false" is not "true".\n  Every SLO is held for each tenant of its workload; write "true" or remove it.',
		],
	},
	{
		name: "an objective that no page tier can reach",
		file: "slos/dlp-create.yaml",
		write: [["0.995", "0.8"]],
		says: [
			'slos/dlp-create.yaml:19:15 error "dlp-create" at 0.8 over 28d can never page: a total outage burns at 5, and no page tier has a lower factor.\n  Write an objective above 0.8215, or watch it by ticket tiers only.',
		],
	},
	{
		name: "a period too short for any page",
		file: "slos/dlp-create.yaml",
		write: [["28d", "1d"]],
		says: [
			'slos/dlp-create.yaml:15:17 error "dlp-create" over 1d can never page: every page tier would fire while the error budget lasts.\n  Write a longer duration, 2d or more.',
		],
	},
	{
		name: "a ratio under targetPercent",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "targetPercent: 0.995"]],
		says: [
			"slos/dlp-create.yaml:19:22 error spec.objectives.0.targetPercent 0.995 looks like a ratio.\n  Write target: 0.995, or a percentage such as 99.5.",
		],
	},
	{
		name: "a number that is infinite",
		file: "slos/dlp-create.yaml",
		write: [["0.995", ".inf"]],
		says: [
			"slos/dlp-create.yaml:19:15 error spec.objectives.0.target Infinity is not below 1.\n  An objective of 100 % leaves no error budget. Write a ratio such as 0.9999.",
		],
	},
];

describe("An SLO that is wrong", () => {
	test.each(CASES)("$name", ({ file, write, says }) => {
		const reading = parseCatalogue(sampleFiles(file, write));
		expect(reading.findings.map(formatFinding)).toEqual(says);
		expect(reading.catalogue).toBeUndefined();
	});
});
