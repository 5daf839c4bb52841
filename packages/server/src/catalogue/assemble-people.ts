import { HOUR_MS, parseDuration } from "@bellwether/model";
import { checkAddress } from "./assemble-channels.ts";
import type { Entry } from "./entries.ts";
import type { ContactRuleName, ContactRuleStep, Person, Team } from "./escalation-types.ts";
import { type Context, displayName } from "./references.ts";
import type { Channel } from "./types.ts";
import { pathText, show, suggest } from "./wording.ts";

const LONGEST_WAIT_MS = HOUR_MS;

export function assemblePeople(context: Context, channels: readonly Channel[]): Person[] {
	const people = context.entries.of("Person").map((entry): Person => {
		const contacts = entry.input.spec.contacts.map((contact, k) => {
			const path = ["spec", "contacts", k];
			context.refer(["Channel"], contact.channel, entry.document, [...path, "channel"]);
			const channel = channels.find((each) => each.name === contact.channel);
			if (channel) checkAddress(context, entry, path, channel, contact.address);
			const named = contact.name === undefined ? {} : { name: contact.name };
			return { ...named, channel: contact.channel, address: contact.address ?? entry.name };
		});
		const person = {
			name: entry.name,
			displayName: displayName(entry),
			timeZone: entry.input.spec.timeZone ?? "UTC",
			contacts,
		};
		const rules = assembleRules(context, entry);
		return rules ? { ...person, rules } : person;
	});
	if (people.length > 0 || !context.complete("Person")) return people;
	const contacts = [{ channel: "phone-panel", address: "on-call" }];
	return [{ name: "on-call", displayName: "On-call", timeZone: "UTC", contacts }];
}

function assembleRules(context: Context, entry: Entry<"Person">): Person["rules"] {
	const { contacts, rules } = entry.input.spec;
	if (!rules) return undefined;
	const known = contacts.map((contact) => contact.name ?? contact.channel);
	for (const [k, name] of known.entries()) {
		if (known.indexOf(name) === k) continue;
		const at = ["spec", "contacts", k];
		const message = `${pathText(at)} is the second contact called ${show(name)}, so a rule cannot tell them apart.`;
		context.error(entry, at, message, "Give each contact a name of its own.");
	}
	const assembled: Partial<Record<ContactRuleName, ContactRuleStep[]>> = {};
	for (const rule of ["default", "important"] as const) {
		if (rules[rule]) assembled[rule] = assembleRule(context, entry, rule, known);
	}
	return assembled;
}

function assembleRule(
	context: Context,
	entry: Entry<"Person">,
	rule: ContactRuleName,
	known: readonly string[],
): ContactRuleStep[] {
	const steps = new Map<number, string[]>();
	let afterMs = 0;
	for (const [k, written] of (entry.input.spec.rules?.[rule] ?? []).entries()) {
		const at = ["spec", "rules", rule, k];
		if ((written.notify === undefined) === (written.wait === undefined)) {
			const says = written.notify === undefined ? "says nothing" : "says both notify and wait";
			context.error(entry, at, `${pathText(at)} ${says}.`, "Write either notify: CONTACT or wait: DURATION.");
			continue;
		}
		if (written.wait !== undefined) {
			afterMs += parseDuration(written.wait) ?? 0;
			continue;
		}
		const name = written.notify as string;
		if (!known.includes(name)) {
			const where = pathText([...at, "notify"]);
			const message = `${where} ${show(name)} is not a contact of ${show(entry.name)}.`;
			context.error(entry, [...at, "notify"], message, suggest(name, known, "Add a contact with this name."));
			continue;
		}
		steps.set(afterMs, [...(steps.get(afterMs) ?? []), name]);
	}
	if (afterMs > LONGEST_WAIT_MS) {
		const at = ["spec", "rules", rule];
		context.error(entry, at, `${pathText(at)} waits longer than an hour in all.`, "Shorten the waits.", "key");
	}
	const [first] = steps.keys();
	if (first !== undefined && first > 0) {
		const at = ["spec", "rules", rule];
		context.warn(
			entry,
			at,
			`${pathText(at)} notifies nobody at once: it begins with a wait.`,
			"Begin with notify.",
			"key",
		);
	}
	return [...steps].map(([at, contacts]) => ({ afterMs: at, contacts }));
}

export function assembleTeams(context: Context): Team[] {
	return context.entries.of("Team").map((entry) => {
		const { schedule, people = [] } = entry.input.spec;
		if (schedule !== undefined) context.refer(["Schedule"], schedule, entry.document, ["spec", "schedule"]);
		people.forEach((name, k) => {
			context.refer(["Person"], name, entry.document, ["spec", "people", k]);
		});
		if (schedule === undefined && people.length === 0) {
			const message = `Team ${show(entry.name)} has neither a schedule nor people, so it cannot be paged.`;
			context.error(entry, ["spec"], message, "Write schedule: NAME or people: [NAME].", "key");
		}
		const team = { name: entry.name, displayName: displayName(entry), people: [...people] };
		return schedule === undefined ? team : { ...team, schedule };
	});
}
