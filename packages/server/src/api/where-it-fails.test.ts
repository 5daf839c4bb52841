import { expect, test } from "vitest";
import type { AttributeCounts, AttributesQuery } from "#telemetry";
import { whereItFails } from "./where-it-fails.ts";

const NOW = Date.UTC(2026, 2, 2, 9);
const RANGE = { tenant: "contoso", slo: "sign-in", from: NOW - 3_600_000, to: NOW };
type Row = readonly [values: readonly string[], bad: number, total: number];

function counts(by: readonly string[], rows: readonly Row[], other = 0): AttributeCounts {
	const items = rows.map(([values, bad, total]) => ({
		values,
		bad,
		total,
		good: total - bad,
		isExact: true,
		since: undefined,
	}));
	const sum = (pick: (row: Row) => number) => rows.reduce((all, row) => all + pick(row), 0);
	const bad = sum((row) => row[1]);
	const total = sum((row) => row[2]) + other;
	return {
		by,
		keptFrom: 0,
		until: NOW,
		good: total - bad,
		bad,
		total,
		items,
		other: { good: other, bad: 0, total: other },
	};
}

/** Answers with the window's rows, or the day before's, by the attributes asked for. */
function asking(now: Readonly<Record<string, AttributeCounts>>, before: Readonly<Record<string, AttributeCounts>>) {
	const asked: string[] = [];
	const ask = async (queries: readonly AttributesQuery[]) =>
		queries.map(({ by, to }) => {
			asked.push(by.join());
			return (to === RANGE.to ? now : before)[by.join()];
		});
	return { ask, asked };
}
const REGIONS = counts(
	["region"],
	[
		[["eu"], 110, 2_000],
		[["us"], 4, 2_000],
	],
);
const BUILDS = counts(
	["build"],
	[
		[["b6"], 4, 2_000],
		[["b7"], 110, 2_000],
	],
);
const USUAL_REGIONS = counts(
	["region"],
	[
		[["eu"], 48, 48_000],
		[["us"], 48, 48_000],
	],
);
const USUAL_BUILDS = counts(["build"], [[["b6"], 96, 96_000]]);
const JOINT: readonly Row[] = [
	[["eu", "b6"], 2, 1_000],
	[["eu", "b7"], 108, 1_000],
	[["us", "b6"], 2, 1_000],
	[["us", "b7"], 2, 1_000],
];
const USUAL_JOINT = counts(
	["region", "build"],
	[
		[["eu", "b6"], 48, 48_000],
		[["us", "b6"], 48, 48_000],
	],
);

test("combinations are told where they are counted", async () => {
	const { ask } = asking({ "region,build": counts(["region", "build"], JOINT) }, { "region,build": USUAL_JOINT });
	const found = await whereItFails(ask, RANGE, ["region", "build"], [REGIONS, BUILDS]);
	expect(found?.culprits.map(({ values }) => values)).toEqual([{ region: "eu", build: "b7" }]);
});

test("with many combinations uncounted each attribute is asked by itself", async () => {
	const { ask, asked } = asking(
		{ "region,build": counts(["region", "build"], JOINT.slice(0, 2), 2_000) },
		{ "region,build": USUAL_JOINT, region: USUAL_REGIONS, build: USUAL_BUILDS },
	);
	const found = await whereItFails(
		ask,
		RANGE,
		["region", "build"],
		[REGIONS, counts(["build"], [[["b6"], 114, 4_000]])],
	);
	expect(found?.culprits.map(({ values }) => values)).toEqual([{ region: "eu" }]);
	expect(asked).toContain("region");
});

test("an attribute that only bad events have explains nothing", async () => {
	const codes = counts(
		["error.code"],
		[
			[["503"], 110, 0],
			[[""], 0, 4_000],
		],
	);
	const { ask } = asking({}, { region: USUAL_REGIONS });
	const found = await whereItFails(ask, RANGE, ["region", "error.code"], [REGIONS, codes]);
	expect(found?.culprits.map(({ values }) => values)).toEqual([{ region: "eu" }]);
	expect(await whereItFails(ask, RANGE, ["error.code"], [codes])).toBeUndefined();
});
