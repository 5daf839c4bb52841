/** A candidate takes the lightest leaf's place when it is heavier by this, so that two alike do not swap for ever. */
const HEAVIER_BY = 1.25;
/** One bad event weighs as many others: where little comes and much of it fails is what is looked for. */
const BAD_WEIGHT = 100;

/** A leaf of a dimension whose counts are kept by themselves. */
export interface Place {
	readonly leaf: number;
	/** Minute since the epoch from which on its counts are exact; 0: all that are kept. */
	readonly since: number;
	/** Fading sums, by which the heaviest are told. */
	bad: number;
	total: number;
	/** Not stored yet: minute, bad, total, three by three. */
	cells: number[];
}

interface Candidate {
	bad: number;
	total: number;
	/** What the sums may be too large by: those of the candidate that it followed. */
	readonly error: number;
}

export interface StoredPlaces {
	/** Minute from which on the dimension is kept. */
	readonly from: number;
	/** Everything has had a place until now. */
	readonly isWhole: boolean;
	/** Last minute in which something came of which it is not known where it belongs; 0: never. */
	readonly blurredUntil: number;
	readonly places: readonly (readonly [leaf: number, since: number, bad: number, total: number])[];
}

/**
 * The heaviest leaves of one dimension of a pair: each of the first `limit` has a place and is counted exactly. All others
 * are counted together, and watched as candidates by the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005) with
 * as many counters: one that is surely heavier than the lightest leaf takes its place, and is exact from then on.
 */
export class LeafPlaces {
	readonly places = new Map<number, Place>();
	readonly #other: Place;
	readonly #limit: number;
	readonly #candidates = new Map<number, Candidate>();
	/** Those that lost their place and have counts that are not stored yet. */
	#leaving: Place[] = [];
	from: number;
	isWhole: boolean;
	blurredUntil: number;
	/** The newest minute that anything was added to. */
	#latest = 0;
	/** Hour since the epoch until which weights have faded. */
	#fadedTo = 0;
	/** What is stored of it is not as it stands. */
	isChanged: boolean;

	constructor(other: number, limit: number, minute: number, stored: StoredPlaces | undefined) {
		this.#other = newPlace(other, 0);
		this.#limit = limit;
		this.from = stored?.from ?? minute;
		this.isWhole = stored?.isWhole ?? true;
		this.blurredUntil = stored?.blurredUntil ?? 0;
		this.isChanged = stored === undefined;
		for (const [leaf, since, bad, total] of (stored?.places ?? []).slice(0, limit))
			this.places.set(leaf, { ...newPlace(leaf, since), bad, total });
		if (this.places.size < (stored?.places.length ?? 0)) this.isWhole = false;
	}

