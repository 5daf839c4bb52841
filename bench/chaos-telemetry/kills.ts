import { join } from "node:path";
import { sleep } from "../server-process.ts";
import { addTo, Clients, type Counts, Engine, type Judgement, judge } from "./driver.ts";

export interface KillResult extends Judgement {
	kills: number;
	refusedStarts: number;
	requests: number;
	acknowledgedPoints: number;
	acknowledgedEvents: number;
}

/** Kills the engine at random moments, from its start on, and compares what it holds after every restart with the clients' journal. */
export async function killRounds(
	dir: string,
	catalogue: string,
	kills: number,
	random: () => number,
	progress: (kills: number) => void,
	env: Record<string, string> = {},
): Promise<KillResult> {
	const clients = new Clients(random);
	const result: KillResult = {
		kills: 0,
		lost: 0,
		doubled: 0,
		unbalanced: 0,
		refusedStarts: 0,
		requests: 0,
		acknowledgedPoints: 0,
		acknowledgedEvents: 0,
	};
	const data = join(dir, "data");
	while (result.kills <= kills) {
		const engine = new Engine({ catalogue, data, env });
		const isLast = result.kills === kills;
		// Some die while they load.
		if (!isLast && random() < 0.15) {
			await sleep(random() * 600);
			await engine.kill();
			progress(++result.kills);
			continue;
		}
		if (!(await engine.ready())) {
			result.refusedStarts++;
			throw new Error(`the engine did not start: ${engine.stderr}`);
		}
		await check(engine, clients, result);
		let runs = true;
		const writers = Array.from({ length: clients.blocks }, async (_, block) => {
			while (runs) {
				const request = clients.next(block);
				result.requests++;
				const status = await engine.send(request);
				if (status === "accepted") clients.acknowledge(request);
				else if (status === undefined) return;
				else await sleep(5);
			}
		});
		await sleep(random() * 400);
		if (isLast) {
			runs = false;
			await Promise.all(writers);
			await check(engine, clients, result);
		}
		await engine.kill();
		runs = false;
		await Promise.all(writers);
		progress(++result.kills);
	}
	result.kills = kills;
	result.acknowledgedPoints = clients.acknowledgedPoints;
	result.acknowledgedEvents = clients.acknowledgedEvents;
	return result;
}

export async function check(engine: Engine, clients: Clients, result: Judgement): Promise<void> {
	const held = await engine.held(clients.from);
	const counted = await engine.counted();
	if (!held || counted === undefined) throw new Error(`the engine does not answer: ${engine.stderr}`);
	const maybe = new Map<string, Counts>();
	let maybePoints = 0;
	for (const request of clients.underWay) {
		if (!request) continue;
		addTo(maybe, request.adds);
		maybePoints += request.points;
	}
	const { lost, doubled } = judge(held, clients.acknowledged, maybe);
	result.lost += lost;
	result.doubled += doubled;
	const isRight = counted >= clients.acknowledgedPoints && counted <= clients.acknowledgedPoints + maybePoints;
	if (!isRight) result.unbalanced++;
}
