const HOUR_MS = 3_600_000;

/** Traffic at an instant relative to the week's mean, by the local clock: nights 0.6, working days 1.5, weekends lower. */
export function weeklyShape(timeZone: string, at: number): number {
	const local = at + offsetMs(timeZone, at);
	const day = Math.floor(local / (24 * HOUR_MS));
	const hour = (local - day * 24 * HOUR_MS) / HOUR_MS;
	// Day 0 of the epoch was a Thursday.
	const weekday = (day + 4) % 7;
	const isWeekend = weekday === 0 || weekday === 6;
	const fromNoon = Math.min(Math.abs(hour - 13), 24 - Math.abs(hour - 13));
	const bump = Math.exp(-((fromNoon / 4.5) ** 2));
	return isWeekend ? 0.6 + 0.25 * bump : 0.62 + 1.02 * bump;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** Offset of a zone from UTC at an instant. Looked up once per zone and hour: offsets change on the hour or the half. */
function offsetMs(timeZone: string, at: number): number {
	const slot = Math.floor(at / HOUR_MS) * HOUR_MS;
	const key = `${timeZone} ${slot}`;
	const known = offsets.get(key);
	if (known !== undefined) return known;
	const offset = wallClock(timeZone, slot) - slot;
	offsets.set(key, offset);
	return offset;
}

/** What the zone's wall clock shows at `at`, read as if it were UTC. */
function wallClock(timeZone: string, at: number): number {
	let format = formats.get(timeZone);
	if (!format) {
		format = new Intl.DateTimeFormat("en-GB", {
			timeZone,
			hourCycle: "h23",
			year: "numeric",
			month: "numeric",
			day: "numeric",
			hour: "numeric",
			minute: "numeric",
		});
		formats.set(timeZone, format);
	}
	const part: Record<string, number> = {};
	for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
	return Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day ?? 1, part.hour ?? 0, part.minute ?? 0);
}
