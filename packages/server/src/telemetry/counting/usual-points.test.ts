import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "../core/bytes.ts";
import { ON_HEAP } from "../core/columns.ts";
import { Core } from "../core/core.ts";
import { Ledger } from "../intake/ledger.ts";
import { Stage } from "../intake/stage.ts";
import { type Attribute, KIND, Selection } from "../selection/selection.ts";
import { Streams } from "../streams/streams.ts";
import { catalogue, NOW } from "../telemetry-fixture.ts";
import { Applier } from "./apply.ts";
import { Cells } from "./cells.ts";

const LIMITS = { latenessMs: 3 * 3_600_000, futureMs: 300_000 };
const KINDS = [KIND.cumulativeSum, KIND.deltaSum, KIND.cumulativeSum, KIND.gauge] as const;
const STREAMS = 24;

interface Point {
	readonly stream: number;
	readonly start: number;
	readonly time: number;
	readonly value: number;
}

/** Streams, counts and accounts of its own; `core` counts the usual points, or nobody does. */
function world(core: Core | undefined) {
	const selection = new Selection(catalogue());
	const columns = core ?? ON_HEAP;
	const streams = new Streams(selection, 10_000, {}, columns);
	const cells = new Cells(columns);
	const ledger = new Ledger(selection.tenants, []);
	const stage = new Stage(columns);
	const applier = new Applier(streams, cells, ledger, LIMITS, core);
	const row = new ByteWriter();
	const codes = Array.from({ length: STREAMS }, (_, k) => {
		const point: Attribute[] = [["tenant.id", k % 3 === 0 ? "scontoso-id" : k % 3 === 1 ? "sfabrikam-id" : "sother"]];
		if (k % 5 === 0) point.push(["result", "sfailed"]);
		const identity = { metric: k % 7 === 6 ? "unknown" : "request.count", resource: [], point };
		const kind = KINDS[k % KINDS.length] as 0 | 1 | 2;
		return streams.resolve(
			{ ...identity, scopeName: String(k), scopeVersion: "", scope: [] },
			kind,
			Math.imul(k + 1, 0x9e3779b1),
			k + 1,
		);
	});
	return (requests: readonly (readonly Point[])[], now: number) => {
		applier.begin(row, now);
		const outcomes = requests.map((points) => {
			stage.begin(() => "");
			for (const { stream, start, time, value } of points) {
				const code = codes[stream] as number;
				stage.point(code, start, time);
				if (code >= 0) stage.value(value);
			}
			return applier.apply(stage, 0, row, new ByteWriter());
		});
		applier.finish(row, selection.tenants);
		const seen = {
			outcomes,
			row: [...row.take()],
			newStreams: [...applier.newStreams],
			cells: Array.from({ length: cells.count }, (_, k) => [
				[cells.pairs[k], cells.buckets[k], cells.bad[k], cells.total[k], cells.late[k], cells.revision[k]],
			]),
			accounts: ledger.report(undefined),
			lastTimes: [...streams.lastTimes.subarray(0, streams.count)],
			starts: [...streams.starts.subarray(0, streams.count)],
			values: [...streams.values.subarray(0, streams.count)],
			fresh: [...streams.fresh.subarray(0, streams.count)],
			points: [...streams.points.subarray(0, streams.count)],
			dirty: streams.dirtyPages().sort((a, b) => a - b),
		};
		cells.clear();
		return seen;
	};
}

/** Mostly streams that go on as they should, with everything else in between. */
const move = fc.record({
	stream: fc.nat({ max: STREAMS - 1 }),
	stepS: fc.oneof({ weight: 8, arbitrary: fc.constant(15) }, fc.constantFrom(0, -30, 4_000, 1)),
	grows: fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 300 }) }, fc.constantFrom(0, -5, 0.5, 2 ** 40, 2 ** 53)),
	start: fc.oneof({ weight: 8, arbitrary: fc.constant("same") }, fc.constantFrom("none", "new", "gap", "sliding")),
});

function requestsOf(moves: readonly (readonly { stream: number; stepS: number; grows: number; start: string }[])[]) {
	const times = new Array<number>(STREAMS).fill((NOW - 3_600_000) * 1000);
	const values = new Array<number>(STREAMS).fill(1000);
	const starts = new Array<number>(STREAMS).fill((NOW - 3_700_000) * 1000);
	return moves.map((request) =>
		request.map(({ stream, stepS, grows, start }): Point => {
			const isDelta = stream % KINDS.length === 1;
			const before = times[stream] as number;
			const time = before + stepS * 1e6;
			times[stream] = time;
			values[stream] = (values[stream] as number) + grows;
			if (start === "new") starts[stream] = before;
			if (start === "sliding") starts[stream] = (starts[stream] as number) + 5e6;
			const usualStart = isDelta ? before : (starts[stream] as number);
			return {
				stream,
				time,
				value: isDelta ? Math.max(0, grows) : (values[stream] as number),
				start: start === "none" ? 0 : start === "gap" ? usualStart - 1e6 : usualStart,
			};
		}),
	);
}

test("points are counted, recorded and accounted for as without the core", () => {
	const requests = fc.array(fc.array(move, { maxLength: 60 }), { minLength: 1, maxLength: 3 });
	fc.assert(
		fc.property(fc.array(requests, { minLength: 1, maxLength: 5 }), (commits) => {
			const fast = world(new Core(1));
			const plain = world(undefined);
			const all = requestsOf(commits.flat());
			let from = 0;
			commits.forEach((commit, k) => {
				const now = NOW + k * 20_000;
				const of = all.slice(from, from + commit.length);
				from += commit.length;
				expect(fast(of, now)).toEqual(plain(of, now));
			});
		}),
		{ numRuns: 200 },
	);
});

test("a request of many more points than the core takes at once", () => {
	const [fast, plain] = [world(new Core(1)), world(undefined)];
	const round = (at: number): Point[] =>
		Array.from({ length: 9_000 }, (_, k) => ({
			stream: (k % (STREAMS / 4)) * 4,
			start: 0,
			time: (at + k * 20) * 1000,
			value: 1000 + k + at,
		}));
	for (const at of [0, 200_000, 400_000]) {
		const request = round(at).map((each) => ({ ...each, time: each.time + (NOW - 900_000) * 1000 }));
		expect(fast([request], NOW)).toEqual(plain([request], NOW));
	}
});
