import { Temporal } from "temporal-polyfill";
import type { Person } from "#catalogue";
import type { CalendarReading, ReadEvent } from "#response";

/** What is taken of one calendar at most; larger ones are refused. */
export const MAX_CALENDAR_BYTES = 1_048_576;
export const MAX_CALENDAR_EVENTS = 10_000;
const MAX_TITLES_TOLD = 20;

/**
 * Events of an iCalendar text in from ≤ time < to: recurrences expanded, EXDATE and moved instances heeded, cancelled
 * and transparent ones left out; whole days count in `timeZone`. Never throws.
 */
export async function readCalendar(
	text: string,
	people: readonly Person[],
	options: { readonly from: number; readonly to: number; readonly timeZone: string },
): Promise<CalendarReading> {
	if (Buffer.byteLength(text) > MAX_CALENDAR_BYTES)
		return { status: "unreadable", reason: `it is larger than ${MAX_CALENDAR_BYTES} bytes` };
	if (!/^\uFEFF?\s*BEGIN:VCALENDAR/i.test(text)) return { status: "unreadable", reason: "it is no iCalendar file" };
	const ical = await import("node-ical");
	const events: ReadEvent[] = [];
	const unknown = new Set<string>();
	try {
		const parsed = ical.sync.parseICS(text);
		for (const component of Object.values(parsed)) {
			if (component?.type !== "VEVENT") continue;
			const range = { from: new Date(options.from), to: new Date(options.to) };
			for (const each of ical.expandRecurringEvent(component, { ...range, expandOngoing: true })) {
				if (each.event.status === "CANCELLED" || each.event.transparency === "TRANSPARENT") continue;
				const from = instantOf(each.start, each.isFullDay, options.timeZone);
				const to = instantOf(each.end, each.isFullDay, options.timeZone);
				if (!(to > from) || to <= options.from || from >= options.to) continue;
				if (events.length >= MAX_CALENDAR_EVENTS)
					return { status: "unreadable", reason: `it has more than ${MAX_CALENDAR_EVENTS} events` };
				const title = titleOf(each.summary);
				const named = peopleIn(title, people);
				if (named.people.length === 0 && unknown.size < MAX_TITLES_TOLD) unknown.add(title.slice(0, 100));
				events.push({ title, ...named, from, to });
			}
		}
	} catch (error) {
		return { status: "unreadable", reason: `it cannot be read: ${(error as Error).message.slice(0, 200)}` };
	}
	return { status: "read", events: events.toSorted((a, b) => a.from - b.from), unknown: [...unknown] };
}

/** "[L2] Ana Silva, ben@example.com": priority 2 and two people, by name, display name or mail address. */
export function peopleIn(title: string, people: readonly Person[]): Pick<ReadEvent, "people" | "priority"> {
	const level = /\[L(\d)\]/i.exec(title);
	const plain = title.replace(/\[[^\]]*\]/g, " ");
	const found = plain.split(/[,;&]| and /).flatMap((part) => {
		const wanted = part.trim().replace(/\s+/g, " ").toLowerCase();
		if (wanted === "") return [];
		const person = people.find(
			({ name, displayName, contacts }) =>
				name === wanted ||
				displayName.toLowerCase() === wanted ||
				contacts.some(({ address }) => address.toLowerCase() === wanted),
		);
		return person ? [person.name] : [];
	});
	return { people: [...new Set(found)], priority: level ? Number(level[1]) : undefined };
}

function titleOf(summary: unknown): string {
	if (typeof summary === "string") return summary.trim();
	if (typeof summary === "object" && summary !== null && "val" in summary) return String(summary.val).trim();
	return "";
}

/** A whole day is midnight to midnight where the schedule is, not where this computer is. */
function instantOf(date: Date, isFullDay: boolean, timeZone: string): number {
	if (!isFullDay) return date.getTime();
	const day = new Temporal.PlainDate(date.getFullYear(), date.getMonth() + 1, date.getDate());
	return day.toZonedDateTime(timeZone).epochMilliseconds;
}
