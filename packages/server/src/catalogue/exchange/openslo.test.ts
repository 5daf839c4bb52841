import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../calendar-period.ts";
import { formatFinding, parseCatalogue } from "../index.ts";
import { goodSide, SLI_KIND } from "../sli-kinds.ts";
import type { Catalogue, Indicator, Matcher, Selector, SliKind, Slo } from "../types.ts";
import { exportOpenSlo, serviceFile, sloFile } from "./openslo-export.ts";
import { importOpenSlo } from "./openslo-import.ts";

function imported(text: string, ...more: string[]) {
	const files = [text, ...more].map((each, k) => ({ path: `${"abc"[k]}.yaml`, text: each }));
	const result = importOpenSlo(files, {});
	const { catalogue } = parseCatalogue(result.files.length > 0 ? result.files : [{ path: "x.yaml", text: "" }]);
	return { ...result, slos: catalogue?.slos ?? [], says: result.findings.map(formatFinding) };
}

/** An SLO with the features of the standard's examples; `source` is the metric source of both events. */
const sloOf = (
	parts: { source?: string; window?: string; method?: string; objectives?: string; more?: string } = {},
) => `apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-availability
  displayName: Availability of the shop
  labels: { team: [checkout, payments], area: europe }
spec:
  description: Orders are accepted.
  service: web-shop
  indicator:
    metadata: { name: orders, displayName: Orders }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: ${parts.source ?? "{ type: otlp, spec: { metric: orders, where: { code: ok } } }"} }
        total: { metricSource: { type: otlp, spec: { metric: orders } } }
  timeWindow:
    - ${parts.window ?? "{ duration: 2w, isRolling: true }"}
  budgetingMethod: ${parts.method ?? "Occurrences"}
  objectives:
${parts.objectives ?? "    - { displayName: Good, target: 0.99 }"}
${parts.more ?? ""}`;

