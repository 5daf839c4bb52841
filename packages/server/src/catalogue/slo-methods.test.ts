import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { SLI_KINDS } from "./kinds-openslo.ts";
import { sampleFiles } from "./sample-files.ts";
import { badWords, budgetUnit, failureWords, goodSide, goodWords, SLI_KIND } from "./sli-kinds.ts";
import type { Slo } from "./types.ts";

const FILE = "slos/dlp-create.yaml";

function slosOf(...write: readonly (readonly [string, string])[]) {
	const { catalogue, findings } = parseCatalogue(sampleFiles(FILE, write));
	return { slos: catalogue?.slos ?? [], says: findings.map(formatFinding) };
}

const THRESHOLD: readonly [string, string] = [
	`      ratioMetric:
        good: { metricSource: { metricSourceRef: otlp, spec: { metric: dlp.create, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: dlp.create } } }
`,
	"      thresholdMetric: { metricSource: { spec: { metric: mail.age } } }\n",
];

describe("An SLO", () => {
	it("counts its budget in time slices", () => {
		const { slos } = slosOf(
			["Occurrences", "Timeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceTarget: 0.9\n      timeSliceWindow: 5"],
		);
		expect(slos[0]?.slicing).toEqual({ method: "timeslices", sliceMs: 5 * MINUTE_MS, target: 0.9 });
	});

	it("counts its budget in the mean of slices", () => {
		const { slos } = slosOf(
			["Occurrences", "RatioTimeslices"],
			["target: 0.995", "target: 0.995\n      timeSliceWindow: 10m"],
		);
		expect(slos[0]?.slicing).toEqual({ method: "ratio-timeslices", sliceMs: 10 * MINUTE_MS });
	});

	it("has a budget that begins anew on the calendar, and burn-rate rules of its nominal length", () => {
		const calendar = 'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: Europe/Paris }';
		const { slos } = slosOf(["28d", "1M"], ["isRolling: true", calendar]);
		const startsAt = Date.parse("2025-12-31T23:00:00Z");
		expect(slos[0]?.calendar).toEqual({ unit: "month", count: 1, timeZone: "Europe/Paris", startsAt });
		expect(slos[0]?.periodMs).toBe(30 * DAY_MS);
	});

	it("with several objectives is several SLOs; the first keeps the name", () => {
		const { slos } = slosOf([
			"    - target: 0.995",
			"    - target: 0.995\n    - { target: 0.99, displayName: Contract (SLA) }\n    - { target: 0.98 }",
		]);
		expect(slos.map((slo) => [slo.name, slo.displayName, slo.objective])).toEqual([
			["dlp-create", "dlp-create", 0.995],
			["dlp-create-3", "dlp-create, 3", 0.98],
			["dlp-create-contract-sla", "dlp-create, Contract (SLA)", 0.99],
		]);
	});

	it("of a heartbeat expects one each interval, from a date on", () => {
		const { slos, says } = slosOf(
			[
				"bellwether.dev/sli-kind: availability",
				'bellwether.dev/heartbeat: 10m\n    bellwether.dev/effective-from: "2026-12-01T08:00Z"',
			],
			THRESHOLD,
		);
		expect(says).toEqual([]);
		expect(slos[0]?.indicator).toEqual({
			kind: "heartbeat",
			metric: { metric: "mail.age", where: [] },
			everyMs: 10 * MINUTE_MS,
			atLeast: 1,
			effectiveAt: Date.parse("2026-12-01T08:00Z"),
		});
	});

	it("says that op does nothing for a ratio, and loads", () => {
		const { slos, says } = slosOf(["target: 0.995", "target: 0.995\n      op: gt"]);
		expect(slos).toHaveLength(1);
		expect(says).toEqual([
			"slos/dlp-create.yaml:20:7 warning spec.objectives.0.op has no effect: a ratioMetric counts good events itself.\n  Remove it.",
		]);
	});
});

describe("Each kind of SLI with each form", () => {
	const op = { gte: "gte", lte: "lte" } as const;
	const cells = SLI_KINDS.flatMap((kind) =>
		(["ratio", "gte", "lte", "heartbeat"] as const).map((form) => [kind, form] as const),
	);

	it.each(cells)("%s as %s loads exactly when the table allows it", (kind, form) => {
		const annotation = `bellwether.dev/sli-kind: ${kind}${form === "heartbeat" ? "\n    bellwether.dev/heartbeat: 10m" : ""}`;
		const { slos, says } = slosOf(
			["bellwether.dev/sli-kind: availability", annotation],
			...(form === "ratio" ? [] : [THRESHOLD]),
			...(form in op ? [["target: 0.995", `target: 0.995\n      op: ${form}\n      value: 900`] as const] : []),
		);
		const { forms, good } = SLI_KIND[kind];
		const isRightForm = forms.includes(form in op ? "threshold" : (form as "ratio"));
		const isRightSide = !(form in op) || good === "either" || goodSide(form as "gte") === good;
		expect([slos.length === 1, says.length === 0]).toEqual([isRightForm && isRightSide, isRightForm && isRightSide]);
	});

	it("a latency whose high values would be good is told where and what to write", () => {
		const { says } = slosOf(["bellwether.dev/sli-kind: availability", "bellwether.dev/sli-kind: latency"], THRESHOLD, [
			"target: 0.995",
			"target: 0.995\n      op: gte\n      value: 900",
		]);
		expect(says).toEqual([
			'slos/dlp-create.yaml:18:11 error spec.objectives.0.op "gte" would call high values of latency good.\n  Write lt or lte, or another bellwether.dev/sli-kind.',
		]);
	});

	it("a saturation by heartbeat is told which kinds can be one", () => {
		const { says } = slosOf(
			[
				"bellwether.dev/sli-kind: availability",
				"bellwether.dev/sli-kind: saturation\n    bellwether.dev/heartbeat: 10m",
			],
			THRESHOLD,
		);
		expect(says).toEqual([
			'slos/dlp-create.yaml:6:30 error metadata.annotations["bellwether.dev/sli-kind"] "saturation" cannot be a heartbeat.\n  Write availability, freshness or throughput.',
		]);
	});
});

