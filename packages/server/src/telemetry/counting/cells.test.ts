import fc from "fast-check";
import { expect, test } from "vitest";
import { Core } from "../core/core.ts";
import { CellMerger, Cells } from "./cells.ts";

const cell = fc.record({
	pair: fc.integer({ min: 0, max: 5_000 }),
	bucket: fc.constantFrom(179_000_000, 179_000_001, 178_999_640),
	bad: fc.integer({ min: 0, max: 9 }),
	total: fc.oneof(fc.integer({ min: 0, max: 99 }), fc.double({ min: 0, max: 99, noNaN: true })),
	late: fc.integer({ min: 0, max: 2 }),
});

test("cells of one commit after the other are added to those that wait: counts are summed, what was late is a revision", () => {
	fc.assert(
		fc.property(fc.array(fc.array(cell, { maxLength: 60 }), { maxLength: 60 }), (commits) => {
			const core = new Core(7);
			const [commit, waiting] = [new Cells(core), new Cells(core)];
			const merger = new CellMerger(core);
			const expected = new Map<string, number[]>();
			for (const each of commits) {
				commit.clear();
				for (const { pair, bucket, bad, total, late } of each) {
					const entry = commit.entry(pair, bucket);
					commit.bad[entry] = (commit.bad[entry] as number) + bad;
					commit.total[entry] = (commit.total[entry] as number) + total;
					commit.late[entry] = (commit.late[entry] as number) + late;
				}
				merger.merge(commit, waiting, 5_001);
				for (let k = 0; k < commit.count; k++) {
					const key = `${commit.pairs[k]} ${commit.buckets[k]}`;
					const [bad = 0, total = 0, late = 0, revision = 0] = expected.get(key) ?? [];
					const [moreBad, moreTotal, moreLate] = [commit.bad[k], commit.total[k], commit.late[k]] as number[];
					const isLate = (moreLate as number) > 0;
					const sums = [bad + (moreBad as number), total + (moreTotal as number), late + (moreLate as number)];
					expected.set(key, [...sums, revision + (isLate ? 1 : 0)]);
				}
			}
			const found = Array.from({ length: waiting.count }, (_, k) => [
				`${waiting.pairs[k]} ${waiting.buckets[k]}`,
				[waiting.bad[k], waiting.total[k], waiting.late[k], waiting.revision[k]],
			]);
			expect(found).toEqual([...expected]);
			for (const [k, [key]] of found.entries()) {
				const [pair, bucket] = String(key).split(" ").map(Number) as [number, number];
				expect(waiting.entry(pair, bucket)).toBe(k);
			}
		}),
		{ numRuns: 40 },
	);
});