describe("What the standard's examples show", () => {
	it("occurrences over two rolling weeks", () => {
		const { slos, taken, refused, files } = imported(sloOf());
		expect([taken, refused, files.map((file) => file.path)]).toEqual([
			1,
			0,
			["slos/web-shop/_service.yaml", "slos/web-shop/shop-availability.yaml"],
		]);
		expect(slos[0]).toMatchObject({ workload: "web-shop", objective: 0.99, periodMs: 14 * DAY_MS });
	});

	it("ratio time slices of a minute; an op beside a ratio does nothing and is told", () => {
		const { slos, says } = imported(
			sloOf({
				method: "RatioTimeslices",
				objectives: "    - { displayName: Good, op: gt, timeSliceWindow: 1m, target: 0.99 }",
			}),
		);
		expect(slos[0]?.slicing).toEqual({ method: "ratio-timeslices", sliceMs: MINUTE_MS });
		expect(says).toEqual([
			"a.yaml:21:28 warning spec.objectives.0.op has no effect: a ratioMetric counts good events itself.\n  Remove it.",
		]);
	});

	it("time slices over a month from noon in New York, with an inner objective and a contract, and empty alert policies", () => {
		const { slos, says } = imported(
			sloOf({
				window:
					"{ duration: 1M, isRolling: false, calendar: { startTime: 2022-01-01 12:00:00, timeZone: America/New_York } }",
				method: "Timeslices",
				objectives: `    - { displayName: Internal objective, target: 0.995, timeSliceTarget: 0.99, timeSliceWindow: 1m }
    - { displayName: SLA, targetPercent: 99, timeSliceTarget: 0.99, timeSliceWindow: 1m }`,
				more: "  alertPolicies: # none yet\n",
			}),
		);
		expect(says).toEqual([]);
		expect(slos.map(({ name, objective }) => [name, objective])).toEqual([
			["shop-availability", 0.995],
			["shop-availability-sla", 0.99],
		]);
		expect(slos[1]?.calendar).toEqual({
			unit: "month",
			count: 1,
			timeZone: "America/New_York",
			startsAt: Date.parse("2022-01-01T17:00:00Z"),
		});
	});

	it("a calendar of one minute, where a month was meant, is refused at its place", () => {
		const window =
			"{ duration: 1m, isRolling: false, calendar: { startTime: 2022-01-01 12:00:00, timeZone: America/New_York } }";
		const { slos, says, refused } = imported(sloOf({ window }));
		expect([slos.length, refused]).toEqual([0, 1]);
		expect(says).toEqual([
			'a.yaml:18:19 error spec.timeWindow.0.duration "1m" is in minutes.\n  For months write a capital M, such as 1M.',
		]);
	});

	it("a week on the calendar, good minutes of 95 %, five bad minutes a week", () => {
		const { slos } = imported(
			sloOf({
				window: "{ duration: 1w, calendar: { startTime: 2022-01-01 12:00:00, timeZone: America/New_York } }",
				method: "Timeslices",
				objectives: "    - { target: 0.9995, timeSliceTarget: 0.95, timeSliceWindow: 1 }",
			}),
		);
		expect(slos[0]).toMatchObject({ periodMs: 7 * DAY_MS, slicing: { sliceMs: MINUTE_MS, target: 0.95 } });
	});

	it("a metric source of a type that cannot be read is refused, with its type and place", () => {
		const { says, taken, refused } = imported(sloOf({ source: "{ type: Any, spec: { query: Any } }" }));
		expect([taken, refused]).toEqual([0, 1]);
		expect(says).toEqual([
			'a.yaml:15:39 error spec.indicator.spec.ratioMetric.good.metricSource.type "Any" cannot be read.\n  Send the metric here by OTLP or remote write, and write type: otlp with its metric and where.',
		]);
	});

	it("a DataSource tells the type; one of another sort is refused where it is referred to", () => {
		const source = `apiVersion: openslo/v1
kind: DataSource
metadata: { name: redshift }
spec: { type: Redshift, connectionDetails: { region: eu } }
`;
		const { says } = imported(sloOf({ source: "{ metricSourceRef: redshift, spec: { query: SELECT 1 } }" }), source);
		expect(says).toEqual([
			'a.yaml:15:50 error spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef "redshift" is of type "Redshift", which cannot be read.\n  Send the metric here by OTLP or remote write, and write type: otlp with its metric and where.',
			'b.yaml:2:7 warning DataSource "redshift" has no effect but to tell the type of its metrics: telemetry is sent here.\n  Point its OTLP exporter or remote write to this server.',
		]);
	});

	it("queries in PromQL become the streams that they count", () => {
		const source = (query: string) => `{ type: Prometheus, spec: { query: '${query}' } }`;
		const text = sloOf({ source: source('sum(rate(orders{code=~"2.."}[5m]))') }).replace(
			"total: { metricSource: { type: otlp, spec: { metric: orders } } }",
			`total: { metricSource: ${source("orders")} }`,
		);
		const { slos, says } = imported(text);
		expect(slos[0]?.indicator).toEqual({
			kind: "ratio",
			numerator: "good",
			part: { metric: "orders", where: [{ name: "code", op: "=~", values: ["2.."] }] },
			total: { metric: "orders", where: [] },
		});
		expect(says).toEqual([
			'a.yaml:15:66 warning spec.indicator.spec.ratioMetric.good.metricSource.spec.query is read as orders{code=~"2.."}: every event is counted as it comes, over windows of our own.\n  Look whether that counts the same.',
		]);
	});

	it("a query that counts nothing is refused at the part that does not", () => {
		const source = "{ type: Prometheus, spec: { query: 'histogram_quantile(0.9, latency_bucket)' } }";
		expect(imported(sloOf({ source })).says[0]).toMatch(
			/^a\.yaml:15:\d+ error spec\.indicator\.spec\.ratioMetric\.good\.metricSource\.spec\.query /,
		);
	});

	it("a threshold on a metric, by a shared SLI", () => {
		const sli = `apiVersion: openslo/v1
kind: SLI
metadata: { name: searching }
spec:
  description: How long searches take.
  thresholdMetric: { metricSource: { type: otlp, spec: { metric: search.duration } } }
`;
		const slo = sloOf({ objectives: "    - { op: lt, value: 500, target: 0.99 }" }).replace(
			/ {2}indicator:[\s\S]*(?= {2}timeWindow)/,
			"  indicatorRef: searching\n",
		);
		const { slos, says } = imported(
			slo.replace("  labels:", "  annotations: { bellwether.dev/sli-kind: latency }\n  labels:"),
			sli,
		);
		expect(says).toEqual([]);
		expect(slos[0]?.indicator).toMatchObject({ kind: "threshold", op: "lt", value: 500 });
	});

	it("an SLO whose SLI is refused says so", () => {
		const sli = `apiVersion: openslo/v1
kind: SLI
metadata: { name: searching }
spec: { thresholdMetric: { metricSource: { type: Datadog, spec: { query: avg } } } }
`;
		const slo = sloOf().replace(/ {2}indicator:[\s\S]*(?= {2}timeWindow)/, "  indicatorRef: searching\n");
		const { says, taken, refused } = imported(slo, sli);
		expect([taken, refused]).toEqual([0, 2]);
		expect(says.map((each) => each.split("\n")[0])).toEqual([
			'b.yaml:4:50 error spec.thresholdMetric.metricSource.type "Datadog" cannot be read.',
			'a.yaml:10:17 error The SLO "shop-availability" needs an SLI that was refused.',
		]);
	});

	it("a precomputed ratio and a composite are refused with the reason", () => {
		const raw = sloOf().replace("        good:", "        rawType: success\n        good:");
		expect(imported(raw).says[0]).toBe(
			"a.yaml:15:9 error spec.indicator.spec.ratioMetric.rawType cannot be evaluated: a ready-made ratio does not say of how many events.\n  Write good and total.",
		);
		const composite = sloOf({ objectives: "    - { target: 0.99, indicatorRef: other, compositeWeight: 2 }" });
		expect(imported(composite).says[0]).toBe(
			"a.yaml:21:23 error spec.objectives.0.indicatorRef makes a composite SLO, which cannot be evaluated yet.\n  Write one SLO per indicator.",
		);
	});

	it("alert policies, conditions and targets load and have no effect, and that is told", () => {
		const policy = `apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: fast-burn }
spec:
  alertWhenBreaching: true
  conditions: [{ conditionRef: burn }]
  notificationTargets: [{ targetRef: OnCallMail }]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: burn }
spec: { severity: page, condition: { kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m } }
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: { name: OnCallMail }
spec: { target: email }
`;
		const { says, taken, refused } = imported(
			sloOf({ more: "  alertPolicies: [{ alertPolicyRef: fast-burn }]\n" }),
			policy,
		);
		expect([taken, refused]).toEqual([1, 0]);
		expect(says.map((each) => each.split("\n")[0])).toEqual([
			"a.yaml:22:3 warning spec.alertPolicies is not used.",
			'b.yaml:2:7 warning kind "AlertPolicy" is not used.',
			'b.yaml:10:7 warning kind "AlertCondition" is not used.',
			'b.yaml:15:7 warning kind "AlertNotificationTarget" is not used.',
		]);
	});

	it("what it leaves out is taken from the command: the period and the workload", () => {
		const text = sloOf()
			.replace("  service: web-shop\n", "")
			.replace(/ {2}timeWindow:\n.*\n/, "");
		const { files, taken } = importOpenSlo([{ path: "a.yaml", text }], { periodMs: 7 * DAY_MS, workload: "shop" });
		expect(taken).toBe(1);
		expect(parseCatalogue(files).catalogue?.slos[0]).toMatchObject({ workload: "shop", periodMs: 7 * DAY_MS });
	});

	it("one wrong SLO does not stop its neighbour", () => {
		const other = sloOf().replace("shop-availability", "checkout").replace("target: 0.99", "target: 99");
		const { slos, taken, refused } = imported(`${sloOf()}\n---\n${other}`);
		expect([slos.map((slo) => slo.name), taken, refused]).toEqual([["shop-availability"], 1, 1]);
	});
});

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/).filter((text) => text !== "constructor");
const line = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 :#'"%{}|>.,-]{0,40}[A-Za-z0-9]$/);
const label = fc.stringMatching(/^[a-z_][a-z0-9_.]{0,12}$/);
const value = fc.stringMatching(/^[A-Za-z0-9 :#'"\\{}|,*.-]{1,20}$/);

const equals = fc
	.dictionary(label, fc.uniqueArray(value, { minLength: 1, maxLength: 3 }), { maxKeys: 3, noNullPrototype: true })
	.map((where) =>
		Object.keys(where)
			.toSorted()
			.map((name): Matcher => ({ name, op: "=", values: (where[name] as string[]).toSorted() })),
	);
const anyMatcher: fc.Arbitrary<Matcher> = fc.oneof(
	fc.record({
		name: label,
		op: fc.constantFrom("=", "!=" as const),
		values: fc.tuple(fc.oneof(value, fc.constant(""))),
	}),
	fc.record({
		name: label,
		op: fc.constantFrom("=~", "!~" as const),
		values: fc.tuple(fc.constantFrom("a.*", "x|y", "[0-9]+", "")),
	}),
);
const selector: fc.Arbitrary<Selector> = fc.record({
	metric: fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/),
	where: fc.oneof(equals, fc.array(anyMatcher, { maxLength: 3 })),
});
const ratio: fc.Arbitrary<Indicator> = fc
	.record({
		kind: fc.constant("ratio" as const),
		numerator: fc.constantFrom("good", "bad" as const),
		part: selector,
		total: selector,
		le: fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined }),
	})
	.filter(({ part, total }) => part.metric !== total.metric)
	.map(({ le, part, ...each }) => ({ ...each, part: le === undefined ? part : { ...part, le } }));
