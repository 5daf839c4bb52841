import type { Db, Tx } from "#platform";
import type { OnCallState } from "./types.ts";

/** What changed schedules in from ≤ time < to: overrides, taken swaps, absences, events of pulled calendars. */
export async function loadOnCallState(db: Db | Tx, from: number, to: number): Promise<OnCallState> {
	const overrides = await db
		.selectFrom("oncall_overrides")
		.selectAll()
		.where("cancelled_at", "is", null)
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("made_at")
		.orderBy("id")
		.execute();
	const absences = await db
		.selectFrom("oncall_absences")
		.select(["person", "from_at", "to_at", "made_at"])
		.where("cancelled_at", "is", null)
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("from_at")
		.execute();
	const events = await db
		.selectFrom("oncall_calendar_events")
		.selectAll()
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("seq")
		.execute();
	return {
		overrides: overrides.map((row) => ({
			id: row.id,
			schedule: row.schedule,
			role: row.role,
			from: row.from_at,
			to: row.to_at,
			people: JSON.parse(row.people) as string[],
			...(row.replaces === null ? {} : { replaces: row.replaces }),
			madeAt: row.made_at,
		})),
		unavailable: absences.map((row) => ({
			person: row.person,
			from: row.from_at,
			to: row.to_at,
			madeAt: row.made_at,
		})),
		events: events.map((row) => ({
			schedule: row.schedule,
			layer: row.layer,
			person: row.person,
			...(row.priority === null ? {} : { priority: row.priority }),
			from: row.from_at,
			to: row.to_at,
		})),
	};
}
