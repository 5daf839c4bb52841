import { burnRateTiers, DAY_MS, formatDuration, parseDuration } from "@bellwether/model";
import { Findings } from "../finding.ts";
import { readSource } from "../source.ts";
import { show } from "../wording.ts";
import { type BurnCondition, burnConditions, factorFor, periodBehind, short } from "./burn-alert.ts";
import { filesOf, type SloDraft } from "./draft.ts";
import { FoundFault } from "./reader.ts";
import { Recordings, rulesOf, type SourceRule } from "./rule-file.ts";
import { sliKindOf } from "./sli-kind.ts";
import type { Importer, ImportOptions } from "./types.ts";

const DEFAULT_PERIOD_MS = 30 * DAY_MS;

/** An alert that was read, and the labels of the recordings that it uses. */
interface BurnAlert {
	readonly rule: SourceRule;
	readonly conditions: readonly BurnCondition[];
	readonly labels: ReadonlyMap<string, string>;
}

/**
 * Prometheus rule files. Alerts on error ratios become SLOs: burn-rate alerts as Sloth, Pyrra and the SRE Workbook write
 * them, and single limits. Alerts on the same events with the same budget are one SLO; every other alert is refused.
 */
export const importRules: Importer = (files, options) => {
	const findings = new Findings();
	const rules: SourceRule[] = [];
	for (const document of files.flatMap((file) => readSource(file, findings))) {
		const own = rulesOf(document);
		if (own) rules.push(...own);
		else findings.error(document.place([]), "This is no rule file of Prometheus.", "Give a file with groups of rules.");
	}
	const recordings = new Recordings(rules);
	const slos = new Map<string, { alerts: BurnAlert[]; conditions: BurnCondition[]; objective: number }>();
	let refusedAlerts = 0;
	for (const rule of rules) {
		if (rule.kind !== "alert") continue;
		try {
			const labels = new Map<string, string>();
			const conditions = rule.read((expr) => burnConditions(recordings.inline(expr, labels)));
			const alert = { rule, conditions, labels };
			for (const condition of conditions) {
				const objective = objectiveOf(condition, alert, findings);
				const key = JSON.stringify([condition.indicator, objective, nameOf(alert)]);
				const slo = slos.get(key) ?? { alerts: [], conditions: [], objective };
				slos.set(key, slo);
				if (!slo.alerts.includes(alert)) slo.alerts.push(alert);
				slo.conditions.push(condition);
			}
		} catch (error) {
			if (!(error instanceof FoundFault)) throw error;
			refusedAlerts += 1;
			const message = `The alert ${show(rule.name)} is not taken over: ${error.message}`;
			findings.error(error.place, message, error.remedy);
		}
	}
	const drafts = [...slos.values()].map((slo) =>
		draftOf(slo.alerts, slo.conditions, slo.objective, recordings, options, findings),
	);
	warnUnused(rules, recordings, findings);
	const result = filesOf(drafts, findings, options);
	return { ...result, refused: refusedAlerts + drafts.length - result.taken };
};

function nameOf({ rule, labels }: BurnAlert): string {
	return labels.get("sloth_id") ?? rule.labels.slo ?? labels.get("slo") ?? rule.name;
}

/** 1 − budget. Where the alert does not say its budget, a warning tells what was taken for it. */
function objectiveOf(condition: BurnCondition, { rule }: BurnAlert, findings: Findings): number {
	const { limit, budget, windowsMs } = condition;
	if (budget !== undefined && condition.factor !== undefined && condition.factor >= 0.9) return oneMinus(budget);
	const long = windowsMs.at(-1) as number;
	const factor = windowsMs.length > 1 ? factorFor(long, DEFAULT_PERIOD_MS) : undefined;
	if (factor !== undefined) {
		const message = `${show(rule.name)} writes its limit ${short(limit)} as one number; taken as a burn rate of ${short(factor)} over ${formatDuration(long)}, an objective of ${oneMinus(limit / factor)}.`;
		findings.warn(rule.place, message, "Correct the target in the SLO if it was meant otherwise.");
		return oneMinus(limit / factor);
	}
	const message = `${show(rule.name)} is true above an error ratio of ${short(limit)} over ${formatDuration(long)}, without a budget; taken as an objective of ${oneMinus(limit)}.`;
	findings.warn(rule.place, message, "Here it pages when that budget burns too fast; correct the target if needed.");
	return oneMinus(limit);
}

function oneMinus(budget: number): number {
	return Number((1 - budget).toPrecision(12).slice(0, 12));
}

