import { seededRandom } from "@bellwether/model";
import { finalShifts, gapsOf, whoIsOnCall } from "../packages/server/src/response/schedule/index.ts";
import { FORTY_ZONES, type RandomSchedule, randomSchedule } from "../packages/server/testing/random-schedules.ts";
import { type ExpandedSchedule, MinuteByMinute, whoByMinutes } from "../packages/server/testing/schedule-minutes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const PAIRS_PER_SCHEDULE = 10_000;
/** Zones whose clocks are held at a time; a schedule's layers are in some of them. */
const ZONES_AT_ONCE = 4;

export interface ScheduleRow {
	readonly pairs: number;
	readonly schedules: number;
	readonly zones: number;
	readonly years: number;
	readonly mismatches: number;
	readonly promised: number;
	readonly gapMinutesByProduct: number;
	readonly gapMinutesBySlowWay: number;
	readonly lookUpMicros: number;
	readonly seconds: number;
	readonly firstMismatches: readonly string[];
}

/**
 * Random schedules over ten years in forty zones, each asked at 10,000 minutes: a third anywhere, a third beside its
 * own hand-overs, a third within two hours of a clock change; the answers beside an expansion minute by minute.
 */
export function benchSchedules(pairs: number, seed: number, onProgress: (done: number) => void): ScheduleRow {
	const random = seededRandom(seed);
	const from = Date.UTC(2020, 0, 1);
	const range = { from, to: Date.UTC(2031, 0, 1) };
	const slow = new MinuteByMinute(range.from, range.to);
	const schedules = Math.ceil(pairs / PAIRS_PER_SCHEDULE);
	const groups = FORTY_ZONES.length / ZONES_AT_ONCE;
	const total = { pairs: 0, mismatches: 0, promised: 0, product: 0, slowWay: 0, lookUpNanos: 0n };
	const first: string[] = [];
	const began = Date.now();
	for (let k = 0; k < schedules; k++) {
		const group = Math.floor((k * groups) / schedules);
		const zones = FORTY_ZONES.slice(group * ZONES_AT_ONCE, (group + 1) * ZONES_AT_ONCE);
		slow.keepOnly(zones);
		const made = randomSchedule(random, zones, range);
		const expanded = slow.expand(made.schedule);
		const instants = instantsToAsk(random, made, slow, zones, Math.min(PAIRS_PER_SCHEDULE, pairs - total.pairs));
		const catalogue = { schedules: [made.schedule] };
		for (const at of instants) {
			const asked = process.hrtime.bigint();
			const fast = whoIsOnCall(catalogue, made.state, made.schedule, at);
			total.lookUpNanos += process.hrtime.bigint() - asked;
			const expected = whoByMinutes(expanded, made.state, at);
			const isSame =
				fast.length === expected.size && fast.every(({ role, people }) => sameSet(people, expected.get(role)));
			total.pairs++;
			if (isSame) continue;
			total.mismatches++;
			if (first.length < 5)
				first.push(
					`schedule ${k} at ${new Date(at).toISOString()}: ${JSON.stringify(fast)} not ${JSON.stringify([...expected])}; ${JSON.stringify(made)}`,
				);
		}
		if (made.coveredFrom !== undefined) {
			total.promised++;
			for (let begin = made.coveredFrom; begin < range.to; begin += 100 * DAY_MS) {
				const end = Math.min(begin + 100 * DAY_MS, range.to);
				const shifts = finalShifts(catalogue, made.state, made.schedule, begin, end);
				for (const gap of gapsOf(shifts, "primary", begin, end)) total.product += (gap.to - gap.from) / MINUTE_MS;
			}
			total.slowWay += slowGapMinutes(expanded, (made.coveredFrom - from) / MINUTE_MS);
		}
		onProgress(total.pairs);
	}
	return {
		pairs: total.pairs,
		schedules,
		zones: FORTY_ZONES.length,
		years: 10,
		mismatches: total.mismatches,
		promised: total.promised,
		gapMinutesByProduct: total.product,
		gapMinutesBySlowWay: total.slowWay,
		lookUpMicros: Number(total.lookUpNanos) / 1_000 / total.pairs,
		seconds: (Date.now() - began) / 1_000,
		firstMismatches: first,
	};
}

function instantsToAsk(
	random: () => number,
	{ schedule, state }: RandomSchedule,
	slow: MinuteByMinute,
	zones: readonly string[],
	count: number,
): number[] {
	// A year earlier the slow way has not seen every rotation begin.
	const from = slow.from + 366 * DAY_MS;
	const to = slow.from + slow.minutes * MINUTE_MS;
	const clamp = (at: number) => Math.min(Math.max(at, from), to - MINUTE_MS);
	const minute = () => from + Math.floor((random() * (to - from)) / MINUTE_MS) * MINUTE_MS;
	const edges = new Set<number>();
	for (let k = 0; k < 40 && edges.size < 3_000; k++) {
		const begin = minute();
		for (const shift of finalShifts({ schedules: [schedule] }, state, schedule, begin, begin + 40 * DAY_MS))
			edges.add(shift.from);
	}
	const changes = zones.flatMap((zone) => clockChanges(slow, zone));
	const lists = [[...edges], changes].filter((list) => list.length > 0);
	return Array.from({ length: count }, (_, k) => {
		const list = k % 3 === 0 ? undefined : lists[k % lists.length];
		if (!list) return minute();
		const near = list[Math.floor(random() * list.length)] as number;
		const span = list === changes ? 120 : 1;
		return clamp(near + Math.round((random() * 2 - 1) * span) * MINUTE_MS);
	});
}

const changesByZone = new Map<string, number[]>();

function clockChanges(slow: MinuteByMinute, zone: string): number[] {
	const known = changesByZone.get(zone);
	if (known) return known;
	const clock = slow.clock(zone);
	const changes: number[] = [];
	for (let minute = 1; minute < slow.minutes; minute++) {
		if ((clock[minute] as number) - (clock[minute - 1] as number) !== 1 && clock[minute] !== clock[minute - 2])
			changes.push(slow.from + minute * MINUTE_MS);
	}
	changesByZone.set(zone, changes);
	return changes;
}

/** Minutes in which no layer has a primary. */
function slowGapMinutes({ layers }: ExpandedSchedule, fromMinute: number): number {
	const primaries = layers.filter(({ layer, turns }) => layer.role === "primary" && turns);
	let gaps = 0;
	const end = primaries[0]?.turns?.length ?? 0;
	for (let minute = fromMinute; minute < end; minute++) {
		const isCovered = primaries.some(({ turns, duty }) => (turns?.[minute] ?? -1) >= 0 && duty?.[minute] !== 0);
		if (!isCovered) gaps++;
	}
	return gaps;
}

function sameSet(a: readonly string[], b: readonly string[] | undefined): boolean {
	return a.length === b?.length && a.every((each) => b.includes(each));
}
