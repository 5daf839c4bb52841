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

export const OnCallView = z.object({
	at: Instant,
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