const threshold: fc.Arbitrary<Indicator> = fc.record({
	kind: fc.constant("threshold" as const),
	metric: selector,
	op: fc.constantFrom("lt", "lte", "gt", "gte" as const),
	value: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((each) => (Object.is(each, -0) ? 0 : each)),
});
const heartbeat: fc.Arbitrary<Indicator> = fc
	.record({
		kind: fc.constant("heartbeat" as const),
		metric: selector,
		everyMs: fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * MINUTE_MS),
		atLeast: fc.integer({ min: 1, max: 50 }),
		effectiveAt: fc.option(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), { nil: undefined }),
	})
	.map(({ effectiveAt, ...each }) => ({
		...each,
		...(effectiveAt === undefined ? {} : { effectiveAt: effectiveAt * 1_000 }),
	}));

const calendars = fc.constantFrom(
	...(
		[
			["day", 2, 1],
			["week", 7, 1],
			["month", 30, 1],
			["month", 30, 6],
			["quarter", 90, 1],
			["year", 365, 1],
		] as const
	).flatMap(([unit, days, count]) =>
		["Europe/Paris", "America/New_York", "Asia/Kathmandu", "UTC"].map((timeZone) => ({
			periodMs: (unit === "day" ? 2 : days * count) * DAY_MS,
			calendar: {
				unit,
				count: unit === "day" ? 2 : count,
				timeZone,
				startsAt: instantOf("2026-01-31 12:30:00", timeZone),
			},
		})),
	),
);
const slo: fc.Arbitrary<Omit<Slo, "place">> = fc
	.record({
		name: word,
		displayName: line,
		description: fc.oneof(
			fc.constant(""),
			line,
			fc.tuple(line, line).map((lines) => lines.join("\n\n  ")),
		),
		workload: fc.constantFrom("mail", "search"),
		unit: fc.constantFrom("sign-ins", "events", "policy creations"),
		form: fc.oneof(
			fc.record({
				indicator: fc.oneof(ratio, threshold),
				slicing: fc.option(
					fc.oneof(
						fc.record({
							method: fc.constant("timeslices" as const),
							sliceMs: fc.integer({ min: 1, max: 15 }).map((minutes) => minutes * MINUTE_MS),
							target: fc.constantFrom(0.5, 0.9, 0.999, 1),
						}),
						fc.record({
							method: fc.constant("ratio-timeslices" as const),
							sliceMs: fc.integer({ min: 1, max: 15 }).map((minutes) => minutes * MINUTE_MS),
						}),
					),
					{ nil: undefined },
				),
			}),
			fc.record({ indicator: heartbeat, slicing: fc.constant(undefined) }),
		),
		objective: fc.constantFrom(0.99, 0.995, 0.999, 0.9999, 0.99945),
		window: fc.oneof(
			fc.integer({ min: 2, max: 90 }).map((days) => ({ periodMs: days * DAY_MS })),
			calendars,
		),
		valueUnit: fc.option(fc.constantFrom("s", "ms", "%", "GB/h"), { nil: undefined }),
		kindIndex: fc.nat(),
	})
	.map(({ form, window, valueUnit, kindIndex, ...each }) => {
		const { indicator, slicing } = form;
		const fitting = (Object.keys(SLI_KIND) as SliKind[]).filter((kind) => {
			const { forms, good } = SLI_KIND[kind];
			const isRightSide = indicator.kind !== "threshold" || good === "either" || goodSide(indicator.op) === good;
			return forms.includes(indicator.kind) && isRightSide;
		});
		return {
			...each,
			sliKind: fitting[kindIndex % fitting.length] as SliKind,
			indicator,
			...window,
			...(slicing ? { slicing } : {}),
			...(valueUnit ? { valueUnit } : {}),
		};
	});

