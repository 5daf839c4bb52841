import type { AttributeLimits } from "#catalogue";
import { AGGREGATE_PREFIX, FLEET, type Pair } from "../types.ts";
import { dimensionKey, dimensionOf, type KeptAttributes, leafValues } from "./kept-attributes.ts";
import { LeafPlaces, type StoredPlaces } from "./leaf-places.ts";
import { isDamaged, LeafBatch, type LeafVisit, readLeaves } from "./leaf-rows.ts";
import type { LeafStore, LeafWriter, StoredLeafName } from "./leaf-store.ts";

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_MS = 86_400_000;
/** A few milliseconds' work. */
const ENTRIES_PER_PACK = 4_000;
/** Names are kept longer than anything that is called by them. */
const NAMES_KEPT_MORE_DAYS = 3;

/** Texts of leaves by number, as the store has them. */
class LeafNames {
	readonly #ids = new Map<string, number>();
	readonly #names = new Map<number, { readonly text: string; day: number }>();
	#nextId = 1;
	#unstored = new Set<number>();

	constructor(stored: readonly StoredLeafName[]) {
		for (const { id, text, day } of stored) {
			this.#ids.set(text, id);
			this.#names.set(id, { text, day });
			this.#nextId = Math.max(this.#nextId, id + 1);
		}
	}

	idOf(text: string): number {
		let id = this.#ids.get(text);
		if (id === undefined) {
			id = this.#nextId++;
			this.#ids.set(text, id);
			this.#names.set(id, { text, day: 0 });
		}
		return id;
	}

	textOf(id: number): string | undefined {
		return this.#names.get(id)?.text;
	}

	/** It is about to be written: its name must be there. */
	use(id: number, day: number): void {
		const name = this.#names.get(id);
		if (!name || name.day >= day) return;
		name.day = day;
		this.#unstored.add(id);
	}

	/** Once a transaction of these fails, memory is void. */
	write(writer: LeafWriter): void {
		for (const id of this.#unstored) {
			const name = this.#names.get(id);
			if (name) writer.writeName({ id, ...name });
		}
		this.#unstored.clear();
	}
}

interface PairBook {
	readonly slo: number;
	readonly storedId: number;
	readonly isAggregate: boolean;
	/** The store has or had places of it. */
	readonly isStored: boolean;
	/** Undefined: no value of it has been seen. */
	readonly dimensions: (LeafPlaces | undefined)[];
	/** Numbers of the leaves of a profile, by profile: looked up once. */
	readonly leaves: (readonly number[])[];
}

export interface LeafBookParts {
	readonly store: LeafStore;
	readonly kept: KeptAttributes;
	readonly pairs: readonly Pair[];
	readonly slos: readonly { readonly name: string }[];
	readonly pairIds: readonly number[];
	readonly limits: AttributeLimits;
	/** What `watched` told before; undefined: what came before, if it is not `isFresh`, nobody has watched. */
	readonly watched: string | undefined;
	readonly isFresh: boolean;
	readonly now: number;
}

export interface LeafSum {
	/** Undefined: all that had no place of their own. */
	readonly values: readonly string[] | undefined;
	bad: number;
	total: number;
	/** Minute from which on the counts are exact; 0: all of them; undefined: the leaf has lost its place. */
	readonly since: number | undefined;
}

/**
 * Counts by attribute of all pairs: what was harvested and is not in the store yet, and who has places. What has no value
 * is not counted here: it is the rest of what the pair's windows hold, so pairs without attributes cost nothing.
 */
export class LeafBook {
	readonly #parts: LeafBookParts;
	readonly #names: LeafNames;
	readonly #sloOf: readonly number[];
	readonly #books: (PairBook | undefined)[] = [];
	/** Pairs with counts that are not stored. */
	#touched = new Set<number>();
	/** Packed, and in no transaction yet that has come to its end. */
	#sealed: Uint8Array[] = [];
	/** By SLO: leaves of what has no value. */
	readonly #blanks: (readonly number[] | undefined)[] = [];
	/** By SLO and dimension: minute from which on every value was seen. */
	readonly #watched: Readonly<Record<string, Readonly<Record<string, number>>>>;

