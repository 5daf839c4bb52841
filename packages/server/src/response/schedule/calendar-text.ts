import { createHash } from "node:crypto";
import type { Catalogue, OnCallRoleName } from "#catalogue";
import { finalShifts } from "./shifts.ts";
import type { OnCallState } from "./types.ts";

/** One person's unbroken duty in one role of one schedule. From ≤ time < to, ms epoch. */
export interface Duty {
	readonly schedule: string;
	readonly role: OnCallRoleName;
	readonly person: string;
	readonly from: number;
	readonly to: number;
}

/** Duties within a range, joined where one shift of a person follows the other; by schedule, then time. */
export function dutiesOf(
	catalogue: Catalogue,
	state: OnCallState,
	which: { readonly schedule?: string | undefined; readonly person?: string | undefined },
	from: number,
	to: number,
): Duty[] {
	const duties: Duty[] = [];
	for (const { name } of catalogue.schedules) {
		if (which.schedule !== undefined && which.schedule !== name) continue;
		const open = new Map<string, number>();
		for (const shift of finalShifts(catalogue, state, name, from, to)) {
			for (const person of shift.people) {
				if (which.person !== undefined && which.person !== person) continue;
				const key = `${shift.role} ${person}`;
				const last = open.get(key);
				const before = last === undefined ? undefined : duties[last];
				if (last !== undefined && before?.to === shift.from) {
					duties[last] = { ...before, to: shift.to };
					continue;
				}
				open.set(key, duties.length);
				duties.push({ schedule: name, role: shift.role, person, from: shift.from, to: shift.to });
			}
		}
	}
	return duties;
}

/**
 * Duties as an iCalendar file (RFC 5545), in UTC. An event's UID follows from schedule, role, person and beginning, so
 * that a calendar that asks again moves events instead of doubling them.
 */
export async function calendarText(
	catalogue: Catalogue,
	duties: readonly Duty[],
	options: { readonly name: string; readonly now: number; readonly url: string },
): Promise<string> {
	const { default: ical } = await import("ical-generator");
	const displayName = (list: readonly { readonly name: string; readonly displayName: string }[], name: string) =>
		list.find((each) => each.name === name)?.displayName ?? name;
	const calendar = ical({
		name: options.name,
		prodId: { company: "bellwether", product: "on-call", language: "EN" },
		ttl: 3_600,
	});
	for (const duty of duties) {
		const schedule = displayName(catalogue.schedules, duty.schedule);
		const role = duty.role === "primary" ? "" : `, ${duty.role}`;
		calendar.createEvent({
			id: uidOf(duty),
			start: new Date(duty.from),
			end: new Date(duty.to),
			stamp: new Date(options.now),
			summary: `${displayName(catalogue.people, duty.person)} (${schedule}${role})`,
			url: `${options.url}/oncall/schedules/${duty.schedule}`,
		});
	}
	return calendar.toString();
}

function uidOf({ schedule, role, person, from }: Duty): string {
	const digest = createHash("sha256")
		.update(JSON.stringify([schedule, role, person, from]))
		.digest("hex");
	return `${digest.slice(0, 32)}@oncall.bellwether`;
}
