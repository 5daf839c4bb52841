import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../server-process.ts";
import { judgeImage } from "./cuts.ts";
import { Disk, readDiskLog } from "./disk-log.ts";
import { Clients, Engine, type Judgement } from "./driver.ts";
import { check } from "./kills.ts";

export interface FaultResult extends Judgement {
	rounds: number;
	refusedStarts: number;
	/** Requests answered 503 while the disk failed. */
	refusedRequests: number;
	/** From the disk working again to the first request that is answered, ms. */
	recoveryMedianMs: number;
	recoveryMaxMs: number;
}

/** The three numbers of disk-shim.c. */
class Control {
	readonly path: string;
	readonly #file: number;
	constructor(path: string) {
		this.path = path;
		writeFileSync(path, Buffer.alloc(4096));
		this.#file = openSync(path, "r+");
		this.set(-1, -1, -1);
	}
	set(room: number, writeFailsIn: number, syncFailsIn: number): void {
		const bytes = Buffer.alloc(24);
		[room, writeFailsIn, syncFailsIn].forEach((value, k) => {
			bytes.writeBigInt64LE(BigInt(value), k * 8);
		});
		writeSync(this.#file, bytes, 0, 24, 0);
	}
	close(): void {
		closeSync(this.#file);
	}
}

/**
 * Makes the disk full, or a write or sync fail, at random moments under load, then lets it work again: the engine must stop
 * answering, come back by itself, and hold exactly what it answered. After an I/O error the power is cut as well: pages that
 * the system lost then are gone for good.
 */
export async function faultRounds(
	dir: string,
	kind: "full" | "eio",
	o: { catalogue: string; rounds: number; random: () => number; shim: string; env?: Record<string, string> },
	progress: (rounds: number) => void,
): Promise<FaultResult> {
	const result = { rounds: 0, lost: 0, doubled: 0, unbalanced: 0, refusedStarts: 0, refusedRequests: 0 };
	const recoveries: number[] = [];
	for (; result.rounds < o.rounds; progress(++result.rounds)) {
		const data = join(dir, `${kind}-data`);
		const log = join(dir, `${kind}.log`);
		for (const each of [data, log]) rmSync(each, { recursive: true, force: true });
		const control = new Control(join(dir, `${kind}.control`));
		const clients = new Clients(o.random);
		const engine = new Engine({
			catalogue: o.catalogue,
			data,
			answers: join(data, "answers"),
			env: { ...o.env, LD_PRELOAD: o.shim, CHAOS_DIR: data, CHAOS_LOG: log, CHAOS_CONTROL: control.path },
		});
		if (!(await engine.ready())) throw new Error(`the engine did not start: ${engine.stderr}`);
		let runs = true;
		let isWell = true;
		let wellAt = 0;
		let answeredAt = 0;
		const writers = Array.from({ length: clients.blocks }, async (_, block) => {
			while (runs) {
				const request = clients.next(block);
				const status = await engine.send(request);
				if (status === undefined) throw new Error(`the engine ended: ${engine.stderr}`);
				if (status === "accepted") {
					clients.acknowledge(request);
					if (isWell && wellAt > 0 && answeredAt === 0) answeredAt = performance.now();
				} else {
					result.refusedRequests++;
					await sleep(20);
				}
			}
		});
		await sleep(100 + o.random() * 300);
		isWell = false;
		if (kind === "full") control.set(Math.floor(o.random() * 200_000), -1, -1);
		else if (o.random() < 0.5) control.set(-1, Math.floor(o.random() * 40), -1);
		else control.set(-1, -1, Math.floor(o.random() * 10));
		await sleep(200 + o.random() * 400);
		control.set(-1, -1, -1);
		isWell = true;
		wellAt = performance.now();
		while (answeredAt === 0 && performance.now() - wellAt < 30_000) await sleep(5);
		recoveries.push(answeredAt === 0 ? 30_000 : answeredAt - wellAt);
		await sleep(100);
		runs = false;
		await Promise.all(writers);
		await check(engine, clients, result);
		await engine.kill();
		control.close();
		const disk = new Disk(o.random);
		for (const change of readDiskLog(readFileSync(log))) disk.apply(change);
		const image = join(dir, `${kind}-image`);
		rmSync(image, { recursive: true, force: true });
		disk.cut(image);
		await judgeImage(image, o, clients, disk.answered, result);
	}
	recoveries.sort((a, b) => a - b);
	return {
		...result,
		recoveryMedianMs: Math.round(recoveries[recoveries.length >> 1] ?? 0),
		recoveryMaxMs: Math.round(recoveries.at(-1) ?? 0),
	};
}
