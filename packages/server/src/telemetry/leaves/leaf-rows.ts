import { ByteReader, ByteWriter } from "../core/bytes.ts";
import type { DamagedLeaves, LeafKind, LeafStore, LeafWriter } from "./leaf-store.ts";

const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;
/** Whole numbers up to this are stored as such. */
const MAX_WHOLE = 2 ** 48;

/** Counts of one leaf: `at` is its minute, or hour, since the epoch. */
export type LeafVisit = (at: number, leaf: number, bad: number, total: number) => void;

/** Buckets of a row, and the length of one. */
export const LEAF_TIERS: Readonly<Record<LeafKind, { readonly bucketMs: number; readonly buckets: number }>> = {
	minutes: { bucketMs: MINUTE_MS, buckets: MINUTES_PER_HOUR },
	hours: { bucketMs: MINUTES_PER_HOUR * MINUTE_MS, buckets: HOURS_PER_DAY },
};

/**
 * Collects counts and packs them as a batch: for each pair the sections to be put behind what its rows hold. Sections are
 * never rewritten, only put together when minutes become hours: the same leaf and minute may come several times.
 */
export class LeafBatch {
	readonly #sections = new Map<string, { kind: LeafKind; pair: number; block: number; out: ByteWriter }>();
	/** The section that was added to last: counts of one pair mostly come together. */
	#last:
		| { readonly kind: LeafKind; readonly pair: number; readonly block: number; readonly out: ByteWriter }
		| undefined;
	readonly #minutesFrom: number;
	readonly #hoursFrom: number;

	/** Minutes and hours since the epoch: what is older than the first is kept by the hour, than the second not at all. */
	constructor(minutesFrom: number, hoursFrom: number) {
		this.#minutesFrom = minutesFrom;
		this.#hoursFrom = hoursFrom;
	}

