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
const WEEK_MS = 7 * 86_400_000;
/** Severities within this factor are alike: binomial noise of small tenants blurs more than that. */
const ALIKE = 1.5;
/** What no episode taught yet; with less experience than this many tenant-weeks a page waits longer. */
const EXPERIENCE_WEEKS = 6;

export class Episodes {
	#kept = new Map<string, Episode[]>();
	#firstAt: number | undefined;
	readonly #tenants: number;
	readonly #falsePagesPerTenantWeek: number;

	constructor(tenants: number, falsePagesPerTenantWeek: number) {
		this.#tenants = tenants;
		this.#falsePagesPerTenantWeek = falsePagesPerTenantWeek;
	}

	add(episode: Episode): void {
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
