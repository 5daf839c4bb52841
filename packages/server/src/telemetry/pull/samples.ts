import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { type DecoderContext, MISS } from "../intake/decoder.ts";
import { resolveSeries, SERIES_TYPE } from "../remote-write/series.ts";
import { KIND } from "../selection/selection.ts";
import type { PulledSeries } from "./pull-engine.ts";

/** Raw samples of series in few bytes. `isGauge`: a threshold SLO judges each sample; else they are counters. */
export class SeriesBytes {
	readonly #out = new ByteWriter();
	count = 0;

	add({ labels, samples }: PulledSeries, isGauge: boolean): void {
		const out = this.#out;
		const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
		out.byte(isGauge ? 1 : 0);
		out.text(JSON.stringify(pairs));
		out.varint(samples.length);
		let previous = 0;
		for (const [at, value] of samples) {
			out.signed(Math.round(at) - previous);
			out.double(value);
			previous = Math.round(at);
		}
		this.count += samples.length;
	}

	take(): Uint8Array {
		return this.#out.take();
	}
}

/**
 * Reads what SeriesBytes wrote into the stage. A series has the same identity as if it came by remote write, so that samples
 * that are both pushed and pulled count once.
 */
export function readPulledSamples(context: DecoderContext, body: Uint8Array): void {
	const { stage, hash } = context;
	const names: string[] = [];
	stage.begin((place) => names[place] ?? "");
	const from = new ByteReader(body);
	while (!from.atEnd) {
		const isGauge = from.byte() === 1;
		const kind = isGauge ? KIND.gauge : KIND.cumulativeSum;
		const text = from.text();
		const bytes = Buffer.from(text, "utf8");
		hash.begin(kind, 0x51ed270b);
		hash.bytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
		hash.finish();
		const labels = JSON.parse(text) as [string, string][];
		const metric = labels.find(([name]) => name === "__name__")?.[1] ?? "";
		names.push(metric);
		stage.metric(names.length - 1);
		let code = context.find();
		if (code === MISS) {
			const attributes = labels.map(([name, value]) => [name, `s${value}`] as const);
			code = resolveSeries(context, attributes, isGauge ? SERIES_TYPE.gauge : SERIES_TYPE.unknown);
		}
		let at = 0;
		for (let left = from.varint(); left > 0; left--) {
			at += from.signed();
			context.number(code, kind, 0, at * 1000, from.double());
		}
	}
}
