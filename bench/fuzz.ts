import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Malformed, TooLarge } from "../packages/server/src/telemetry/intake/wire.ts";
import { DECODERS, type FuzzedDecoder } from "./fuzz/decoders.ts";
import { Mutator } from "./fuzz/mutate.ts";
import { World } from "./fuzz/world.ts";
import { readOptions } from "./options.ts";

const USAGE = `
Usage: npm run fuzz -- [options]

Changed bodies for every decoder of the product. A decoder may only say malformed or too large; the books must balance
after every batch; no body may take a second. Exits 1 otherwise.

  --bodies 10000000  how many, over all decoders
  --seed 1           the same seed changes the same bodies
  --decoder NAME     one of ${DECODERS.map(({ name }) => name).join(", ")}
  --no-bombs         without the bodies that are large once unpacked
  -h, --help         this text
`;
const { values: options, wrong } = readOptions(
	{ name: "fuzz", usage: USAGE },
	{
		bodies: { type: "string", default: "10000000" },
		seed: { type: "string", default: "1" },
		decoder: { type: "string" },
		bombs: { type: "boolean", default: true },
	},
);
const chosen = DECODERS.filter(({ name }) => options.decoder === undefined || name === options.decoder);
if (chosen.length === 0)
	wrong(`there is no decoder "${options.decoder}": write one of ${DECODERS.map(({ name }) => name).join(", ")}.`);

/** A new world now and then: its streams and identities are full by then. */
const BATCH = 50_000;
const MAX_MS = 1_000;
/** A server turns between requests: Node's zlib leaves what a damaged body cost to the next tick, and it would pile up. */
const BODIES_PER_TURN = 200;
/** A larger body is a bomb: the clock is read for each, the CPU's time only for those. */
const SMALL_BYTES = 64 * 1024;
const MAX_RSS_MIB = 1_536;
const MAX_SHOWN = 10;

interface Row {
	readonly decoder: string;
	bodies: number;
	taken: number;
	malformed: number;
	tooLarge: number;
	refused: number;
	points: number;
	longestMs: number;
	bombs: number;
	longestBombMs: number;
	seconds: number;
}

let faults = 0;
let maxRssMiB = 0;

/** The product has one core for its life; of worlds that are done, only a full collection gives the cores' memory back. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function fault(message: string): void {
	if (++faults <= MAX_SHOWN) console.error(`fuzz: ${message}`);
}

/** CPU of this thread, ms: other programs on the machine are no fault of a decoder. */
function cpuMs(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

/** Runs one body; returns ms by the clock, or of CPU for a bomb. */
function one(decoder: FuzzedDecoder, world: World, body: Uint8Array, row: Row, place: () => string): number {
	const isBomb = body.length > SMALL_BYTES;
	const ms = timed(decoder, world, body, row, place, isBomb);
	// By the clock another program may have had the core: what took long is run again and its CPU counts.
	const checkedMs = ms < MAX_MS || isBomb ? ms : timed(decoder, world, body, row, place, true);
	if (checkedMs >= MAX_MS) fault(`${place()} took ${checkedMs.toFixed(0)} ms`);
	return checkedMs;
}

function timed(
	decoder: FuzzedDecoder,
	world: World,
	body: Uint8Array,
	row: Row,
	place: () => string,
	byCpu: boolean,
): number {
	const cpuBefore = byCpu ? cpuMs() : Number.NaN;
	const startedAt = performance.now();
	try {
		if (decoder.run(world, body)) row.taken++;
		else row.refused++;
	} catch (error) {
		if (error instanceof TooLarge) row.tooLarge++;
		else if (error instanceof Malformed) row.malformed++;
		else {
			const shown = Buffer.from(body.subarray(0, 300)).toString("hex");
			fault(`${place()} threw ${(error as Error).stack}\n${body.length} bytes: ${shown}`);
		}
	}
	return byCpu ? cpuMs() - cpuBefore : performance.now() - startedAt;
}

async function fuzz(decoder: FuzzedDecoder, bodies: number, seed: number): Promise<Row> {
	const row: Row = {
		decoder: decoder.name,
		bodies,
		taken: 0,
		malformed: 0,
		tooLarge: 0,
		refused: 0,
		points: 0,
		longestMs: 0,
		bombs: 0,
		longestBombMs: 0,
		seconds: 0,
	};
	const startedAt = performance.now();
	const mutator = new Mutator(decoder.seeds);
	for (let from = 0; from < bodies; from += BATCH) {
		collect();
		const world = new World();
		for (let k = from; k < Math.min(bodies, from + BATCH); k++) {
			if (k % BODIES_PER_TURN === 0) await turn();
			const place = () => `${decoder.name}, seed ${seed}, body ${k}`;
			const ms = one(decoder, world, mutator.body(seed, k), row, place);
			if (ms > row.longestMs) row.longestMs = ms;
		}
		row.points += world.received;
		const wrong = world.fault();
		if (wrong !== undefined) fault(`${decoder.name}, seed ${seed}, bodies ${from} …: ${wrong}`);
		maxRssMiB = Math.max(maxRssMiB, process.memoryUsage.rss() / 1024 / 1024);
	}
	if (options.bombs)
		decoder.bombs().forEach((body, k) => {
			const world = new World();
			row.bombs++;
			row.longestBombMs = Math.max(
				row.longestBombMs,
				one(decoder, world, body, row, () => `${decoder.name}, bomb ${k}`),
			);
			const wrong = world.fault();
			if (wrong !== undefined) fault(`${decoder.name}, bomb ${k}: ${wrong}`);
			maxRssMiB = Math.max(maxRssMiB, process.memoryUsage.rss() / 1024 / 1024);
		});
	row.seconds = (performance.now() - startedAt) / 1000;
	return row;
}

const bodies = Number(options.bodies);
const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const startedAt = performance.now();
let total = 0;
for (const decoder of chosen) {
	const row = await fuzz(decoder, Math.ceil((bodies * decoder.share) / shares), Number(options.seed));
	total += row.bodies;
	const rounded = Object.entries(row).map(([name, value]) => [
		name,
		typeof value === "number" ? Math.round(value * 10) / 10 : value,
	]);
	console.log(JSON.stringify(Object.fromEntries(rounded)));
}
if (maxRssMiB > MAX_RSS_MIB) fault(`memory reached ${maxRssMiB.toFixed(0)} MiB, the cap is ${MAX_RSS_MIB}`);
const minutes = (performance.now() - startedAt) / 60_000;
console.log(
	`fuzz: ${total} bodies in ${minutes.toFixed(1)} min, ${faults} faults, memory at most ${maxRssMiB.toFixed(0)} MiB`,
);
if (faults > 0) process.exitCode = 1;
