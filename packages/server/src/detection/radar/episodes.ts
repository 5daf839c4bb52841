/**
 * What trouble that went away by itself has looked like in this fleet: how long it lasted at which strength. A page is held
 * until an episode has outlasted nearly all of its like, so a fleet whose retries storm for eight minutes waits longer than
 * one whose blips last two, without a setting. Kept for four weeks.
 */
export interface Episode {
	readonly kind: string;
	readonly at: number;
	/** How bad it was: excess error ratio, or another measure that its kind can compare. > 0. */
	readonly severity: number;
	/** Full minutes of evidence at its peak. */
	readonly minutes: number;
}

const KEEP_MS = 28 * 86_400_000;
const HOUR_MS = 3_600_000;
/** Severities are compared in steps of 5 %. */
const STEPS_PER_E = 20;
const WEEK_MS = 7 * 86_400_000;
/** Severities within this factor are alike: binomial noise of small tenants blurs more than that. */
const ALIKE = 1.5;
/** What no episode taught yet; with less experience than this many tenant-weeks a page waits longer. */
const EXPERIENCE_WEEKS = 6;

export class Episodes {
	#kept = new Map<string, Episode[]>();
	#firstAt: number | undefined;
	/** What was asked since the last episode or full hour. */
	readonly #held = new Map<string, number>();
	#heldHour = -1;
	readonly #tenants: number;
	readonly #falsePagesPerTenantWeek: number;

	constructor(tenants: number, falsePagesPerTenantWeek: number) {
		this.#tenants = tenants;
		this.#falsePagesPerTenantWeek = falsePagesPerTenantWeek;
	}

	add(episode: Episode): void {
		this.#held.clear();
		const list = this.#kept.get(episode.kind) ?? [];
		this.#kept.set(episode.kind, list);
		list.push(episode);
		if (list.length % 256 === 0)
			this.#kept.set(
				episode.kind,
				list.filter((old) => old.at > episode.at - KEEP_MS),
			);
	}

	begin(at: number): void {
		this.#firstAt ??= at;
	}

	/**
	 * Minutes of full evidence that a page of this kind and severity takes now. `isMilderAlike`: what is milder than a
	 * known episode is held as long as that.
	 */
	hold(kind: string, severity: number, now: number, least: number, most: number, isMilderAlike = false): number {
		const hour = Math.floor(now / HOUR_MS);
		if (hour !== this.#heldHour) this.#held.clear();
		this.#heldHour = hour;
		const step = Math.round(Math.log(severity) * STEPS_PER_E);
		const key = `${kind} ${step} ${least} ${most} ${isMilderAlike}`;
		const known = this.#held.get(key);
		if (known !== undefined) return known;
		const held = this.#compute(kind, Math.exp(step / STEPS_PER_E), hour * HOUR_MS, least, most, isMilderAlike);
		this.#held.set(key, held);
		return held;
	}

	#compute(kind: string, severity: number, now: number, least: number, most: number, isMilderAlike: boolean): number {
		const weeks = (Math.min(KEEP_MS, now - (this.#firstAt ?? now)) / WEEK_MS) * this.#tenants;
		let skip = Math.floor(this.#falsePagesPerTenantWeek * weeks * 0.3);
		const minutes: number[] = [];
		for (const past of this.#kept.get(kind) ?? [])
			if (
				past.at > now - KEEP_MS &&
				past.severity * ALIKE > severity &&
				(isMilderAlike || past.severity < severity * ALIKE)
			)
				minutes.push(past.minutes);
		minutes.sort((a, b) => b - a);
		if (skip > minutes.length * 0.1) skip = Math.floor(minutes.length * 0.1);
		const longest = minutes[skip] ?? 0;
		const floor = weeks < EXPERIENCE_WEEKS ? Math.max(least, Math.min(6, least + 2)) : least;
		// The fewer of its like are known, the further the next one may go beyond the longest.
		return Math.min(most, Math.max(floor, longest > 0 ? longest * (1 + 1 / (minutes.length + 2)) + 0.6 : 0));
	}

	/** For tests and backtests: how many are known. */
	get count(): number {
		let n = 0;
		for (const list of this.#kept.values()) n += list.length;
		return n;
	}
}
