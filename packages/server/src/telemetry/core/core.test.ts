import fc from "fast-check";
import { compress } from "snappyjs";
import { describe, expect, test, vi } from "vitest";
import { unsnap } from "../intake/content.ts";
import { DecoderContext } from "../intake/decoder.ts";
import { Stage } from "../intake/stage.ts";
import { readOtlpProtobuf } from "../otlp/protobuf.ts";
import { readRemoteWrite } from "../remote-write/remote-write.ts";
import { Selection } from "../selection/selection.ts";
import { Streams } from "../streams/streams.ts";
import {
	attributes,
	catalogue,
	cumulative,
	gauge,
	NOW,
	nanos,
	otlpBytes,
	point,
	request,
	rig,
	slo,
	writeRequestBytes,
} from "../telemetry-fixture.ts";
import { Core, CoreFull } from "./core.ts";

/** Leaves everything to the readers in JavaScript. */
class NoCore extends Core {
	override take(): boolean {
		return false;
	}
}

function reader(core: Core, read: typeof readRemoteWrite = readRemoteWrite): (body: Uint8Array) => unknown {
	const selection = new Selection(catalogue());
	const stage = new Stage(core);
	const streams = new Streams(selection, 10_000, {}, core);
	const context = new DecoderContext(selection, streams, stage, 7, core);
	return (body) => {
		try {
			read(context, body);
		} catch (error) {
			return (error as Error).message;
		}
		const { count, valueCount, codes, times, starts, values } = stage;
		return {
			codes: [...codes.subarray(0, count)],
			times: [...times.subarray(0, count)],
			starts: [...starts.subarray(0, count)],
			values: [...values.subarray(0, valueCount)],
			names: Array.from({ length: count }, (_, k) => stage.metricOf(k)),
		};
	};
}

const series = fc.record({
	labels: fc.oneof(
		fc.record({
			__name__: fc.constantFrom("request.count", "request.errors", "other"),
			"tenant.id": fc.constantFrom("contoso-id", "fabrikam-id", "nobody", "x".repeat(2000)),
			instance: fc.string({ maxLength: 40 }),
		}),
		fc.dictionary(fc.string({ maxLength: 140 }), fc.string({ maxLength: 200 }), { maxKeys: 5 }),
	),
	samples: fc.array(
		fc.tuple(
			fc.oneof(fc.nat(), fc.double(), fc.constant(Number.NaN)),
			fc.oneof(fc.integer({ min: NOW - 100_000, max: NOW }), fc.nat(), fc.constant(-1)),
		),
		{ maxLength: 4 },
	),
});
const bodies = fc.array(series, { maxLength: 12 }).map((each) => Uint8Array.from(writeRequestBytes(each as never)));

describe("remote write read by the core", () => {
	test("is what the plain reader reads, again and again with the streams known", () => {
		fc.assert(
			fc.property(fc.array(bodies, { minLength: 1, maxLength: 3 }), (several) => {
				const [fast, plain] = [reader(new Core(3)), reader(new NoCore(3))];
				for (const body of [...several, ...several]) expect(fast(body)).toEqual(plain(body));
			}),
			{ numRuns: 150 },
		);
	});

	test("is read, or refused with the same words, when bytes are changed or missing", () => {
		const [fast, plain] = [reader(new Core(3)), reader(new NoCore(3))];
		const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
		fc.assert(
			fc.property(bodies, changes, fc.nat(), (body, changed, cut) => {
				const broken = body.slice(0, cut % 3 === 0 ? cut % (body.length + 1) : body.length);
				for (const [at, byte] of changed) if (broken.length > 0) broken[at % broken.length] = byte;
				expect(fast(broken)).toEqual(plain(broken));
			}),
			{ numRuns: 600 },
		);
	});

	test("goes on where a table is full", () => {
		const many = Array.from({ length: 5000 }, (_, k) => ({
			labels: { __name__: "request.count", "tenant.id": "contoso-id", k: String(k) },
			samples: [
				[k, NOW],
				[k + 1, NOW + 1],
				[k + 2, NOW + 2],
			] as [number, number][],
		}));
		const body = Uint8Array.from(writeRequestBytes(many));
		const [fast, plain] = [reader(new Core(3)), reader(new NoCore(3))];
		expect(fast(body)).toEqual(plain(body));
		const long = [{ labels: { __name__: "request.count" }, samples: Array(9000).fill([1, NOW]) as [number, number][] }];
		const longBody = Uint8Array.from(writeRequestBytes(long));
		expect(fast(longBody)).toEqual(plain(longBody));
	});
});

