import type { Columns } from "./columns.ts";
import { type Counted, type Group, groupsOf, sumsOf } from "./fit.ts";
import type { Chosen } from "./search.ts";
import type { Culprit, Localisation } from "./types.ts";

/** Counts of all leaves as they came. */
export interface Tally extends Counted {
	readonly columns: Columns;
}

/**
 * Everything else is raised by more than this part of what the culprits are raised: then it is the whole tenant, and the
 * culprits are only worse than the rest.
 */
const WHOLE_CONTRAST = 0.35;
/** Times its usual bad events that the rest may have without being called raised: days differ. */
const ORDINARY = 1.5;
/** A culprit with less of the excess is not worth a person's look. */
const MIN_COVERAGE = 0.03;
const CANDIDATES = 5;

/** The answer in counts and words, from the sets that a search chose and its best single ones. */
export function concludeFrom(
	tally: Tally,
	sets: readonly Chosen[],
	singles: readonly Chosen[],
	isRaised: boolean,
): Localisation {
	const { culprits, restContrast, excess } = describeSets(tally, sets);
	const isCulprit = culprits.length > 0 && restContrast < WHOLE_CONTRAST;
	const answer = isCulprit ? "culprit" : isRaised ? "whole-tenant" : "unknown";
	const named = isCulprit ? culprits.filter(({ coverage }, k) => k === 0 || coverage >= MIN_COVERAGE) : [];
	const first = named[0];
	const others = singles
		.slice(0, CANDIDATES)
		.flatMap((single) => describeSets(tally, [single]).culprits)
		.filter((one) => JSON.stringify(one.values) !== JSON.stringify(first?.values));
	return {
		answer,
		isWholeTenant: answer === "whole-tenant",
		culprits: named,
		candidates: (first ? [first, ...others] : others).slice(0, CANDIDATES),
		excessBad: excess,
		explanation: explain(answer, named, excess, tally.kind),
	};
}

/** Counts of each set without what the ones before it hold, largest share first, and how raised the rest is beside them. */
function describeSets(
	tally: Tally,
	sets: readonly Chosen[],
): { readonly culprits: readonly Culprit[]; readonly restContrast: number; readonly excess: number } {
	const { columns, kind } = tally;
	const sums = sumsOf(tally, groupsOf(sets, columns.length), sets.length + 1);
	const all = sums.reduce((one, other) => ({
		seen: one.seen + other.seen,
		total: one.total + other.total,
		usual: one.usual + other.usual,
	}));
	const badOf = (group: Group) => (kind === "errors" ? group.seen : group.total - group.seen);
	const excessOf = (group: Group) => (kind === "errors" ? group.seen - group.usual : group.total - group.seen);
	// Days differ: what the rest has less than usual is no reason to make the culprits' part look larger or smaller.
	const excess = sums.reduce((sum, group) => sum + Math.max(0, excessOf(group)), 0);
	const culprits = sets.map(({ cuboid, element, gain }, k): Culprit => {
		const own = sums[k + 1] as Group;
		const leaf = cuboid.example[element] as number;
		const values = cuboid.attributes.map((attribute) => [
			columns.attributes[attribute] as string,
			columns.values[attribute]?.[columns.codes[attribute]?.[leaf] as number] as string,
		]);
		const restRatio = Math.max(0, badOf(all) - badOf(own)) / (all.total - own.total);
		return {
			values: Object.fromEntries(values),
			bad: badOf(own),
			total: kind === "errors" ? own.total : own.seen,
			expectedBad: kind === "errors" ? own.usual : 0,
			coverage: excess > 0 ? Math.min(1, Math.max(0, excessOf(own) / excess)) : 0,
			lift: badOf(own) / own.total / restRatio,
			evidence: gain,
		};
	});
	culprits.sort((x, y) => y.coverage - x.coverage);
	const rest = sums[0] as Group;
	const restRaise =
		rest.total > 0 ? (kind === "errors" ? rest.seen - ORDINARY * rest.usual : excessOf(rest)) / rest.total : 0;
	const ill = sums.slice(1).reduce((raise, own) => Math.max(raise, excessOf(own) / own.total), 0);
	return { culprits, excess, restContrast: ill > 0 ? Math.max(0, restRaise) / ill : Number.POSITIVE_INFINITY };
}

/** What the answer means, in a sentence or two. */
function explain(
	answer: Localisation["answer"],
	culprits: readonly Culprit[],
	excess: number,
	kind: Counted["kind"],
): string {
	const bad = kind === "errors" ? "bad" : "missing";
	if (answer === "unknown") return `Too few ${bad} events beyond what is usual to say where they are.`;
	if (answer === "whole-tenant") return "Everything of this tenant is raised alike: no attribute tells it apart.";
	const parts = culprits.map(
		({ values, bad: own, total, coverage, lift }) =>
			`${wordsOf(values)}: ${Math.round(100 * coverage)} % of the ${bad} events beyond what is usual` +
			(kind === "errors"
				? ` (${Math.round(own)} of ${Math.round(total)} bad${liftWords(lift)})`
				: ` (${Math.round(own)} missing)`),
	);
	return `${parts.join("; ")}. In all ${Math.round(excess)} more ${bad} than usual.`;
}

function liftWords(lift: number): string {
	if (!Number.isFinite(lift)) return ", nothing else fails";
	return `, ${lift < 10 ? lift.toFixed(1) : Math.round(lift)} times as often as the rest`;
}

/** `region = eu and build = b7`; a missing value is "(none)". */
function wordsOf(values: Readonly<Record<string, string>>): string {
	return Object.entries(values)
		.map(([name, value]) => `${name} = ${value === "" ? "(none)" : value}`)
		.join(" and ");
}
