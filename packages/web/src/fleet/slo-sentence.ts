import type { Cell, CellState, SloCell } from "../api-types.ts";
import {
	budgetGoneMs,
	burnOf,
	formatBudget,
	formatBurn,
	formatDuration,
	formatObjective,
	formatPeriod,
	formatSli,
} from "../format.ts";
import { type Text, times } from "../text.ts";

export interface CellFacts {
	readonly rowName: string;
	readonly cell: Cell;
	readonly isPlatform: boolean;
	readonly name: string;
	readonly workload: string;
	readonly platform: Cell | undefined;
	readonly now: number;
}

/** One cell as a sentence: what its lead SLO does, since when, how bad, against the platform. */
export function cellSentence(t: Text, facts: CellFacts): string {
	const { rowName, cell, isPlatform, name, workload, platform, now } = facts;
	const { lead, state } = cell;
	if (state === "not-in-use") return t("drawer.not-in-use", { row: rowName, workload });
	if (lead === null) return t("drawer.no-data", { name: `${name}, ${workload}` });
	const same = platform?.slos.find((candidate) => candidate.slo === lead.slo);
	return sloSentence(t, { slo: lead, state, name, platform: isPlatform ? "itself" : same, now });
}

export interface SloFacts {
	readonly slo: SloCell;
	readonly state: CellState;
	/** Whose it is. */
	readonly name: string;
	/** The same SLO of all customers; `itself`: this is it. */
	readonly platform: SloCell | undefined | "itself";
	readonly now: number;
}

/** One SLO as a sentence. What nothing is known of is said to be unknown. */
export function sloSentence(t: Text, { slo, state, name, platform, now }: SloFacts): string {
	const bare = `${name}, ${slo.displayName}`;
	const subject = `${bare},`;
	if (state === "muted") return mutedSentence(t, slo, subject, now);
	if (state === "no-data" || state === "not-in-use") {
		if (slo.lastAt === null) return t("drawer.no-data", { name: bare });
		return t("drawer.noDataSince", { name: bare, time: times.at(slo.lastAt, now) });
	}
	const aside = slo.paused ? [pauseSentence(t, slo.paused, now)] : [];
	if (state === "healthy" && slo.sli === null)
		return [t("drawer.healthyNoTraffic", { name: subject }), ...aside].join(" ");
	const since =
		slo.breachSince === null
			? ""
			: t("drawer.since", { time: times.at(slo.breachSince, now), duration: formatDuration(now - slo.breachSince) });
	const parts = [
		t(`drawer.${state}`, {
			name: subject,
			since,
			sli: formatSli(slo.sli, slo.objective),
			unit: slo.unit,
			objective: formatObjective(slo.objective),
		}),
	];
	if (platform !== "itself") {
		parts.push(
			platform === undefined || platform.sli === null
				? t("drawer.platformNone")
				: t("drawer.platform", { sli: formatSli(platform.sli, platform.objective) }),
		);
	}
	const gone = budgetGoneMs(burnOf(slo.sli, slo.objective), slo.periodMs);
	if (state !== "healthy" && gone !== null && gone < slo.periodMs)
		parts.push(t("drawer.gone", { period: formatPeriod(slo.periodMs), gone: formatDuration(gone) }));
	return [...parts, ...aside].join(" ");
}

/** One of several monitors is paused: the others page as ever. */
function pauseSentence(t: Text, paused: NonNullable<SloCell["paused"]>, now: number): string {
	const { monitor, until, owner, reason } = paused;
	return t("drawer.pausedOne", { monitor, until: times.at(until, now), owner, reason });
}

/** Whatever would page is paused: which monitor it is and who answers for it is said. */
function mutedSentence(t: Text, { paused }: SloCell, name: string, now: number): string {
	if (paused === undefined) return t("drawer.muted", { name });
	const { monitor, until, owner, reason } = paused;
	return t("drawer.paused", { name, monitor, until: times.at(until, now), owner, reason });
}

/** What is promised, and how much of the error budget is left. */
export function budgetSentence(t: Text, slo: SloCell): string {
	const period = formatPeriod(slo.periodMs);
	const promised = t("tenant.objective", {
		objective: formatObjective(slo.objective),
		unit: slo.unit,
		period: formatDuration(slo.periodMs),
		setBy: t(`setBy.${slo.objectiveSetBy}`),
	});
	const left = slo.budgetRemaining;
	if (left === null) return `${promised} ${t("tenant.budgetUnknown", { period })}`;
	if (left <= -1) return `${promised} ${t("tenant.budgetTimes", { period, times: formatBurn(1 - left) })}`;
	if (left < 0) return `${promised} ${t("tenant.budgetOver", { period, over: formatBudget(-left) })}`;
	return `${promised} ${t("tenant.budgetLeft", { period, left: formatBudget(left) })}`;
}
