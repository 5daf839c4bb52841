import { z } from "zod";

const Nullable = z.number().nullable();

export const ContactOnWire = z.object({
	name: z.string(),
	channel: z.string(),
	kind: z.string().nullable(),
	address: z.string().describe("enough to recognise it, not enough to use it"),
	state: z.enum(["untested", "waiting", "failed", "delivered", "confirmed"]),
	testedAt: Nullable.describe("ms epoch, of the newest test"),
	detail: z.string(),
	confirmedAt: Nullable.describe("ms epoch, when a person last said that a test had arrived"),
});

export const PersonOnWire = z.object({
	name: z.string(),
	displayName: z.string(),
	timeZone: z.string(),
	contacts: z.array(ContactOnWire),
	rules: z.array(
		z.object({
			rule: z.enum(["default", "important"]),
			steps: z.array(z.object({ afterMs: z.number(), contacts: z.array(z.string()) })),
		}),
	),
	shifts: z
		.array(
			z.object({
				schedule: z.string(),
				scheduleDisplayName: z.string(),
				role: z.string(),
				from: z.number(),
				to: z.number(),
			}),
		)
		.describe("the next four weeks, one under way among them"),
	pagesLastHour: z.number(),
	pagesPerHour: z.number().describe("at most; those beyond wait and go as one"),
	waiting: z.array(z.string()).describe("incidents whose page to this person waits to go with others"),
	warnings: z.array(z.object({ says: z.string(), remedy: z.string() })),
});
export type PersonOnWire = z.infer<typeof PersonOnWire>;

export const MeOnWire = z.object({
	name: z.string(),
	role: z.string(),
	person: PersonOnWire.nullable().describe("the Person of the catalogue with the caller's name"),
});

export const PeopleOnWire = z.object({ people: z.array(PersonOnWire) });
export const TestQueued = z.object({ messageId: z.string(), person: PersonOnWire });
