import type { z } from "zod";
import { type Catalogue, OVERRIDE_PRIORITY, type Schedule, type ScheduleLayer } from "#catalogue";
import type { Db } from "#platform";
import {
	type AbsenceRecord,
	type CalendarFeed,
	type CalendarStatus,
	calendarStatuses,
	finalShifts,
	gapsOf,
	layerWords,
	listAbsences,
	listOverrides,
	listSwaps,
	loadOf,
	loadOnCallState,
	NEAR_RANGE_MS,
	NEXT_WITHIN_MS,
	NO_ON_CALL_STATE,
	type OnCallState,
	type OverrideRecord,
	onCallView,
	type PersonLoad,
	pagesPerPerson,
	personName,
	QUALITY_RANGE_MS,
	type RoleNow,
	rolesNow,
	type Shift,
	type SwapRecord,
	scheduleQuality,
	shortFormWords,
	uncoveredTime,
} from "#response";
import type * as wire from "./schemas-oncall.ts";

/** Who is on call now and next, and where nobody will be. */
export async function onCallNow(db: Db, catalogue: Catalogue, at: number): Promise<wire.OnCallView> {
	const state = await loadOnCallState(db, at, at + NEXT_WITHIN_MS);
	const view = onCallView(catalogue, at, state);
	return {
		at,
		uncovered: uncoveredTime(catalogue, state, at, at + NEAR_RANGE_MS).map(({ schedule, isPromised, from, to }) => ({
			schedule,
			scheduleDisplayName: catalogue.schedules.find((each) => each.name === schedule)?.displayName ?? schedule,
			isPromised,
			from,
			to,
		})),
		schedules: view.schedules.map((schedule) => ({
			name: schedule.name,
			displayName: schedule.displayName,
			timeZone: schedule.timeZone,
			person: schedule.person ?? null,
			personDisplayName: schedule.personDisplayName ?? null,
			until: schedule.until ?? null,
			next: schedule.next ?? null,
			nextDisplayName: schedule.nextDisplayName ?? null,
			roles: schedule.roles.map((role) => ({
				role: role.role,
				people: [...role.people],
				by: [...role.by],
				until: role.until ?? null,
				next: [...role.next],
			})),
		})),
	};
}

/** One schedule over a range; undefined: there is none of that name. */
export async function scheduleDetail(
	db: Db,
	catalogue: Catalogue,
	name: string,
	range: { readonly from: number; readonly to: number },
	now: number,
): Promise<wire.ScheduleDetail | undefined> {
	const schedule = catalogue.schedules.find((each) => each.name === name);
	if (!schedule) return undefined;
	const { from, to } = range;
	const named = namer(catalogue);
	const display = (person: string) => named(person).displayName;
	const state = await loadOnCallState(db, from, to);
	const ahead = await loadOnCallState(db, now, now + QUALITY_RANGE_MS);
	const shifts = finalShifts(catalogue, state, schedule, from, to);
	const calendars = await calendarStatuses(db);
	const layers: readonly (ScheduleLayer | undefined)[] = schedule.layers ?? [undefined];
	const roles = [...new Set(["primary" as const, ...(schedule.layers ?? []).map((layer) => layer.role)])];
	const events: OnCallState = { ...NO_ON_CALL_STATE, events: state.events };
	return {
		name: schedule.name,
		displayName: schedule.displayName,
		timeZone: schedule.timeZone,
		coverage: schedule.coverage ?? "none",
		from,
		to,
		now: rolesNow(catalogue, ahead, schedule, now).map((role) => wireRole(role, named)),
		people: schedule.people.map(named),
		roles,
		shifts: shifts.map((shift) => wireShift(shift, named)),
		gaps: roles.filter((role) => role === "primary").flatMap((role) => gapsOf(shifts, role, from, to)),
		layers: layers.map((layer) => ({
			name: layer?.name ?? "rotation",
			role: layer?.role ?? "primary",
			priority: layer === undefined ? 0 : layer.priority === OVERRIDE_PRIORITY ? null : layer.priority,
			timeZone: layer?.timeZone ?? schedule.timeZone,
			says: layer ? layerWords(layer, display) : shortFormWords(schedule, display),
			shifts: finalShifts(catalogue, events, layer ? { ...schedule, layers: [layer] } : schedule, from, to).map(
				(shift) => wireShift(shift, named),
			),
			calendar:
				layer?.turns.kind === "calendar"
					? wireCalendar(
							calendars.find((each) => each.schedule === name && each.layer === layer.name),
							name,
							layer.name,
						)
					: null,
		})),
		overrides: (await listOverrides(db, name, from, to)).map((each) => wireOverride(each, named)),
		swaps: (await listSwaps(db, name, from, to)).map((each) => wireSwap(each, named, now)),
		absences: await absencesOf(db, catalogue, schedule, from, to),
		quality: qualityOf(catalogue, ahead, schedule, now),
	};
}