	/** `pair`: its number in the store. */
	add(pair: number, minute: number, leaf: number, bad: number, total: number): void {
		if (bad === 0 && total === 0) return;
		const hour = Math.floor(minute / MINUTES_PER_HOUR);
		if (hour < this.#hoursFrom) return;
		const kind: LeafKind = hour * MINUTES_PER_HOUR >= this.#minutesFrom ? "minutes" : "hours";
		addTo(this.#section(kind, pair, kind === "minutes" ? minute : hour), kind, minute, hour, leaf, bad, total);
	}

	#section(kind: LeafKind, pair: number, at: number): ByteWriter {
		const block = Math.floor(at / LEAF_TIERS[kind].buckets);
		const last = this.#last;
		if (last && last.pair === pair && last.block === block && last.kind === kind) return last.out;
		const key = `${kind} ${pair} ${block}`;
		let section = this.#sections.get(key);
		if (!section) {
			section = { kind, pair, block, out: new ByteWriter() };
			this.#sections.set(key, section);
		}
		this.#last = section;
		return section.out;
	}

	take(): Uint8Array | undefined {
		if (this.#sections.size === 0) return undefined;
		const out = new ByteWriter();
		for (const { kind, pair, block, out: section } of this.#sections.values()) {
			out.byte(kind === "minutes" ? 0 : 1);
			out.varint(pair);
			out.varint(block);
			out.varint(section.length);
			out.append(section);
		}
		this.#sections.clear();
		this.#last = undefined;
		return out.take();
	}
}

function addTo(
	out: ByteWriter,
	kind: LeafKind,
	minute: number,
	hour: number,
	leaf: number,
	bad: number,
	total: number,
): void {
	out.byte(kind === "minutes" ? minute - hour * MINUTES_PER_HOUR : hour % HOURS_PER_DAY);
	out.varint(leaf);
	writeNumber(out, bad);
	writeNumber(out, total);
}

/** Sections of a batch. */
export function* sectionsOf(
	packed: Uint8Array,
): Iterable<{ readonly kind: LeafKind; readonly pair: number; readonly block: number; readonly bytes: Uint8Array }> {
	const reader = new ByteReader(packed);
	while (!reader.atEnd) {
		const kind = reader.byte() === 0 ? "minutes" : "hours";
		const pair = reader.varint();
		const block = reader.varint();
		yield { kind, pair, block, bytes: reader.bytes(reader.varint()) };
	}
}

export function readSection(kind: LeafKind, block: number, bytes: Uint8Array, visit: LeafVisit): void {
	const reader = new ByteReader(bytes);
	const first = block * LEAF_TIERS[kind].buckets;
	while (!reader.atEnd) {
		const at = first + reader.byte();
		const leaf = reader.varint();
		const bad = readNumber(reader);
		visit(at, leaf, bad, readNumber(reader));
	}
}

/** Puts a batch's sections behind the rows that they belong to. */
export function applyBatch(writer: LeafWriter, seq: number, packed: Uint8Array): void {
	for (const { kind, pair, block, bytes } of sectionsOf(packed)) append(writer, kind, pair, block, bytes);
	writer.removeBatch(seq);
}

/** A row of minutes becomes one hour of the row of its day, or goes when that is no longer kept. */
export function moveMinutes(writer: LeafWriter, pair: number, hour: number, hoursFrom: number): void {
	const packed = writer.row("minutes", pair, hour);
	writer.removeRow("minutes", pair, hour);
	if (!packed || hour < hoursFrom) return;
	const sums = new Map<number, { bad: number; total: number }>();
	readSection("minutes", hour, packed, (_, leaf, bad, total) => {
		const sum = sums.get(leaf);
		if (!sum) sums.set(leaf, { bad, total });
		else {
			sum.bad += bad;
			sum.total += total;
		}
	});
	const out = new ByteWriter();
	for (const [leaf, { bad, total }] of sums)
		if (bad !== 0 || total !== 0) addTo(out, "hours", hour * MINUTES_PER_HOUR, hour, leaf, bad, total);
	if (out.length > 0) append(writer, "hours", pair, Math.floor(hour / HOURS_PER_DAY), out.take());
}

function append(writer: LeafWriter, kind: LeafKind, pair: number, block: number, bytes: Uint8Array): void {
	const before = writer.row(kind, pair, block);
	const row = new Uint8Array((before?.length ?? 0) + bytes.length);
	if (before) row.set(before);
	row.set(bytes, before?.length ?? 0);
	writer.writeRow(kind, pair, block, row);
}

/** Everything that the store has of a pair in [from, to), ms; `at` of a visit is in ms here. */
export function readLeaves(
	store: LeafStore,
	batches: readonly Uint8Array[],
	pair: number,
	range: { readonly from: number; readonly to: number },
	visit: LeafVisit,
): void {
	const { from, to } = range;
	const within =
		(bucketMs: number): LeafVisit =>
		(at, leaf, bad, total) => {
			if (at * bucketMs >= from && at * bucketMs < to) visit(at * bucketMs, leaf, bad, total);
		};
	for (const kind of ["minutes", "hours"] as const) {
		const { bucketMs, buckets } = LEAF_TIERS[kind];
		const seen = within(bucketMs);
		for (let block = Math.floor(from / (bucketMs * buckets)); block * bucketMs * buckets < to; block++) {
			const packed = store.row(kind, pair, block);
			if (packed) readSection(kind, block, packed, seen);
		}
	}
	const waiting = [...[...store.batches()].map(({ packed }) => packed), ...batches];
	for (const packed of waiting)
		for (const section of sectionsOf(packed))
			if (section.pair === pair)
				readSection(section.kind, section.block, section.bytes, within(LEAF_TIERS[section.kind].bucketMs));
}

/** Whether counts of the pair in [from, to), ms, are among what was damaged; of a batch it may be anybody's, any time. */
export function isDamaged(
	damaged: readonly DamagedLeaves[],
	pair: number,
	{ from, to }: { readonly from: number; readonly to: number },
): boolean {
	return damaged.some((each) => {
		if (each.kind === "batch") return true;
		const { bucketMs, buckets } = LEAF_TIERS[each.kind];
		const blockMs = bucketMs * buckets;
		return each.pair === pair && each.block * blockMs < to && (each.block + 1) * blockMs > from;
	});
}

function writeNumber(out: ByteWriter, value: number): void {
	if (Number.isInteger(value) && Math.abs(value) < MAX_WHOLE) {
		// Zigzag, and a last bit that tells it from a fraction.
		out.varint((value < 0 ? -value * 2 - 1 : value * 2) * 2);
		return;
	}
	out.varint(1);
	out.double(value);
}

function readNumber(reader: ByteReader): number {
	const head = reader.varint();
	if (head === 1) return reader.double();
	const zigzag = head / 2;
	return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}
