import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { catalogue, NOW, type Rig, rig, slo } from "../telemetry-fixture.ts";
import {
	type RemoteWrite,
	remoteWriteBytes,
	snappy,
	type TestHistogram,
	type TestSeries,
} from "./remote-write-fixture.ts";

const VERSIONS = ["remote-write-1", "remote-write-2"] satisfies RemoteWrite[];
const send = (to: Rig, version: RemoteWrite, ...series: TestSeries[]) =>
	to.sendBytes(snappy(remoteWriteBytes(version, series)), version, "snappy");
const count = (value: number, at: number, more: Partial<TestSeries> = {}): TestSeries => ({
	labels: { __name__: "request.count", "tenant.id": "contoso-id" },
	samples: [{ value, at }],
	...more,
});

/** Good: within half a second, of a histogram `duration`. */
const FAST = catalogue({
	slos: [
		slo("fast", {
			kind: "ratio",
			numerator: "good",
			part: { metric: "duration", where: [], le: 0.5 },
			total: { metric: "duration", where: [] },
		}),
	],
});
const duration = (...histograms: TestHistogram[]): TestSeries => ({ labels: { __name__: "duration" }, histograms });

describe("remote write 2.0", () => {
	test("counters count by difference, each series by the labels that its symbols name, whatever their numbers", () => {
		const real = rig();
		send(real, "remote-write-2", count(100, NOW - 20_000));
		const other: TestSeries = { labels: { __name__: "cpu", host: "a" }, samples: [{ value: 1, at: NOW }] };
		const outcome = send(real, "remote-write-2", other, count(107, NOW - 10_000));
		expect(outcome).toMatchObject({ points: 2, rejected: 0, written: { samples: 2, histograms: 0, exemplars: 0 } });
		expect(real.sink().sum("contoso", "requests")).toBe("0 of 7");
		expect(real.accounts("contoso", "remote-write-2")).toEqual({ received: 2, counted: 2 });
		expect(real.accounts("", "remote-write-2")).toEqual({ received: 1, counted: 0, no_sli: 1 });
	});

	test("a start time lets the first sample count whole, and tells a reset that did not fall", () => {
		const real = rig();
		const at = (value: number, at: number, start: number) => count(0, 0, { samples: [{ value, at, start }] });
		send(real, "remote-write-2", at(5, NOW - 20_000, NOW - 30_000));
		send(real, "remote-write-2", at(8, NOW - 10_000, NOW - 15_000));
		expect(real.sink().sum("contoso", "requests")).toBe("0 of 13");
	});

	test("the older created timestamp of a series is a start time too", () => {
		const real = rig();
		send(real, "remote-write-2", count(5, NOW - 20_000, { createdAt: NOW - 30_000 }));
		expect(real.sink().sum("contoso", "requests")).toBe("0 of 5");
	});

	test("the written counts leave out what was rejected, of each kind, and hold duplicates and exemplars", () => {
		const real = rig({ catalogue: FAST });
		const one = { at: NOW - 20_000, positive: { 0: 1 } };
		send(real, "remote-write-2", duration(one));
		const outcome = send(
			real,
			"remote-write-2",
			duration(one, { at: NOW - 10_000, positive: { 0: 2 } }, { at: NOW - 90_000 }, { at: 0 }),
			count(1, NOW, { exemplars: 3 }),
			{ labels: { __name__: "duration" }, samples: [{ value: -1, at: NOW }], exemplars: 1 },
		);
		expect(outcome).toMatchObject({
			points: 6,
			rejected: 3,
			written: { samples: 1, histograms: 2, exemplars: 4 },
		});
	});

	test("the type tells gauges from counters", () => {
		const real = rig();
		const queue = (value: number, at: number, type: number): TestSeries => ({
			labels: { __name__: "queue.length", host: String(type) },
			samples: [{ value, at }],
			type,
		});
		send(real, "remote-write-2", queue(5, NOW - 10_000, 2), queue(500, NOW, 2), queue(5, NOW, 1), queue(7, NOW, 0));
		expect(real.sink().sum("", "queue")).toBe("1 of 3");
		send(real, "remote-write-2", count(5, NOW, { type: 2 }));
		expect(real.accounts("", "remote-write-2")).toEqual({ received: 4, counted: 3, unsupported_type: 1 });
		expect(real.accounts("contoso", "remote-write-2")).toEqual({ received: 1, counted: 0, unsupported_type: 1 });
	});

	test.each([
		["a label reference past the table", { timeseries: [{ labelsRefs: [0, 99], samples: [{}] }] }],
		["a label name without a value", { timeseries: [{ labelsRefs: [0], samples: [{}] }] }],
	])("%s is malformed", (_, more) => {
		const body = remoteWriteBytes("remote-write-2", [], { symbols: [""], ...more });
		expect(rig().sendBytes(body, "remote-write-2")).toMatchObject({ status: "malformed" });
	});

	test("a table of more than a million symbols is too large", () => {
		const body = new Uint8Array(2 * 1_000_001);
		for (let at = 0; at < body.length; at += 2) body[at] = 0x22;
		const real = rig({
			catalogue: {
				...FAST,
				settings: { ...FAST.settings, telemetry: { ...FAST.settings.telemetry, maxBodyBytes: 1e8 } },
			},
		});
		expect(real.sendBytes(body, "remote-write-2")).toMatchObject({ status: "too-large" });
	});

	test("a series with more label text than any stream may have is refused alone", () => {
		const real = rig();
		const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, k) => [`label_${k}`, `value ${k}`]));
		const outcome = send(
			real,
			"remote-write-2",
			count(1, NOW, { labels: { ...wide, __name__: "request.count" } }),
			count(1, NOW),
		);
		expect(outcome).toMatchObject({ points: 2, rejected: 1 });
		expect(real.accounts("", "remote-write-2")).toMatchObject({ stream_limit: 1 });
	});
});

