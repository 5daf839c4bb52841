import type { Catalogue, Schedule } from "#catalogue";
import { onCallAt } from "../on-call.ts";
import type { OnCallRole, OnCallState } from "./types.ts";

/**
 * Who is on call at an instant, per role: primary, then secondary, then shadow, those that somebody has. The schedule is
 * a name of the catalogue's (unknown: nobody) or the schedule itself. A snapshot with `schedules` does for a catalogue.
 */
export function whoIsOnCall(
	catalogue: Pick<Catalogue, "schedules">,
	_state: OnCallState,
	schedule: string | Schedule,
	at: number,
): OnCallRole[] {
	const found = typeof schedule === "string" ? catalogue.schedules.find((each) => each.name === schedule) : schedule;
	const onCall = found && onCallAt(found, at);
	return onCall ? [{ role: "primary", people: [onCall.person], by: ["rotation"] }] : [];
}
