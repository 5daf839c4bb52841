import { DAY_MS } from "@bellwether/model";
import { type Localisation, localise, localiseMarginals } from "#detection";
import type { AttributeCounts, AttributesQuery } from "#telemetry";

/** What is usual is taken from so long before the range. */
const USUAL_MS = DAY_MS;
/** Combinations that have no place of their own are in no leaf: with more events than that in them, each attribute is asked by itself. */
const MAX_OTHER_SHARE = 0.1;
/** Bad events that are counted without a total of their own, as a share: such an attribute tells only of bad events. */
const MAX_LONE_SHARE = 0.01;

type Ask = (queries: readonly AttributesQuery[]) => Promise<readonly (AttributeCounts | undefined)[]>;
type Range = Pick<AttributesQuery, "tenant" | "slo" | "from" | "to">;

/**
 * Which attribute values explain the bad events of a range, beside the day before it. By combinations where they are
 * counted, else by each attribute alone. Undefined: the SLO keeps no attribute that could tell.
 */
export async function whereItFails(
	ask: Ask,
	range: Range,
	kept: readonly string[],
	each: readonly AttributeCounts[],
): Promise<Localisation | undefined> {
	const telling = each.filter((counts) => counts.items.length > 1 && isWhole(counts));
	if (telling.length === 0) return undefined;
	const usual = { ...range, from: range.from - USUAL_MS, to: range.from };
	if (kept.length > 1 && each.every(isWhole)) {
		const [now, before] = await ask([
			{ ...range, by: kept },
			{ ...usual, by: kept },
		]);
		if (now && before && now.other.total <= MAX_OTHER_SHARE * now.total)
			return localise({ attributes: kept, leaves: leavesOf(now, before) });
	}
	const before = await ask(telling.map(({ by }) => ({ ...usual, by })));
	return localiseMarginals({
		attributes: telling.map((counts, k) => ({
			name: counts.by[0] as string,
			values: leavesOf(counts, before[k]).map(({ values, ...leaf }) => ({ ...leaf, value: values[0] as string })),
		})),
	});
}

/** Whether its values have bad and good events alike. */
function isWhole({ items, bad }: AttributeCounts): boolean {
	const lone = items.reduce((sum, item) => sum + Math.max(0, item.bad - item.total), 0);
	return lone <= MAX_LONE_SHARE * Math.max(1, bad);
}

/** Where good events come in streams of their own, counts of one value may be below zero for a while. */
function leavesOf(now: AttributeCounts, before: AttributeCounts | undefined) {
	const usual = new Map((before?.items ?? []).map((item) => [JSON.stringify(item.values), item]));
	return now.items.map(({ values, bad, total }) => {
		const known = usual.get(JSON.stringify(values));
		return {
			values,
			bad: Math.max(0, bad),
			total: Math.max(0, total),
			usualBad: Math.max(0, Math.min(known?.bad ?? 0, known?.total ?? 0)),
			usualTotal: Math.max(0, known?.total ?? 0),
		};
	});
}