function draftOf(
	alerts: readonly BurnAlert[],
	conditions: readonly BurnCondition[],
	objective: number,
	recordings: Recordings,
	options: ImportOptions,
	findings: Findings,
): SloDraft {
	const first = alerts[0] as BurnAlert;
	const { rule, labels } = first;
	const { indicator } = conditions[0] as BurnCondition;
	const periodMs = periodOf(alerts, conditions, recordings, options, findings);
	const grouped = [...new Set(conditions.flatMap((condition) => condition.by))];
	if (grouped.length > 0) {
		const message = `${show(rule.name)} alerts on each ${grouped.join(", ")}; here windows are kept by key tenant.`;
		findings.warn(rule.place, message, "Name the label in match of the key tenants.");
	}
	const guards = [...new Set(conditions.flatMap((condition) => condition.guards))];
	if (guards.length > 0) {
		const message = `${show(rule.name)} asks for traffic (${guards.join("; ")}); here the evidence of a page does that.`;
		findings.warn(rule.place, message, "See evidenceP of a monitor.");
	}
	warnTiers(rule, conditions, periodMs, findings);
	const job = rule.labels.job ?? labels.get("job");
	return {
		name: nameOf(first),
		workload: labels.get("sloth_service") ?? rule.labels.service ?? options.workload ?? job ?? rule.group,
		owner: rule.labels.owner ?? rule.labels.team ?? labels.get("owner"),
		sliKind: sliKindOf(indicator),
		indicator,
		objective,
		periodMs,
		only: conditions.every((condition) => (condition.windowsMs.at(-1) as number) >= DAY_MS) ? "ticket" : undefined,
		place: rule.place,
	};
}

function periodOf(
	alerts: readonly BurnAlert[],
	conditions: readonly BurnCondition[],
	recordings: Recordings,
	options: ImportOptions,
	findings: Findings,
): number {
	for (const { rule, labels, conditions: own } of alerts) {
		const id = labels.get("sloth_id");
		const recorded = id === undefined ? undefined : recordings.find("slo:time_period:days", { sloth_id: id });
		const days = recorded?.read((expr) =>
			expr.kind === "call" && expr.args[0]?.kind === "number" ? expr.args[0].value : 0,
		);
		if (days) return days * DAY_MS;
		// Pyrra's label: how long the budget lasts at this burn rate.
		const exhaustionMs = parseDuration(rule.labels.exhaustion ?? "");
		const factor = own[0]?.factor;
		if (exhaustionMs !== undefined && factor !== undefined) {
			const wholeDays = Math.round((exhaustionMs * factor) / DAY_MS);
			if (wholeDays >= 1) return wholeDays * DAY_MS;
		}
	}
	for (const { factor, windowsMs } of conditions) {
		const periodMs = factor === undefined ? undefined : periodBehind(factor, windowsMs.at(-1) as number);
		if (periodMs !== undefined) return periodMs;
	}
	const periodMs = options.periodMs ?? DEFAULT_PERIOD_MS;
	const { rule } = alerts[0] as BurnAlert;
	if (options.periodMs === undefined) {
		const message = `${show(rule.name)} does not say over which period its budget is; taken as ${formatDuration(periodMs)}.`;
		findings.warn(rule.place, message, "Give --period, or correct the SLO.");
	}
	return periodMs;
}

/** Tells when the windows or factors there are not those that run here. */
function warnTiers(rule: SourceRule, conditions: readonly BurnCondition[], periodMs: number, findings: Findings): void {
	const ours = burnRateTiers(periodMs);
	const differs = conditions.some(({ windowsMs, factor }) => {
		if (factor === undefined) return false;
		const same = ours.find((tier) => tier.longMs === windowsMs.at(-1) && tier.shortMs === windowsMs[0]);
		return !same || Math.abs(same.factor / factor - 1) > 0.01;
	});
	if (!differs) return;
	const there = conditions
		.filter(({ factor }) => factor !== undefined)
		.map(
			({ windowsMs, factor }) =>
				`${short(factor as number)} over ${windowsMs.toReversed().map(formatDuration).join(" and ")}`,
		);
	const here = ours.map(
		({ factor, longMs, shortMs }) => `${short(factor)} over ${formatDuration(longMs)} and ${formatDuration(shortMs)}`,
	);
	const message = `${show(rule.name)} burns at other rates there (${there.join(", ")}) than here (${here.join(", ")}).`;
	findings.warn(rule.place, message, "The tiers here derive from the period.");
}

/** Recordings that no taken alert reads. Those that Sloth and Pyrra write beside their alerts say nothing more. */
function warnUnused(rules: readonly SourceRule[], recordings: Recordings, findings: Findings): void {
	for (const rule of rules) {
		if (rule.kind !== "recording" || recordings.used.has(rule)) continue;
		if (/^slo:|^sloth_|^pyrra_|:increase\d+[wdhm]$|:burnrate\d+[wdhm]$/.test(rule.name)) continue;
		findings.warn(
			rule.place,
			`The recording ${show(rule.name)} is left out: no alert that was taken over uses it.`,
			"",
		);
	}
}
