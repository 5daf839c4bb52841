import { seededRandom } from "@bellwether/model";
import { localise, localiseMarginals } from "../packages/server/src/detection/culprit/index.ts";
import { type Planted, type PlantedRanges, plant } from "../packages/server/src/detection/culprit/planted.ts";

const RANGES: Readonly<Record<string, PlantedRanges>> = {
	large: {
		attributes: [5, 5],
		leaves: [3_000, 100_000],
		events: [300_000, 20_000_000],
		usualRatio: [0.0005, 0.02],
		added: [0.03, 1],
		spread: [0, 0.25],
		history: [4, 60],
		sets: [1, 3],
	},
	medium: {
		attributes: [3, 5],
		leaves: [30, 3_000],
		events: [2_000, 300_000],
		usualRatio: [0.0005, 0.02],
		added: [0.03, 1],
		spread: [0, 0.25],
		history: [4, 60],
		sets: [1, 3],
	},
	small: {
		attributes: [2, 4],
		leaves: [4, 60],
		events: [30, 400],
		usualRatio: [0.0003, 0.01],
		added: [0.15, 1],
		spread: [0, 0.2],
		history: [20, 400],
		sets: [1, 2],
	},
	shifted: {
		attributes: [2, 5],
		leaves: [12, 8_000],
		events: [500, 1_000_000],
		usualRatio: [0.005, 0.06],
		added: [0.02, 0.5],
		spread: [0.1, 0.45],
		history: [1, 6],
		sets: [1, 3],
	},
};

export interface CulpritRow {
	readonly range: string;
	readonly planted: number;
	readonly f1: number;
	readonly precision: number;
	readonly recall: number;
	/** Share of planted sets found where one, two or three were planted. */
	readonly recallBySets: readonly number[];
	readonly whole: number;
	readonly wholeRight: number;
	/** Of troubles in one set of one attribute: found from single attributes alone. */
	readonly marginalRight: number | undefined;
	/** Processor time, so that other work on the machine does not count. */
	readonly maxMs: number;
	readonly maxLeaves: number;
	readonly isReached: boolean;
}

/** Troubles of each kind by range: planting 100,000 leaves takes longer than looking for what is wrong with them. */
const CASES: Readonly<Record<string, number>> = { large: 30, medium: 200, small: 200, shifted: 200 };

/** Plants troubles and asks for them. */
export function benchCulprit(seed: number, only?: string): CulpritRow[] {
	return Object.entries(RANGES)
		.filter(([range]) => only === undefined || only === range)
		.map(([range, ranges]) => benchRange(range, ranges, seed, CASES[range] as number));
}

function benchRange(range: string, ranges: PlantedRanges, seed: number, cases: number): CulpritRow {
	const random = seededRandom(seed * 7919 + range.length);
	const bySets = [1, 2, 3].map(() => ({ found: 0, planted: 0 }));
	let [exact, named, planted, maxMs, maxLeaves, marginal, marginalRight] = [0, 0, 0, 0, 0, 0, 0];
	const ask = (one: Planted) => {
		const before = process.cpuUsage();
		const answer = localise(one);
		const { user, system } = process.cpuUsage(before);
		maxMs = Math.max(maxMs, (user + system) / 1_000);
		maxLeaves = Math.max(maxLeaves, one.leaves.length);
		return answer;
	};
	for (let k = 0; k < cases; k++) {
		const one = drawn(random, ranges, false);
		const answer = ask(one);
		const truth = new Set(one.truth.map(nameOf));
		const found = answer.culprits.filter(({ values }) => truth.has(nameOf(values))).length;
		exact += found;
		named += answer.culprits.length;
		planted += truth.size;
		const own = bySets[truth.size - 1] as { found: number; planted: number };
		own.found += found;
		own.planted += truth.size;
		const only = one.truth.length === 1 ? Object.entries(one.truth[0] as object) : [];
		if (only.length === 1) {
			marginal++;
			const single = localiseMarginals(marginalsOf(one)).culprits;
			if (single.length === 1 && truth.has(nameOf((single[0] as (typeof single)[number]).values))) marginalRight++;
		}
	}
	let wholeRight = 0;
	for (let k = 0; k < cases; k++) {
		const one = drawn(random, ranges, true);
		const answer = ask(one);
		if (answer.isWholeTenant) wholeRight++;
	}
	const [precision, recall] = [exact / Math.max(1, named), exact / planted];
	const f1 = (2 * precision * recall) / (precision + recall);
	return {
		range,
		planted,
		f1: round(f1),
		precision: round(precision),
		recall: round(recall),
		recallBySets: bySets.map(({ found, planted: all }) => round(found / Math.max(1, all))),
		whole: cases,
		wholeRight: round(wholeRight / cases),
		marginalRight: marginal > 0 ? round(marginalRight / marginal) : undefined,
		maxMs: Math.round(maxMs),
		maxLeaves,
		isReached: f1 >= 0.85 && wholeRight / cases >= 0.95 && maxMs <= 1_000,
	};
}

function drawn(random: () => number, ranges: PlantedRanges, isWhole: boolean): Planted {
	for (;;) {
		const one = plant(random, ranges, isWhole);
		if (one) return one;
	}
}

function marginalsOf({ attributes, leaves }: Planted): Parameters<typeof localiseMarginals>[0] {
	return {
		attributes: attributes.map((name, a) => {
			const sums = new Map<
				string,
				{ value: string; bad: number; total: number; usualBad: number; usualTotal: number }
			>();
			for (const leaf of leaves) {
				const value = leaf.values[a] as string;
				const sum = sums.get(value) ?? { value, bad: 0, total: 0, usualBad: 0, usualTotal: 0 };
				sum.bad += leaf.bad;
				sum.total += leaf.total;
				sum.usualBad += leaf.usualBad ?? 0;
				sum.usualTotal += leaf.usualTotal ?? 0;
				sums.set(value, sum);
			}
			return { name, values: [...sums.values()] };
		}),
	};
}

function nameOf(values: Readonly<Record<string, string>>): string {
	return Object.keys(values)
		.sort()
		.map((name) => `${name}=${values[name]}`)
		.join("&");
}

function round(value: number): number {
	return Math.round(value * 1000) / 1000;
}
