import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { Sketch } from "./sketch.ts";

/** Sketches by bucket number as bytes: the bounds that occur once, then for each bucket its intervals by them. */
export function packSketches(sketches: ReadonlyMap<number, Sketch>): Uint8Array {
	const out = new ByteWriter();
	const all = [...sketches].filter(([, { counts }]) => counts.some((count) => count > 0)).sort(([a], [b]) => a - b);
	const bounds = [...new Set(all.flatMap(([, { lows, highs }]) => [...lows, ...highs]))].sort((a, b) => a - b);
	const places = new Map(bounds.map((bound, k) => [bound, k]));
	out.varint(bounds.length);
	for (const bound of bounds) out.double(bound);
	let previous = -1;
	for (const [bucket, { lows, highs, counts }] of all) {
		out.varint(bucket - previous - 1);
		previous = bucket;
		out.varint(counts.length);
		let place = 0;
		counts.forEach((count, k) => {
			const high = places.get(highs[k] as number) as number;
			out.varint(high - place);
			out.signed(high - (places.get(lows[k] as number) as number));
			out.varint(count);
			place = high;
		});
	}
	return out.take();
}

/** By bucket number; nothing for a row that is not there. Throws when it is no such row. */
export function unpackSketches(packed: Uint8Array | undefined): Map<number, Sketch> {
	const sketches = new Map<number, Sketch>();
	if (!packed) return sketches;
	const from = new ByteReader(packed);
	const bounds = Array.from({ length: from.varint() }, () => from.double());
	let bucket = -1;
	while (!from.atEnd) {
		bucket += from.varint() + 1;
		const sketch = new Sketch();
		let place = 0;
		for (let rest = from.varint(); rest > 0; rest--) {
			place += from.varint();
			const low = bounds[place - from.signed()];
			const high = bounds[place];
			if (low === undefined || high === undefined) throw new Error("stored latencies name a bound that is not there");
			sketch.lows.push(low);
			sketch.highs.push(high);
			sketch.counts.push(from.varint());
		}
		sketches.set(bucket, sketch);
	}
	return sketches;
}
