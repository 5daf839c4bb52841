import { z } from "zod";
import * as f from "./fields.ts";
import { worded } from "./fields.ts";

/**
 * `openslo/v1` as its specification has it (github.com/OpenSLO/OpenSLO), narrowed to what is evaluated here. Fields of
 * the standard that cannot be evaluated yet are accepted by the shape and refused by `openslo-limits` with the reason,
 * because "unknown field" would be untrue.
 */

export const SLI_KINDS = ["availability", "latency", "freshness", "throughput", "correctness", "saturation"] as const;

export const ANNOTATIONS = {
	perTenant: "bellwether.dev/per-tenant",
	sliKind: "bellwether.dev/sli-kind",
	unit: "bellwether.dev/unit",
	valueUnit: "bellwether.dev/value-unit",
	heartbeat: "bellwether.dev/heartbeat",
	effectiveFrom: "bellwether.dev/effective-from",
	keep: "bellwether.dev/keep",
} as const;

const annotations = z
	.record(z.string().max(253), f.paragraph("Text.", 2_000))
	.describe("Free notes; those under bellwether.dev/ say what OpenSLO has no field for.");
const labels = z
	.record(z.string().max(253), z.union([f.paragraph("Text.", 500), z.array(f.paragraph("Text.", 500))]))
	.describe("Free labels.");

const metadata = z
	.strictObject({
		name: f.name("Name by which others refer to it; unique within its kind."),
		displayName: f.text("Name for people. Default: the name.", 120).optional(),
		labels: labels.optional(),
		annotations: annotations.optional(),
	})
	.describe("Names, labels, annotations.");

const selector = z
	.strictObject({
		metric: f.text("Name of the metric; or write selector.", 255).optional(),
		selector: f
			.text('Metric and conditions in PromQL, such as http_requests_total{code!~"5..",region=~"eu-.*"}.', 4_096)
			.optional(),
		where: z
			.record(f.attributeKey, f.attributeValues("Values of this attribute."))
			.describe("With metric, span, log or event: attribute name to the values that count. Default: all.")
			.optional(),
		le: z
			.number()
			.describe(
				"Bucket bound of a histogram: events up to this value count. Of spans: duration in ms; of events: their value.",
			)
			.optional(),
		span: f.text("Name of spans, * for any: each span that ended is an event. Instead of metric.", 255).optional(),
		log: f.text("Event name of log records, * for any: each is an event. Instead of metric.", 255).optional(),
		event: f.text("Name of events of the Events API, * for any. Instead of metric.", 255).optional(),
		signal: f
			.choice(["span", "log", "event"], "With selector: it takes spans, log records or events, not metrics.")
			.optional(),
	})
	.describe("Which streams.");

const metric = z
	.strictObject({
		metricSource: z
			.strictObject({
				metricSourceRef: f.name("Data source. Default: otlp.").optional(),
				type: f.text("Type of the data source: otlp.", 60).optional(),
				spec: selector,
			})
			.describe("Where the metric comes from."),
	})
	.describe("One metric.");

const sliSpec = z
	.strictObject({
		description: f.paragraph("What is measured.").optional(),
		ratioMetric: z
			.strictObject({
				counter: z
					.boolean()
					.describe("Whether the metric only grows. OTLP says so itself, so it is not used.")
					.optional(),
				good: metric.optional(),
				bad: metric.optional(),
				total: metric.optional(),
				rawType: z.string().optional().describe("Not evaluated."),
				raw: z.unknown().optional().describe("Not evaluated: a ready-made ratio does not say of how many events."),
			})
			.describe("Good (or bad) events and all events.")
			.optional(),
		thresholdMetric: metric
			.describe("A gauge; each value is one event, good when it meets the objective's op and value.")
			.optional(),
	})
	.describe("Exactly one of ratioMetric and thresholdMetric.");

const inlineIndicator = z
	.strictObject({ metadata: metadata.optional(), spec: sliSpec })
	.describe("The SLI, written here.");

const objective = z
	.strictObject({
		displayName: f.text("Name for people.", 120).optional(),
		target: f.objective("Objective as a ratio, such as 0.995.").optional(),
		targetPercent: z.number().describe("Objective in percent, such as 99.5.").optional(),
		op: f
			.choice(["lt", "lte", "gt", "gte"], "With thresholdMetric: how a good value compares with `value`.")
			.optional(),
		value: z.number().describe("With thresholdMetric: the bound.").optional(),
		timeSliceTarget: z
			.number()
			.describe("With Timeslices: share of good events from which a slice is good, such as 0.95.")
			.optional(),
		timeSliceWindow: z
			.union([z.number(), z.string().max(40)])
			.describe("With Timeslices and RatioTimeslices: length of a slice, 1m to 1d; a number is minutes.")
			.optional(),
		indicator: z.unknown().optional().describe("Not evaluated yet (composite)."),
		indicatorRef: z.unknown().optional().describe("Not evaluated yet (composite)."),
		compositeWeight: z.unknown().optional().describe("Not evaluated yet (composite)."),
	})
	.describe("Exactly one of target and targetPercent.");

export const SLO = z.strictObject({
	apiVersion: f.apiVersion("openslo/v1"),
	kind: f.kind("SLO"),
	metadata,
	spec: z.strictObject({
		description: f.paragraph("What is promised, with the definition of good and total.").optional(),
		service: f.name("Workload."),
		indicator: inlineIndicator.optional(),
		indicatorRef: f.name("Name of an SLI.").optional(),
		timeWindow: z
			.array(
				z.strictObject({
					duration: f.text("Length: rolling 1d to 90d, such as 28d or 4w; with calendar 1d to 1Y, such as 1M.", 40),
					isRolling: z.boolean().describe("Default: true without calendar, false with it.").optional(),
					calendar: z
						.strictObject({
							startTime: worded(
								z
									.string()
									.regex(/^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?$/)
									.describe("Local time at which a period begins, such as 2026-01-01 00:00:00."),
								"is not a time",
								'Write a local date and time to the minute, such as "2026-01-01 00:00:00".',
							),
							timeZone: f.timeZone("Time zone of the calendar."),
						})
						.describe("The budget begins anew with each period; periods follow each other from startTime.")
						.optional(),
				}),
			)
			.describe("One window, rolling or on the calendar. Default: 28d, rolling.")
			.optional(),
		budgetingMethod: f
			.choice(
				["Occurrences", "Timeslices", "RatioTimeslices"],
				"What the budget is counted in: events, good and bad time slices, or the mean of slices. Default: Occurrences.",
			)
			.optional(),
		objectives: z.array(objective).describe("Objectives on the indicator; each becomes an SLO."),
		alertPolicies: z.array(z.unknown()).nullable().describe("Not used; monitors decide what pages.").optional(),
	}),
});

export const SLI = z.strictObject({
	apiVersion: f.apiVersion("openslo/v1"),
	kind: f.kind("SLI"),
	metadata,
	spec: sliSpec,
});

export const Service = z.strictObject({
	apiVersion: f.apiVersion("openslo/v1"),
	kind: f.kind("Service"),
	metadata,
	spec: z.strictObject({ description: f.paragraph("What it does.").optional() }).optional(),
});

export const DataSource = z.strictObject({
	apiVersion: f.apiVersion("openslo/v1"),
	kind: f.kind("DataSource"),
	metadata,
	spec: z.strictObject({
		description: f.paragraph("What it holds.").optional(),
		type: f.text("Type: otlp.", 60),
		connectionDetails: z.unknown().optional().describe("Not used: telemetry is sent here."),
	}),
});
