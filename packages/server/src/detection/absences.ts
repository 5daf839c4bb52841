import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { FLEET } from "#telemetry";
import type { Finding } from "./claim.ts";
import type { PairWindows } from "./pair-windows.ts";
import { isSilent } from "./silence.ts";
import type { AbsenceAnswer, PairMonitor } from "./types.ts";
import { RING, type WindowTable } from "./windows.ts";

/** After a start, and after everything was silent, senders have this long to come back before anybody is missed. */
const GRACE_MS = 15 * MINUTE_MS;
/** Tenants that fall silent within this time of each other have one cause, which is not the tenants'. */
const TOGETHER_MS = 5 * MINUTE_MS;
const TOGETHER_MIN = 3;

interface Watched {
	readonly pair: number;
	readonly monitor: PairMonitor;
	open: AbsenceAnswer | undefined;
}

/**
 * Telemetry that stops. Four answers to one question:
 * - `tenant-stopped`: this tenant's events stay away while others' come. It is claimed, once for each tenant.
 * - `quiet-hours`: there were none at this time on the days before, or a week ago either. Nothing is claimed.
 * - `source-down`: several tenants stopped within minutes of each other, or the whole SLO did. One claim on the platform.
 * - `everything-stopped`: no SLO has events. One claim, on the platform's first SLO: look at ourselves first.
 *
 * While a claim on the platform is open no tenant is missed; nor within 15 minutes of a start or of its end, because then it
 * is ourselves who were away.
 */
export class Absences {
	readonly #windows: PairWindows;
	readonly #tenants: Watched[];
	readonly #fleets: Watched[];
	/** Nobody is missed for what came before this. */
	#presentSince: number;
	#minute = Number.NEGATIVE_INFINITY;

	/** Only monitors of this mode: what a shadow sees keeps nobody else from claiming. */
	constructor(windows: PairWindows, now: number, mode: "live" | "shadow", isOpen: (pair: number) => boolean) {
		this.#windows = windows;
		const watched = windows.pairs.flatMap(({ also, tenant }, pair) =>
			(also ?? []).flatMap((monitor): Watched | [] => {
				if (!monitor.absence || monitor.mode !== mode) return [];
				const answer = tenant === FLEET ? ("source-down" as const) : ("tenant-stopped" as const);
				return { pair, monitor, open: isOpen(pair) ? answer : undefined };
			}),
		);
		this.#fleets = watched.filter(({ pair }) => windows.pair(pair).tenant === FLEET);
		this.#tenants = watched.filter(({ pair }) => windows.pair(pair).tenant !== FLEET);
		this.#presentSince = now;
	}

