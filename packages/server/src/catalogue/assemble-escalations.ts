import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS, SEVERITIES, type SeverityKey } from "@bellwether/model";
import { checkAddress } from "./assemble-channels.ts";
import { bounded } from "./assemble-oncall.ts";
import { DEFAULT_ESCALATION } from "./choose.ts";
import type { Entry } from "./entries.ts";
import type {
	EscalationAct,
	EscalationPolicy,
	EscalationStep,
	EscalationTarget,
	Person,
	StepCondition,
} from "./escalation-types.ts";
import type { Input } from "./kinds.ts";
import type { Context } from "./references.ts";
import type { Channel, Schedule } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type PolicyEntry = Entry<"EscalationPolicy">;
type Spec = Input<"EscalationPolicy">["spec"];
type WrittenStep = Spec["steps"][number];
type WrittenTarget = NonNullable<WrittenStep["notify"]>;

const DEFAULT_REPEAT_MS = 5 * MINUTE_MS;
const DEFAULT_ACKNOWLEDGE_MS = 15 * MINUTE_MS;
const DEFAULT_REMIND_MS = 30 * MINUTE_MS;
const DEFAULT_ESCALATE_MS = 15 * MINUTE_MS;
const DEFAULT_FLAPS_WITHIN_MS = 6 * HOUR_MS;
/** Shorter would flood a phone; tests and drills still need seconds. */
const MIN_REPEAT_MS = SECOND_MS;
const TARGETS = ["schedule", "person", "persons", "inTurn", "team", "channel"] as const;
const STEPS = ["wait", "notify", "repeat", "declare", "resolve"] as const;

export function assembleEscalations(
	context: Context,
	schedules: readonly Schedule[],
	people: readonly Person[],
	channels: readonly Channel[],
): EscalationPolicy[] {
	const policies = context.entries.of("EscalationPolicy").map((entry) => assemblePolicy(context, entry, channels));
	if (context.names("EscalationPolicy").includes(DEFAULT_ESCALATION) || !context.complete("EscalationPolicy"))
		return policies;
	return [...policies, defaultPolicy(schedules, people)];
}

function assemblePolicy(context: Context, entry: PolicyEntry, channels: readonly Channel[]): EscalationPolicy {
	const { spec } = entry.input;
	const steps = assembleSteps(context, entry, channels);
	const [first] = spec.steps;
	const wait = first?.wait === undefined ? "after" : "wait";
	if (first && (parseDuration(first[wait] ?? "0m") ?? 0) > 0) {
		const message = `Nobody is paged at once: the first step of ${show(entry.name)} waits ${first[wait]}.`;
		context.warn(entry, ["spec", "steps", 0, wait], message, "Write after: 0m on the first step.");
	}
	if (!spec.steps.some((step) => step.notify !== undefined)) {
		const message = `Escalation policy ${show(entry.name)} notifies nobody.`;
		context.error(entry, ["spec", "steps"], message, "Write at least one step with notify.", "key");
	}
	const acknowledgeWithinMs = bounded(
		context,
		entry,
		["spec", "acknowledgeWithin"],
		spec.acknowledgeWithin,
		DEFAULT_ACKNOWLEDGE_MS,
		SECOND_MS,
		7 * DAY_MS,
	);
	const at = ["spec", "repeatEvery"];
	return {
		name: entry.name,
		repeatEveryMs: bounded(context, entry, at, spec.repeatEvery, DEFAULT_REPEAT_MS, MIN_REPEAT_MS, DAY_MS),
		acknowledgeWithinMs,
		steps,
		...warning(context, entry, acknowledgeWithinMs),
		...lead(context, entry, channels),
		...afterAcknowledge(context, entry),
		...transients(context, entry),
		...localNight(context, entry),
	};
}

function warning(context: Context, entry: PolicyEntry, withinMs: number): Pick<EscalationPolicy, "warnAfterMs"> {
	const { warnAfter } = entry.input.spec;
	if (warnAfter === undefined) return {};
	const warnAfterMs = parseDuration(warnAfter) ?? 0;
	if (warnAfterMs < withinMs) return { warnAfterMs };
	const at = ["spec", "warnAfter"];
	const message = `${pathText(at)} ${show(warnAfter)} is not before the acknowledgement is due, so it warns of nothing.`;
	context.error(entry, at, message, "Write a shorter time than acknowledgeWithin.");
	return {};
}

function lead(context: Context, entry: PolicyEntry, channels: readonly Channel[]): Pick<EscalationPolicy, "lead"> {
	const written = entry.input.spec.lead;
	const target = written && targetOf(context, entry, ["spec", "lead"], written, channels);
	return target ? { lead: target } : {};
}