	constructor(parts: LeafBookParts) {
		this.#parts = parts;
		this.#names = new LeafNames(parts.kept.isEmpty ? [] : parts.store.names());
		const index = new Map(parts.slos.map(({ name }, slo) => [name, slo]));
		this.#sloOf = parts.pairs.map(({ slo }) => index.get(slo) as number);
		this.#watched = watchedFrom(parts);
	}

	add(pair: number, profile: number, minute: number, bad: number, total: number): void {
		if (this.#parts.kept.isBlank(profile)) return;
		const book = this.#book(pair);
		const leaves = book.leaves[profile] ?? this.#leavesOf(book, profile);
		const count = book.dimensions.length;
		for (let k = 0; k < count; k++) {
			const leaf = leaves[k] as number;
			this.#placesOf(book, k, leaf, minute)?.add(leaf, minute, bad, total);
		}
		this.#touched.add(pair);
	}

	/** Undefined: there is no value to be counted. */
	#placesOf(book: PairBook, k: number, leaf: number, minute: number): LeafPlaces | undefined {
		if (leaf === this.#blanksOf(book.slo)[k]) return undefined;
		const known = book.dimensions[k];
		if (known) return known;
		const places = this.#newPlaces(book, k, minute, undefined);
		book.dimensions[k] = places;
		return places;
	}

	#newPlaces({ slo, isAggregate }: PairBook, k: number, minute: number, stored: StoredPlaces | undefined): LeafPlaces {
		const { kept, limits } = this.#parts;
		const other = this.#names.idOf(kept.othersOf(slo)[k] as string);
		return new LeafPlaces(other, isAggregate ? limits.fleet : limits.perTenant, minute, stored);
	}

