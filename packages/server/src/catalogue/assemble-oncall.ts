import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { checkAddress } from "./assemble-channels.ts";
import { DEFAULT_ESCALATION } from "./choose.ts";
import type { Entry } from "./entries.ts";
import type { Kind } from "./kinds.ts";
import { type Context, displayName } from "./references.ts";
import type { Channel, EscalationPolicy, EscalationTarget, Person, Schedule } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

const DEFAULT_REPEAT_MS = 5 * MINUTE_MS;
const DEFAULT_ACKNOWLEDGE_MS = 15 * MINUTE_MS;
/** Shorter would flood a phone; tests and drills still need seconds. */
const MIN_REPEAT_MS = SECOND_MS;

export function assemblePeople(context: Context, channels: readonly Channel[]): Person[] {
	const people = context.entries.of("Person").map((entry): Person => {
		const contacts = entry.input.spec.contacts.map((contact, k) => {
			const path = ["spec", "contacts", k];
			context.refer(["Channel"], contact.channel, entry.document, [...path, "channel"]);
			const channel = channels.find((each) => each.name === contact.channel);
			if (channel) checkAddress(context, entry, path, channel, contact.address);
			return { channel: contact.channel, address: contact.address ?? entry.name };
		});
		return {
			name: entry.name,
			displayName: displayName(entry),
			timeZone: entry.input.spec.timeZone ?? "UTC",
			contacts,
		};
	});
	if (people.length > 0 || !context.complete("Person")) return people;
	const contacts = [{ channel: "phone-panel", address: "on-call" }];
	return [{ name: "on-call", displayName: "On-call", timeZone: "UTC", contacts }];
}

export function assembleSchedules(context: Context): Schedule[] {
	return context.entries.of("Schedule").map((entry) => {
		const { spec } = entry.input;
		const timeZone = spec.timeZone ?? "UTC";
		spec.people.forEach((name, k) => {
			context.refer(["Person"], name, entry.document, ["spec", "people", k]);
		});
		const shiftMs = bounded(context, entry, ["spec", "shift"], spec.shift, 7 * DAY_MS, MINUTE_MS, 365 * DAY_MS);
		const startsAt = instantOf(spec.startsAt, timeZone);
		if (startsAt === undefined) {
			const message = `spec.startsAt ${show(spec.startsAt)} is not a time that exists.`;
			context.error(entry, ["spec", "startsAt"], message, "Write a date of the calendar, such as 2026-01-05T09:00.");
		}
		return {
			name: entry.name,
			displayName: displayName(entry),
			timeZone,
			startsAt: startsAt ?? 0,
			shiftMs,
			people: [...spec.people],
		};
	});
}

/** Local times are the zone's own; a time that the clocks skip is the next that exists, one that comes twice the first. */
export function instantOf(written: string, timeZone: string): number | undefined {
	try {
		if (/(?:Z|[+-]\d{2}:\d{2})$/.test(written)) return Temporal.Instant.from(written).epochMilliseconds;
		const local = Temporal.PlainDateTime.from(written, { overflow: "reject" });
		return local.toZonedDateTime(timeZone, { disambiguation: "compatible" }).epochMilliseconds;
	} catch {
		return undefined;
	}
}

export function assembleEscalations(
	context: Context,
	schedules: readonly Schedule[],
	people: readonly Person[],
): EscalationPolicy[] {
	const policies = context.entries.of("EscalationPolicy").map((entry) => assemblePolicy(context, entry));
	if (context.names("EscalationPolicy").includes(DEFAULT_ESCALATION) || !context.complete("EscalationPolicy"))
		return policies;
	return [...policies, defaultPolicy(schedules, people)];
}

function assemblePolicy(context: Context, entry: Entry<"EscalationPolicy">): EscalationPolicy {
	const { spec } = entry.input;
	const steps = spec.steps.flatMap((step, k) => {
		const path = ["spec", "steps", k];
		const target = targetOf(context, entry, path, step.notify);
		const afterMs = step.after === undefined ? 0 : (parseDuration(step.after) ?? 0);
		const before = k === 0 ? undefined : parseDuration(spec.steps[k - 1]?.after ?? "0m");
		if (before !== undefined && afterMs < before) {
			const message = `${pathText([...path, "after"])} ${show(step.after ?? "0m")} is earlier than the step before.`;
			context.error(entry, [...path, "after"], message, "Put the steps in the order of time.");
		}
		return target ? [{ afterMs, notify: target }] : [];
	});
	if ((parseDuration(spec.steps[0]?.after ?? "0m") ?? 0) > 0) {
		const message = `Nobody is paged at once: the first step of ${show(entry.name)} waits ${spec.steps[0]?.after}.`;
		context.warn(entry, ["spec", "steps", 0, "after"], message, "Write after: 0m on the first step.");
	}
	return {
		name: entry.name,
		repeatEveryMs: bounded(
			context,
			entry,
			["spec", "repeatEvery"],
			spec.repeatEvery,
			DEFAULT_REPEAT_MS,
			MIN_REPEAT_MS,
			DAY_MS,
		),
		acknowledgeWithinMs: bounded(
			context,
			entry,
			["spec", "acknowledgeWithin"],
			spec.acknowledgeWithin,
			DEFAULT_ACKNOWLEDGE_MS,
			SECOND_MS,
			7 * DAY_MS,
		),
		steps,
	};
}

function targetOf(
	context: Context,
	entry: Entry<"EscalationPolicy">,
	path: Path,
	notify: { readonly schedule?: string | undefined; readonly person?: string | undefined },
): EscalationTarget | undefined {
	const at = [...path, "notify"];
	if ((notify.schedule === undefined) === (notify.person === undefined)) {
		const says = notify.schedule === undefined ? "names nobody" : "names both a schedule and a person";
		context.error(
			entry,
			at,
			`${pathText(at)} ${says}.`,
			"Write either schedule: NAME or person: NAME; a second target is a step of its own.",
			"key",
		);
		return undefined;
	}
	if (notify.schedule !== undefined) {
		context.refer(["Schedule"], notify.schedule, entry.document, [...at, "schedule"]);
		return { schedule: notify.schedule };
	}
	const person = notify.person as string;
	const isDefault = person === "on-call" && context.names("Person").length === 0;
	if (!isDefault) context.refer(["Person"], person, entry.document, [...at, "person"]);
	return { person };
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
	};
}

/** A duration within bounds, the default when it is left out; outside them it is reported and the default stands in. */
export function bounded<K extends Kind>(
	context: Context,
	entry: Entry<K>,
	path: Path,
	written: string | undefined,
	defaultMs: number,
	minMs: number,
	maxMs: number,
): number {
	if (written === undefined) return defaultMs;
	const ms = parseDuration(written) ?? Number.NaN;
	if (ms >= minMs && ms <= maxMs) return ms;
	const range = `from ${shortDuration(minMs)} to ${shortDuration(maxMs)}`;
	context.error(entry, path, `${pathText(path)} ${show(written)} is not ${range}.`, `Write a duration ${range}.`);
	return defaultMs;
}

function shortDuration(ms: number): string {
	if (ms % DAY_MS === 0 && ms > 0) return `${ms / DAY_MS}d`;
	if (ms % HOUR_MS === 0 && ms > 0) return `${ms / HOUR_MS}h`;
	if (ms % MINUTE_MS === 0 && ms > 0) return `${ms / MINUTE_MS}m`;
	return `${ms / SECOND_MS}s`;
}
