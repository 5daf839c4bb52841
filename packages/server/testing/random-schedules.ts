import { type DutyTime, type Rotation, type Schedule, type ScheduleLayer, WEEKDAYS, type Weekday } from "#catalogue";
import type { OnCallState, Override, Unavailability } from "#response";

/** Zones with every kind of rule: half hours, three quarters, both hemispheres, rules that ended, moved or skip in Ramadan. */
export const FORTY_ZONES = [
	"UTC",
	"Europe/London",
	"Europe/Berlin",
	"Europe/Dublin",
	"Europe/Moscow",
	"Europe/Istanbul",
	"Europe/Chisinau",
	"Europe/Volgograd",
	"Atlantic/Azores",
	"America/New_York",
	"America/Los_Angeles",
	"America/Phoenix",
	"America/St_Johns",
	"America/Sao_Paulo",
	"America/Santiago",
	"America/Asuncion",
	"America/Havana",
	"America/Mexico_City",
	"America/Nuuk",
	"America/Whitehorse",
	"America/Chihuahua",
	"Asia/Kolkata",
	"Asia/Kathmandu",
	"Asia/Tokyo",
	"Asia/Tehran",
	"Asia/Amman",
	"Asia/Damascus",
	"Asia/Beirut",
	"Asia/Gaza",
	"Asia/Almaty",
	"Asia/Singapore",
	"Africa/Casablanca",
	"Africa/Cairo",
	"Africa/Juba",
	"Australia/Sydney",
	"Australia/Lord_Howe",
	"Australia/Eucla",
	"Pacific/Chatham",
	"Pacific/Apia",
	"Antarctica/Troll",
] as const;

const PEOPLE = ["ana", "ben", "cho", "dev", "eva", "fay", "gus", "hal"];
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

export interface RandomSchedule {
	readonly schedule: Schedule;
	readonly state: OnCallState;
	/** From then on somebody is primary at every instant; undefined: nothing is promised. */
	readonly coveredFrom: number | undefined;
}

