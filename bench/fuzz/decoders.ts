import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { compress } from "snappyjs";
import { parseCatalogue } from "../../packages/server/src/catalogue/index.ts";
import { SAMPLE } from "../../packages/server/src/catalogue/sample-files.ts";
import { Core } from "../../packages/server/src/telemetry/core/core.ts";
import { importLines } from "../../packages/server/src/telemetry/import/import.ts";
import { unpack } from "../../packages/server/src/telemetry/intake/content.ts";
import { readOtlpJson } from "../../packages/server/src/telemetry/otlp/json.ts";
import { readOtlpProtobuf } from "../../packages/server/src/telemetry/otlp/protobuf.ts";
import { readRemoteWrite } from "../../packages/server/src/telemetry/remote-write/remote-write.ts";
import { readRemoteWrite2 } from "../../packages/server/src/telemetry/remote-write/remote-write-2.ts";
import { NOW } from "../../packages/server/src/telemetry/telemetry-fixture.ts";
import { bombs } from "./bombs.ts";
import {
	events,
	importCsv,
	importNdjson,
	jsonOf,
	logs,
	metricRequests,
	protobufOf,
	remoteWrites,
	traces,
} from "./seeds.ts";
import type { World } from "./world.ts";

export interface FuzzedDecoder {
	readonly name: string;
	/** Of all bodies, in shares of the sum. */
	readonly share: number;
	readonly seeds: readonly Uint8Array[];
	/** Large bodies, as they are. */
	readonly bombs: () => readonly Uint8Array[];
	/** True: taken. False: refused by a value. Throws Malformed or TooLarge, and nothing else. */
	readonly run: (world: World, body: Uint8Array) => boolean;
}

const MAX_BYTES = 20 * 1024 * 1024;
const SMALL_LIMIT = 64 * 1024;

const core = new Core(7);

function compressed(name: string, encode: (bytes: Buffer) => Uint8Array, share: number): FuzzedDecoder {
	return {
		name,
		share,
		seeds: [...metricRequests.map(protobufOf), ...remoteWrites["remote-write-1"], new Uint8Array(3000)].map((body) =>
			Uint8Array.from(encode(Buffer.from(body))),
		),
		bombs: () => [Uint8Array.from(encode(Buffer.alloc(2 * MAX_BYTES)))],
		run(_world, body) {
			const unpacked = unpack(name, body, body.length > SMALL_LIMIT ? MAX_BYTES : SMALL_LIMIT, core);
			if (unpacked.status === "ok" && unpacked.body.length > MAX_BYTES) throw new Error("more than its limit");
			return unpacked.status === "ok";
		},
	};
}

export const DECODERS: readonly FuzzedDecoder[] = [
	{
		name: "otlp-metrics-protobuf",
		share: 16,
		seeds: metricRequests.map(protobufOf),
		bombs: bombs.otlpProtobuf,
		run: (world, body) => world.points("otlp-protobuf", readOtlpProtobuf, body),
	},
	{
		name: "otlp-metrics-json",
		share: 10,
		seeds: metricRequests.map(jsonOf),
		bombs: bombs.json,
		run: (world, body) => world.points("otlp-json", readOtlpJson, body),
	},
	{
		name: "remote-write-1",
		share: 16,
		seeds: remoteWrites["remote-write-1"],
		bombs: bombs.remoteWrite1,
		run: (world, body) => world.points("remote-write-1", readRemoteWrite, body),
	},
	{
		name: "remote-write-2",
		share: 16,
		seeds: remoteWrites["remote-write-2"],
		bombs: bombs.remoteWrite2,
		run: (world, body) => world.points("remote-write-2", readRemoteWrite2, body),
	},
	{
		name: "otlp-traces-protobuf",
		share: 8,
		seeds: traces.protobuf,
		bombs: bombs.otlpProtobuf,
		run: (world, body) => world.events("otlp-traces", { format: "protobuf" }, body),
	},
	{
		name: "otlp-traces-json",
		share: 4,
		seeds: traces.json,
		bombs: bombs.json,
		run: (world, body) => world.events("otlp-traces", { format: "json" }, body),
	},
	{
		name: "otlp-logs-protobuf",
		share: 8,
		seeds: logs.protobuf,
		bombs: bombs.otlpProtobuf,
		run: (world, body) => world.events("otlp-logs", { format: "protobuf" }, body),
	},
	{
		name: "otlp-logs-json",
		share: 4,
		seeds: logs.json,
		bombs: bombs.json,
		run: (world, body) => world.events("otlp-logs", { format: "json" }, body),
	},
	{
		name: "events-json",
		share: 4,
		seeds: events.json,
		bombs: bombs.json,
		run: (world, body) => world.events("events", { format: "json" }, body),
	},
	{
		name: "events-ndjson",
		share: 4,
		seeds: events.ndjson,
		bombs: bombs.lines,
		run: (world, body) => world.events("events", { format: "ndjson" }, body),
	},
	{ ...compressed("snappy", (bytes) => compress(bytes), 16), bombs: bombs.snappy },
	compressed("gzip", (bytes) => gzipSync(bytes), 1),
	compressed("deflate", (bytes) => deflateSync(bytes), 1),
	compressed("zstd", (bytes) => zstdCompressSync(bytes), 1),
	{
		name: "import-ndjson",
		share: 3,
		seeds: importNdjson,
		bombs: bombs.lines,
		run: (world, body) => {
			importLines(body, world.selection, { now: NOW, futureMs: 300_000, format: "ndjson" });
			return true;
		},
	},
	{
		name: "import-csv",
		share: 2,
		seeds: importCsv,
		bombs: bombs.lines,
		run: (world, body) => {
			importLines(body, world.selection, { now: NOW, futureMs: 300_000, format: "csv" });
			return true;
		},
	},
	{
		name: "catalogue-yaml",
		share: 0.2,
		seeds: Object.values(SAMPLE).map((text) => new TextEncoder().encode(text)),
		bombs: bombs.yaml,
		run: (_world, body) => {
			const { catalogue } = parseCatalogue([{ path: "x.yaml", text: Buffer.from(body).toString("utf8") }]);
			return catalogue !== undefined;
		},
	},
];