describe("Words of an SLO", () => {
	type Words = Pick<Slo, "sliKind" | "indicator" | "unit" | "slicing" | "valueUnit">;
	const selector = { metric: "m", where: [] };
	const ratio = { kind: "ratio", numerator: "good", part: selector, total: selector } as const;
	const threshold = (op: "lte" | "gte", value: number) => ({ kind: "threshold", metric: selector, op, value }) as const;
	const heartbeat = (atLeast = 1) =>
		({ kind: "heartbeat", metric: selector, everyMs: 10 * MINUTE_MS, atLeast }) as const;
	const minutes = (target: number) => ({ method: "timeslices", sliceMs: 5 * MINUTE_MS, target }) as const;
	const mean = { method: "ratio-timeslices", sliceMs: MINUTE_MS } as const;
	const tenant = "Woodgrove Bank";

	const CASES: readonly (readonly [string, Words, string, string, string])[] = [
		[
			"sign-ins that fail",
			{ sliKind: "availability", indicator: ratio, unit: "sign-ins" },
			"fails",
			"94% of sign-ins by Woodgrove Bank succeed",
			"sign-ins",
		],
		[
			"requests that are slow",
			{ sliKind: "latency", indicator: ratio, unit: "requests" },
			"is slow",
			"94% of requests by Woodgrove Bank are fast enough",
			"requests",
		],
		[
			"data older than 15 min",
			{ sliKind: "freshness", indicator: threshold("lte", 900), unit: "data", valueUnit: "s" },
			"is late",
			"94% of data by Woodgrove Bank are fresh",
			"data",
		],
		[
			"searches slower than 500 ms",
			{ sliKind: "latency", indicator: threshold("lte", 500), unit: "searches", valueUnit: "ms" },
			"is slow",
			"94% of searches by Woodgrove Bank are fast enough",
			"searches",
		],
		[
			"disks above 90%",
			{ sliKind: "saturation", indicator: threshold("lte", 90), unit: "disks", valueUnit: "%" },
			"is near its limit",
			"94% of disks by Woodgrove Bank stay below the limit",
			"disks",
		],
		[
			"hours below 40 GB/h",
			{ sliKind: "throughput", indicator: threshold("gte", 40), unit: "hours", valueUnit: "GB/h" },
			"is below its volume",
			"94% of hours by Woodgrove Bank reach their volume",
			"hours",
		],
		[
			"scans with wrong results",
			{ sliKind: "correctness", indicator: ratio, unit: "scans" },
			"gives wrong results",
			"94% of scans by Woodgrove Bank are correct",
			"scans",
		],
		[
			"no heartbeats for 10 min",
			{ sliKind: "availability", indicator: heartbeat(), unit: "heartbeats" },
			"sends no heartbeats",
			"94% of 10 min intervals have heartbeats from Woodgrove Bank",
			"intervals of 10 min",
		],
		[
			"fewer than 5 exports in 10 min",
			{ sliKind: "throughput", indicator: heartbeat(5), unit: "exports" },
			"sends too few exports",
			"94% of 10 min intervals have 5 or more exports from Woodgrove Bank",
			"intervals of 10 min",
		],
		[
			"5 min slices with more than 5% of sign-ins that fail",
			{ sliKind: "availability", indicator: ratio, unit: "sign-ins", slicing: minutes(0.95) },
			"fails",
			"94% of 5 min slices are good for sign-ins by Woodgrove Bank",
			"slices of 5 min",
		],
		[
			"5 min slices with sign-ins that fail",
			{ sliKind: "availability", indicator: ratio, unit: "sign-ins", slicing: minutes(1) },
			"fails",
			"94% of 5 min slices are good for sign-ins by Woodgrove Bank",
			"slices of 5 min",
		],
		[
			"sign-ins that fail, by 1 min slices",
			{ sliKind: "availability", indicator: ratio, unit: "sign-ins", slicing: mean },
			"fails",
			"94% of sign-ins by Woodgrove Bank succeed in the mean of 1 min slices",
			"slices of 1 min",
		],
	];

	it.each(CASES)("%s", (bad, slo, failure, good, unit) => {
		expect([badWords(slo), failureWords(slo), `94% ${goodWords(slo, tenant)}`, budgetUnit(slo)]).toEqual([
			bad,
			failure,
			good,
			unit,
		]);
	});
});