function afterAcknowledge(context: Context, entry: PolicyEntry): Pick<EscalationPolicy, "afterAcknowledge"> {
	const written = entry.input.spec.afterAcknowledge;
	if (written === "nothing") return {};
	const at = (field: string) => ["spec", "afterAcknowledge", field];
	const ms = (field: "remindAfter" | "escalateAfter", defaultMs: number) =>
		bounded(context, entry, at(field), written?.[field], defaultMs, SECOND_MS, 7 * DAY_MS);
	const remindAfterMs = ms("remindAfter", DEFAULT_REMIND_MS);
	return { afterAcknowledge: { remindAfterMs, escalateAfterMs: ms("escalateAfter", DEFAULT_ESCALATE_MS) } };
}

function transients(context: Context, entry: PolicyEntry): Pick<EscalationPolicy, "transients"> {
	const written = entry.input.spec.transients;
	if (!written) return {};
	const at = (field: string) => ["spec", "transients", field];
	return {
		transients: {
			waitMs: bounded(context, entry, at("wait"), written.wait, 0, SECOND_MS, 15 * MINUTE_MS),
			afterFlaps: written.afterFlaps ?? 1,
			withinMs: bounded(context, entry, at("within"), written.within, DEFAULT_FLAPS_WITHIN_MS, MINUTE_MS, 7 * DAY_MS),
		},
	};
}

function localNight(context: Context, entry: PolicyEntry): Pick<EscalationPolicy, "localNight"> {
	const written = entry.input.spec.localNight;
	if (!written) return {};
	const severities = (written.severities ?? ["3", "4"]).map((key) => String(key) as SeverityKey);
	const urgent = severities.filter((key) => SEVERITIES[key].rank <= SEVERITIES["2.5"].rank);
	if (urgent.length > 0) {
		const message = `Severity ${urgent.join(" and ")} waits for the morning: nobody is woken while a key tenant is down.`;
		context.warn(entry, ["spec", "localNight", "severities"], message, "Leave it out unless that is meant.");
	}
	const fromMinute = minuteOf(written.from ?? "22:00");
	const toMinute = minuteOf(written.to ?? "07:00") % (24 * 60);
	if (fromMinute === toMinute) {
		const message = "spec.localNight begins and ends at the same time.";
		context.error(entry, ["spec", "localNight"], message, "Write from: 22:00 and to: 07:00, say.", "key");
	}
	return { localNight: { severities, fromMinute, toMinute } };
}

function minuteOf(written: string): number {
	const [hours = 0, minutes = 0] = written.split(":").map(Number);
	return hours * 60 + minutes;
}

/** Steps in the order of time; a wait is no step but moves those behind it. */
function assembleSteps(context: Context, entry: PolicyEntry, channels: readonly Channel[]): EscalationStep[] {
	const steps: EscalationStep[] = [];
	let afterMs = 0;
	for (const [k, written] of entry.input.spec.steps.entries()) {
		const path = ["spec", "steps", k];
		const said = STEPS.filter((each) => written[each] !== undefined);
		if (said.length !== 1) {
			const says = said.length === 0 ? "does nothing" : `says ${said.join(" and ")} at once`;
			context.error(entry, path, `${pathText(path)} ${says}.`, `Write one of ${STEPS.join(", ")} per step.`);
			continue;
		}
		if (written.after !== undefined) {
			const asked = parseDuration(written.after) ?? 0;
			if (asked < afterMs) {
				const message = `${pathText([...path, "after"])} ${show(written.after)} is earlier than the step before.`;
				context.error(entry, [...path, "after"], message, "Put the steps in the order of time.");
			}
			afterMs = Math.max(afterMs, asked);
		}
		if (written.wait !== undefined) {
			afterMs += parseDuration(written.wait) ?? 0;
			if (written.when) {
				const message = `${pathText([...path, "when"])} does not apply to a wait.`;
				context.error(entry, [...path, "when"], message, "Put it on the steps that follow.", "key");
			}
			continue;
		}
		const step = assembleStep(context, entry, path, written, channels);
		if (step) steps.push({ afterMs, ...step });
	}
	return steps;
}

function assembleStep(
	context: Context,
	entry: PolicyEntry,
	path: Path,
	written: WrittenStep,
	channels: readonly Channel[],
): Omit<EscalationStep, "afterMs"> | undefined {
	const condition = written.when && conditionOf(context, entry, path, written.when);
	const when = condition ? { when: condition } : {};
	if (written.notify) {
		const notify = targetOf(context, entry, [...path, "notify"], written.notify, channels);
		return notify && { notify, ...(written.rule === undefined ? {} : { rule: written.rule }), ...when };
	}
	if (written.rule !== undefined) {
		const message = `${pathText([...path, "rule"])} is for steps that notify.`;
		context.error(entry, [...path, "rule"], message, "Remove it.", "key");
	}
	return { act: actOf(written), ...when };
}