const INSTANT = fc.oneof(
	{ weight: 6, arbitrary: fc.integer({ min: NOW - 100_000, max: NOW }).map((at) => nanos(at)) },
	fc.constantFrom("0", "1", "999", "18446744073709551615", "9007199254740993001"),
);
const VALUE = fc.oneof(
	fc.nat().map((value) => ({ asInt: String(value) })),
	fc.double().map((value) => ({ asDouble: value })),
	fc.constantFrom({ asInt: "-3" }, { asInt: "9007199254740993" }, {}),
);
const POINT = fc
	.record({
		labels: fc.record(
			{
				"tenant.id": fc.constantFrom("contoso-id", "fabrikam-id", "nobody"),
				route: fc.constantFrom("a", "b", "é".repeat(99)),
			},
			{ requiredKeys: [] },
		),
		startTimeUnixNano: INSTANT,
		timeUnixNano: INSTANT,
		value: VALUE,
		flags: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 4_000_000_000)),
		exemplars: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.constant([{ asInt: "1" }])),
	})
	.map(({ labels, value, ...more }) => ({ attributes: attributes(labels), ...value, ...more }));
const POINTS = fc.array(POINT, { maxLength: 9 });
const METRIC = fc.oneof(
	fc
		.tuple(fc.constantFrom("request.count", "request.errors", "other"), fc.constantFrom(0, 1, 2), fc.boolean(), POINTS)
		.map(([name, aggregationTemporality, isMonotonic, dataPoints]) => ({
			name,
			sum: { aggregationTemporality, isMonotonic, dataPoints },
		})),
	POINTS.map((dataPoints) => gauge("queue.depth", ...dataPoints)),
);
const OTLP = fc.array(METRIC, { maxLength: 4 }).map((metrics) => otlpBytes(request(metrics, { "service.name": "a" })));

/** A number of ten bytes, the last of which lies beyond 64 bits. */
const BEYOND_64_BITS = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];

test("numbers that do not fit 64 bits are what they are to the plain reader, not what is left of them", () => {
	const [fast, plain] = [reader(new Core(3)), reader(new NoCore(3))];
	const labels = [0x0a, 13, 0x0a, 8, ...Buffer.from("__name__"), 0x12, 1, 0x61];
	const late = Uint8Array.from([0x0a, 15 + 13, ...labels, 0x12, 11, 0x10, ...BEYOND_64_BITS]);
	const long = Uint8Array.from([0x0a, 15 + 13, ...labels, 0x1a, ...BEYOND_64_BITS, 0, 0]);
	for (const body of [late, long]) expect(fast(body)).toEqual(plain(body));
	expect(plain(late)).toMatchObject({ times: [0] });
});

describe("number points of OTLP read by the core", () => {
	test("are what the plain reader reads, again and again with the streams known", () => {
		fc.assert(
			fc.property(fc.array(OTLP, { minLength: 1, maxLength: 3 }), (several) => {
				const [fast, plain] = [reader(new Core(3), readOtlpProtobuf), reader(new NoCore(3), readOtlpProtobuf)];
				for (const body of [...several, ...several]) expect(fast(body)).toEqual(plain(body));
			}),
			{ numRuns: 200 },
		);
	});

	test("are read, or refused with the same words, when bytes are changed or missing", () => {
		const [fast, plain] = [reader(new Core(3), readOtlpProtobuf), reader(new NoCore(3), readOtlpProtobuf)];
		const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
		fc.assert(
			fc.property(OTLP, changes, fc.nat(), (body, changed, cut) => {
				const broken = body.slice(0, cut % 3 === 0 ? cut % (body.length + 1) : body.length);
				for (const [at, byte] of changed) if (broken.length > 0) broken[at % broken.length] = byte;
				expect(fast(broken)).toEqual(plain(broken));
			}),
			{ numRuns: 800 },
		);
	});
});

