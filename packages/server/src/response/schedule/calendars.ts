import { createHash } from "node:crypto";
import type { Catalogue } from "#catalogue";
import type { Db, Tx } from "#platform";
import type { CalendarReading } from "./calendar-reading.ts";

/** Events are kept so far back and ahead. */
export const CALENDAR_BACK_MS = 35 * 86_400_000;
export const CALENDAR_AHEAD_MS = 400 * 86_400_000;

/** A layer whose people are in a calendar elsewhere. */
export interface CalendarLayer {
	readonly schedule: string;
	readonly layer: string;
	readonly timeZone: string;
	readonly urlRef: string;
	readonly everyMs: number;
}

/** How the last reading of a layer's calendar went. */
export interface CalendarStatus {
	readonly schedule: string;
	readonly layer: string;
	readonly askedAt: number;
	/** When it was read last; undefined: never. */
	readonly readAt: number | undefined;
	readonly events: number;
	/** Titles that name nobody; they leave gaps. */
	readonly unknown: readonly string[];
	/** Why the last attempt failed; what was read before stays in force. */
	readonly fault: string | undefined;
}

export function calendarLayers(catalogue: Catalogue): CalendarLayer[] {
	return catalogue.schedules.flatMap((schedule) =>
		(schedule.layers ?? []).flatMap(({ name, timeZone, turns }) =>
			turns.kind === "calendar"
				? [{ schedule: schedule.name, layer: name, timeZone, urlRef: turns.urlRef, everyMs: turns.everyMs }]
				: [],
		),
	);
}

/** Replaces what a calendar said before, whole; a failed reading changes nothing but what is told of it. */
export async function keepCalendar(
	tx: Tx,
	layer: Pick<CalendarLayer, "schedule" | "layer">,
	reading: CalendarReading,
	now: number,
): Promise<void> {
	const { schedule, layer: name } = layer;
	if (reading.status === "unreadable") return keepFault(tx, layer, reading.reason, now);
	const rows = reading.events.flatMap((event) =>
		event.people.map((person) => ({
			schedule,
			layer: name,
			person,
			priority: event.priority ?? null,
			from_at: event.from,
			to_at: event.to,
		})),
	);
	const digest = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
	const before = await tx
		.selectFrom("oncall_calendars")
		.select("digest")
		.where("schedule", "=", schedule)
		.where("layer", "=", name)
		.executeTakeFirst();
	if (before?.digest !== digest) {
		await tx.deleteFrom("oncall_calendar_events").where("schedule", "=", schedule).where("layer", "=", name).execute();
		for (let k = 0; k < rows.length; k += 100)
			await tx
				.insertInto("oncall_calendar_events")
				.values(rows.slice(k, k + 100))
				.execute();
	}
	const told = {
		asked_at: now,
		read_at: now,
		until_at: now + CALENDAR_AHEAD_MS,
		events: reading.events.length,
		unknown: JSON.stringify(reading.unknown),
		fault: null,
		digest,
	};
	await tx
		.insertInto("oncall_calendars")
		.values({ schedule, layer: name, ...told })
		.onConflict((conflict) => conflict.columns(["schedule", "layer"]).doUpdateSet(told))
		.execute();
}

async function keepFault(
	tx: Tx,
	{ schedule, layer }: Pick<CalendarLayer, "schedule" | "layer">,
	fault: string,
	now: number,
): Promise<void> {
	const first = { read_at: null, until_at: null, events: 0, unknown: "[]", digest: null };
	await tx
		.insertInto("oncall_calendars")
		.values({ schedule, layer, asked_at: now, fault, ...first })
		.onConflict((conflict) => conflict.columns(["schedule", "layer"]).doUpdateSet({ asked_at: now, fault }))
		.execute();
}

/** Layers that the catalogue no longer has must not go on being heard. */
export async function forgetCalendars(tx: Tx, layers: readonly CalendarLayer[]): Promise<void> {
	const kept = new Set(layers.map(({ schedule, layer }) => `${schedule} ${layer}`));
	for (const { schedule, layer } of await tx.selectFrom("oncall_calendars").select(["schedule", "layer"]).execute()) {
		if (kept.has(`${schedule} ${layer}`)) continue;
		for (const table of ["oncall_calendars", "oncall_calendar_events"] as const)
			await tx.deleteFrom(table).where("schedule", "=", schedule).where("layer", "=", layer).execute();
	}
}

export async function calendarStatuses(db: Db | Tx): Promise<CalendarStatus[]> {
	const rows = await db.selectFrom("oncall_calendars").selectAll().orderBy("schedule").orderBy("layer").execute();
	return rows.map((row) => ({
		schedule: row.schedule,
		layer: row.layer,
		askedAt: row.asked_at,
		readAt: row.read_at ?? undefined,
		events: row.events,
		unknown: JSON.parse(row.unknown) as string[],
		fault: row.fault ?? undefined,
	}));
}
