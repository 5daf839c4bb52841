import type { Person } from "#catalogue";
import type { Db, Tx } from "#platform";
import { dayOfDate } from "./local-time.ts";
import { zoneClock } from "./zone-clock.ts";

const DAY_MS = 86_400_000;
const NIGHT_FROM_HOUR = 22;
const NIGHT_TO_HOUR = 7;

/** Pages of incidents that a person got; one that went to several contacts at a moment counts once. */
export interface PageCount {
	readonly pages: number;
	/** Of these, on the person's own clock from 22:00 to 07:00. */
	readonly nightPages: number;
}

/** Pages that were tried from ≤ time < to, whether or not they arrived: the attempt is what wakes. */
export async function pagesPerPerson(
	db: Db | Tx,
	people: readonly Person[],
	from: number,
	to: number,
): Promise<ReadonlyMap<string, PageCount>> {
	const rows = await db
		.selectFrom("deliveries")
		.innerJoin("outbox", "outbox.id", "deliveries.outbox_id")
		.select(["deliveries.started_at", "deliveries.incident_id", "outbox.created_at", "outbox.payload"])
		.where("deliveries.kind", "=", "page")
		.where("deliveries.attempt", "=", 1)
		.where("deliveries.incident_id", "is not", null)
		.where("deliveries.started_at", ">=", from)
		.where("deliveries.started_at", "<", to)
		.orderBy("deliveries.seq")
		.execute();
	const counts = new Map<string, { pages: number; nightPages: number }>();
	const seen = new Set<string>();
	for (const row of rows) {
		const { person } = (JSON.parse(row.payload) as { data?: { person?: unknown } }).data ?? {};
		if (typeof person !== "string") continue;
		const page = `${row.incident_id} ${person} ${row.created_at}`;
		if (seen.has(page)) continue;
		seen.add(page);
		const count = counts.get(person) ?? { pages: 0, nightPages: 0 };
		count.pages++;
		if (isNight(row.started_at, people.find((each) => each.name === person)?.timeZone ?? "UTC")) count.nightPages++;
		counts.set(person, count);
	}
	return counts;
}

function isNight(at: number, timeZone: string): boolean {
	const local = zoneClock(timeZone).localAt(at);
	const hour = (local - dayOfDate(local) * DAY_MS) / 3_600_000;
	return hour >= NIGHT_FROM_HOUR || hour < NIGHT_TO_HOUR;
}