	add(leaf: number, minute: number, bad: number, total: number): void {
		if (minute > this.#latest) this.#latest = minute;
		if (minute < this.from) {
			this.from = minute;
			this.isChanged = true;
		}
		const place = this.placeOf(leaf, minute);
		place.bad += bad;
		place.total += total;
		addCell(place.cells, minute, bad, total);
		if (place === this.#other) this.#watch(leaf, bad, total);
	}

	/** Where a leaf is counted: at its own place, given to it if one is free, or with the others. */
	placeOf(leaf: number, minute: number): Place {
		const known = this.places.get(leaf);
		if (known) return known;
		if (leaf === this.#other.leaf) {
			if (minute > this.blurredUntil) {
				this.blurredUntil = minute;
				this.isChanged = true;
			}
			return this.#leaveOut();
		}
		if (this.places.size >= this.#limit) return this.#leaveOut();
		const place = newPlace(leaf, this.isWhole ? 0 : Math.max(minute, this.#latest) + 1);
		this.places.set(leaf, place);
		this.isChanged = true;
		return place;
	}

	#leaveOut(): Place {
		if (this.isWhole) this.isChanged = true;
		this.isWhole = false;
		return this.#other;
	}

	#watch(leaf: number, bad: number, total: number): void {
		const known = this.#candidates.get(leaf);
		if (known) {
			known.bad += bad;
			known.total += total;
			return;
		}
		if (leaf === this.#other.leaf) return;
		let error = 0;
		if (this.#candidates.size >= this.#limit) {
			const [lightest, sums] = lightestOf(this.#candidates);
			this.#candidates.delete(lightest);
			error = Math.max(0, weightOf(sums));
		}
		this.#candidates.set(leaf, { bad, total: total + error, error });
	}

	/** Minute from which on the counts of a leaf are exact; undefined: it has no place. */
	exactFrom(leaf: number): number | undefined {
		const since = this.places.get(leaf)?.since;
		return since === undefined || this.blurredUntil === 0 ? since : Math.max(since, this.blurredUntil + 1);
	}

	/** Gives places to candidates that are surely heavier than who has them. */
	promote(minute: number): void {
		if (this.#candidates.size === 0 || this.places.size < this.#limit) return;
		const heaviest = [...this.#candidates]
			.map(([leaf, candidate]) => ({ leaf, candidate, weight: weightOf(candidate) - candidate.error }))
			.sort((a, b) => b.weight - a.weight);
		for (const { leaf, candidate, weight } of heaviest) {
			const [lightest, place] = lightestOf(this.places);
			if (weight <= HEAVIER_BY * weightOf(place)) return;
			this.places.delete(lightest);
			this.#leaving.push(place);
			this.#candidates.delete(leaf);
			// Later than anything of it that was counted with the others.
			const since = Math.max(minute, this.#latest) + 1;
			const { bad, total, error } = candidate;
			this.places.set(leaf, { ...newPlace(leaf, since), bad, total: total - error });
			this.isChanged = true;
		}
	}

	/** What weighed until now weighs half as much with each hour: what was heavy long ago makes room. */
	fadeTo(hour: number): void {
		const hours = this.#fadedTo === 0 ? 0 : hour - this.#fadedTo;
		this.#fadedTo = hour;
		if (hours <= 0) return;
		const factor = 0.5 ** hours;
		for (const each of [...this.places.values(), ...this.#candidates.values()]) {
			each.bad *= factor;
			each.total *= factor;
		}
		for (const [leaf, { error }] of this.#candidates) if (error > 0) this.#candidates.delete(leaf);
	}

	/** What is not stored yet. */
	*unstored(): Iterable<Place> {
		if (this.#other.cells.length > 0) yield this.#other;
		for (const place of this.places.values()) if (place.cells.length > 0) yield place;
		yield* this.#leaving;
	}

	/** It is on its way to the store. */
	clear(): void {
		for (const place of this.unstored()) place.cells = [];
		this.#leaving = [];
	}

	stored(): StoredPlaces {
		const places = [...this.places.values()].map(
			({ leaf, since, bad, total }) => [leaf, since, Math.round(bad), Math.round(total)] as const,
		);
		return { from: this.from, isWhole: this.isWhole, blurredUntil: this.blurredUntil, places };
	}
}

function newPlace(leaf: number, since: number): Place {
	return { leaf, since, bad: 0, total: 0, cells: [] };
}

/** Good events come apart from their total where they are counted by themselves: then bad is below zero here. */
function weightOf({ bad, total }: { readonly bad: number; readonly total: number }): number {
	return total + BAD_WEIGHT * Math.max(0, bad);
}

function lightestOf<T extends { readonly bad: number; readonly total: number }>(
	all: ReadonlyMap<number, T>,
): [number, T] {
	let lightest: [number, T] | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (const entry of all) {
		const weight = weightOf(entry[1]);
		if (weight >= least) continue;
		least = weight;
		lightest = entry;
	}
	return lightest as [number, T];
}

function addCell(cells: number[], minute: number, bad: number, total: number): void {
	// Mostly the newest; a few streams lag behind the others.
	for (let k = cells.length - 3; k >= 0 && k >= cells.length - 24; k -= 3) {
		if (cells[k] !== minute) continue;
		cells[k + 1] = (cells[k + 1] as number) + bad;
		cells[k + 2] = (cells[k + 2] as number) + total;
		return;
	}
	cells.push(minute, bad, total);
}
