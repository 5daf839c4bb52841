import { describe, expect, it } from "vitest";
import { definitionWords, promiseWords } from "./promise-words.ts";
import type { Slo } from "./types.ts";

const DAY_MS = 86_400_000;
const attempts = { metric: "signin.attempts", where: [] };
const ok = { metric: "signin.attempts", where: [{ name: "result", op: "=", values: ["ok"] }] } as const;

const SIGN_INS = {
	sliKind: "availability",
	unit: "sign-ins",
	indicator: { kind: "ratio", numerator: "good", part: ok, total: attempts },
	objective: 0.999,
	periodMs: 28 * DAY_MS,
} as const satisfies Partial<Slo>;

const LAG = { kind: "threshold", metric: { metric: "sync.lag", where: [] }, op: "lte", value: 900 } as const;
const BEAT = { kind: "heartbeat", metric: { metric: "sync.done", where: [] }, everyMs: 600_000, atLeast: 1 } as const;

describe("a promise", () => {
	it.each([
		["of events", {}, "Of the sign-ins of a tenant, 99.9% succeed, over any 28 days."],
		[
			"of a calendar period",
			{ calendar: { unit: "month", count: 1, timeZone: "Europe/Berlin", startsAt: 0 } },
			"Of the sign-ins of a tenant, 99.9% succeed, in each calendar month (Europe/Berlin).",
		],
		[
			"of values against a bound",
			{ sliKind: "freshness", unit: "directory copies", indicator: LAG, valueUnit: "s", objective: 0.95 },
			"Of the directory copies of a tenant, 95% are fresh (older than 15 min is bad), over any 28 days.",
		],
		[
			"of slices",
			{ slicing: { method: "timeslices", sliceMs: 300_000, target: 0.95 } },
			"Of the 5 min slices of a tenant, 99.9% are good: 95% or more of the sign-ins succeed, over any 28 days.",
		],
		[
			"of the mean of slices",
			{ slicing: { method: "ratio-timeslices", sliceMs: 300_000 } },
			"Of the sign-ins of a tenant, 99.9% succeed in the mean of 5 min slices, over any 28 days.",
		],
		[
			"of intervals",
			{ indicator: BEAT, unit: "directory copies" },
			"Of the 10 min intervals of a tenant, 99.9% have directory copies, over any 28 days.",
		],
	] as const)("%s", (_, change, words) => {
		expect(promiseWords({ ...SIGN_INS, ...change })).toBe(words);
	});
});

describe("a definition", () => {
	it.each([
		[
			"of a ratio names both parts",
			SIGN_INS.indicator,
			[
				{ role: "good", text: "signin.attempts where result = ok" },
				{ role: "total", text: "signin.attempts" },
			],
		],
		[
			"of a histogram names the bound, conditions with several values and patterns",
			{
				kind: "ratio",
				numerator: "bad",
				part: {
					metric: "http",
					where: [
						{ name: "code", op: "=~", values: ["5.."] },
						{ name: "region", op: "!=", values: ["test", ""] },
					],
				},
				total: { metric: "http", where: [], le: 1500, signal: "span" },
			},
			[
				{ role: "bad", text: 'http where code fits 5.. and region ≠ test or ""' },
				{ role: "total", text: "span http where value ≤ 1500" },
			],
		],
		["of a threshold says which values are good", LAG, [{ role: "value", text: "sync.lag, good: ≤ 15 min" }]],
		["of a heartbeat names what is expected", BEAT, [{ role: "heartbeat", text: "sync.done" }]],
	] as const)("%s", (_, indicator, lines) => {
		expect(definitionWords({ indicator, valueUnit: "s" })).toEqual(lines);
	});
});