	/** Judges once in a minute of the clock. */
	evaluate(now: number): Finding[] {
		const minute = Math.floor(now / MINUTE_MS);
		if (minute === this.#minute || this.#tenants.length + this.#fleets.length === 0) return [];
		this.#minute = minute;
		const findings: Finding[] = [];
		for (const each of [...this.#fleets, ...this.#tenants]) {
			if (each.open === undefined || this.#isMissed(each, now)) continue;
			if (this.#fleets.includes(each)) this.#presentSince = now;
			each.open = undefined;
			findings.push({ pair: each.pair, monitor: each.monitor.name, detector: "absence", is: "closed" });
		}
		if (now - this.#presentSince < GRACE_MS) return findings;
		const platform = this.#judgePlatform(now);
		if (platform) findings.push(platform);
		if (this.#fleets.every(({ open }) => open === undefined)) findings.push(...this.#judgeTenants(now));
		return findings;
	}

	/** Of the fleet's pairs: one claim at a time, whatever the number of SLOs. */
	#judgePlatform(now: number): Finding | undefined {
		if (this.#fleets.some(({ open }) => open !== undefined)) return undefined;
		const known = this.#fleets.filter(({ pair }) => now - this.#windows.lastAt(pair) < DAY_MS);
		const missed = known.filter((each) => this.#isMissed(each, now) && !this.#isQuietHour(each, now));
		const [first] = missed;
		if (!first || now < (first.monitor.pausedUntil ?? 0)) return undefined;
		const isAll = missed.length === known.length && known.length > 1;
		return this.#open(
			first,
			isAll ? "everything-stopped" : "source-down",
			this.#windows.members(first.pair).length,
			now,
		);
	}

	#judgeTenants(now: number): Finding[] {
		const busy = new Set(
			this.#tenants.filter(({ open }) => open !== undefined).map(({ pair }) => this.#windows.pair(pair).tenant),
		);
		const missed = this.#tenants.filter(
			(each) =>
				each.open === undefined &&
				this.#isFresh(each, now) &&
				this.#isMissed(each, now) &&
				!this.#isQuietHour(each, now),
		);
		const findings: Finding[] = [];
		for (const each of missed) {
			const { tenant, fleetPair } = this.#windows.pair(each.pair);
			if (busy.has(tenant) || now < (each.monitor.pausedUntil ?? 0)) continue;
			const fleet = this.#fleets.find(({ pair }) => pair === fleetPair);
			if (fleet?.open !== undefined) continue;
			const together = this.#stoppedTogether(each.pair, missed);
			if (together.length >= TOGETHER_MIN && fleet) {
				findings.push(this.#open(fleet, "source-down", together.length, now, each.pair));
				continue;
			}
			busy.add(tenant);
			findings.push(this.#open(each, "tenant-stopped", 1, now));
		}
		return findings;
	}

	#stoppedTogether(pair: number, missed: readonly Watched[]): Watched[] {
		const { fleetPair } = this.#windows.pair(pair);
		const lastAt = this.#windows.lastAt(pair);
		return missed.filter(
			(other) =>
				this.#windows.pair(other.pair).fleetPair === fleetPair &&
				Math.abs(this.#windows.lastAt(other.pair) - lastAt) <= TOGETHER_MS,
		);
	}

	#open(watched: Watched, answer: AbsenceAnswer, tenants: number, now: number, of = watched.pair): Finding {
		watched.open = answer;
		const lastAt = this.#windows.lastAt(of);
		return {
			pair: watched.pair,
			monitor: watched.monitor.name,
			detector: "absence",
			is: "open",
			since: lastAt,
			says: words(answer, tenants, Math.round((now - lastAt) / MINUTE_MS)),
			absence: { answer, tenants },
		};
	}

	/** A claim about a source ends when most of its tenants have events again: the fleet's pair may never have stopped. */
	#isMissed({ pair, monitor, open }: Watched, now: number): boolean {
		const windows = this.#windows;
		const { tenant, sliceMs = 0 } = windows.pair(pair);
		if (open === "source-down" && tenant === FLEET && !this.#isSilentAt(pair, monitor, now - sliceMs)) {
			const members = this.#tenants.filter((each) => windows.pair(each.pair).fleetPair === pair);
			const silent = members.filter((each) => this.#isSilentAt(each.pair, each.monitor, now - sliceMs));
			return silent.length >= TOGETHER_MIN && this.#largestGroup(silent) >= TOGETHER_MIN;
		}
		return this.#isSilentAt(pair, monitor, now - sliceMs);
	}

	/** Who left long ago is not missed anew, after a start or with a new monitor. */
	#isFresh({ pair, monitor }: Watched, now: number): boolean {
		return now - this.#windows.lastAt(pair) <= Math.max(DAY_MS, 2 * (monitor.absence?.afterMs ?? 0)) + GRACE_MS;
	}

	/** Of those that are silent on one SLO, the most that stopped within one such time. */
	#largestGroup(silent: readonly Watched[]): number {
		const stopped = silent.map(({ pair }) => this.#windows.lastAt(pair)).sort((a, b) => a - b);
		let largest = 0;
		for (let first = 0, last = 0; last < stopped.length; last++) {
			while ((stopped[last] as number) - (stopped[first] as number) > TOGETHER_MS) first++;
			largest = Math.max(largest, last - first + 1);
		}
		return largest;
	}

	#isSilentAt(pair: number, monitor: PairMonitor, now: number): boolean {
		const windows = this.#windows;
		const lastAt = windows.lastAt(pair);
		// Who never had an event cannot be missed.
		if (!Number.isFinite(lastAt)) return false;
		const afterMs = monitor.absence?.afterMs;
		if (afterMs !== undefined) return now - lastAt > afterMs;
		return isSilent(windows.table(pair), windows.row(pair), now);
	}

	/**
	 * Whether the hours since the last event, or the next whole one, were empty on each of the two days before, or a week ago.
	 * Who stops right before its quiet hours is missed only after them.
	 */
	#isQuietHour({ pair, monitor }: Watched, now: number): boolean {
		if (!monitor.absence?.quietHours) return false;
		const windows = this.#windows;
		const table = windows.table(pair);
		const row = windows.row(pair);
		const lastAt = windows.lastAt(pair);
		const until = Math.max(now, (Math.floor(lastAt / HOUR_MS) + 2) * HOUR_MS);
		const isEmpty = (ring: number, agoMs: number) =>
			eventsBetween(table, ring, row, lastAt - agoMs, until - agoMs) === 0;
		if (isEmpty(RING.hour, DAY_MS) && isEmpty(RING.hour, 2 * DAY_MS)) return hadEvents(table, row, now, 2 * DAY_MS);
		return isEmpty(RING.period, 7 * DAY_MS) && hadEvents(table, row, now, 7 * DAY_MS);
	}
}

/** Events in the buckets that lie wholly between the two instants; undefined when there is none. */
function eventsBetween(table: WindowTable, ring: number, row: number, from: number, to: number): number | undefined {
	const { widthMs } = table.shape(ring);
	let events: number | undefined;
	for (let bucket = Math.ceil(from / widthMs); (bucket + 1) * widthMs <= to; bucket++)
		events = (events ?? 0) + table.bucketTotal(ring, row, bucket);
	return events;
}

/** An emptiness of old says nothing of a tenant that was not there yet. */
function hadEvents(table: WindowTable, row: number, now: number, agoMs: number): boolean {
	return (eventsBetween(table, RING.period, row, now - agoMs - 2 * DAY_MS, now - agoMs) ?? 0) > 0;
}

function words(answer: AbsenceAnswer, tenants: number, minutes: number): string {
	const since = minutes >= 120 ? `${Math.round((minutes * MINUTE_MS) / HOUR_MS)} h` : `${minutes} min`;
	if (answer === "tenant-stopped") return `No events for ${since}, while others' come in.`;
	if (answer === "source-down")
		return `No events for ${since} of ${tenants} key tenants that stopped together: look at what sends them.`;
	return `No events of any SLO for ${since}: look at this system and at what sends to it before any tenant.`;
}
