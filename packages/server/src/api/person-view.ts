import type { Catalogue, Person, Schedule } from "#catalogue";
import { unseenIncidents } from "#incidents";
import { inScope, type TenantScope } from "#platform";
import {
	type ContactView,
	contactViews,
	DEFAULT_PAGES_PER_HOUR,
	finalShifts,
	loadOnCallState,
	type OnCallState,
	pagesInLastHour,
	waitingFor,
} from "#response";
import type { ApiContext } from "./context.ts";
import type { PersonOnWire } from "./schemas-people.ts";

const SHIFTS_AHEAD_MS = 28 * 86_400_000;
/** Who is on call this soon should know that pages arrive. */
const SOON_MS = 7 * 86_400_000;

type Shifts = PersonOnWire["shifts"];
/** Name of a person → shifts of the next four weeks. Made once for all people. */
export type ShiftsByPerson = ReadonlyMap<string, Shifts>;

export async function upcomingShifts(context: ApiContext, now: number): Promise<ShiftsByPerson> {
	const state = await loadOnCallState(context.store.db, now, now + SHIFTS_AHEAD_MS);
	const byPerson = new Map<string, Shifts>();
	for (const schedule of context.catalogue().schedules) {
		for (const shift of shiftsOf(context.catalogue(), schedule, state, now)) {
			for (const name of shift.people) {
				const { role, from, to } = shift;
				const own = { schedule: schedule.name, scheduleDisplayName: schedule.displayName, role, from, to };
				byPerson.set(name, [...(byPerson.get(name) ?? []), own]);
			}
		}
	}
	return new Map(
		[...byPerson].map(([name, shifts]) => [name, shifts.toSorted((a, b) => a.from - b.from).slice(0, 50)]),
	);
}

/** A schedule whose turns are too fine for four weeks is shown for a day. */
function shiftsOf(catalogue: Catalogue, schedule: Schedule, state: OnCallState, now: number) {
	try {
		return finalShifts(catalogue, state, schedule, now, now + SHIFTS_AHEAD_MS);
	} catch (error) {
		if (error instanceof RangeError) return finalShifts(catalogue, state, schedule, now, now + SOON_MS / 7);
		throw error;
	}
}

/** A person as /me and the list of people show them. Incidents that wait are those of the reader's scope. */
export async function personView(
	context: ApiContext,
	scope: TenantScope,
	person: Person,
	allShifts: ShiftsByPerson,
	now: number,
): Promise<PersonOnWire> {
	const { db } = context.store;
	const catalogue = context.catalogue();
	const contacts = await contactViews(db, person, catalogue.channels);
	const shifts = allShifts.get(person.name) ?? [];
	const waiting = await waitingFor(db, person.name);
	const unseen = await unseenIncidents(db, scope);
	return {
		name: person.name,
		displayName: person.displayName,
		timeZone: person.timeZone,
		contacts: contacts.map((contact) => ({
			...contact,
			kind: contact.kind ?? null,
			testedAt: contact.testedAt ?? null,
			confirmedAt: contact.confirmedAt ?? null,
		})),
		rules: (["default", "important"] as const).map((rule) => ({
			rule,
			steps: (person.rules?.[rule] ?? [{ afterMs: 0, contacts: contacts.map(({ name }) => name) }]).map((step) => ({
				afterMs: step.afterMs,
				contacts: [...step.contacts],
			})),
		})),
		shifts,
		pagesLastHour: await pagesInLastHour(db, person.name, now),
		pagesPerHour: catalogue.settings.paging?.perPersonPerHour ?? DEFAULT_PAGES_PER_HOUR,
		waiting: waiting
			.filter(({ tenant, incidentId }) => inScope(scope, tenant) && !unseen.has(incidentId))
			.map(({ incidentId }) => incidentId),
		warnings: warningsOf(person, contacts, shifts, now),
	};
}

function warningsOf(person: Person, contacts: readonly ContactView[], shifts: Shifts, now: number) {
	const warnings: PersonOnWire["warnings"] = [];
	const proven = contacts.filter(({ state, confirmedAt }) => state === "confirmed" || confirmedAt !== undefined);
	const wakes = contacts.filter(({ kind }) => kind !== "phone-panel");
	const [next] = shifts.filter(({ role }) => role !== "shadow");
	if (next && next.from < now + SOON_MS && proven.length === 0) {
		const when = next.from <= now ? "is on call now" : "is on call within a week";
		warnings.push({
			says: `${person.displayName} ${when}, and no way of reaching ${person.displayName} has been confirmed by a test.`,
			remedy: "Send a test page to each contact, and confirm that it arrived.",
		});
	}
	for (const contact of contacts) {
		if (contact.state !== "failed") continue;
		warnings.push({
			says: `The last test page by ${contact.name} failed: ${contact.detail || "no reason was given"}.`,
			remedy: "Mend the channel or the address, and test it again.",
		});
	}
	if (wakes.length === 0)
		warnings.push({
			says: `${person.displayName} is reached in the console's own phone panel only: that wakes nobody.`,
			remedy: "Add a contact by a pager, a text message, a call or mail.",
		});
	else if (contacts.length === 1)
		warnings.push({
			says: `${person.displayName} has one way to be reached: when ${contacts[0]?.name} fails, nobody is.`,
			remedy: "Add a second contact by a channel of another kind.",
		});
	return warnings;
}