describe.each(VERSIONS)("%s", (version) => {
	test("a gauge that only thresholds want is one event per sample, below zero too", () => {
		const real = rig();
		const queue = (value: number, at: number): TestSeries => ({
			labels: { __name__: "queue.length" },
			samples: [{ value, at }],
		});
		expect(send(real, version, queue(5, NOW - 20_000), queue(-3, NOW - 10_000), queue(101, NOW))).toMatchObject({
			rejected: 0,
		});
		expect(real.sink().sum("", "queue")).toBe("1 of 3");
	});

	test("a quantile of a summary is not taken for a counter; its count is one", () => {
		const real = rig();
		const quantile: TestSeries = {
			labels: { __name__: "request.count", quantile: "0.9" },
			samples: [{ value: 3, at: NOW }],
		};
		expect(send(real, version, quantile)).toMatchObject({ rejected: 1 });
		expect(real.accounts("", version)).toEqual({ received: 1, counted: 0, unsupported_type: 1 });
	});

	test("a classic histogram is selected by its name and le, as any other histogram", () => {
		const real = rig({ catalogue: FAST });
		const at = (time: number, within: number, all: number): TestSeries[] => [
			{ labels: { __name__: "duration_bucket", le: "0.5" }, samples: [{ value: within, at: time }], type: 3 },
			{ labels: { __name__: "duration_bucket", le: "+Inf" }, samples: [{ value: all, at: time }], type: 3 },
			{ labels: { __name__: "duration_sum" }, samples: [{ value: all / 2, at: time }], type: 3 },
			{ labels: { __name__: "duration_count" }, samples: [{ value: all, at: time }], type: 3 },
		];
		send(real, version, ...at(NOW - 20_000, 90, 100));
		send(real, version, ...at(NOW - 10_000, 97, 110));
		expect(real.sink().sum("", "fast")).toBe("3 of 10");
		expect(real.accounts("", version)).toEqual({ received: 8, counted: 4, no_sli: 4 });
		const again = rig({ catalogue: FAST, store: real.store, clock: real.clock });
		send(again, version, ...at(NOW, 98, 112));
		expect(again.sink().sum("", "fast")).toBe("4 of 12");
	});

	describe("native histograms", () => {
		test.each([false, true])("count by difference, by bucket bounds and whole; floats: %s", (isFloat) => {
			const real = rig({ catalogue: FAST });
			// Schema 0: bucket −1 ends at 0.5, bucket 0 at 1.
			const at = (at: number, fast: number, slow: number) => ({
				at,
				isFloat,
				zero: 1,
				positive: { [-3]: fast, 0: slow },
			});
			send(real, version, duration(at(NOW - 20_000, 5, 1)));
			send(real, version, duration(at(NOW - 10_000, 9, 2)));
			expect(real.sink().sum("", "fast")).toBe("1 of 5");
			expect(real.accounts("", version)).toEqual({ received: 2, counted: 2 });
		});

		test("a fall is a reset, a stale marker no value, a gauge histogram no count of events", () => {
			const real = rig({ catalogue: FAST });
			send(real, version, duration({ at: NOW - 50_000, positive: { 0: 9 } }));
			send(real, version, duration({ at: NOW - 40_000, positive: { 0: 4 } }));
			send(real, version, duration({ at: NOW - 30_000, more: { resetHint: 3 } }));
			const body = remoteWriteBytes(version, [duration({ at: NOW - 20_000, more: { sum: 6.25 } })]);
			const place = Buffer.from(body).indexOf(Buffer.from(new Float64Array([6.25]).buffer));
			new DataView(body.buffer).setBigUint64(place, 0x7ff0000000000002n, true);
			expect(real.sendBytes(body, version)).toMatchObject({ rejected: 0 });
			expect(real.sink().sum("", "fast")).toBe("4 of 4");
			expect(real.accounts("", version)).toEqual({ received: 4, counted: 2, no_value: 1, unsupported_type: 1 });
		});

		test("custom bounds count like those of any explicit histogram", () => {
			const real = rig({ catalogue: FAST });
			const at = (at: number, ...counts: number[]) => ({
				at,
				schema: -53,
				customValues: [0.1, 0.5, 1],
				positive: Object.fromEntries(counts.map((each, index) => [index, each])),
			});
			send(real, version, duration(at(NOW - 20_000, 1, 1, 1, 1)));
			send(real, version, duration(at(NOW - 10_000, 3, 2, 1, 2)));
			expect(real.sink().sum("", "fast")).toBe("1 of 4");
		});

		test("custom bounds of which others lie below le begin with a base line", () => {
			const real = rig({ catalogue: FAST });
			const at = (at: number, bounds: number[], ...counts: number[]) => ({
				at,
				schema: -53,
				customValues: bounds,
				positive: Object.fromEntries(counts.map((each, index) => [index, each])),
			});
			send(real, version, duration(at(NOW - 30_000, [0.1, 0.4], 9, 0, 0)));
			send(real, version, duration(at(NOW - 20_000, [0.1, 0.6], 9, 9, 0)));
			expect(real.sink().sum("", "fast")).toBe("0 of 0");
			send(real, version, duration(at(NOW - 10_000, [0.1, 0.6], 10, 9, 1)));
			expect(real.sink().sum("", "fast")).toBe("1 of 2");
		});

		test.each([
			["a schema that does not exist", { schema: 9 }],
			["spans longer than the counts", { more: { positiveSpans: [{ offset: 0, length: 4_000_000_000 }] } }],
			["counts without spans", { more: { positiveSpans: [] } }],
			["a count that differences bring below zero", { more: { positiveDeltas: [-1] } }],
			["a count that the buckets do not add up to", { more: { countInt: 99 } }],
			["bounds out of order", { schema: -53, customValues: [1, 0.5] }],
		])("with %s are invalid", (_, more) => {
			const real = rig({ catalogue: FAST });
			expect(send(real, version, duration({ at: NOW, positive: { 0: 4 }, ...more }))).toMatchObject({ rejected: 1 });
			expect(real.accounts("", version)).toEqual({ received: 1, counted: 0, invalid_value: 1 });
		});

		test("random ones mean the same in both versions, integer or float, as their observations", () => {
			const buckets = fc.dictionary(fc.integer({ min: -8, max: 8 }).map(String), fc.integer({ min: 1, max: 99 }), {
				maxKeys: 6,
			});
			fc.assert(
				fc.property(
					buckets,
					buckets,
					fc.nat(9),
					fc.integer({ min: -4, max: 8 }),
					fc.boolean(),
					(positive, negative, zero, schema, isFloat) => {
						const real = rig({ catalogue: FAST });
						const full = { at: NOW, schema, positive, negative, zero, isFloat };
						send(real, version, duration({ at: NOW - 10_000, schema, isFloat }), duration(full));
						const all = [...Object.values(positive), ...Object.values(negative)].reduce((a, b) => a + b, zero);
						const slow = Object.entries(positive).reduce(
							(sum, [index, events]) => sum + (2 ** (Number(index) / 2 ** schema) <= 0.5 ? 0 : events),
							0,
						);
						// Where 0.5 is no bound, another schema would be a base line; here it is the same.
						expect(real.sink().sum("", "fast")).toBe(`${slow} of ${all}`);
					},
				),
			);
		});
	});
});

