import { constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { compress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { Core } from "../core/core.ts";
import {
	catalogue,
	cumulative,
	delta,
	gauge,
	histogram,
	jsonBytes,
	NOW,
	otlpBytes,
	point,
	request,
	rig,
	writeRequestBytes,
} from "../telemetry-fixture.ts";
import type { Protocol } from "../types.ts";
import { unpack, unsnap } from "./content.ts";
import { TooLarge } from "./wire.ts";

const at = NOW - 5_000;
const REQUEST = request(
	[
		delta(
			"request.count",
			point({ tenant: "contoso-id", at, start: at - 1_000, value: 300 }),
			point({ at, value: 7.5 }),
		),
		cumulative(
			"request.errors",
			point({ at, value: 1, attributes: { host: "a" }, more: { exemplars: [{ asDouble: 1 }], flags: 0 } }),
		),
		histogram(
			"request.duration",
			1,
			point({ at, more: { count: 3, sum: 1.5, bucketCounts: [1, 2], explicitBounds: [0.25] } }),
		),
		gauge("queue.length", point({ at, value: 5 })),
	],
	{ "service.name": "mail" },
);
const SERIES = writeRequestBytes([
	{
		labels: { __name__: "request.count", host: "a" },
		samples: [
			[1, at],
			[5, at + 1_000],
		],
	},
	{ labels: { __name__: "request.errors", host: "a" }, samples: [[1, at]] },
]);
const BODIES: readonly (readonly [Protocol, Uint8Array])[] = [
	["otlp-protobuf", otlpBytes(REQUEST)],
	["otlp-json", jsonBytes(REQUEST)],
	["remote-write-1", SERIES],
];

describe.each(BODIES)("%s", (protocol, body) => {
	test("cut off anywhere, a body is malformed and changes nothing, or stands for a shorter valid one", () => {
		const { sendBytes, telemetry, sink } = rig();
		for (let length = 0; length < body.length; length++) {
			const before = telemetry.accounting();
			const counts = sink().report();
			const outcome = sendBytes(body.slice(0, length), protocol);
			if (outcome.status === "accepted") continue;
			expect(outcome.status).toBe("malformed");
			expect(telemetry.accounting()).toEqual(before);
			expect(sink().report()).toEqual(counts);
		}
		// The whole body is still welcome.
		expect(sendBytes(body, protocol).status).toBe("accepted");
	});

	test("with any bits flipped, a body is answered, and the books balance", () => {
		fc.assert(
			fc.property(fc.array(fc.nat(body.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
				const { sendBytes, telemetry, sink, store } = rig();
				const damaged = body.slice();
				for (const bit of bits) damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
				const outcome = sendBytes(damaged, protocol);
				const received = telemetry.accounting().reduce((sum, each) => sum + each.received, 0);
				if (outcome.status === "accepted") expect(received).toBe(outcome.points);
				else {
					expect(outcome.status).toBe("malformed");
					expect(received).toBe(0);
					expect(sink().report()).toEqual({});
					expect(store.journalSize().rows).toBe(0);
				}
			}),
			{ numRuns: 400 },
		);
	});

	test("random bytes are answered", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				expect(["accepted", "malformed"]).toContain(rig().sendBytes(Uint8Array.from(bytes), protocol).status);
			}),
		);
	});
});

