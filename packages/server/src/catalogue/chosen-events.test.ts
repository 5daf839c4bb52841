import { describe, expect, test } from "vitest";
import { parseCatalogue } from "./index.ts";

const WORKLOAD = `apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail }
spec: { owner: Mail team }
`;

function read(metric: string, objective = "target: 0.99", sliKind = "availability") {
	const slo = `apiVersion: openslo/v1
kind: SLO
metadata: { name: logins, annotations: { bellwether.dev/sli-kind: ${sliKind} } }
spec:
  service: mail
  indicator: { metadata: { name: logins }, spec: { ${metric} } }
  objectives: [ { ${objective} } ]
`;
	const files = [
		{ path: "workloads/mail.yaml", text: WORKLOAD },
		{ path: "slos/logins.yaml", text: slo },
	];
	const { catalogue, findings } = parseCatalogue(files);
	const errors = findings.filter((each) => each.file === "slos/logins.yaml" && each.level === "error");
	return { indicator: catalogue?.slos[0]?.indicator, errors: errors.map(({ message }) => message) };
}

const of = (spec: string): string => `{ metricSource: { spec: ${spec} } }`;
const ratio = (part: string, total: string, numerator = "good"): string =>
	`ratioMetric: { ${numerator}: ${of(part)}, total: ${of(total)} }`;

describe("selectors of spans, log records and events", () => {
	test("name them instead of a metric", () => {
		expect(
			read(ratio("{ span: POST /login, le: 250 }", "{ span: POST /login, where: { span.kind: SERVER } }")),
		).toEqual({
			indicator: {
				kind: "ratio",
				numerator: "good",
				part: { signal: "span", metric: "POST /login", where: [], le: 250 },
				total: { signal: "span", metric: "POST /login", where: [{ name: "span.kind", op: "=", values: ["SERVER"] }] },
			},
			errors: [],
		});
		expect(read(ratio("{ log: audit, where: { log.severity: INFO } }", "{ log: audit }")).errors).toEqual([]);
		expect(read(ratio("{ event: pay, where: { event.good: true } }", '{ event: "*" }')).errors).toEqual([]);
	});

	test("take patterns in PromQL, with the signal beside", () => {
		const { indicator } = read(
			ratio("{ span: login, le: 9 }", `{ signal: span, selector: '{"login","http.route"!~"/a.*"}' }`),
		);
		expect(indicator).toMatchObject({
			total: { signal: "span", metric: "login", where: [{ name: "http.route", op: "!~", values: ["/a.*"] }] },
		});
	});

	test("compare durations or values with a threshold", () => {
		const { indicator } = read(
			`thresholdMetric: ${of("{ span: login }")}`,
			"target: 0.99, op: lt, value: 100",
			"latency",
		);
		expect(indicator).toMatchObject({ kind: "threshold", metric: { signal: "span", metric: "login" }, op: "lt" });
	});

	test.each([
		["two kinds in one selector", ratio("{ span: a, le: 5 }", "{ span: a, metric: b }"), "has both span and metric"],
		["a span and a log", ratio("{ span: a, le: 5 }", "{ span: a, log: b }"), "has both span and log"],
		["a signal alone", ratio("{ span: a, le: 5 }", "{ signal: span }"), "signal is without a selector"],
		["good spans of all metrics", ratio("{ span: a, le: 5 }", "{ metric: b }"), "selects spans, total selects metrics"],
		["good of another name", ratio("{ span: a }", "{ span: b }"), 'named "a", total those named "b": no event is both'],
		["the same in both", ratio("{ span: a }", "{ span: a }"), "selects the same events as total"],
		["the duration of a record", ratio("{ log: a, le: 5 }", "{ log: a }"), "log records have no duration"],
	])("%s is refused", (_, metric, message) => {
		expect(read(metric).errors.join("\n")).toContain(message);
	});

	test("a threshold for log records is refused", () => {
		const { errors } = read(`thresholdMetric: ${of("{ log: a }")}`, "target: 0.99, op: lt, value: 100", "latency");
		expect(errors.join("\n")).toContain("selects log records, which have no value");
	});
});
