import { type Columns, columnsOf } from "./columns.ts";
import { cuboidsOf } from "./cuboids.ts";
import { concludeFrom, type Tally } from "./describe.ts";
import { type Counted, deviance } from "./fit.ts";
import { type Chosen, type Model, searchSets } from "./search.ts";
import { spreadWeights } from "./spread.ts";
import type { Leaf, Localisation, LocaliseInput, LossInput, MarginalInput } from "./types.ts";
import { sum, usualRatios } from "./usual.ts";

/** Attributes that a culprit may name. */
const DEPTH = 3;
/** Nats by which the tenant must differ from its usual ratio before anything is said of the whole. */
const RAISED = 4;

/**
 * Which conjunctions of 1-3 attribute values, at most three of them, explain the bad events of the window.
 * "Some sets are raised, the rest alike" is compared with "everything is raised alike" by their likelihoods, on counts
 * that are weighed down by how unlike leaves are that should be alike; what must be gained grows with the number of sets
 * there are to choose from. Throws a RangeError for leaves that do not fit the attributes.
 *
 * Compare: Bhagwan et al., "Adtributor" (NSDI 2014); Li et al., "Generic and robust localization of multi-dimensional
 * root causes" (Squeeze, ISSRE 2019).
 */
export function localise(input: LocaliseInput): Localisation {
	const columns = columnsOf<Leaf>(
		input.attributes,
		input.leaves.filter((leaf) => leaf.total > 0),
		[
			(leaf) => Math.min(leaf.bad, leaf.total),
			(leaf) => leaf.total,
			(leaf) => leaf.usualBad ?? 0,
			(leaf) => leaf.usualTotal ?? 0,
		],
	);
	const [seen, total, usualBad, usualTotal] = columns.counts as [
		Float64Array,
		Float64Array,
		Float64Array,
		Float64Array,
	];
	const ratios = usualRatios(columns, { usualBad, usualTotal }, input.usualErrorRatio);
	const usual = total.map((each, leaf) => each * (ratios[leaf] as number));
	const [bad, all, normal] = [sum(seen), sum(total), sum(usual)];
	const isRaised = bad > normal && deviance("errors", bad, all, normal) > RAISED;
	return answer(columns, { kind: "errors", seen, total, usual }, isRaised);
}

/**
 * The same where each attribute is counted by itself: values of one attribute. The attribute whose values explain most is
 * taken; where a conjunction is ill, its most telling part is named.
 */
export function localiseMarginals(input: MarginalInput): Localisation {
	const each = input.attributes.map(({ name, values }) =>
		localise({
			attributes: [name],
			leaves: values.map(({ value, ...counts }) => ({ ...counts, values: [value] })),
			usualErrorRatio: input.usualErrorRatio,
		}),
	);
	const candidates = each.flatMap((one) => one.candidates).sort((x, y) => y.evidence - x.evidence);
	const weight = (one: Localisation) => one.culprits.reduce((total, { evidence }) => total + evidence, 0);
	const found = each.filter((one) => one.answer === "culprit").sort((x, y) => weight(y) - weight(x))[0];
	const chosen = found ?? each.find((one) => one.answer === "whole-tenant") ?? each[0];
	if (!chosen) return localise({ attributes: [], leaves: [] });
	const first = chosen.culprits[0];
	const others = candidates.filter((one) => JSON.stringify(one.values) !== JSON.stringify(first?.values));
	return { ...chosen, candidates: (first ? [first, ...others] : others).slice(0, 5) };
}

/** Which conjunctions explain events that did not come. */
export function localiseLoss(input: LossInput): Localisation {
	const leaves = input.leaves.filter((leaf) => leaf.expected > 0);
	const columns = columnsOf(input.attributes, leaves, [(leaf) => leaf.total, (leaf) => leaf.expected]);
	const [seen, usual] = columns.counts as [Float64Array, Float64Array];
	const [came, expected] = [sum(seen), sum(usual)];
	const isLost = came < expected && deviance("loss", came, expected, expected) > RAISED;
	return answer(columns, { kind: "loss", seen, total: usual, usual }, isLost);
}

function answer(columns: Columns, counted: Counted, isRaised: boolean): Localisation {
	const tally: Tally = { columns, ...counted };
	const { sets, singles } = searchSpread(columns, counted);
	return concludeFrom(tally, sets, singles, isRaised);
}

/** Searches, measures how unlike leaves of one group are, and searches again with counts weighed down by it. */
function searchSpread(
	columns: Columns,
	counted: Counted,
): { readonly sets: readonly Chosen[]; readonly singles: readonly Chosen[] } {
	const cuboids = cuboidsOf(columns, DEPTH);
	if (cuboids.all.length === 0) return { sets: [], singles: [] };
	const found = ({ best, singles }: { best: Model; singles: readonly Chosen[] }) => ({ sets: best.sets, singles });
	const first = searchSets(columns, cuboids, counted);
	const weights = spreadWeights(counted, first.best);
	if (!weights) return found(first);
	const weighed = (column: Float64Array) => column.map((each, leaf) => each * (weights[leaf] as number));
	return found(
		searchSets(columns, cuboids, {
			kind: counted.kind,
			seen: weighed(counted.seen),
			total: weighed(counted.total),
			usual: weighed(counted.usual),
		}),
	);
}
