import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, type SeverityKey } from "@bellwether/model";
import type { z } from "zod";
import { instantOf } from "./assemble-oncall.ts";
import type { monitorOverrides } from "./monitor-fields.ts";
import { type Context, record, sortedSet } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import { overThreshold, wholeThreshold } from "./threshold-terms.ts";
import type { DetectorKind, Monitor, MonitorOverride, MonitorOverrides, ThresholdTerms } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type WrittenOverrides = z.infer<typeof monitorOverrides>;
type WrittenTerms = WrittenOverrides[string];

export const BUILT_IN_MONITOR = "burn-rate";

/** Who has been silent for longer than windows surely look back would be forgotten rather than missed. */
const LONGEST_AFTER_MS = 28 * DAY_MS;
/** Detectors whose own group of fields a monitor may have; burn rate's stand beside the others. */
const GROUPS = ["threshold", "absence"] as const;

/** Written terms with their meaning, only those that are written; each one's place is noted under `key`. */
export function readTerms(
	context: Context,
	document: SourceDocument,
	path: Path,
	written: WrittenTerms,
	key: string,
): MonitorOverride {
	for (const field of Object.keys(written) as (keyof WrittenTerms)[]) {
		if (field === "threshold" || field === "absence") {
			for (const inner of Object.keys(written[field] ?? {}))
				context.note(`${key}/${field}.${inner}`, document, [...path, field, inner]);
		} else context.note(`${key}/${field}`, document, [...path, field]);
	}
	const { mode, severity, tiers, evidenceP, escalation, threshold, absence, pause } = written;
	if (escalation !== undefined && escalation !== "default")
		context.refer(["EscalationPolicy"], escalation, document, [...path, "escalation"]);
	return {
		...(mode === undefined ? {} : { mode }),
		...(severity === undefined ? {} : { severity: String(severity) as SeverityKey }),
		...(tiers === undefined ? {} : { tiers: sortedSet(tiers) as NonNullable<Monitor["tiers"]> }),
		...(evidenceP === undefined ? {} : { evidenceP }),
		...(escalation === undefined ? {} : { escalation }),
		...(threshold === undefined ? {} : { threshold: readThreshold(threshold) }),
		...(absence === undefined
			? {}
			: {
					absence: {
						...(absence.after === undefined ? {} : { afterMs: parseDuration(absence.after) as number }),
						...(absence.quietHours === undefined ? {} : { quietHours: absence.quietHours }),
					},
				}),
		...(pause === undefined ? {} : { pause: readPause(context, document, [...path, "pause"], pause) }),
	};
}

function readThreshold(written: NonNullable<WrittenTerms["threshold"]>): Partial<ThresholdTerms> {
	const { measure, is, value, for: look, minutes, clear, clearFor } = written;
	return {
		...(measure === undefined ? {} : { measure }),
		...(is === undefined ? {} : { is }),
		...(value === undefined ? {} : { value }),
		...(look === undefined ? {} : { lookMs: parseDuration(look) as number }),
		...(minutes === undefined ? {} : { minutes }),
		...(clear === undefined ? {} : { clear }),
		...(clearFor === undefined ? {} : { clearMs: parseDuration(clearFor) as number }),
	};
}

function readPause(
	context: Context,
	document: SourceDocument,
	path: Path,
	written: NonNullable<WrittenTerms["pause"]>,
) {
	const until = instantOf(written.until, "UTC");
	if (until === undefined) {
		const message = `${pathText([...path, "until"])} ${show(written.until)} is no time on the calendar.`;
		context.error({ document }, [...path, "until"], message, "Write one such as 2026-12-01T08:00Z.");
	}
	return { until: until ?? 0, reason: written.reason, owner: written.owner };
}

/** Fields that its detector does not have, and thresholds that no minute can cross. `fields` lead to what is written. */
export function checkTerms(
	context: Context,
	document: SourceDocument,
	path: Path,
	detector: DetectorKind,
	written: WrittenTerms,
	whole: ThresholdTerms | undefined,
): void {
	for (const group of GROUPS) {
		if (group === detector || written[group] === undefined) continue;
		const message = `${pathText([...path, group])} has no meaning for the detector ${detector}.`;
		context.error({ document }, [...path, group], message, `Remove it, or write detector: ${group}.`, "key");
	}
	for (const field of ["tiers", "evidenceP"] as const) {
		if (detector === "burn-rate" || written[field] === undefined) continue;
		const message = `${pathText([...path, field])} has no meaning for the detector ${detector}.`;
		context.error({ document }, [...path, field], message, "Remove it, or write detector: burn-rate.", "key");
	}
	const after = written.absence?.after;
	const afterMs = after === undefined ? undefined : parseDuration(after);
	if (afterMs !== undefined && (afterMs < MINUTE_MS || afterMs > LONGEST_AFTER_MS)) {
		const says = afterMs < MINUTE_MS ? "is shorter than a minute, so everybody is missing" : "is longer than 28d";
		const remedy = "Write 15m, for example, or leave it out: then each tenant's own rhythm decides.";
		context.error(
			{ document },
			[...path, "absence", "after"],
			`${pathText([...path, "absence", "after"])} ${says}.`,
			remedy,
		);
	}
	if (detector !== "threshold" || !whole) return;
	const fault = thresholdFault(whole);
	if (!fault) return;
	const at = written.threshold === undefined ? path : [...path, "threshold", ...fault.field];
	context.error({ document }, at, `${pathText([...path, "threshold"])} ${fault.says}.`, fault.remedy);
}

