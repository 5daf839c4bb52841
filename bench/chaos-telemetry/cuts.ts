import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../server-process.ts";
import { Disk, readDiskLog } from "./disk-log.ts";
import { addTo, Clients, type Counts, Engine, type Judgement, judge } from "./driver.ts";

export interface CutResult extends Judgement {
	cuts: number;
	refusedStarts: number;
	/** Changes of files in the log that cuts were made in. */
	changes: number;
	tornSectors: number;
}

/** How much log one recording may have: it is held in memory. */
const MOST_LOG_BYTES = 160 * 1024 * 1024;

/**
 * Records every change of the files under load, then builds what a power cut at random moments may have left, and starts on
 * it. Afterwards everything that was not answered then is sent: nothing may be missing, nothing twice.
 */
export async function cutRounds(
	dir: string,
	o: { catalogue: string; cuts: number; random: () => number; shim: string; env?: Record<string, string> },
	progress: (cuts: number) => void,
): Promise<CutResult> {
	const result: CutResult = {
		cuts: 0,
		lost: 0,
		doubled: 0,
		unbalanced: 0,
		refusedStarts: 0,
		changes: 0,
		tornSectors: 0,
	};
	mkdirSync(dir, { recursive: true });
	const data = join(dir, "recorded");
	const log = join(dir, "disk.log");
	const clients = new Clients(o.random);
	const engine = new Engine({
		catalogue: o.catalogue,
		data,
		answers: join(data, "answers"),
		env: { ...o.env, LD_PRELOAD: o.shim, CHAOS_DIR: data, CHAOS_LOG: log },
	});
	if (!(await engine.ready())) throw new Error(`the engine did not start: ${engine.stderr}`);
	let runs = true;
	const writers = Array.from({ length: clients.blocks }, async (_, block) => {
		while (runs) {
			const request = clients.next(block);
			if ((await engine.send(request)) !== "accepted") return;
			clients.acknowledge(request);
		}
	});
	for (let k = 0; k < 80 && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) < MOST_LOG_BYTES; k++)
		await sleep(100);
	runs = false;
	await Promise.all(writers);
	await engine.kill();
	const changes = readDiskLog(readFileSync(log));
	result.changes = changes.length;
	const places = Array.from({ length: o.cuts }, () => Math.floor(o.random() * changes.length)).sort((a, b) => a - b);
	const disk = new Disk(o.random);
	let done = 0;
	for (const place of places) {
		for (; done <= place; done++) disk.apply(changes[done] as (typeof changes)[number]);
		const image = join(dir, "image");
		rmSync(image, { recursive: true, force: true });
		result.tornSectors += disk.cut(image).tornBytes / 512;
		await judgeImage(image, o, clients, disk.answered, result);
		progress(++result.cuts);
	}
	return result;
}

/** Starts on an image and compares it with the requests that were answered until then. */
export async function judgeImage(
	image: string,
	o: { catalogue: string; env?: Record<string, string> },
	clients: Clients,
	answered: ReadonlySet<number>,
	result: Judgement & { refusedStarts: number },
): Promise<void> {
	const engine = new Engine({ catalogue: o.catalogue, data: image, ...(o.env ? { env: o.env } : {}) });
	if (!(await engine.ready())) {
		result.refusedStarts++;
		console.error(`refused: ${engine.stderr}`);
		return;
	}
	// Of each block at most one request was under way: the one after the last that was answered.
	const acknowledged = new Map<string, Counts>();
	const maybe = new Map<string, Counts>();
	const underWay: (typeof clients.made)[number][] = [];
	for (const request of clients.made) {
		if (answered.has(request.id)) addTo(acknowledged, request.adds);
		else if (!underWay.some(({ block }) => block === request.block)) {
			underWay.push(request);
			addTo(maybe, request.adds);
		}
	}
	const first = judge((await engine.held(clients.from)) ?? new Map(), acknowledged, maybe);
	result.lost += first.lost;
	result.doubled += first.doubled;
	if (first.lost + first.doubled > 0) console.error(`wrong: ${JSON.stringify(first)} ${engine.stderr}`);
	// The senders repeat what was never answered: then every event is there exactly once.
	for (const request of underWay)
		if ((await engine.send(request)) !== "accepted") throw new Error(`not accepted again: ${engine.stderr}`);
	addTo(acknowledged, maybe);
	const second = judge((await engine.held(clients.from)) ?? new Map(), acknowledged, new Map());
	result.lost += second.lost;
	result.doubled += second.doubled;
	if (Number.isNaN((await engine.counted()) ?? Number.NaN)) result.unbalanced++;
	await engine.kill();
}
