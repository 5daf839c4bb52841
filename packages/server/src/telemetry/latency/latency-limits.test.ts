import { expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { catalogue, NOW, otlpBytes, point, request, rig } from "../telemetry-fixture.ts";
import { explicitBuckets } from "./buckets.ts";
import { LatencyStreams, packStates } from "./latency-streams.ts";
import { SketchStages } from "./sketch-cells.ts";

const MINUTE_MS = 60_000;

test("of a request's histograms so many are taken as its memory allows; the events of all count", () => {
	const histograms = (points: number, at: number) => {
		const positive = { offset: 0, bucketCounts: new Array<string>(160).fill("1") };
		const dataPoints = Array.from({ length: points }, (_, k) => {
			const place = { tenant: "contoso-id", at: at + k * 10, start: at + k * 10 - 1 };
			return point({ ...place, more: { count: "160", scale: 3, positive } });
		});
		return otlpBytes(
			request([{ name: "request.duration", exponentialHistogram: { aggregationTemporality: 1, dataPoints } }]),
		);
	};
	const [first, last] = [histograms(125, NOW - 10 * MINUTE_MS), histograms(1, NOW)];
	// The same again and again: it counts once, and each time it has to be held.
	const body = Buffer.concat([...Array<Uint8Array>(100).fill(first), last]);
	const { settings, ...rest } = catalogue();
	const roomy = { ...settings, telemetry: { ...settings.telemetry, maxBodyBytes: body.length } };
	const { sendBytes, telemetry } = rig({ catalogue: { ...rest, settings: roomy } });
	expect(sendBytes(new Uint8Array(body)).status).toBe("accepted");
	const query = { tenant: "contoso", slo: "fast", from: NOW - 60 * MINUTE_MS, to: NOW + MINUTE_MS };
	const found = telemetry.latencies({ ...query, resolutionMs: MINUTE_MS, ratios: [0.5] });
	expect(found).toMatchObject({ known: 125 * 160, total: 126 * 160 });
	expect(found?.windows.at(-1)).toMatchObject({ known: 0, total: 160, percentiles: [undefined] });
});

test("streams whose buckets do not fit into memory are without latencies, live as after a restart", () => {
	const live = new LatencyStreams(4);
	const out = new ByteWriter();
	const buckets = (count: number) =>
		explicitBuckets([1, 2], () => count) as NonNullable<ReturnType<typeof explicitBuckets>>;
	const totals: [number, number | undefined][] = [];
	live.beginRow();
	for (const [time, id] of [1, 2].flatMap((at) => [5, 6].map((each) => [at, each] as const)))
		totals.push([
			id,
			live.take(out, id, buckets(time * 10), { mode: time === 1 ? "base" : "change", time, previousTime: time - 1 })
				?.total,
		]);
	expect(totals).toEqual([
		[5, undefined],
		[6, undefined],
		[5, 30],
		[6, undefined],
	]);
	const again = new LatencyStreams(4);
	again.beginRow();
	const row = new ByteReader(out.take());
	expect([1, 1, 2, 2].map((time, k) => again.replay(row, 5 + (k % 2), time)?.total)).toEqual(
		totals.map(([, total]) => total),
	);
	expect(packStates(again.snapshot(), 0, 10)).toEqual(packStates(live.snapshot(), 0, 10));
	expect([...again.snapshot().keys()]).toEqual([5]);
});

test("what comes faster than it is folded is not kept, and is again after the next seal", () => {
	const stages = new SketchStages([7], 3);
	const knownAt = (cells = stages.waiting) =>
		cells.map((each) => [...each.ofPair(7)].reduce((sum, [, sketch]) => sum + sketch.totalOfIntervals, 0));
	for (let minute = 0; minute < 10; minute++) stages.addOne(0, minute * MINUTE_MS, 1, 2, 5);
	expect(knownAt()).toEqual([15, 0]);
	const sealed = stages.seal();
	stages.addOne(0, 0, 1, 2, 5);
	expect(knownAt()).toEqual([5, 15]);
	sealed.clear();
	expect(knownAt()).toEqual([5, 0]);
});