/** A schedule of 1 to 5 layers in the zones, with overrides and absences, within a range (ms epoch). */
export function randomSchedule(
	random: () => number,
	zones: readonly string[],
	range: { readonly from: number; readonly to: number },
): RandomSchedule {
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const whole = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
	const isPromised = random() < 0.5;
	const startBy = range.from + 400 * DAY_MS;
	const layers: ScheduleLayer[] = [];
	const add = (layer: Omit<ScheduleLayer, "name">) => layers.push({ name: `l${layers.length}`, ...layer });

	function times(): DutyTime[] {
		return Array.from({ length: whole(1, 2) }, () => ({
			days: random() < 0.4 ? [] : WEEKDAYS.filter(() => random() < 0.5),
			fromMinute: random() < 0.3 ? 120 + 15 * whole(0, 4) : 15 * whole(0, 95),
			toMinute: random() < 0.3 ? 120 + 15 * whole(0, 4) : 15 * whole(0, 96),
		}));
	}
	function plain(timeZone: string, duty: readonly DutyTime[], priority: number): void {
		add({
			role: "primary",
			priority,
			timeZone,
			times: duty,
			turns: { kind: "rotation", ...randomRotation(random, range.from, startBy) },
		});
	}
	if (isPromised) {
		const zone = pick(zones);
		const split = 15 * whole(0, 95);
		const other = (split + 15 * whole(1, 95)) % 1_440;
		const way = whole(0, 2);
		const weekend: Weekday[] = ["sat", "sun"];
		if (way === 0) plain(zone, [], 0);
		if (way === 1) {
			plain(zone, [{ days: [], fromMinute: split, toMinute: other }], whole(0, 3));
			plain(zone, [{ days: [], fromMinute: other, toMinute: split }], whole(0, 3));
		}
		if (way === 2) {
			plain(zone, [{ days: WEEKDAYS.filter((day) => !weekend.includes(day)), fromMinute: split, toMinute: split }], 0);
			plain(zone, [{ days: weekend, fromMinute: split, toMinute: split }], whole(0, 3));
		}
	}
	const more = whole(isPromised ? 0 : 1, 3);
	for (let k = 0; k < more; k++) {
		const rotation = randomRotation(random, range.from, range.to);
		const isShort = random() < 0.2;
		const until = isShort ? { until: localText(range.to - whole(0, 400) * DAY_MS) } : {};
		const turns: ScheduleLayer["turns"] =
			random() < 0.1
				? { kind: "shifts", shifts: [0, 1, 2].map(() => ({ ...stretch(random, range, 20), people: [pick(PEOPLE)] })) }
				: { kind: "rotation", ...rotation, ...until };
		add({
			role: pick(["primary", "primary", "secondary", "shadow"] as const),
			priority: whole(0, 9),
			timeZone: pick(zones),
			turns,
			times: random() < 0.5 ? times() : [],
		});
	}
	const overrides = Array.from(
		{ length: whole(0, 4) },
		(_, k): Override => ({
			id: `o${k}`,
			schedule: "s",
			role: pick(["primary", "secondary"] as const),
			...stretch(random, range, 500),
			people: random() < 0.2 ? ["ivy", "jon"] : ["ivy"],
			...(random() < 0.5 ? { replaces: pick(PEOPLE) } : {}),
			madeAt: k,
		}),
	);
	const unavailable = isPromised
		? []
		: Array.from(
				{ length: whole(0, 4) },
				(_, k): Unavailability => ({
					person: pick([...PEOPLE, "ivy", "ivy", "jon"]),
					...stretch(random, range, 500),
					madeAt: (k * 3) % 5,
				}),
			);
	const schedule: Schedule = {
		name: "s",
		displayName: "S",
		timeZone: "UTC",
		startsAt: 0,
		shiftMs: DAY_MS,
		people: PEOPLE,
		layers,
		...(isPromised ? { coverage: "24x7" as const } : {}),
	};
	return {
		schedule,
		state: { overrides, unavailable, events: [] },
		coveredFrom: isPromised ? startBy + 2 * DAY_MS : undefined,
	};
}

function randomRotation(random: () => number, from: number, to: number): Rotation {
	const whole = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
	const every = (["hour", "day", "week", "month"] as const)[whole(0, 3)] as Rotation["every"];
	// A third of the hand-overs lie where clocks change.
	const minuteOfDay = random() < 0.35 ? 15 * whole(0, 13) : 15 * whole(0, 95);
	const day = Math.floor((from + 2 * DAY_MS + random() * (to - from - 4 * DAY_MS)) / DAY_MS);
	const start = new Date(day * DAY_MS + minuteOfDay * MINUTE_MS);
	const weekday = WEEKDAYS[(start.getUTCDay() + 6) % 7] as Weekday;
	const hasDays = (every === "day" || every === "week") && random() < 0.5;
	const days = hasDays ? WEEKDAYS.filter((each) => each === weekday || random() < 0.4) : [];
	const monthDays =
		every === "month" && random() < 0.6 ? [start.getUTCDate(), ...[31, -1, 29, 15].filter(() => random() < 0.4)] : [];
	const longest = { hour: 200, day: 40, week: 5, month: 4 }[every];
	return {
		every,
		interval: every === "day" && hasDays ? 1 : whole(1, longest),
		startsAt: localText(start.getTime()),
		days,
		monthDays,
		people: Array.from({ length: whole(1, 5) }, () =>
			PEOPLE.filter(() => random() < 0.2)
				.concat(PEOPLE[whole(0, 7)] as string)
				.filter((p, k, all) => all.indexOf(p) === k),
		),
	};
}

function stretch(random: () => number, range: { readonly from: number; readonly to: number }, days: number) {
	const span = (range.to - range.from) / MINUTE_MS;
	const from = range.from + Math.floor(random() * span) * MINUTE_MS;
	return { from, to: from + (1 + Math.floor(random() * days * 1_440)) * MINUTE_MS };
}

function localText(ms: number): string {
	return new Date(ms).toISOString().slice(0, 16);
}
