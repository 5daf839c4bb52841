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
		name: "a window that neither rolls nor has a calendar",
		file: "slos/dlp-create.yaml",
		write: [["isRolling: true", "isRolling: false"]],
		says: [
			'slos/dlp-create.yaml:16:18 error spec.timeWindow.0 does not roll and has no calendar.\n  Write calendar: { startTime: "2026-01-01 00:00:00", timeZone: Europe/Paris }, or isRolling: true.',
		],
	},
	{
		name: "a window that rolls and has a calendar",
		file: "slos/dlp-create.yaml",
		write: [
			["isRolling: true", 'isRolling: true\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: UTC }'],
		],
		says: [
			"slos/dlp-create.yaml:16:18 error spec.timeWindow.0 is rolling and has a calendar.\n  Write isRolling: false, or no calendar.",
		],
	},
	{
		name: "a calendar of minutes, where months were meant",
		file: "slos/dlp-create.yaml",
		write: [
			["28d", "1m"],
			["isRolling: true", 'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: UTC }'],
		],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "1m" is in minutes.\n  For months write a capital M, such as 1M.',
		],
	},
	{
		name: "a calendar of two years",
		file: "slos/dlp-create.yaml",
		write: [
			["28d", "2Y"],
			["isRolling: true", 'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: UTC }'],
		],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "2Y" is not from one day to one year.\n  Write a duration in days, weeks, months, quarters or years up to one year, such as 1M.',
		],
	},
	{
		name: "a calendar that begins on no day",
		file: "slos/dlp-create.yaml",
		write: [
			["28d", "1M"],
			["isRolling: true", 'isRolling: false\n      calendar: { startTime: "2026-02-30 00:00:00", timeZone: UTC }'],
		],
		says: [
			'slos/dlp-create.yaml:17:30 error spec.timeWindow.0.calendar.startTime "2026-02-30 00:00:00" is not a time.\n  Write a local date and time to the minute, such as "2026-01-01 00:00:00".',
		],
	},
	{
		name: "a calendar in no zone",
		file: "slos/dlp-create.yaml",
		write: [
			["28d", "1M"],
			[
				"isRolling: true",
				'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: Europe/Pariss }',
			],
		],
		says: [
			'slos/dlp-create.yaml:17:63 error spec.timeWindow.0.calendar.timeZone "Europe/Pariss" is not a time zone.\n  Write an IANA name such as Europe/Paris, America/New_York or UTC.',
		],
	},
	{
		name: "a month that rolls",
		file: "slos/dlp-create.yaml",
		write: [["28d", "1M"]],
		says: [
			'slos/dlp-create.yaml:15:17 error spec.timeWindow.0.duration "1M" has no fixed length, so it cannot roll.\n  Write days, such as 30d, or a calendar with startTime and timeZone.',
		],
	},
	{
		name: "time slices without a target",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceWindow: 5m"],
		],
		says: [
			"slos/dlp-create.yaml:19:7 error spec.objectives.0.timeSliceTarget is missing.\n  Timeslices needs it, such as 0.95.",
		],
	},
	{
		name: "time slices without a length",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9"],
		],
		says: [
			"slos/dlp-create.yaml:19:7 error spec.objectives.0.timeSliceWindow is missing.\n  Timeslices needs it, such as 5m.",
		],
	},
	{
		name: "a slice of two days",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9\n      timeSliceWindow: 2d"],
		],
		says: [
			'slos/dlp-create.yaml:21:24 error spec.objectives.0.timeSliceWindow "2d" is not a length from 1 minute to 1 day.\n  Write whole minutes or hours, such as 5m.',
		],
	},
	{
		name: "a time slice target in percent",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 90\n      timeSliceWindow: 5m"],
		],
		says: [
			"slos/dlp-create.yaml:20:24 error spec.objectives.0.timeSliceTarget 90 is not above 0 and at most 1.\n  Write a ratio such as 0.95.",
		],
	},
	{
		name: "a time slice target by occurrences",
		file: "slos/dlp-create.yaml",
		write: [["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9"]],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0.timeSliceTarget has no effect: budgetingMethod is Occurrences.\n  Remove it, or write budgetingMethod: Timeslices.",
		],
	},
	{
		name: "a time slice target by ratio time slices",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "RatioTimeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9\n      timeSliceWindow: 5m"],
		],
		says: [
			"slos/dlp-create.yaml:20:7 error spec.objectives.0.timeSliceTarget has no effect: budgetingMethod is RatioTimeslices.\n  Remove it, or write budgetingMethod: Timeslices.",
		],
	},
	{
		name: "slices so long that an outage proves nothing",
		file: "slos/dlp-create.yaml",
		write: [
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9\n      timeSliceWindow: 6h"],
		],
		says: [
			'slos/dlp-create.yaml:19:15 error "dlp-create" at 0.995 over 28d can never fire page-quick, page-slow: too few slices fit into the window to prove anything.\n  Write shorter slices or a higher objective, or watch it by ticket tiers only.',
			'tenants/tiers.yaml:7:17 error "dlp-create" at 0.999 over 28d can never fire page-quick, page-slow: too few slices fit into the window to prove anything.\n  Write shorter slices or a higher objective, or watch it by ticket tiers only.',
			'tenants/woodgrove.yaml:12:17 error "dlp-create" at 0.9995 over 28d can never fire page-quick, page-slow: too few slices fit into the window to prove anything.\n  Write shorter slices or a higher objective, or watch it by ticket tiers only.',
		],
	},
	{
		name: "two objectives that make the same SLO",
		file: "slos/dlp-create.yaml",
		write: [
			[
				"    - target: 0.995",
				"    - target: 0.995\n    - { target: 0.99, displayName: SLA }\n    - { target: 0.98, displayName: sla }",
			],
		],
		says: [
			'slos/dlp-create.yaml:21:7 error spec.objectives.2 makes an SLO "dlp-create-sla", and there is one already.\n  Give the objective another displayName.',
		],
	},
	{
		name: "a heartbeat that is no length",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind: availability", "bellwether.dev/heartbeat: soon"]],
		says: [
			'slos/dlp-create.yaml:6:5 error metadata.annotations["bellwether.dev/heartbeat"] needs a thresholdMetric, not a ratioMetric.\n  Write a thresholdMetric, whose metric is the heartbeat.',
			'slos/dlp-create.yaml:6:31 error metadata.annotations["bellwether.dev/heartbeat"] "soon" is not a length from 1 minute to 1 day.\n  Write whole minutes, such as 10m.',
		],
	},
	{
		name: "a heartbeat of a ratio",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind: availability", "bellwether.dev/heartbeat: 10m"]],
		says: [
			'slos/dlp-create.yaml:6:5 error metadata.annotations["bellwether.dev/heartbeat"] needs a thresholdMetric, not a ratioMetric.\n  Write a thresholdMetric, whose metric is the heartbeat.',
		],
	},
	{
		name: "an effective date without a heartbeat",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind: availability", "bellwether.dev/effective-from: 2026-12-01"]],
		says: [
			'slos/dlp-create.yaml:6:36 error metadata.annotations["bellwether.dev/effective-from"] "2026-12-01" is only for heartbeats.\n  Write bellwether.dev/heartbeat beside it, such as 10m, or remove it.',
		],
	},
	{
		name: "a value unit that is empty",
		file: "slos/dlp-create.yaml",
		write: [["bellwether.dev/sli-kind: availability", "bellwether.dev/value-unit: ''"]],
		says: [
			'slos/dlp-create.yaml:6:32 error metadata.annotations["bellwether.dev/value-unit"] "" is not a unit of a value.\n  Write s, ms, min, h, d, % or another short unit.',
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
			"slos/dlp-create.yaml:13:9 error spec.indicator.spec.ratioMetric.raw cannot be evaluated: a ready-made ratio does not say of how many events.\n  Write good and total.",
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
			'slos/dlp-create.yaml:15:17 error "dlp-create" over 1d can never page: every page tier would fire while the error budget lasts.\n  Write a longer duration, 2d or more, or watch it by ticket tiers only, to keep its budget without pages.',
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