const bare = ({ place: _, ...each }: Slo) => each;
/** A monitor of tickets only: this is about what is written, not about what can page. */
const MONITOR = {
	path: "monitors/all.yaml",
	text: "apiVersion: bellwether/v1\nkind: Monitor\nmetadata: { name: all }\nspec: { tiers: [ticket-quick] }\n",
};

describe("Export and import", () => {
	it("lose nothing of any SLO", () => {
		fc.assert(
			fc.property(fc.uniqueArray(slo, { selector: (each) => each.name, minLength: 1, maxLength: 3 }), (given) => {
				const place = { file: "x", line: 1, column: 1 };
				const slos = given.map((each): Slo => ({ ...each, place }));
				const services = ["mail", "search"].map((name) => serviceFile({ name, displayName: name }));
				const reading = parseCatalogue([...slos.map(sloFile), ...services, MONITOR]);
				expect(reading.findings.filter((finding) => finding.level === "error").map(formatFinding)).toEqual([]);
				const read = (reading.catalogue as Catalogue).slos;
				const inOrder = slos.toSorted((a, b) => (a.name < b.name ? -1 : 1));
				expect(read.map(bare)).toEqual(inOrder.map(bare));

				const { files, findings } = exportOpenSlo(reading.catalogue as Catalogue, {});
				expect(findings).toEqual([]);
				const again = importOpenSlo(files, { existing: reading.catalogue });
				expect(again.findings.filter((finding) => finding.level === "error").map(formatFinding)).toEqual([]);
				expect(again.taken).toBe(slos.length);
				expect(again.files).toEqual(files.filter((file) => !file.path.endsWith("_service.yaml")));
			}),
			{ numRuns: 50, seed: 20261123 },
		);
	}, 30_000);

	it("are the same catalogue, by its hash", () => {
		const files = [
			sloFile({ ...(fc.sample(slo, { numRuns: 1, seed: 5 })[0] as Slo), workload: "mail" }),
			serviceFile({ name: "mail", displayName: "Mail" }),
		];
		const { catalogue } = parseCatalogue([...files, MONITOR]);
		const exported = exportOpenSlo(catalogue as Catalogue, {}).files;
		expect(parseCatalogue([...exported, MONITOR]).catalogue?.hash).toBe(catalogue?.hash);
	});
});
