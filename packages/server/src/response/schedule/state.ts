import type { Kysely } from "kysely";
import type { ControlTables } from "#platform";
import { NO_ON_CALL_STATE, type OnCallState } from "./types.ts";

/** What changed schedules in from ≤ time < to: overrides, taken swaps, unavailable people, events of pulled calendars. */
export async function loadOnCallState(
	_db: Pick<Kysely<ControlTables>, "selectFrom">,
	_from: number,
	_to: number,
): Promise<OnCallState> {
	return NO_ON_CALL_STATE;
}