function actOf(written: WrittenStep): EscalationAct {
	if (written.repeat) return { kind: "repeat", max: written.repeat.max };
	if (written.declare) return { kind: "declare", severity: String(written.declare.severity) as SeverityKey };
	return { kind: "resolve", verdict: written.resolve?.verdict ?? "noise" };
}

function conditionOf(
	context: Context,
	entry: PolicyEntry,
	path: Path,
	{ time, count }: NonNullable<WrittenStep["when"]>,
): StepCondition | undefined {
	const at = [...path, "when"];
	if (!time && !count) {
		context.error(entry, at, `${pathText(at)} has no condition.`, "Write time or count.", "key");
		return undefined;
	}
	return {
		...(time && {
			time: {
				fromMinute: minuteOf(time.from),
				toMinute: minuteOf(time.to),
				days: time.days ?? [],
				timeZone: time.timeZone ?? "UTC",
			},
		}),
		...(count && {
			count: {
				atLeast: count.atLeast,
				withinMs: bounded(context, entry, [...at, "count", "within"], count.within, HOUR_MS, SECOND_MS, 7 * DAY_MS),
			},
		}),
	};
}

function targetOf(
	context: Context,
	entry: PolicyEntry,
	at: Path,
	written: WrittenTarget,
	channels: readonly Channel[],
): EscalationTarget | undefined {
	const said = TARGETS.filter((each) => written[each] !== undefined);
	if (said.length !== 1) {
		const says = said.length === 0 ? "names nobody" : `names both a ${said.join(" and a ")}`;
		context.error(
			entry,
			at,
			`${pathText(at)} ${says}.`,
			"Write either schedule: NAME or person: NAME; a second target is a step of its own.",
			"key",
		);
		return undefined;
	}
	const misplaced = (field: "role" | "address", belongsTo: string) => {
		if (written[field] === undefined || said[0] === belongsTo) return;
		const message = `${pathText([...at, field])} is for a ${belongsTo}.`;
		context.error(entry, [...at, field], message, "Remove it.", "key");
	};
	misplaced("role", "schedule");
	misplaced("address", "channel");
	const people = (names: readonly string[], field: string) => {
		names.forEach((name, k) => {
			referPerson(context, entry, name, [...at, field, k]);
		});
		return [...names];
	};
	if (written.schedule !== undefined) {
		context.refer(["Schedule"], written.schedule, entry.document, [...at, "schedule"]);
		return { schedule: written.schedule, ...(written.role === undefined ? {} : { role: written.role }) };
	}
	if (written.persons) return { persons: people(written.persons, "persons") };
	if (written.inTurn) return { inTurn: people(written.inTurn, "inTurn") };
	if (written.team !== undefined) {
		context.refer(["Team"], written.team, entry.document, [...at, "team"]);
		return { team: written.team };
	}
	if (written.channel !== undefined) {
		const name = written.channel;
		context.refer(["Channel"], name, entry.document, [...at, "channel"]);
		const channel = channels.find((each) => each.name === name);
		if (channel) checkAddress(context, entry, at, channel, written.address);
		return { channel: name, address: written.address ?? "on-call" };
	}
	const person = written.person as string;
	referPerson(context, entry, person, [...at, "person"]);
	return { person };
}

function referPerson(context: Context, entry: PolicyEntry, name: string, path: Path): void {
	const isDefault = name === "on-call" && context.names("Person").length === 0;
	if (!isDefault) context.refer(["Person"], name, entry.document, path);
}

/** Without a policy called `default`: the first schedule by name, else everybody in turn, one more every 15 minutes. */
function defaultPolicy(schedules: readonly Schedule[], people: readonly Person[]): EscalationPolicy {
	const [schedule] = schedules.toSorted((a, b) => (a.name < b.name ? -1 : 1));
	const names = people.map((person) => person.name).toSorted();
	const steps = schedule
		? [{ afterMs: 0, notify: { schedule: schedule.name } }]
		: names.map((person, k) => ({ afterMs: k * DEFAULT_ACKNOWLEDGE_MS, notify: { person } }));
	return {
		name: DEFAULT_ESCALATION,
		repeatEveryMs: DEFAULT_REPEAT_MS,
		acknowledgeWithinMs: DEFAULT_ACKNOWLEDGE_MS,
		steps,
		afterAcknowledge: { remindAfterMs: DEFAULT_REMIND_MS, escalateAfterMs: DEFAULT_ESCALATE_MS },
	};
}