/** What makes a threshold impossible or pointless; undefined: nothing. */
export function thresholdFault(terms: ThresholdTerms): { field: Path; says: string; remedy: string } | undefined {
	const { measure, is, value, clear, lookMs, minutes, clearMs } = terms;
	if (Number.isNaN(value)) return { field: [], says: "has no value", remedy: "Write value: 0.05, for example." };
	const fault = (field: string, says: string, remedy: string) => ({ field: [field], says, remedy });
	if (is === "above" && measure === "bad-ratio" && value >= 1)
		return fault("value", `can never fire: no ratio is above ${value}`, "Write a ratio below 1, such as 0.05 for 5 %.");
	if (is === "below" && value <= 0)
		return fault("value", `can never fire: nothing is below ${value}`, "Write a value above 0.");
	if (is === "above" && value < 0)
		return fault("value", `is always true: everything is above ${value}`, "Write 0 or more.");
	if (is === "below" && measure === "bad-ratio" && value > 1)
		return fault("value", `is always true: every ratio is below ${value}`, "Write a ratio of at most 1.");
	if (is === "above" ? clear > value : clear < value)
		return fault(
			"clear",
			`clears at ${clear}, on the claiming side of ${value}`,
			`Write it ${is === "above" ? "no higher" : "no lower"} than the value.`,
		);
	if (is === "above" ? clear < 0 : measure === "bad-ratio" && clear > 1)
		return fault(
			"clear",
			`never clears: nothing is ${is === "above" ? "at or below" : "at or above"} ${clear}`,
			is === "above" ? "Write 0 or more." : "Write a ratio of at most 1.",
		);
	if (lookMs < MINUTE_MS || lookMs > HOUR_MS || lookMs % MINUTE_MS !== 0)
		return fault("for", "is not a whole number of minutes from 1m to 1h", "Write 5m, for example.");
	if (clearMs < MINUTE_MS || clearMs > HOUR_MS || clearMs % MINUTE_MS !== 0)
		return fault("clearFor", "clears after no whole number of minutes from 1m to 1h", "Write 5m, for example.");
	if (minutes > lookMs / MINUTE_MS)
		return fault(
			"minutes",
			`can never fire: ${minutes} minutes do not fit into ${lookMs / MINUTE_MS}`,
			"Write fewer minutes, or a longer `for`.",
		);
	return undefined;
}

/** Overrides of a workload, tier or tenant. `owner` is their key in the places, such as `Tier/gold`. */
export function readOverrides(
	context: Context,
	document: SourceDocument,
	path: Path,
	written: WrittenOverrides | undefined,
	owner: string,
): { readonly monitors?: MonitorOverrides } {
	if (written === undefined) return {};
	const names = Object.keys(written).toSorted();
	return {
		monitors: record(
			names.map((name) => {
				const isBuiltIn = name === BUILT_IN_MONITOR && !context.entries.of("Monitor").some(isBurnRate);
				if (!isBuiltIn) context.refer(["Monitor"], name, document, [...path, name], "key");
				const terms = written[name] as WrittenTerms;
				const monitor = context.entries.of("Monitor").find((entry) => entry.name === name);
				const detector = monitor?.input.spec.detector ?? "burn-rate";
				const base = wholeThreshold(readThreshold(monitor?.input.spec.threshold ?? {}));
				const whole = overThreshold(base, readThreshold(terms.threshold ?? {}));
				checkTerms(context, document, [...path, name], detector, terms, terms.threshold && whole);
				return [name, readTerms(context, document, [...path, name], terms, `${owner}/monitors/${name}`)] as const;
			}),
		),
	};
}

function isBurnRate(entry: {
	readonly input: { readonly spec: { readonly detector?: DetectorKind | undefined } };
}): boolean {
	return (entry.input.spec.detector ?? "burn-rate") === "burn-rate";
}