test("metadata and exemplars of remote write 1.0 are passed over", () => {
	const real = rig();
	const metadata = [{ type: 1, metricFamilyName: "request.count", help: "how many" }];
	const body = remoteWriteBytes("remote-write-1", [count(3, NOW, { exemplars: 2 })], { metadata });
	expect(real.sendBytes(body, "remote-write-1")).toMatchObject({ status: "accepted", points: 1, rejected: 0 });
	expect(real.accounts("contoso", "remote-write-1")).toEqual({ received: 1, counted: 1 });
});

describe("series by random labels are the same stream in both versions", () => {
	test("so what one has counted the other takes for a duplicate", () => {
		const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
		fc.assert(
			fc.property(fc.dictionary(text, text, { maxKeys: 6 }), (labels) => {
				const real = rig();
				const series = count(7, NOW, { labels: { ...labels, __name__: "request.count" } });
				expect(send(real, "remote-write-2", series)).toMatchObject({ rejected: 0 });
				expect(send(real, "remote-write-1", series)).toMatchObject({ rejected: 0 });
				const first = real.telemetry.accounting().filter(({ protocol }) => protocol === "remote-write-1");
				expect(first.map(({ duplicate }) => duplicate)).toEqual([1]);
			}),
			{ numRuns: 60 },
		);
	});
});
