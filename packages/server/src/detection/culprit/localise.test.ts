import { seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { type Leaf, localise, localiseLoss, localiseMarginals } from "./index.ts";
import { type PlantedRanges, plant } from "./planted.ts";

const REGIONS = ["eu", "us", "asia"];
const BUILDS = ["b6", "b7"];
const OPERATIONS = ["read", "write", "list", "login"];
const ATTRIBUTES = ["region", "build", "operation"];

/** 1,000 events of every combination, 2 of them bad, as always; `bad` says how many are bad now. */
function leaves(bad: (region: string, build: string, operation: string) => number, total = 1_000): Leaf[] {
	return REGIONS.flatMap((region) =>
		BUILDS.flatMap((build) =>
			OPERATIONS.map((operation) => ({
				values: [region, build, operation],
				bad: bad(region, build, operation),
				total,
				usualBad: 20,
				usualTotal: 10_000,
			})),
		),
	);
}
const ask = (all: readonly Leaf[]) => localise({ attributes: ATTRIBUTES, leaves: all });
const named = (all: readonly Leaf[]) => ask(all).culprits.map(({ values }) => values);

describe("which attribute values explain a tenant's errors", () => {
	it("is one value", () => {
		expect(named(leaves((region) => (region === "eu" ? 300 : 2)))).toEqual([{ region: "eu" }]);
	});
	it("is a combination, not the values it is made of", () => {
		const bad = leaves((region, build) => (region === "eu" && build === "b7" ? 300 : 2));
		expect(named(bad)).toEqual([{ region: "eu", build: "b7" }]);
	});
	it("is a combination of three", () => {
		const bad = leaves((...values) => (values.join() === "us,b6,login" ? 200 : 2));
		expect(named(bad)).toEqual([{ region: "us", build: "b6", operation: "login" }]);
	});
	it("may be several at once", () => {
		const bad = leaves((region, build, operation) =>
			(region === "eu" && build === "b7") || (region === "us" && operation === "login") ? 300 : 2,
		);
		expect(named(bad)).toHaveLength(2);
		expect(named(bad)).toEqual(
			expect.arrayContaining([
				{ region: "eu", build: "b7" },
				{ region: "us", operation: "login" },
			]),
		);
	});
	it("is the whole tenant when everything is raised alike", () => {
		const answer = ask(leaves((region) => (region === "eu" ? 105 : 98)));
		expect(answer).toMatchObject({ answer: "whole-tenant", isWholeTenant: true, culprits: [] });
	});
	it("is the whole tenant when what always fails most fails most again, in proportion", () => {
		const often = leaves((_region, _build, operation) => (operation === "write" ? 250 : 50)).map((leaf) =>
			leaf.values[2] === "write" ? { ...leaf, usualBad: 100 } : leaf,
		);
		expect(ask(often).answer).toBe("whole-tenant");
	});
	it("is unknown when nothing is raised, and without events", () => {
		expect(ask(leaves(() => 2))).toMatchObject({ answer: "unknown", culprits: [] });
		expect(localise({ attributes: ATTRIBUTES, leaves: [] })).toMatchObject({ answer: "unknown", excessBad: 0 });
	});
	it("is not what fails most when that always fails", () => {
		const chronic = leaves((region, _build, operation) => (operation === "list" ? 100 : region === "eu" ? 40 : 2)).map(
			(leaf) => (leaf.values[2] === "list" ? { ...leaf, usualBad: 1_000 } : leaf),
		);
		expect(named(chronic)).toEqual([{ region: "eu" }]);
	});
	it("judges a value without history by its other attributes", () => {
		const fresh = leaves((_region, build) => (build === "b7" ? 150 : 2)).map((leaf) =>
			leaf.values[1] === "b7" ? { ...leaf, usualBad: 0, usualTotal: 0 } : leaf,
		);
		expect(named(fresh)).toEqual([{ build: "b7" }]);
	});
	it("is told of a tenant with a few dozen events", () => {
		const few = leaves((region) => (region === "us" ? 3 : 0), 4);
		expect(named(few)).toEqual([{ region: "us" }]);
	});
	it("says how much it explains, in counts and words", () => {
		const answer = ask(leaves((region) => (region === "eu" ? 300 : 2)));
		expect(answer.culprits[0]).toMatchObject({ bad: 2_400, total: 8_000, coverage: 1 });
		expect(answer.explanation).toMatch(/^region = eu: 100 % of the bad events beyond what is usual \(2400 of 8000 bad/);
	});
});

test("the order of leaves, and a leaf told in two parts, change nothing", () => {
	const all = leaves((region, build) => (region === "eu" && build === "b7" ? 300 : 2));
	const halved = all.flatMap((leaf) => {
		const half = { values: leaf.values, bad: leaf.bad / 2, total: leaf.total / 2, usualBad: 10, usualTotal: 5_000 };
		return [half, half];
	});
	expect(ask([...all].reverse())).toEqual(ask(all));
	expect(ask(halved)).toEqual(ask(all));
});

test("a leaf with too few values is refused by its place", () => {
	const leaf = { values: ["eu"], bad: 1, total: 2 };
	expect(() => ask([leaf])).toThrow(/leaves\[0\] has 1 values; give one for each of 3 attributes/);
});

test("single attributes alone tell a culprit of one attribute", () => {
	const value = (name: string, bad: number) => ({ value: name, bad, total: 1_000, usualBad: 20, usualTotal: 10_000 });
	const answer = localiseMarginals({
		attributes: [
			{ name: "build", values: [value("b6", 51), value("b7", 51)] },
			{ name: "region", values: [value("eu", 100), value("us", 2)] },
		],
	});
	expect(answer.culprits.map(({ values }) => values)).toEqual([{ region: "eu" }]);
});

test("events that did not come are missing where they should have been", () => {
	const all = leaves(() => 0).map(({ values }) => ({
		values,
		total: values[0] === "asia" ? 30 : 990,
		expected: 1_000,
	}));
	const answer = localiseLoss({ attributes: ATTRIBUTES, leaves: all });
	expect(answer.culprits.map(({ values }) => values)).toEqual([{ region: "asia" }]);
	const half = all.map((leaf) => ({ ...leaf, total: 500 }));
	expect(localiseLoss({ attributes: ATTRIBUTES, leaves: half }).answer).toBe("whole-tenant");
});

describe("of planted troubles", () => {
	const ranges: PlantedRanges = {
		attributes: [2, 5],
		leaves: [8, 600],
		events: [1_000, 100_000],
		usualRatio: [0.0005, 0.02],
		added: [0.03, 1],
		spread: [0, 0.25],
		history: [4, 60],
		sets: [1, 3],
	};
	const planted = (random: () => number, isWhole: boolean) => {
		for (;;) {
			const one = plant(random, ranges, isWhole);
			if (one) return one;
		}
	};
	it("names at least 85 of 100 sets exactly, and few others", () => {
		const random = seededRandom(401);
		let [exact, named, all] = [0, 0, 0];
		for (let k = 0; k < 60; k++) {
			const one = planted(random, false);
			const truth = one.truth.map((set) => JSON.stringify(Object.entries(set).sort()));
			const answer = localise(one).culprits.map(({ values }) => JSON.stringify(Object.entries(values).sort()));
			exact += answer.filter((set) => truth.includes(set)).length;
			named += answer.length;
			all += truth.length;
		}
		expect((2 * exact) / (named + all)).toBeGreaterThanOrEqual(0.85);
	});
	it("says that it is the whole tenant when it is", () => {
		const random = seededRandom(402);
		const right = Array.from({ length: 60 }, () => localise(planted(random, true)).isWholeTenant).filter(Boolean);
		expect(right.length).toBeGreaterThanOrEqual(57);
	});
});
