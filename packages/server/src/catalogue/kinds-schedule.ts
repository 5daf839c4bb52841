import { z } from "zod";
import * as f from "./fields.ts";
import { ON_CALL_ROLES, WEEKDAYS } from "./schedule-types.ts";

/** People who take turns: the short form (startsAt, shift, people), or layers. */

const clockTime = (about: string) =>
	f.worded(
		z
			.string()
			.regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/)
			.describe(about),
		"is not a time of day",
		"Write hours and minutes, such as 09:00 or 24:00.",
	);

const weekdays = (about: string) => z.array(z.enum(WEEKDAYS)).min(1).max(7).describe(about).optional();

/** Somebody, or several who take the turn together. */
const turn = z.union([f.name("Person."), z.array(f.name("Person.")).min(1).max(20)]);

const rotation = z
	.strictObject({
		every: f.choice(["hour", "day", "week", "month"], "Unit that turns are counted in."),
		interval: f.wholeNumber("A turn begins every so many units. Default: 1.", 1, 366).optional(),
		startsAt: f.localTime("When the first turn begins, in the layer's time zone; nobody has the layer before."),
		until: f.localTime("When the last turn ends. Default: never.").optional(),
		days: weekdays("Turns begin on these days only, every day or week. Default: the weekday of startsAt."),
		monthDays: z
			.array(f.wholeNumber("Day of the month; -1 is the last. One that a month does not have is its last.", -31, 31))
			.min(1)
			.max(31)
			.describe("Turns begin on these days of the month, every month. Default: the day of startsAt.")
			.optional(),
		people: z.array(turn).min(1).max(200).describe("Who takes turns, in order; a list in it takes a turn together."),
	})
	.describe("People take turns, by the wall clock of the layer's time zone; only hours are as long as they say.");

const shift = z.strictObject({
	from: f.localTime("Begins, in the layer's time zone."),
	to: f.localTime("Ends."),
	people: z.array(f.name("Person.")).min(1).max(20).describe("Who is on call then."),
});

const calendar = z
	.strictObject({
		url: f.worded(
			z
				.string()
				.max(2_000)
				.refine((value) => f.isWebUrl(value) || /^\$\{(?:env:[A-Za-z_]\w*|file:\/[^}\p{Cc}]+)\}$/u.test(value))
				.describe("Address of an iCalendar file, or a reference to it where it is secret."),
			"is not a web address, nor a reference to a secret",
			`Write https://host/path.ics, or ${f.SECRET_EXAMPLE} where the address itself is secret.`,
			true,
		),
		every: f.duration("How often it is read. Default: 15m.").optional(),
	})
	.describe("Events of a calendar: the title names people; [L3] in it is the priority.");

const dutyTime = z.strictObject({
	days: weekdays("Days on which it begins. Default: every day."),
	from: clockTime("Begins. Default: 00:00.").optional(),
	to: clockTime("Ends; at or before `from`: on the next day. Default: 24:00.").optional(),
});

const layer = z.strictObject({
	name: f.name("Name; unique within the schedule."),
	role: f.choice(ON_CALL_ROLES, "What its people are there for. Default: primary.").optional(),
	priority: f
		.wholeNumber("The highest layer of a role that has somebody is on call; equal ones together. Default: 0.", 0, 9)
		.optional(),
	override: z.boolean().describe("It wins over every priority. Default: false.").optional(),
	timeZone: f.timeZone("Time zone of its times. Default: the schedule's.").optional(),
	rotation: rotation.optional(),
	shifts: z.array(shift).min(1).max(5_000).describe("Shifts one by one, instead of a rotation.").optional(),
	calendar: calendar.optional(),
	times: z.array(dutyTime).min(1).max(50).describe("It has somebody only then. Default: always.").optional(),
});

export const Schedule = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Schedule"),
	metadata: z
		.strictObject({
			name: f.name("Name by which others refer to it; unique within its kind."),
			displayName: f.text("Name for people. Default: the name.", 120).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		timeZone: f.timeZone("Time zone of its times. Default: UTC.").optional(),
		coverage: f
			.choice(
				["24x7", "none"],
				"24x7: somebody must be primary at every instant; validate reports gaps. Default: none.",
			)
			.optional(),
		startsAt: f.localTime("Without layers: when the first shift begins.").optional(),
		shift: f.duration("Without layers: length of a shift. Default: 7d.").optional(),
		people: z
			.array(f.name("Person."))
			.min(1)
			.max(200)
			.describe("Without layers: who takes turns, in order.")
			.optional(),
		layers: z.array(layer).min(1).max(50).describe("Who is on call, and when.").optional(),
	}),
});