test.each([
	["a number that never ends", [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
	["a length past the end", [0x0a, 0x05, 0x00]],
	["another wire type than the field's", [0x08, 0x01]],
	["a wire type that is not in use", [0x0b]],
	["field number 0", [0x00, 0x00]],
])("%s is malformed", (_, bytes) => {
	expect(rig().sendBytes(Uint8Array.from(bytes)).status).toBe("malformed");
});

test("unknown fields of every wire type are passed over", () => {
	const known = otlpBytes(request([delta("request.count", point({ at, value: 1 }))]));
	const unknown = [
		0xf8, 0x06, 0x01, 0xf9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 0x06, 0x02, 0, 0, 0xfd, 0x06, 1, 2, 3, 4,
	];
	expect(rig().sendBytes(Uint8Array.from([...unknown, ...known, ...unknown]))).toMatchObject({
		status: "accepted",
		points: 1,
	});
});

test.each([
	["not JSON", "{"],
	["not an object", "[]"],
	["a list where an object belongs", '{"resourceMetrics":[[]]}'],
	["an object where a list belongs", '{"resourceMetrics":{}}'],
	["text where a number belongs", jsonOf({ asInt: "many", timeUnixNano: "1" })],
	["a time that is none", jsonOf({ asInt: "1", timeUnixNano: "soon" })],
	["nesting of 65", `${"[".repeat(65)}${"]".repeat(65)}`],
	["nesting of a million", "[".repeat(1_000_000)],
])("JSON that is %s is malformed", (_, text) => {
	const { sendBytes, telemetry } = rig();
	expect(sendBytes(new TextEncoder().encode(text), "otlp-json").status).toBe("malformed");
	expect(telemetry.accounting()).toEqual([]);
});

function jsonOf(dataPoint: object): string {
	return JSON.stringify(request([delta("request.count", point({ at, value: 1 }), dataPoint)]));
}

test("JSON may give integers as numbers, enums as names, and fields that nobody knows", () => {
	const { send, sink } = rig();
	const dataPoint = {
		timeUnixNano: at * 1e6,
		asInt: 3,
		attributes: [{ key: "n", value: { intValue: 5 } }],
		traceId: "zz",
		more: { a: 1 },
	};
	const sum = { aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA", isMonotonic: true, dataPoints: [dataPoint] };
	expect(send(request([{ name: "request.count", sum, colour: "red" }]), "otlp-json")).toMatchObject({
		status: "accepted",
		rejected: 0,
	});
	expect(sink().sum("", "requests")).toBe("0 of 3");
});

test("attribute values nested deeper than 64 are malformed", () => {
	// By hand: encoders refuse to make it. AnyValue.array_value is field 5, ArrayValue.values field 1.
	const field = (tag: number, bytes: number[]): number[] => {
		const { length } = bytes;
		return length < 128 ? [tag, length, ...bytes] : [tag, (length % 128) | 128, length >> 7, ...bytes];
	};
	let value = field(0x0a, [0x78]);
	for (let k = 0; k < 70; k++) value = field(0x2a, field(0x0a, value));
	const name = [...new TextEncoder().encode("request.count")];
	const dataPoint = field(0x3a, field(0x12, value));
	const metric = [...field(0x0a, name), ...field(0x3a, [...field(0x0a, dataPoint), 0x10, 1, 0x18, 1])];
	const body = field(0x0a, field(0x12, field(0x12, metric)));
	expect(rig().sendBytes(Uint8Array.from(body))).toMatchObject({
		status: "malformed",
		message: expect.stringMatching(/nested deeper/),
	});
});

test.each([
	["objects", `{"resourceMetrics":[${"{},".repeat(500_000)}{}]}`, "500002 objects"],
	["numbers", `{"more":[${"1,".repeat(4_000_000)}1]}`, "4000002 parts"],
])("JSON of very many %s is too large before it takes memory", (_, text, found) => {
	const { settings, ...rest } = catalogue();
	const roomy = { ...settings, telemetry: { ...settings.telemetry, maxBodyBytes: 10_000_000 } };
	const { sendBytes } = rig({ catalogue: { ...rest, settings: roomy } });
	expect(sendBytes(new TextEncoder().encode(text), "otlp-json")).toMatchObject({
		status: "too-large",
		message: expect.stringContaining(found),
	});
});

describe("content encodings", () => {
	const plain = otlpBytes(request([delta("request.count", point({ at, value: 1 }))]));

	test.each([
		["gzip", gzipSync(plain)],
		["GZIP", gzipSync(plain)],
		["deflate", deflateSync(plain)],
		["zstd", zstdCompressSync(plain)],
		["identity", plain],
		["snappy", compress(Buffer.from(plain))],
	])("%s is read", (encoding, body) => {
		expect(rig().sendBytes(Uint8Array.from(body), "otlp-protobuf", encoding)).toMatchObject({
			status: "accepted",
			points: 1,
		});
	});

	test("another one is unsupported", () => {
		expect(rig().sendBytes(plain, "otlp-protobuf", "br").status).toBe("unsupported");
	});

	test("a gzip body cut off anywhere, or damaged, is malformed", () => {
		const body = gzipSync(plain);
		for (let length = 0; length < body.length; length++)
			expect(rig().sendBytes(Uint8Array.from(body.subarray(0, length)), "otlp-protobuf", "gzip").status).toBe(
				"malformed",
			);
		const damaged = Uint8Array.from(body);
		damaged[body.length - 6] = (damaged[body.length - 6] as number) ^ 1;
		expect(rig().sendBytes(damaged, "otlp-protobuf", "gzip").status).toBe("malformed");
	});

	test.each([
		["gzip", gzipSync(Buffer.alloc(64 * 1024 * 1024))],
		["deflate", deflateSync(Buffer.alloc(64 * 1024 * 1024))],
		["zstd", zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))],
		["snappy", compress(Buffer.alloc(4 * 1024 * 1024))],
		["identity", Buffer.alloc(2 * 1024 * 1024)],
	])("a %s body that decodes to more than the limit is too large", (encoding, body) => {
		expect(rig().sendBytes(Uint8Array.from(body), "otlp-protobuf", encoding).status).toBe("too-large");
	});

	test("a zstd body may come in several frames, of which none is passed over", () => {
		const frames = [plain.subarray(0, 10), plain.subarray(10)].map((part) => zstdCompressSync(part));
		expect(rig().sendBytes(Uint8Array.from(Buffer.concat(frames)), "otlp-protobuf", "zstd")).toMatchObject({
			points: 1,
		});
		const halves = new Array(2).fill(zstdCompressSync(Buffer.alloc(600 * 1024)));
		expect(rig().sendBytes(Uint8Array.from(Buffer.concat(halves)), "otlp-protobuf", "zstd").status).toBe("too-large");
		const many = new Array(65).fill(zstdCompressSync(Buffer.alloc(0)));
		expect(rig().sendBytes(Uint8Array.from(Buffer.concat(many)), "otlp-protobuf", "zstd").status).toBe("malformed");
	});

	test("a zstd body cut off anywhere, with something behind it, or with a window of 128 MiB is malformed", () => {
		const body = zstdCompressSync(plain);
		for (let length = 0; length < body.length; length++)
			expect(rig().sendBytes(Uint8Array.from(body.subarray(0, length)), "otlp-protobuf", "zstd").status).toBe(
				"malformed",
			);
		const more = Buffer.concat([body, Buffer.from("more")]);
		expect(rig().sendBytes(Uint8Array.from(more), "otlp-protobuf", "zstd").status).toBe("malformed");
		const wide = zstdCompressSync(Buffer.alloc(256 * 1024 * 1024), { params: { [constants.ZSTD_c_windowLog]: 27 } });
		expect(rig().sendBytes(Uint8Array.from(wide), "otlp-protobuf", "zstd").status).toBe("malformed");
	});

	test("a gzip trailer that lies about the size costs no memory", () => {
		const body = Uint8Array.from(gzipSync(plain));
		body.fill(0xff, body.length - 4);
		expect(() => unpack("gzip", body, 1024 * 1024, new Core(1))).toThrow(/damaged/);
	});

	test("snappy gives back what an independent encoder packed", () => {
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 300 }),
			fc
				.array(fc.constantFrom("abcd", "abcdefgh", "x", "yy"), { maxLength: 400 })
				.map((parts) => new TextEncoder().encode(parts.join(""))),
		);
		fc.assert(
			fc.property(bytes, (plainBytes) => {
				const packed = compress(Buffer.from(plainBytes));
				expect(Buffer.from(unsnap(Uint8Array.from(packed), 10_000))).toEqual(Buffer.from(plainBytes));
			}),
		);
	});

	test("damaged snappy throws and never reads or writes out of bounds", () => {
		const packed = Uint8Array.from(compress(Buffer.from("abcdabcdabcdabcd".repeat(40))));
		fc.assert(
			fc.property(fc.nat(packed.length * 8 - 1), fc.nat(packed.length), (bit, length) => {
				const damaged = packed.slice(0, length);
				if (bit >> 3 < length) damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
				try {
					expect(unsnap(damaged, 10_000).length).toBeLessThanOrEqual(10_000);
				} catch (error) {
					expect((error as Error).message).toMatch(/snappy|decoded body/);
				}
			}),
			{ numRuns: 500 },
		);
	});

	test("snappy's announced length is checked before any memory is taken", () => {
		expect(() => unsnap(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 1024)).toThrow(TooLarge);
		expect(() => unsnap(Uint8Array.from([0xff, 0xff, 0x3f]), 10 * 1024 * 1024)).toThrow(/larger than/);
	});
});
