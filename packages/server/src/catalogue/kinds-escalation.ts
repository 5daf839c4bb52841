import { z } from "zod";
import * as f from "./fields.ts";
import { WEEKDAYS } from "./schedule-types.ts";

/** People, teams and what happens until somebody acknowledges. */

const metadata = z
	.strictObject({
		name: f.name("Name by which others refer to it; unique within its kind."),
		displayName: f.text("Name for people. Default: the name.", 120).optional(),
	})
	.describe("Names.");

const clockTime = (about: string) =>
	f.worded(
		z
			.string()
			.regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/)
			.describe(about),
		"is not a time of day",
		"Write hours and minutes, such as 08:00 or 22:30.",
	);

const contactRule = (about: string) =>
	z
		.array(
			z.strictObject({
				notify: f.name("Name of a contact of this person.").optional(),
				wait: f.duration("Before what follows.").optional(),
			}),
		)
		.min(1)
		.max(20)
		.describe(about);

export const Person = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Person"),
	metadata,
	spec: z.strictObject({
		timeZone: f.timeZone("Time zone. Default: UTC.").optional(),
		contacts: z
			.array(
				z.strictObject({
					name: f.name("Tells contacts of this person apart. Default: the channel's name.").optional(),
					channel: f.name("Channel."),
					address: f
						.text(
							"Mail address, phone number such as +15550001234, URL or Slack id, as the channel wants it. A phone-panel, and a channel with a url of its own, need none.",
							2_000,
						)
						.optional(),
				}),
			)
			.min(1)
			.max(20)
			.describe("Ways to page this person; all are used unless `rules` say otherwise."),
		rules: z
			.strictObject({
				default: contactRule("Of ordinary pages: notify by a contact, wait, notify by another.").optional(),
				important: contactRule("Of steps with `rule: important`. Default: all contacts at once.").optional(),
			})
			.describe("In which order the contacts are tried. Default: all at once. One that fails gives way at once.")
			.optional(),
	}),
});

export const Team = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Team"),
	metadata,
	spec: z.strictObject({
		schedule: f.name("Schedule whose on-call is paged for the team.").optional(),
		people: z
			.array(f.name("Person."))
			.max(200)
			.describe("Who belongs to it; all are paged where it has no schedule, or nobody is on call.")
			.optional(),
	}),
});

const names = (about: string) => z.array(f.name("Person.")).min(1).max(50).describe(about);

const target = {
	schedule: f.name("Schedule whose on-call is paged.").optional(),
	role: f
		.choice(["primary", "secondary", "shadow"], "With schedule: who of those on call. Default: primary.")
		.optional(),
	person: f.name("Person who is paged.").optional(),
	persons: names("People who are paged together.").optional(),
	inTurn: names("One of these people, another each time that the step is taken.").optional(),
	team: f.name("Team whose on-call is paged; without a schedule, all its people.").optional(),
	channel: f.name("Channel that gets a message, instead of a person.").optional(),
	address: f.text("With channel: where it goes, as the channel wants it.", 2_000).optional(),
};

const when = z.strictObject({
	time: z
		.strictObject({
			from: clockTime("Local time."),
			to: clockTime("Local time; at or before `from` it is the next day's."),
			days: z.array(z.enum(WEEKDAYS)).min(1).describe("Days on which it begins. Default: every day.").optional(),
			timeZone: f.timeZone("Time zone. Default: UTC.").optional(),
		})
		.describe("The step is taken between these times only.")
		.optional(),
	count: z
		.strictObject({
			atLeast: f.wholeNumber("Incidents that page by this policy, this one counted.", 2, 10_000),
			within: f.duration("Opened within."),
		})
		.describe("The step is taken when so many incidents were opened.")
		.optional(),
});

export const EscalationPolicy = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("EscalationPolicy"),
	metadata,
	spec: z.strictObject({
		repeatEvery: f.duration("An unacknowledged page is sent again this often. Default: 5m.").optional(),
		acknowledgeWithin: f.duration("Promise the countdown shows. Default: 15m.").optional(),
		warnAfter: f
			.duration("The next person and the lead are paged. Default: two thirds of acknowledgeWithin.")
			.optional(),
		lead: z
			.strictObject(target)
			.describe("Who is paged before the deadline passes, and when no step reaches anybody.")
			.optional(),
		afterAcknowledge: z
			.strictObject({
				remindAfter: f.duration("Who acknowledged and did nothing since is asked. Default: 30m.").optional(),
				escalateAfter: f.duration("After that question, the chain begins anew. Default: 15m.").optional(),
			})
			.or(z.literal("nothing"))
			.describe("What follows an acknowledgement that nobody acts on; `nothing` switches it off.")
			.optional(),
		transients: z
			.strictObject({
				wait: f.duration("How long the first page may wait. Severities 1 and 2 never do."),
				afterFlaps: f
					.wholeNumber("The signal cleared by itself this often before; 0: always wait. Default: 1.", 0, 100)
					.optional(),
				within: f.duration("In this time. Default: 6h.").optional(),
			})
			.describe("Waiting before the first page of a signal that tends to clear by itself. Default: none.")
			.optional(),
		localNight: z
			.strictObject({
				severities: z
					.array(f.severity("Severity."))
					.min(1)
					.max(5)
					.describe("Which may wait. Default: 3 and 4.")
					.optional(),
				from: clockTime("Local time of the person. Default: 22:00.").optional(),
				to: clockTime("Local time of the person. Default: 07:00.").optional(),
			})
			.describe("Pages of low severity wait for the person's morning. Default: nothing waits.")
			.optional(),
		steps: z
			.array(
				z.strictObject({
					after: f.duration("Time after the chain began. Default: as the step before.").optional(),
					wait: f.duration("Before the steps that follow; a step of its own.").optional(),
					notify: z
						.strictObject(target)
						.describe("One of schedule, person, persons, inTurn, team, channel.")
						.optional(),
					rule: f
						.choice(["default", "important"], "With notify: by which rule of the person. Default: default.")
						.optional(),
					repeat: z
						.strictObject({ max: f.wholeNumber("Times at most.", 1, 100) })
						.describe("The chain begins anew.")
						.optional(),
					declare: z
						.strictObject({ severity: f.severity("Severity to raise to.") })
						.describe("The severity is raised; it is never lowered.")
						.optional(),
					resolve: z
						.strictObject({
							verdict: f.choice(["real-no-impact", "noise", "expected-change"], "What it is said to have been."),
						})
						.describe("The incident is resolved, if its signal has cleared; else the chain goes on.")
						.optional(),
					when: when.describe("The step is left out unless all of this holds.").optional(),
				}),
			)
			.min(1)
			.max(50)
			.describe("What happens, and when, until somebody acknowledges."),
	}),
});
