import { gzipSync } from "node:zlib";
import snappy from "snappyjs";

/** One sample of one stream; `labels` without the metric's name. Times ms epoch. */
export interface Sample {
	readonly metric: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly startAt?: number;
	readonly at: number;
	readonly value: number;
}

/** Encoders of the two protocols, plain and independent of the product's decoders: what a sender would put on the wire. */
class Writer {
	#chunks: Buffer[] = [];
	varint(value: number): this {
		const bytes: number[] = [];
		let rest = value;
		while (rest > 127) {
			bytes.push((rest % 128) | 128);
			rest = Math.floor(rest / 128);
		}
		bytes.push(rest);
		this.#chunks.push(Buffer.from(bytes));
		return this;
	}
	field(tag: number, bytes: Buffer): this {
		this.varint(tag * 8 + 2).varint(bytes.length);
		this.#chunks.push(bytes);
		return this;
	}
	text(tag: number, text: string): this {
		return this.field(tag, Buffer.from(text));
	}
	fixed64(tag: number, fill: (view: DataView) => void): this {
		this.varint(tag * 8 + 1);
		const bytes = Buffer.alloc(8);
		fill(new DataView(bytes.buffer, bytes.byteOffset, 8));
		this.#chunks.push(bytes);
		return this;
	}
	done(): Buffer {
		return Buffer.concat(this.#chunks);
	}
}

const attribute = (key: string, value: string) =>
	new Writer().text(1, key).field(2, new Writer().text(1, value).done()).done();
const nanos = (ms: number) => (view: DataView) => view.setBigUint64(0, BigInt(ms) * 1_000_000n, true);

/** ExportMetricsServiceRequest with monotonic sums; `temporality` 1 delta, 2 cumulative. */
export function otlpSums(samples: readonly Sample[], temporality: 1 | 2): Buffer {
	const byMetric = Map.groupBy(samples, (sample) => sample.metric);
	const scope = new Writer();
	for (const [name, points] of byMetric) {
		const sum = new Writer();
		for (const point of points) {
			const body = new Writer();
			if (point.startAt !== undefined) body.fixed64(2, nanos(point.startAt));
			body.fixed64(3, nanos(point.at)).fixed64(6, (view) => view.setBigInt64(0, BigInt(point.value), true));
			for (const [key, value] of Object.entries(point.labels)) body.field(7, attribute(key, value));
			sum.field(1, body.done());
		}
		sum
			.varint(2 * 8)
			.varint(temporality)
			.varint(3 * 8)
			.varint(1);
		scope.field(2, new Writer().text(1, name).field(7, sum.done()).done());
	}
	const resource = new Writer().field(1, attribute("service.name", "bench")).done();
	return new Writer().field(1, new Writer().field(1, resource).field(2, scope.done()).done()).done();
}

export const gzip = (bytes: Buffer): Buffer => gzipSync(bytes, { level: 6 });

/** Remote write 1.0 body, snappy. */
export function remoteWrite(samples: readonly Sample[]): Buffer {
	const request = new Writer();
	for (const sample of samples) {
		const series = new Writer();
		const labels = { __name__: sample.metric, ...sample.labels };
		for (const [name, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
			series.field(1, new Writer().text(1, name).text(2, value).done());
		series.field(
			2,
			new Writer()
				.fixed64(1, (view) => view.setFloat64(0, sample.value, true))
				.varint(2 * 8)
				.varint(sample.at)
				.done(),
		);
		request.field(1, series.done());
	}
	return Buffer.from(snappy.compress(request.done()));
}
