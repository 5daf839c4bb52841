import { describe, expect, test } from "vitest";
import type { FoldWriter, StoredStream, TelemetryStore } from "./store.ts";

const STREAM: StoredStream = {
	id: 1,
	kind: 1,
	canonical: '["request.count",[],"","",[],[]]',
	bounds: [0.5, Number.POSITIVE_INFINITY],
};
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What every telemetry store must do. `reopen` gives the store that the next process would find. */
export function describeTelemetryStore(
	name: string,
	open: () => { store: TelemetryStore; reopen: () => TelemetryStore },
): void {
	describe(name, () => {
		test("a commit's row and streams are there in the next process, in order", () => {
			const { store, reopen } = open();
			store.commit(bytes(1, 2), [STREAM]);
			store.commit(bytes(3), [{ ...STREAM, id: 2 }]);
			const next = reopen();
			expect([...next.journal()].map(({ row }) => [...row])).toEqual([[1, 2], [3]]);
			expect(next.journalSize()).toEqual({ rows: 2, bytes: 3 });
			expect([...next.streams()]).toEqual([STREAM, { ...STREAM, id: 2 }]);
		});

		test("of each piece of the windows the newest of the folds that count is given; what none will read is swept away", () => {
			const { store, reopen } = open();
			const piece = (bucket: number, value: number) => ({ ring: 1, bucket, part: 0, packed: bytes(value) });
			store.fold((writer) => {
				for (const bucket of [5, 6, 7]) writer.windows.write(1, piece(bucket, bucket));
				writer.windows.write(2, piece(7, 77));
				writer.windows.write(3, piece(7, 99));
			});
			const read = (from: TelemetryStore, first: number, last: number) =>
				[...from.windows.pieces(first, last)].map(({ ring, bucket, packed = [] }) => [ring, bucket, ...packed]).sort();
			const next = reopen();
			expect(read(next, 1, 2)).toEqual([
				[1, 5, 5],
				[1, 6, 6],
				[1, 7, 77],
			]);
			expect(read(next, 2, 2)).toEqual([[1, 7, 77]]);
			next.fold((writer) => {
				while (writer.windows.sweep(1, 2, [0, 6]));
			});
			expect(read(next, 1, 1)).toEqual([[1, 6, 6]]);
			expect(read(next, 1, 2)).toEqual([
				[1, 6, 6],
				[1, 7, 77],
			]);
			expect(read(next, 1, 3)).toEqual([
				[1, 6, 6],
				[1, 7, 99],
			]);
			next.fold((writer) => writer.windows.dropAfter(2));
			expect(read(next, 1, 3)).toEqual([
				[1, 6, 6],
				[1, 7, 77],
			]);
		});

		test("counts beside the journal are kept in order, and numbers are never given twice", () => {
			const { store, reopen } = open();
			let last = 0;
			store.fold((writer) => {
				for (const value of [1, 2, 3]) last = writer.windows.addLate(bytes(value));
			});
			store.fold((writer) => writer.windows.dropLate(last - 1));
			const next = reopen();
			expect([...next.windows.late()].map(({ seq, packed = [] }) => [seq, ...packed])).toEqual([[last, 3]]);
			next.fold((writer) => writer.windows.dropLate(last));
			let later = 0;
			next.fold((writer) => {
				later = writer.windows.addLate(bytes(4));
			});
			expect(later).toBeGreaterThan(last);
		});

		test("pulled buckets are replaced, read by range and dropped by age, per source and SLO, in the next process too", () => {
			const { store, reopen } = open();
			store.fold((writer) => {
				for (const at of [10, 20, 30]) writer.writePulled("db", "send", at, bytes(at));
				writer.writePulled("db", "other", 10, bytes(1));
				writer.writePulled("lake", "send", 10, bytes(2));
			});
			store.fold((writer) => {
				writer.writePulled("db", "send", 20, bytes(99));
				writer.dropPulledBefore("db", "send", 20);
			});
			const next = reopen();
			const read = (source: string, slo: string) =>
				next.pulled(source, slo, 0, 30).map(({ at, packed }) => [at, ...packed]);
			expect(read("db", "send")).toEqual([[20, 99]]);
			expect(read("db", "other")).toEqual([[10, 1]]);
			expect(read("lake", "send")).toEqual([[10, 2]]);
		});

		test("a commit that fails leaves nothing behind", () => {
			const { store } = open();
			store.commit(bytes(1), [STREAM]);
			store.commit(bytes(2), [{ ...STREAM, id: 2 }]);
			expect(() =>
				store.fold((writer) => {
					writer.foldJournal(2);
					writer.writeMeta("colour", "red");
					throw new Error("stop");
				}),
			).toThrow("stop");
			expect(store.journalSize().rows).toBe(2);
			expect(store.meta("colour")).toBeUndefined();
		});

		test("counts by attribute are written with a fold, or not at all, and read back", () => {
			const { store, reopen } = open();
			store.fold(({ leaves }) => {
				leaves.writeRow("minutes", 7, 100, bytes(1));
				leaves.writeRow("minutes", 3, 101, bytes(2));
				leaves.writeRow("hours", 7, 4, bytes(3));
				expect(leaves.row("minutes", 7, 100)).toEqual(bytes(1));
				leaves.addBatch(bytes(4));
				leaves.addBatch(bytes(5));
				for (const id of [1, 2, 3]) leaves.writeName({ id, text: `name ${id}`, day: id === 3 ? 5 : 10 * id });
				leaves.writePlaces(7, "{}");
			});
			const first = store.leaves.firstBatch();
			expect(first?.packed).toEqual(bytes(4));
			expect(() =>
				store.fold(({ leaves }) => {
					leaves.removeBatch(first?.seq as number);
					leaves.removeRow("hours", 7, 4);
					throw new Error("stop");
				}),
			).toThrow("stop");
			store.fold(({ leaves }) => {
				leaves.removeBatch(first?.seq as number);
				leaves.writeRow("minutes", 7, 100, bytes(6));
				leaves.dropNamesBefore(20);
			});
			const { leaves } = reopen();
			expect([...leaves.batches()].map(({ packed }) => packed)).toEqual([bytes(5)]);
			expect(leaves.row("minutes", 7, 100)).toEqual(bytes(6));
			expect(leaves.row("hours", 7, 4)).toEqual(bytes(3));
			expect(leaves.row("hours", 7, 5)).toBeUndefined();
			expect(leaves.oldRows("minutes", 101, 10)).toEqual([{ pair: 7, block: 100 }]);
			expect(leaves.oldRows("minutes", 102, 10)).toEqual([
				{ pair: 7, block: 100 },
				{ pair: 3, block: 101 },
			]);
			// The newest number stays, so that none is given twice.
			expect(leaves.names().map(({ id }) => id)).toEqual([2, 3]);
			expect(leaves.places(7)).toBe("{}");
			expect(leaves.places(3)).toBeUndefined();
		});

		test("a fold replaces, drops and adds as it says, and reads its own writes", () => {
			const { store, reopen } = open();
			store.commit(bytes(1), [STREAM, { ...STREAM, id: 2 }]);
			const account = { tenant: "a", source: "otlp", protocol: "otlp-json", key: "counted", count: 2 };
			const write = (work: (writer: FoldWriter) => void) => store.fold(work);
			write((writer) => {
				writer.writeRollUp("ten-seconds", 7, 100, bytes(1));
				writer.writeRollUp("ten-seconds", 7, 101, bytes(2));
				writer.writeRollUp("ten-seconds", 3, 101, bytes(3));
				writer.writeRollUp("hours", 7, 5, bytes(4));
				writer.writeRollUp("latency-hours", 7, 5, bytes(6));
				writer.writeRollUp("latency-hours", 9, 8, bytes(7));
				expect(writer.readRollUp("ten-seconds", 7, 101)).toEqual(bytes(2));
				writer.writePage(0, bytes(9));
				writer.publishPages();
				writer.writeBounds(1, [0.25]);
				writer.dropStreams([2]);
				writer.addAccounting([account]);
				writer.writeMeta("a", "1");
				writer.writeImport("key", "digest", "answer", 50);
				writer.foldJournal(1);
			});
			write((writer) => {
				writer.writeRollUp("hours", 7, 5, bytes(5));
				writer.writePage(0, bytes(8));
				writer.addAccounting([account, { ...account, tenant: "" }]);
				writer.writeMeta("a", "2");
				writer.removeRollUp("ten-seconds", 7, 100);
				writer.publishPages();
				writer.dropImportsBefore(50);
			});
			const next = reopen();
			expect([...next.rollUps("ten-seconds", 0)]).toEqual([
				{ pair: 3, block: 101, packed: bytes(3) },
				{ pair: 7, block: 101, packed: bytes(2) },
			]);
			expect([...next.rollUps("ten-seconds", 102)]).toEqual([]);
			expect(next.readRollUp("hours", 7, 5)).toEqual(bytes(5));
			expect(next.readRollUp("hours", 7, 6)).toBeUndefined();
			expect(next.readRollUp("latency-hours", 7, 5)).toEqual(bytes(6));
			expect([next.firstBlock("latency-hours"), next.lastBlock("latency-hours")]).toEqual([5, 8]);
			expect([next.firstBlock("latency-minutes"), next.lastBlock("latency-minutes")]).toEqual([undefined, undefined]);
			expect(next.oldest("latency-hours", 1)).toEqual([expect.objectContaining({ pair: 7, block: 5 })]);
			expect(next.oldest("latency-minutes", 1)).toEqual([]);
			expect([...next.pages()]).toEqual([{ page: 0, packed: bytes(8) }]);
			expect([...next.streams()]).toEqual([{ ...STREAM, bounds: [0.25] }]);
			expect(next.accounting()).toEqual(
				expect.arrayContaining([
					{ ...account, count: 4 },
					{ ...account, tenant: "" },
				]),
			);
			expect(next.meta("a")).toBe("2");
			expect(next.importAnswer("key")).toMatchObject({ digest: "digest", answer: "answer" });
			expect(next.journalSize()).toEqual({ rows: 0, bytes: 0 });
		});

		test("identities of events come back until their hour is dropped, answers until their time is", () => {
			const { store, reopen } = open();
			const answer = { key: "k", digest: "d", answer: "{}", at: 50 };
			store.commit(bytes(1), [], [answer]);
			store.commit(bytes(2), [], [{ ...answer, key: "l", at: 60 }]);
			store.fold((writer) => {
				writer.addEventIds(7, bytes(1, 2));
				writer.addEventIds(8, bytes(3));
				writer.addEventIds(7, bytes(4));
			});
			const next = reopen();
			expect([...next.eventIds()]).toEqual([
				{ hour: 7, packed: bytes(1, 2) },
				{ hour: 8, packed: bytes(3) },
				{ hour: 7, packed: bytes(4) },
			]);
			expect(next.eventAnswer("k")).toMatchObject({ digest: "d", answer: "{}" });
			next.fold((writer) => {
				writer.dropEventIdsBefore(8);
				writer.dropEventAnswersBefore(60);
			});
			expect([...next.eventIds()]).toEqual([{ hour: 8, packed: bytes(3) }]);
			expect(next.eventAnswer("k")).toBeUndefined();
			expect(next.eventAnswer("l")).toMatchObject({ digest: "d" });
		});

		test("pairs keep their ids for ever, in whatever order they are asked for", () => {
			const { store, reopen } = open();
			const [a, b] = store.pairIds([
				{ tenant: "a", slo: "x" },
				{ tenant: "", slo: "x" },
			]);
			expect(a).not.toBe(b);
			expect(
				reopen().pairIds([
					{ tenant: "", slo: "x" },
					{ tenant: "b", slo: "x" },
					{ tenant: "a", slo: "x" },
				]),
			).toEqual([b, expect.any(Number), a]);
		});
	});
}
