import { isOwnName } from "@bellwether/model";
import type { TenantValue, TenantValues, TenantValuesQuery } from "../types.ts";
import type { Attribute } from "./attribute.ts";
import { type Register, sourceOf } from "./register.ts";

/** Values of folded streams that are kept; twice as many, then the lightest half goes to the rest. */
const MAX_FOLDED_VALUES = 5_000;
/** One in so many points of folded streams is looked at; it stands for all of them. */
export const FOLD_SAMPLE = 1_024;
/** One in so many streams that are folded anew is noted; it stands for all of them. */
const NEW_FOLD_SAMPLE = 64;

interface Group {
	readonly attribute: string;
	readonly source: string;
	readonly values: Map<string, Entry>;
}

/** There may be one per stream: names are told once, by the group. */
interface Entry {
	/** Streams that are kept one by one: their counts are exact. */
	readonly slots: number[];
	/** Of folded streams, from samples. */
	foldedStreams: number;
	foldedPoints: number;
	foldedAt: number;
}

/** What is known of each stream that is kept, by slot. */
export interface StreamTallies {
	readonly points: Uint32Array;
	/** µs. */
	readonly lastTimes: Float64Array;
}

/** Which values the attributes had that name tenants, and how much came under each: what matching starts from. */
export class SeenTenantValues {
	readonly #register: Register;
	readonly #attributes: ReadonlySet<string>;
	readonly #groups = new Map<string, Group>();
	#folded = 0;
	#untilNoted = 1;
	readonly #rest = { values: 0, streams: 0, points: 0 };

	constructor(register: Register, attributes: Iterable<string>) {
		this.#register = register;
		this.#attributes = new Set([...attributes, ...register.idAttributes()].filter((name) => !isOwnName(name)));
	}

	/** A stream that is kept. */
	add(slot: number, ...lists: readonly (readonly Attribute[])[]): void {
		for (const [attribute, value] of this.#named(lists)) {
			const { slots } = this.#entry(attribute, value, lists);
			slots.push(slot);
		}
	}

	/** A stream that was folded: the first time (`points` 0), or as a sample of `points` points. */
	addFolded(points: number, now: number, ...lists: readonly (readonly Attribute[])[]): void {
		if (points === 0 && --this.#untilNoted > 0) return;
		if (points === 0) this.#untilNoted = NEW_FOLD_SAMPLE;
		for (const [attribute, value] of this.#named(lists)) {
			const entry = this.#entry(attribute, value, lists);
			if (entry.foldedAt === 0 && entry.slots.length === 0) this.#folded++;
			if (points === 0) entry.foldedStreams += NEW_FOLD_SAMPLE;
			entry.foldedPoints += points;
			entry.foldedAt = Math.max(entry.foldedAt, now);
		}
		if (this.#folded >= 2 * MAX_FOLDED_VALUES) this.#prune();
	}

	/** Unmatched first, then by points. */
	list(
		{ search, state, tenant: only, offset, limit }: TenantValuesQuery,
		{ points, lastTimes }: StreamTallies,
		tenants: readonly string[],
	): TenantValues {
		const wanted = search?.toLowerCase();
		const items: TenantValue[] = [];
		for (const { attribute, source, value, entry } of this.#all()) {
			const tenant = tenants[this.#register.tenantOfValue(attribute, value)] as string;
			if (state !== "all" && (state === "matched") !== (tenant !== "")) continue;
			if (only !== undefined && tenant !== only) continue;
			if (wanted !== undefined && !`${attribute}=${value}`.toLowerCase().includes(wanted)) continue;
			let counted = entry.foldedPoints;
			let last = entry.foldedAt * 1000;
			for (const slot of entry.slots) {
				counted += points[slot] as number;
				last = Math.max(last, lastTimes[slot] as number);
			}
			items.push({
				attribute,
				value,
				source,
				tenant,
				streams: entry.slots.length + entry.foldedStreams,
				points: counted,
				isEstimate: entry.foldedAt > 0,
				lastSampleAt: last === 0 ? undefined : Math.floor(last / 1000),
			});
		}
		items.sort(
			(a, b) => Number(a.tenant !== "") - Number(b.tenant !== "") || b.points - a.points || b.streams - a.streams,
		);
		const unmatched = items.findIndex((item) => item.tenant !== "");
		return {
			total: items.length,
			unmatched: unmatched < 0 ? items.length : unmatched,
			items: items.slice(offset, offset + limit),
			rest: { ...this.#rest },
		};
	}

	#named(lists: readonly (readonly Attribute[])[]): [attribute: string, value: string][] {
		const named: [string, string][] = [];
		for (const list of lists)
			for (const [name, typedValue] of list)
				if (this.#attributes.has(name) && typedValue.length > 1) named.push([name, typedValue.slice(1)]);
		return named;
	}

	#entry(attribute: string, value: string, lists: readonly (readonly Attribute[])[]): Entry {
		const source = sourceOf(lists);
		const key = groupKey(attribute, source);
		let group = this.#groups.get(key);
		if (!group) {
			group = { attribute, source, values: new Map() };
			this.#groups.set(key, group);
		}
		let entry = group.values.get(value);
		if (!entry) {
			entry = { slots: [], foldedStreams: 0, foldedPoints: 0, foldedAt: 0 };
			group.values.set(value, entry);
		}
		return entry;
	}

	*#all(): Generator<{ attribute: string; source: string; value: string; entry: Entry; values: Map<string, Entry> }> {
		for (const { attribute, source, values } of this.#groups.values())
			for (const [value, entry] of values) yield { attribute, source, value, entry, values };
	}

	/** Keeps the heaviest values; what the others brought is counted as the rest. */
	#prune(): void {
		const folded = [...this.#all()].filter(({ entry }) => entry.foldedAt > 0 && entry.slots.length === 0);
		folded.sort(({ entry: a }, { entry: b }) => b.foldedPoints - a.foldedPoints || b.foldedAt - a.foldedAt);
		for (const { attribute, source, value, entry, values } of folded.slice(MAX_FOLDED_VALUES)) {
			values.delete(value);
			if (values.size === 0) this.#groups.delete(groupKey(attribute, source));
			this.#rest.values++;
			this.#rest.streams += entry.foldedStreams;
			this.#rest.points += entry.foldedPoints;
		}
		this.#folded = Math.min(folded.length, MAX_FOLDED_VALUES);
	}
}

function groupKey(attribute: string, source: string): string {
	return `${attribute}\n${source}`;
}
