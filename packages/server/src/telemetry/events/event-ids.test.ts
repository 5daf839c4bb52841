import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RawHash } from "../streams/raw-hash.ts";
import { EventIds } from "./event-ids.ts";

const MINUTE = 30_000_000;

describe("identities of events", () => {
	test("are found while they are within the horizon, as a plain set says", () => {
		const step = fc.oneof(
			{ weight: 8, arbitrary: fc.record({ lo: fc.integer({ min: -4, max: 4 }), hi: fc.integer(), age: fc.nat(9) }) },
			{ weight: 1, arbitrary: fc.record({ floor: fc.nat(12) }) },
			{ weight: 1, arbitrary: fc.constant("restart" as const) },
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
				let real = new EventIds();
				const plain = new Map<string, number>();
				const stored: [hour: number, packed: Uint8Array][] = [];
				let now = MINUTE;
				for (const each of steps) {
					now++;
					if (each === "restart") {
						stored.push(...real.fresh());
						const next = new EventIds();
						next.floor = real.floor;
						for (const [hour, packed] of stored) next.load(hour, packed);
						real = next;
					} else if ("floor" in each) {
						real.raise(now - each.floor);
						for (const [id, minute] of plain) if (minute < real.floor) plain.delete(id);
					} else {
						const minute = now - each.age;
						if (minute < real.floor) continue;
						const id = `${each.lo} ${each.hi}`;
						expect(real.has(each.lo, each.hi)).toBe(plain.has(id));
						expect(real.addFresh(each.lo, each.hi, minute)).toBe(!plain.has(id));
						if (!plain.has(id)) plain.set(id, minute);
					}
					expect(real.count).toBe(plain.size);
				}
			}),
			{ numRuns: 300 },
		);
	});

	test("a million of them, all sent again: none is new", () => {
		const ids = new EventIds();
		const hash = new RawHash(7);
		const each = (visit: (lo: number, hi: number) => void): void => {
			const view = new DataView(new ArrayBuffer(24));
			for (let k = 0; k < 1_000_000; k++) {
				// Ids that count up, as a weak generator's do.
				view.setUint32(12, 5, false);
				view.setUint32(20, k, false);
				hash.begin(1, 0);
				hash.bytes(view, 0, 16);
				hash.bytes(view, 16, 24);
				hash.finish();
				visit(hash.lo, hash.hi);
			}
		};
		let fresh = 0;
		each((lo, hi) => {
			if (ids.addFresh(lo, hi, MINUTE)) fresh++;
		});
		expect(fresh).toBe(1_000_000);
		each((lo, hi) => {
			if (ids.addFresh(lo, hi, MINUTE)) fresh++;
		});
		expect(fresh).toBe(1_000_000);
	});
});
