import { type DutyTime, OVERRIDE_PRIORITY, type Rotation, type Schedule, type ScheduleLayer } from "#catalogue";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The rule of a layer in a sentence, for people. */
export function layerWords(layer: ScheduleLayer, name: (person: string) => string): string {
	const { turns } = layer;
	const times = layer.times.length > 0 ? `; only ${layer.times.map(timeWords).join(" and ")}` : "";
	const wins = layer.priority === OVERRIDE_PRIORITY ? "; wins over all layers" : "";
	if (turns.kind === "calendar") return `People of a calendar${times}${wins}.`;
	if (turns.kind === "shifts") return `${turns.shifts.length} single shifts${times}${wins}.`;
	return `${rotationWords(turns, name)}${times}${wins}.`;
}

/** The same for a schedule without layers. */
export function shortFormWords(schedule: Schedule, name: (person: string) => string): string {
	const { shiftMs } = schedule;
	const every =
		shiftMs % DAY_MS === 0
			? count(shiftMs / DAY_MS, "day")
			: shiftMs % HOUR_MS === 0
				? count(shiftMs / HOUR_MS, "hour")
				: `${shiftMs / 60_000} min`;
	return `${schedule.people.map(name).join(", ")} take turns every ${every}.`;
}

function rotationWords(rotation: Rotation, name: (person: string) => string): string {
	const { every, interval, days, monthDays, startsAt, until } = rotation;
	const people = rotation.people.map((turn) => turn.map(name).join(" and ")).join(", ");
	const on =
		days.length > 0
			? ` on ${days.join(", ")}`
			: monthDays.length > 0
				? ` on the ${monthDays.map(dayWords).join(", ")}`
				: "";
	const at = every === "hour" ? "" : ` at ${startsAt.slice(11, 16)}`;
	const end = until === undefined ? "" : ` until ${until.slice(0, 16).replace("T", " ")}`;
	const from = `from ${startsAt.slice(0, 10)}${end}`;
	if (rotation.people.length === 1) return `Always ${people}, ${from}`;
	return `${people} take turns every ${count(interval, every)}${on}${at}, ${from}`;
}

function timeWords({ days, fromMinute, toMinute }: DutyTime): string {
	return `${days.length > 0 ? days.join(", ") : "every day"} ${clock(fromMinute)} to ${clock(toMinute)}`;
}

function count(n: number, unit: string): string {
	return n === 1 ? unit : `${n} ${unit}s`;
}

function dayWords(day: number): string {
	if (day === -1) return "last day";
	return day < 0 ? `${-day}th from the end` : `${day}.`;
}

function clock(minute: number): string {
	return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