	#blanksOf(slo: number): readonly number[] {
		this.#blanks[slo] ??= this.#parts.kept.blanksOf(slo).map((text) => this.#names.idOf(text));
		return this.#blanks[slo];
	}

	/** Since when each dimension is watched, for the store. */
	watched(): string {
		return JSON.stringify(this.#watched);
	}

	/** Whether a profile has a value in a dimension of the pair's SLO; undefined: the SLO does not keep it. */
	valued(pair: number, dimension: readonly string[]): ((profile: number) => boolean) | undefined {
		const { kept } = this.#parts;
		const slo = this.#sloOf[pair] as number;
		const at = this.#indexOf(slo, dimension);
		if (at < 0) return undefined;
		const blank = kept.blanksOf(slo)[at];
		return (profile) => kept.leavesOf(profile, slo)[at] !== blank;
	}

	#indexOf(slo: number, dimension: readonly string[]): number {
		const key = dimensionKey(dimension);
		return this.#parts.kept.dimensionsOf(slo).findIndex((each) => dimensionKey(each) === key);
	}

	#leavesOf(book: PairBook, profile: number): readonly number[] {
		const leaves = this.#parts.kept.leavesOf(profile, book.slo).map((text) => this.#names.idOf(text));
		book.leaves[profile] = leaves;
		return leaves;
	}

	#book(pair: number): PairBook {
		const known = this.#books[pair];
		if (known) return known;
		const { kept, pairs, pairIds, store } = this.#parts;
		const slo = this.#sloOf[pair] as number;
		const storedId = pairIds[pair] as number;
		const text = store.places(storedId);
		const stored = text === undefined ? {} : (JSON.parse(text) as Record<string, StoredPlaces | undefined>);
		const book: PairBook = {
			slo,
			storedId,
			isAggregate: isAggregate((pairs[pair] as Pair).tenant),
			isStored: text !== undefined,
			dimensions: [],
			leaves: [],
		};
		kept.dimensionsOf(slo).forEach((dimension, k) => {
			const known = this.#known(stored[dimensionKey(dimension)]);
			book.dimensions.push(known && this.#newPlaces(book, k, 0, known));
		});
		this.#books[pair] = book;
		return book;
	}

	/** Without leaves that nothing has been called for so long that their names are gone. */
	#known(stored: StoredPlaces | undefined): StoredPlaces | undefined {
		return stored && { ...stored, places: stored.places.filter(([leaf]) => this.#names.textOf(leaf) !== undefined) };
	}

	newBatch(now: number): LeafBatch {
		const { minutesMs, hoursMs } = this.#parts.limits;
		return new LeafBatch(
			Math.ceil((now - minutesMs) / MINUTE_MS),
			Math.ceil((now - hoursMs) / (HOUR_MINUTES * MINUTE_MS)),
		);
	}

	/** Counts that do not wait for a fold, straight into a transaction: those of imports and pulls. */
	addTo(
		batch: LeafBatch,
		{ pair, profile, now }: { readonly pair: number; readonly profile: number; readonly now: number },
		minute: number,
		bad: number,
		total: number,
	): void {
		if (this.#parts.kept.isBlank(profile)) return;
		const book = this.#book(pair);
		const leaves = book.leaves[profile] ?? this.#leavesOf(book, profile);
		for (let k = 0; k < book.dimensions.length; k++) {
			const places = this.#placesOf(book, k, leaves[k] as number, minute);
			if (!places) continue;
			const { leaf } = places.placeOf(leaves[k] as number, minute);
			if (minute < places.from) {
				places.from = minute;
				places.isChanged = true;
			}
			this.#names.use(leaf, dayOf(now));
			batch.add(book.storedId, minute, leaf, bad, total);
		}
		this.#touched.add(pair);
	}

	writeNames(writer: LeafWriter): void {
		this.#names.write(writer);
	}

	/** Pairs whose counts are to be stored now. */
	takeTouched(): number[] {
		const touched = [...this.#touched];
		this.#touched = new Set();
		return touched;
	}

	/**
	 * Packs what some of these pairs have, and returns the index of the first that is left. Places that changed are written
	 * at once: they may be ahead of the counts.
	 */
	pack(writer: LeafWriter, pairs: readonly number[], from: number, now: number): number {
		let next = from;
		let entries = 0;
		const batch = this.newBatch(now);
		const day = dayOf(now);
		const changed: PairBook[] = [];
		while (next < pairs.length && entries < ENTRIES_PER_PACK) {
			const book = this.#books[pairs[next++] as number] as PairBook;
			for (const places of book.dimensions) {
				if (!places) continue;
				places.fadeTo(Math.floor(now / (HOUR_MINUTES * MINUTE_MS)));
				places.promote(Math.floor(now / MINUTE_MS));
				for (const { leaf, cells } of places.unstored()) {
					this.#names.use(leaf, day);
					entries += cells.length / 3;
					for (let k = 0; k < cells.length; k += 3)
						batch.add(book.storedId, cells[k] as number, leaf, cells[k + 1] as number, cells[k + 2] as number);
				}
				if (places.isChanged) for (const leaf of places.places.keys()) this.#names.use(leaf, day);
				places.clear();
			}
			if (book.dimensions.some((places) => places?.isChanged)) changed.push(book);
		}
		this.#names.write(writer);
		for (const book of changed) {
			const dimensions = this.#parts.kept.dimensionsOf(book.slo);
			const stored = book.dimensions.flatMap((places, k) => {
				if (!places) return [];
				places.isChanged = false;
				return [[dimensionKey(dimensions[k] as readonly string[]), places.stored()]];
			});
			writer.writePlaces(book.storedId, JSON.stringify(Object.fromEntries(stored)));
		}
		const packed = batch.take();
		if (packed) this.#sealed.push(packed);
		return next;
	}

	/** In the transaction that takes the journal's rows away. */
	writeSealed(writer: LeafWriter, now: number): void {
		for (const packed of this.#sealed) writer.addBatch(packed);
		writer.dropNamesBefore(dayOf(now - this.#parts.limits.hoursMs) - NAMES_KEPT_MORE_DAYS);
	}

	sealedIsStored(): void {
		this.#sealed = [];
	}

	/** Sums of one dimension in [from, to), ms. Undefined: the SLO does not keep it. */
	sums(
		pair: number,
		dimension: readonly string[],
		range: { readonly from: number; readonly to: number; readonly now: number },
	): { readonly keptFrom: number; readonly sums: LeafSum[]; readonly isDamaged: boolean } | undefined {
		const { store, limits } = this.#parts;
		const { now, to } = range;
		const from = Math.max(range.from, now - limits.hoursMs);
		const slo = this.#sloOf[pair] as number;
		const key = dimensionKey(dimension);
		const at = this.#indexOf(slo, dimension);
		if (at < 0) return undefined;
		const watchedFrom = this.#watched[this.#parts.slos[slo]?.name ?? ""]?.[key] ?? 0;
		const book = this.#book(pair);
		const places = book.dimensions[at];
		// Older stores counted what has no value by itself.
		const keptFrom = Math.max(Math.min(watchedFrom, places?.from ?? watchedFrom) * MINUTE_MS, now - limits.hoursMs);
		if (!places && !book.isStored) return { keptFrom, sums: [], isDamaged: false };
		const counts = new Map<number, { bad: number; total: number }>();
		const isOurs = new Map<number, boolean>();
		const visit: LeafVisit = (_, leaf, bad, total) => {
			let ours = isOurs.get(leaf);
			if (ours === undefined) {
				const text = this.#names.textOf(leaf);
				ours = text !== undefined && dimensionOf(text) === key;
				isOurs.set(leaf, ours);
			}
			if (!ours) return;
			const sum = counts.get(leaf) ?? { bad: 0, total: 0 };
			counts.set(leaf, { bad: sum.bad + bad, total: sum.total + total });
		};
		readLeaves(store, this.#sealed, book.storedId, { from, to }, visit);
		for (const { leaf, cells } of places?.unstored() ?? [])
			for (let k = 0; k < cells.length; k += 3) {
				const minuteAt = (cells[k] as number) * MINUTE_MS;
				if (minuteAt >= from && minuteAt < to) visit(minuteAt, leaf, cells[k + 1] as number, cells[k + 2] as number);
			}
		const sums = [...counts].map(([leaf, { bad, total }]) => ({
			values: leafValues(this.#names.textOf(leaf) as string),
			bad,
			total,
			since: places?.exactFrom(leaf),
		}));
		// Asked last: what was read until here may have been found damaged just now.
		return { keptFrom, sums, isDamaged: isDamaged(store.damaged(), book.storedId, { from, to }) };
	}
}

/** A dimension that an SLO keeps since this start has had values before that nobody has seen. */
function watchedFrom(parts: LeafBookParts): Record<string, Readonly<Record<string, number>>> {
	const { watched, isFresh, slos, kept, now } = parts;
	const known = JSON.parse(watched ?? "{}") as Record<string, Record<string, number> | undefined>;
	const fromOf = (slo: string, dimension: readonly string[]): number => {
		const isNew = watched === undefined ? isFresh : known[slo] === undefined;
		return known[slo]?.[dimensionKey(dimension)] ?? (isNew ? 0 : Math.floor(now / MINUTE_MS) + 1);
	};
	return Object.fromEntries(
		slos.map(({ name }, slo) => [
			name,
			Object.fromEntries(kept.dimensionsOf(slo).map((each) => [dimensionKey(each), fromOf(name, each)])),
		]),
	);
}

function isAggregate(tenant: string): boolean {
	return tenant === FLEET || tenant.startsWith(AGGREGATE_PREFIX);
}

function dayOf(ms: number): number {
	return Math.floor(ms / DAY_MS);
}
