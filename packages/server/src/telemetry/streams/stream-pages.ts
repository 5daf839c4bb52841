import { ByteReader, ByteWriter } from "../core/bytes.ts";
import type { StreamState } from "../store/store.ts";

const NEEDS_BASE = 1;
const HAS_RANGES = 2;

/** States of one page of streams as bytes; times in µs are exact. */
export function packPage(states: Iterable<StreamState>): Uint8Array {
	const out = new ByteWriter();
	let previous = 0;
	for (const state of states) {
		out.signed(state.id - previous);
		previous = state.id;
		const hasRanges = state.edges.length > 0 || state.floor > 0;
		out.byte((state.needsBase ? NEEDS_BASE : 0) | (hasRanges ? HAS_RANGES : 0));
		out.varint(state.lastTime);
		// Zero (no start given) and times before the newest one: a distance is shorter than a time.
		out.signed(state.lastTime - state.start);
		if (hasRanges) {
			out.varint(state.floor);
			out.varint(state.edges.length);
			for (const edge of state.edges) out.varint(edge);
		}
		out.varint(state.values.length);
		for (const value of state.values) out.double(value);
	}
	return out.take();
}

export function* unpackPage(packed: Uint8Array): Iterable<StreamState> {
	const bytes = new ByteReader(packed);
	let id = 0;
	while (!bytes.atEnd) {
		id += bytes.signed();
		const flags = bytes.byte();
		const lastTime = bytes.varint();
		const start = lastTime - bytes.signed();
		let floor = 0;
		const edges: number[] = [];
		if (flags & HAS_RANGES) {
			floor = bytes.varint();
			for (let rest = bytes.varint(); rest > 0; rest--) edges.push(bytes.varint());
		}
		const values = new Float64Array(bytes.varint());
		for (let k = 0; k < values.length; k++) values[k] = bytes.double();
		yield { id, lastTime, start, floor, edges, needsBase: (flags & NEEDS_BASE) !== 0, values };
	}
}
