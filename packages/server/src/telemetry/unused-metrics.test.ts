import { expect, test } from "vitest";
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
