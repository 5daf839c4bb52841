import { z } from "zod";

/** Wire schemas of on-call: schedules, their state, hand-over and load. Instants: ms epoch UTC. */

const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");

export const NamedPerson = z.object({ name: z.string(), displayName: z.string() });
export const OnCallRoleName = z.enum(["primary", "secondary", "shadow"]);

export const OnCallRole = z.object({
	role: OnCallRoleName,
	people: z.array(NamedPerson).describe("empty: nobody has the role now"),
	by: z.array(z.string()).describe("layers, and ids of overrides, that put them there"),
	until: Instant.nullable().describe("when other people, or nobody, take over; null: not within three months"),
	next: z.array(NamedPerson),
});

export const Uncovered = z.object({
	schedule: z.string(),
	scheduleDisplayName: z.string(),
	isPromised: z.boolean().describe("the schedule promises 24x7"),
	from: Instant,
	to: Instant,
});

export const OnCallView = z.object({
	at: Instant,
	uncovered: z.array(Uncovered).describe("time without a primary in the next 14 days, promised 24x7 first"),
	schedules: z.array(
		z.object({
			name: z.string(),
			displayName: z.string(),
			timeZone: z.string(),
			person: z.string().nullable().describe("the first primary; null: nobody is"),
			personDisplayName: z.string().nullable(),
			until: Instant.nullable(),
			next: z.string().nullable(),
			nextDisplayName: z.string().nullable(),
			roles: z.array(OnCallRole),
		}),
	),
});
export type OnCallView = z.infer<typeof OnCallView>;

export const Shift = z.object({
	role: OnCallRoleName,
	people: z.array(NamedPerson),
	by: z.array(z.string()).describe("layers, and ids of overrides"),
	from: Instant,
	to: Instant,
});

export const OverrideView = z.object({
	id: z.string(),
	schedule: z.string(),
	role: OnCallRoleName,
	from: Instant,
	to: Instant,
	people: z.array(NamedPerson),
	replaces: NamedPerson.nullable().describe("they stand in for this person only; null: for everybody"),
	reason: z.string(),
	madeBy: z.string(),
	madeAt: Instant,
	cancelledBy: z.string().nullable(),
	cancelledAt: Instant.nullable(),
	swap: z.string().nullable(),
});

export const SwapView = z.object({
	id: z.string(),
	schedule: z.string(),
	role: OnCallRoleName,
	person: NamedPerson.describe("who asks to be relieved"),
	from: Instant,
	to: Instant,
	reason: z.string(),
	state: z.enum(["open", "taken", "past-due", "cancelled"]),
	requestedBy: z.string(),
	requestedAt: Instant,
	takenBy: NamedPerson.nullable(),
	version: z.number(),
});

export const AbsenceView = z.object({
	id: z.string(),
	person: NamedPerson,
	from: Instant,
	to: Instant,
	reason: z.string(),
	madeBy: z.string(),
	madeAt: Instant,
});

export const CalendarState = z.object({
	schedule: z.string(),
	layer: z.string(),
	readAt: Instant.nullable().describe("when it was read last; null: never"),
	events: z.number(),
	unknown: z.array(z.string()).describe("titles that name nobody; they leave gaps"),
	fault: z.string().nullable().describe("why the last attempt failed; what was read before stays in force"),
});

export const PersonLoad = z.object({
	person: NamedPerson,
	timeZone: z.string(),
	hours: z.number().describe("as primary"),
	nightHours: z.number().describe("22:00 to 07:00 on the person's own clock"),
	weekendHours: z.number(),
	nights: z.number().describe("with an hour of duty or more"),
	shifts: z.number(),
});

export const Quality = z.object({
	score: z.number().int().describe("0 to 100: covered share × share of the duty within an even division, rounded down"),
	from: Instant,
	to: Instant,
	uncoveredMs: z.number(),
	overload: z.number().describe("share of all hours that people have beyond an even share"),
	people: z.array(PersonLoad),
});

export const ScheduleDetail = z.object({
	name: z.string(),
	displayName: z.string(),
	timeZone: z.string(),
	coverage: z.enum(["24x7", "none"]),
	from: Instant,
	to: Instant,
	now: z.array(OnCallRole),
	people: z.array(NamedPerson),
	roles: z.array(OnCallRoleName),
	shifts: z.array(Shift).describe("the final schedule"),
	gaps: z.array(z.object({ role: OnCallRoleName, from: Instant, to: Instant })),
	layers: z.array(
		z.object({
			name: z.string(),
			role: OnCallRoleName,
			priority: z.number().nullable().describe("null: it wins over every priority"),
			timeZone: z.string(),
			says: z.string().describe("the rule in a sentence"),
			shifts: z.array(Shift).describe("of this layer alone"),
			calendar: CalendarState.nullable(),
		}),
	),
	overrides: z.array(OverrideView),
	swaps: z.array(SwapView),
	absences: z.array(AbsenceView),
	quality: Quality.nullable().describe("null: it changes too often for a year to be looked through"),
});
export type ScheduleDetail = z.infer<typeof ScheduleDetail>;

export const OnCallLoad = z.object({
	from: Instant,
	to: Instant,
	people: z.array(PersonLoad.extend({ pages: z.number(), nightPages: z.number() })),
});
export type OnCallLoad = z.infer<typeof OnCallLoad>;

export const HandOverNote = z.object({ seq: z.number(), at: Instant, by: z.string(), text: z.string() });

export const HandOver = z.object({
	at: Instant,
	schedule: z.string(),
	displayName: z.string(),
	now: z.array(OnCallRole),
	absences: z.array(AbsenceView).describe("of its people and those who stand in, within 14 days"),
	incidents: z.array(
		z.object({
			id: z.string(),
			title: z.string(),
			tenantDisplayName: z.string(),
			severity: z.string(),
			state: z.string(),
			acknowledgedBy: z.string().nullable(),
			detectedAt: Instant,
		}),
	),
	mutes: z.array(
		z.object({ id: z.string(), matchers: z.array(z.string()), owner: z.string(), reason: z.string(), endsAt: Instant }),
	),
	tenants: z.array(
		z.object({
			name: z.string(),
			displayName: z.string(),
			state: z.string(),
			workloads: z.array(z.string()),
			incident: z.string().nullable(),
		}),
	),
	notes: z.array(HandOverNote).describe("the newest first"),
});
export type HandOver = z.infer<typeof HandOver>;

export const CalendarLink = z.object({
	id: z.string(),
	schedule: z.string().nullable(),
	person: z.string().nullable(),
	madeBy: z.string(),
	madeAt: Instant,
	revokedAt: Instant.nullable(),
	usedAt: Instant.nullable().describe("when a calendar asked last, to the hour"),
});
export const NewCalendarLink = CalendarLink.extend({
	url: z.string().describe("shown this once; whoever has it reads the calendar"),
});