describe("snappy unpacked by the core", () => {
	test("gives back what an independent encoder packed", () => {
		const core = new Core(1);
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 300 }),
			fc
				.array(fc.constantFrom("abcd", "abcdefgh", "x", "yy", "0123456789abcdefXYZ"), { maxLength: 400 })
				.map((parts) => Uint8Array.from(Buffer.from(parts.join("")))),
		);
		fc.assert(
			fc.property(bytes, (plain) => {
				const packed = Uint8Array.from(compress(Buffer.from(plain)));
				expect(core.unsnap(packed, 100_000)).toEqual(plain);
			}),
		);
	});

	test("takes exactly what the plain reader takes", () => {
		const core = new Core(1);
		const text = Buffer.from(`${"abcdefgh".repeat(40)}the quick brown fox`);
		const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), changes), (change) => {
				const packed = Uint8Array.from(compress(text));
				for (const entry of change) if (typeof entry !== "number") packed[entry[0] % packed.length] = entry[1];
				const body = typeof change[0] === "number" ? Uint8Array.from(change as Uint8Array) : packed;
				let plain: Uint8Array | undefined;
				try {
					plain = Uint8Array.from(unsnap(body, 2_000));
				} catch {
					plain = undefined;
				}
				expect(core.unsnap(body, 2_000)).toEqual(plain);
			}),
			{ numRuns: 2_000 },
		);
	});

	test("leaves large bodies and large claims to others", () => {
		const core = new Core(1);
		expect(core.unsnap(new Uint8Array(5 * 1024 * 1024), 20_000_000)).toBeUndefined();
		expect(core.unsnap(Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0]), 20_000_000)).toBeUndefined();
		// 2^32 + 1, not 1.
		expect(core.unsnap(Uint8Array.from([0x81, 0x80, 0x80, 0x80, 0x10, 0, 0x61]), 20_000_000)).toBeUndefined();
	});
});

test("columns keep what they hold when the memory grows, and a column given back is empty when it is taken again", () => {
	const core = new Core(1);
	const first = core.floats(1000).fill(7);
	const large = Array.from({ length: 20 }, () => core.ints(1_000_000).fill(3));
	expect(first.every((each) => each === 7)).toBe(true);
	expect(large.every((column) => column[999_999] === 3)).toBe(true);
	const bytes = core.bytes(5000).fill(9);
	core.release(bytes);
	const again = core.bytes(5000);
	expect([again.byteOffset, again.every((each) => each === 0)]).toEqual([bytes.byteOffset, true]);
});

test("memory of columns that are all forgotten is empty and used again", () => {
	const core = new Core(1);
	const places = () => [core.floats(1_000_000), core.ints(3_000_000), core.bytes(1_000)];
	const before = places();
	for (const column of before) column.fill(7);
	core.release(before[1] as Int32Array);
	const { layout } = core;
	core.clear();
	const after = places();
	expect(after.map((column) => column.byteOffset)).toEqual(before.map((column) => column.byteOffset));
	expect(after.every((column) => column.every((each) => each === 0))).toBe(true);
	expect(core.layout).toBeGreaterThan(layout);
});

test("telemetry that is built anew takes no memory beside the memory that it has", () => {
	const { telemetry, send, sink } = rig();
	const made = vi.spyOn(WebAssembly, "Instance");
	for (const value of [3, 7, 20]) {
		send(
			request([cumulative("request.count", point({ start: NOW - 60_000, at: NOW - 60_000 + value * 1000, value }))]),
		);
		telemetry.rebuild();
		expect(sink().sum("", "requests")).toBe(`0 of ${value}`);
	}
	expect(made).not.toHaveBeenCalled();
	made.mockRestore();
});

test("memory grows to its very end, and no further", () => {
	const core = new Core(1);
	// Nobody touches these pages, so they take no room.
	core.bytes(3_000_000_000);
	core.bytes(700_000_000);
	core.bytes(400_000_000);
	expect(() => core.bytes(400_000_000)).toThrow(CoreFull);
	expect(core.bytes(100_000_000).length).toBe(100_000_000);
});

test("a request for which memory is at its end is not called malformed, and counts once it is sent again", () => {
	const { telemetry, send, sink } = rig();
	const points = Array.from({ length: 2_000 }, (_, k) =>
		point({ start: NOW - 60_000, at: NOW, value: 1, attributes: { k: String(k) } }),
	);
	const body = request([cumulative("request.count", ...points)]);
	const floats = vi.spyOn(Core.prototype, "floats").mockImplementation(() => {
		throw new CoreFull("no memory");
	});
	expect(() => send(body)).toThrow(CoreFull);
	floats.mockRestore();
	telemetry.rebuild();
	expect(send(body)).toMatchObject({ status: "accepted", points: 2_000, rejected: 0 });
	expect(sink().sum("", "requests")).toBe("0 of 2000");
});

test("another seed gives another hash, the same seed the same", () => {
	const body = Uint8Array.from(
		writeRequestBytes([{ labels: { __name__: slo("a", {} as never).name }, samples: [[1, NOW]] }]),
	);
	const hashOf = (seed: number) => {
		const core = new Core(seed);
		core.beginRemoteWrite(body, 1n);
		core.nextSeries();
		return [...core.series.subarray(0, 2)];
	};
	expect(hashOf(1)).toEqual(hashOf(1));
	expect(hashOf(1)).not.toEqual(hashOf(2));
});
