import { describe, expect, test } from "vitest";
import type { Slo } from "#catalogue";
import { likeness, uncoveredSlos } from "./slo-coverage.ts";

function slo(name: string, part: string, total: string): Slo {
	const selector = (metric: string) => ({ metric, where: [] });
	const indicator = { kind: "ratio", numerator: "good", part: selector(part), total: selector(total) } as const;
	return { name, displayName: name, workload: "mail", indicator } as unknown as Slo;
}

const named = (metric: string, attributes?: string) => ({ metric, attributes });

describe("an SLO that never saw data", () => {
	test("is told with its metric and the closest of what no SLO counts", () => {
		const slos = [slo("send", "mail.sends", "mail.sends"), slo("read", "mail.reads", "mail.reads")];
		const unused = [named("go_gc_duration"), named("mail_sends_total"), named("mail.opens"), named("up")];
		expect(uncoveredSlos(slos, (name) => name === "read", unused)).toEqual([
			expect.objectContaining({
				slo: "send",
				waitsFor: ["mail.sends"],
				seenInstead: ["mail_sends_total", "mail.opens", "go_gc_duration"],
			}),
		]);
	});

	test("whose metric came with other attributes is told which", () => {
		const [found] = uncoveredSlos([slo("send", "mail.sends", "mail.sends")], () => false, [
			named("up"),
			named("mail.sends", "env=test"),
		]);
		expect(found?.seenInstead[0]).toBe("mail.sends with env=test");
	});

	test("has nothing to compare with when all is used", () => {
		expect(uncoveredSlos([slo("send", "a", "b")], () => false, [])[0]).toMatchObject({
			waitsFor: ["a", "b"],
			seenInstead: [],
		});
	});
});

describe("likeness of names", () => {
	test.each([
		["mail.sends", "mail.sends", 1],
		["mail.sends", "mail_sends_total", 0.99],
		["mailSends", "mail.sends", 0.99],
		["mail.sends", "file.opens", 0],
	])("%s and %s", (a, b, expected) => {
		expect(likeness(a, b)).toBe(expected);
	});
});
