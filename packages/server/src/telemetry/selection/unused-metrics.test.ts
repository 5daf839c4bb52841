import { expect, test } from "vitest";
import { catalogue, delta, NOW, point, request, rig, slo, writeRequestBytes } from "../telemetry-fixture.ts";
import { UnusedMetrics } from "./unused-metrics.ts";

test("a metric that no SLO names is listed once", () => {
	const unused = new UnusedMetrics();
	for (const metric of ["up", "up", "go_gc", ""]) unused.name(metric);
	expect(unused.list()).toEqual([
		{ metric: "up", attributes: undefined },
		{ metric: "go_gc", attributes: undefined },
	]);
});

test("a metric whose attributes no condition fits is listed with what it had where the conditions ask", () => {
	const unused = new UnusedMetrics();
	unused.mismatch("mail.sends", new Map([["env", "test"]]), ["env", "region", "env"]);
	unused.mismatch("mail.sends", new Map([["env", "other"]]), ["env"]);
	unused.mismatch("mail.reads", new Map(), []);
	expect(unused.list()).toEqual([
		{ metric: "mail.sends", attributes: "env=test, region=(missing)" },
		{ metric: "mail.reads", attributes: undefined },
	]);
});

test("millions of names take no more room than a few", () => {
	const unused = new UnusedMetrics();
	unused.name("x".repeat(10_000));
	for (let i = 0; i < 5_000; i++) unused.name(`metric_${i}`);
	unused.mismatch("late", new Map(), ["env"]);
	expect(unused.list()).toHaveLength(200);
});

const SENDS = slo("sends", {
	kind: "ratio",
	numerator: "good",
	part: { metric: "mail.sends", where: [{ name: "result", op: "=", values: ["ok"] }] },
	total: { metric: "mail.sends", where: [{ name: "result", op: "!=", values: [""] }] },
});

test.each(["otlp-protobuf", "otlp-json", "remote-write-1"] as const)(
	"telemetry notes what came in vain by %s",
	(protocol) => {
		const real = rig({ catalogue: catalogue({ slos: [SENDS] }) });
		const names = ["mail_sends_total", "mail.sends"];
		if (protocol === "remote-write-1") {
			const series = names.map((name) => ({ labels: { __name__: name, env: "test" }, samples: [[1, NOW - 1_000]] }));
			real.sendBytes(writeRequestBytes(series as never), protocol);
		} else {
			const given = { at: NOW - 1_000, start: NOW - 2_000, value: 1, attributes: { env: "test" } };
			real.send(request(names.map((name) => delta(name, point(given)))), protocol);
		}
		expect(real.telemetry.counters().unusedMetrics).toEqual([
			{ metric: "mail_sends_total", attributes: undefined },
			{ metric: "mail.sends", attributes: "result=(missing)" },
		]);
	},
);
