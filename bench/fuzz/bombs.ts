/** Bodies as large as a body may be, each made to cost most: of time, of memory, of depth. */
const SIZE = 20 * 1024 * 1024;

function repeated(...parts: readonly (readonly number[])[]): Uint8Array {
	const part = Uint8Array.from(parts.flat());
	const body = new Uint8Array(SIZE - (SIZE % part.length));
	for (let at = 0; at < body.length; at += part.length) body.set(part, at);
	return body;
}

function varint(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
	return [...bytes, rest];
}

/** `inner` as the content of fields in fields, outermost tag first. */
function inside(tags: readonly number[], inner: Uint8Array): Uint8Array {
	let body = inner;
	for (const tag of [...tags].reverse()) body = Buffer.concat([Buffer.from([tag, ...varint(body.length)]), body]);
	return Uint8Array.from(body);
}

const ascii = (value: string): number[] => [...Buffer.from(value)];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const named = (name: string): number[] => [0x0a, name.length, ...ascii(name)];
const within = (bytes: Uint8Array, size: number): Uint8Array => bytes.subarray(0, size);

function metric(name: string, form: number, data: Uint8Array): Uint8Array {
	return inside([0x0a, 0x12, 0x12], Buffer.concat([Buffer.from(named(name)), inside([form], data)]));
}

/** Zeros as field 6, 8 or a like one: as many small counts as fit. */
const zeros = (tags: readonly number[]): Uint8Array => inside(tags, new Uint8Array(SIZE - 1024));

function manyStreams(): Uint8Array {
	const points: Buffer[] = [];
	let size = 0;
	for (let k = 0; size < SIZE - 4096; k++) {
		const value = `host-${k}`;
		const attribute = [0x0a, 1, 0x68, 0x12, value.length + 2, 0x0a, value.length, ...ascii(value)];
		const body = [0x3a, attribute.length, ...attribute, 0x19, 0, 0, 0, 0, 0, 0, 0, 0x18, 0x31, 1, 0, 0, 0, 0, 0, 0, 0];
		const one = Buffer.from([0x0a, body.length, ...body]);
		points.push(one);
		size += one.length;
	}
	return metric("request.count", 0x3a, Buffer.concat([...points, Buffer.from([0x10, 1, 0x18, 1])]));
}

export const bombs = {
	otlpProtobuf: (): Uint8Array[] => [
		repeated([0x0a, 0]),
		repeated([0x0a, 2, 0x12, 0]),
		inside([0x0a], repeated([0x12, 0]).subarray(0, SIZE - 16)),
		metric("request.count", 0x3a, within(repeated([0x0a, 0]), SIZE - 1024)),
		metric("request.duration", 0x4a, Buffer.concat([zeros([0x0a, 0x32]), Buffer.from([0x10, 1])])),
		metric("request.duration", 0x52, Buffer.concat([zeros([0x0a, 0x42, 0x12]), Buffer.from([0x10, 1])])),
		manyStreams(),
		inside(
			[0x0a, 0x0a, 0x0a, 0x12],
			new Array(60).fill(0).reduce<Uint8Array>((inner) => inside([0x2a, 0x0a], inner), new Uint8Array(SIZE - 4096)),
		),
	],
	remoteWrite1: (): Uint8Array[] => [
		repeated([0x0a, 0]),
		repeated([0x0a, 2, 0x12, 0]),
		inside([0x0a], repeated([0x12, 0]).subarray(0, SIZE - 16)),
		inside(
			[0x0a],
			Buffer.concat([
				Buffer.from([0x0a, 24, ...named("__name__"), 0x12, 13]),
				Buffer.from("request.count"),
				repeated([0x12, 0]).subarray(0, SIZE - 64),
			]),
		),
		inside([0x0a], repeated([0x0a, 0]).subarray(0, SIZE - 16)),
		inside([0x0a, 0x22], repeated([0x5a, 0]).subarray(0, SIZE - 64)),
		inside([0x0a, 0x22, 0x62], new Uint8Array(SIZE - 64)),
	],
	remoteWrite2: (): Uint8Array[] => [
		repeated([0x22, 0]),
		repeated([0x2a, 0]),
		inside([0x2a, 0x0a], new Uint8Array(SIZE - 64)),
		Uint8Array.from(Buffer.concat([Buffer.from([0x22, 0]), inside([0x2a, 0x0a], new Uint8Array(SIZE - 64))])),
		inside([0x2a], repeated([0x12, 0]).subarray(0, SIZE - 64)),
		inside([0x2a], repeated([0x1a, 0]).subarray(0, SIZE - 64)),
		inside([0x2a, 0x1a, 0x62], new Uint8Array(SIZE - 64)),
		inside([0x2a], repeated([0x22, 0]).subarray(0, SIZE - 64)),
	],
	json: (): Uint8Array[] => [
		text("[".repeat(SIZE)),
		text(`{"resourceMetrics":[${"{},".repeat(SIZE / 3 - 20)}{}]}`),
		text(`{"a":"${"\\u0000".repeat(SIZE / 6 - 10)}"}`),
		text(`[${"{},".repeat(900_000)}{}]`),
		text(
			`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"request.count","sum":{"dataPoints":[${"{},".repeat(900_000)}{}]}}]}]}]}`,
		),
		text(`{"x":${"1".repeat(SIZE - 10)}}`),
	],
	lines: (): Uint8Array[] => [
		text("\n".repeat(SIZE)),
		text("{}\n".repeat(SIZE / 3)),
		text(",".repeat(SIZE)),
		text(`"${"a".repeat(SIZE - 10)}`),
		text(`tenant,slo,at,good,total\n${"contoso,requests,1,1,1\n".repeat(SIZE / 24 - 10)}`),
	],
	snappy: (): Uint8Array[] => [
		Uint8Array.from([...varint(SIZE), 0, 0x61, ...new Array<number>(10).fill(0xfe)]),
		// Copies that overlap by one byte: the slowest way to a full body.
		Uint8Array.from(
			Buffer.concat([
				Buffer.from([...varint(SIZE), 0, 0x61]),
				Buffer.concat(new Array(Math.floor((SIZE - 1) / 64)).fill(Buffer.from([0xfe, 1, 0]))),
			]),
		),
	],
	yaml: (): Uint8Array[] => [
		text("[".repeat(1_000_000)),
		text(`a: &a [x]\n${Array.from({ length: 30 }, (_, k) => `b${k}: &b${k} [*a, *a]\n`).join("")}`),
		text("- ".repeat(500_000)),
	],
};