/** Duty and pages of everybody as primary of any schedule, from ≤ time < to. */
export async function onCallLoad(db: Db, catalogue: Catalogue, from: number, to: number): Promise<wire.OnCallLoad> {
	const state = await loadOnCallState(db, from, to);
	const shifts = catalogue.schedules.flatMap((schedule) => finalShifts(catalogue, state, schedule, from, to));
	const pages = await pagesPerPerson(db, catalogue.people, from, to);
	const loads = loadOf(catalogue, shifts);
	const none = { hours: 0, nightHours: 0, weekendHours: 0, nights: 0, shifts: 0 };
	const others = [...pages.keys()].filter((person) => !loads.some((load) => load.person === person));
	return {
		from,
		to,
		people: [...loads, ...others.map((person) => ({ person, ...none }))].map((load) => ({
			...wireLoad(load, catalogue),
			pages: pages.get(load.person)?.pages ?? 0,
			nightPages: pages.get(load.person)?.nightPages ?? 0,
		})),
	};
}

type Named = (person: string) => { name: string; displayName: string };

export function namer(catalogue: Pick<Catalogue, "people">): Named {
	return (name) => ({ name, displayName: personName(catalogue.people, name) });
}

export function wireRole(role: RoleNow, named: Named): z.infer<typeof wire.OnCallRole> {
	return {
		role: role.role,
		people: role.people.map(named),
		by: [...role.by],
		until: role.until ?? null,
		next: role.next.map(named),
	};
}

function wireShift(shift: Shift, named: Named): z.infer<typeof wire.Shift> {
	return { role: shift.role, people: shift.people.map(named), by: [...shift.by], from: shift.from, to: shift.to };
}

export function wireOverride(override: OverrideRecord, named: Named): z.infer<typeof wire.OverrideView> {
	return {
		id: override.id,
		schedule: override.schedule,
		role: override.role,
		from: override.from,
		to: override.to,
		people: override.people.map(named),
		replaces: override.replaces === undefined ? null : named(override.replaces),
		reason: override.reason,
		madeBy: override.madeBy,
		madeAt: override.madeAt,
		cancelledBy: override.cancelledBy ?? null,
		cancelledAt: override.cancelledAt ?? null,
		swap: override.swap ?? null,
	};
}

/** One that has begun and was not taken is past due, also before its timer says so. */
export function wireSwap(swap: SwapRecord, named: Named, now: number): z.infer<typeof wire.SwapView> {
	return {
		id: swap.id,
		schedule: swap.schedule,
		role: swap.role,
		person: named(swap.person),
		from: swap.from,
		to: swap.to,
		reason: swap.reason,
		state: swap.state === "open" && swap.from <= now ? "past-due" : swap.state,
		requestedBy: swap.requestedBy,
		requestedAt: swap.requestedAt,
		takenBy: swap.takenBy === undefined ? null : named(swap.takenBy),
		version: swap.version,
	};
}

/** Who is away of those whom the schedule or its overrides put on call. */
export async function absencesOf(
	db: Db,
	catalogue: Catalogue,
	schedule: Catalogue["schedules"][number],
	from: number,
	to: number,
): Promise<z.infer<typeof wire.AbsenceView>[]> {
	const standIns = (await listOverrides(db, schedule.name, from, to)).flatMap(({ people }) => people);
	const people = new Set([...schedule.people, ...standIns]);
	const absences = (await listAbsences(db, from, to)).filter(({ person }) => people.has(person));
	return absences.map((each) => wireAbsence(each, namer(catalogue)));
}

export function wireAbsence(absence: AbsenceRecord, named: Named): z.infer<typeof wire.AbsenceView> {
	const { id, person, from, to, reason, madeBy, madeAt } = absence;
	return { id, person: named(person), from, to, reason, madeBy, madeAt };
}

export function wireLink(feed: CalendarFeed): z.infer<typeof wire.CalendarLink> {
	return {
		id: feed.id,
		schedule: feed.schedule ?? null,
		person: feed.person ?? null,
		madeBy: feed.madeBy,
		madeAt: feed.madeAt,
		revokedAt: feed.revokedAt ?? null,
		usedAt: feed.usedAt ?? null,
	};
}

function wireCalendar(
	status: CalendarStatus | undefined,
	schedule: string,
	layer: string,
): z.infer<typeof wire.CalendarState> {
	return {
		schedule,
		layer,
		readAt: status?.readAt ?? null,
		events: status?.events ?? 0,
		unknown: [...(status?.unknown ?? [])],
		fault: status ? (status.fault ?? null) : "it was not read yet",
	};
}

function wireLoad(load: PersonLoad, catalogue: Catalogue): z.infer<typeof wire.PersonLoad> {
	const timeZone = catalogue.people.find((each) => each.name === load.person)?.timeZone ?? "UTC";
	return { ...load, person: namer(catalogue)(load.person), timeZone };
}

function qualityOf(
	catalogue: Catalogue,
	state: OnCallState,
	schedule: Schedule,
	now: number,
): z.infer<typeof wire.Quality> | null {
	try {
		return wireQuality(catalogue, scheduleQuality(catalogue, state, schedule, now, now + QUALITY_RANGE_MS), now);
	} catch (error) {
		if (error instanceof RangeError) return null;
		throw error;
	}
}

function wireQuality(
	catalogue: Catalogue,
	quality: ReturnType<typeof scheduleQuality>,
	now: number,
): z.infer<typeof wire.Quality> {
	return {
		score: quality.score,
		from: now,
		to: now + QUALITY_RANGE_MS,
		uncoveredMs: quality.uncoveredMs,
		overload: quality.overload,
		people: quality.people.map((load) => wireLoad(load, catalogue)),
	};
}
