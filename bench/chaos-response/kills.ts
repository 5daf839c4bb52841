import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { quantile } from "./world.ts";

const CHILD = join(import.meta.dirname, "child.ts");
const INCIDENTS = 10;
/** Due between half an hour and an hour and a half from now: pending at every kill, and never due in truth. */
const FAR = 10_000;
const JUMPS_MS = [3_600_000, -7_200_000];
/** Starting takes about this long; lives end at a random moment within two seconds after it. */
const LIFE_MS = 1_400;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Child {
	readonly process: ChildProcess;
	readonly said: (key: string) => Promise<Record<string, unknown>>;
	tell(line: string): void;
}

async function start(path: string, url: string, offsetMs: number, errors: string[]): Promise<Child> {
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, path, url, String(offsetMs)], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const waiting = new Map<string, (line: Record<string, unknown>) => void>();
	createInterface({ input: child.stdout }).on("line", (text) => {
		const line = JSON.parse(text) as Record<string, unknown>;
		if ("error" in line) errors.push(String(line.error));
		for (const [key, resolve] of waiting) if (key in line) resolve(line);
	});
	child.stdin.on("error", () => undefined);
	const said = (key: string) => new Promise<Record<string, unknown>>((resolve) => waiting.set(key, resolve));
	const ready = said("ready");
	await ready;
	return { process: child, said, tell: (line) => void child.stdin.write(`${line}\n`) };
}

/** Kills at random moments, with ten thousand timers pending, while the wall clock steps by hours. */
export async function runKills(kills: number, random: () => number) {
	const arrived = new Map<string, number>();
	const receiver = createServer((request, response) => {
		request.resume().on("end", () => {
			const id = String(request.headers["webhook-id"]);
			arrived.set(id, (arrived.get(id) ?? 0) + 1);
			response.end();
		});
	});
	await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
	const dir = mkdtempSync(join(tmpdir(), "bellwether-chaos-response-"));
	const path = join(dir, "control.db");
	const errors: string[] = [];
	const near = kills * 30;
	let offsetMs = 0;
	let withoutNext = 0;
	let child = await start(path, url, offsetMs, errors);
	try {
		for (let k = 0; k < INCIDENTS; k++) {
			const opened = child.said("opened");
			child.tell(`open t${k}`);
			await opened;
		}
		for (const batch of [`ticks 0 ${FAR} 1800000 3600000`, `ticks ${FAR} ${near} 2000 ${kills * LIFE_MS}`]) {
			const set = child.said("set");
			child.tell(batch);
			await set;
		}
		const began = Date.now();
		for (let kill = 1; kill <= kills; kill++) {
			const jumpMs = kill % 5 === 0 ? (JUMPS_MS[(kill / 5) % JUMPS_MS.length] ?? 0) : 0;
			if (jumpMs !== 0) {
				// Anywhere in its life, also right before its end.
				await sleep(random() * 1_000);
				offsetMs += jumpMs;
				const stepped = child.said("stepped");
				child.tell(`step ${jumpMs}`);
				await stepped;
			}
			await sleep(random() * 1_500);
			child.process.kill("SIGKILL");
			await new Promise((resolve) => child.process.once("exit", resolve));
			withoutNext += incidentsWithoutNext(path);
			child = await start(path, url, offsetMs, errors);
			if (kill % 50 === 0) console.log(`${kill} kills, ${Math.round((Date.now() - began) / 1000)} s`);
		}
		const lastDueAt = began + 2_000 + kills * LIFE_MS;
		await sleep(Math.max(0, lastDueAt - Date.now()) + 8_000);
	} finally {
		child.process.kill("SIGKILL");
		receiver.close();
	}
	const result = judge(path, near);
	rmSync(dir, { recursive: true, force: true });
	const doubled = [...arrived.values()].filter((count) => count > 1);
	return {
		kills,
		...result,
		incidentsWithoutNext: withoutNext,
		pages: arrived.size,
		pagesTwice: doubled.length,
		pagesMoreThanTwice: doubled.filter((count) => count > 2).length,
		errors: errors.slice(0, 5),
	};
}

/** What the store holds between two lives: each unacknowledged incident has exactly one next step. */
function incidentsWithoutNext(path: string): number {
	const db = new DatabaseSync(path, { readOnly: true });
	const rows = db
		.prepare(
			`select i.id, (select count(*) from timers t where t.incident_id = i.id and t.state = 'pending'
			and t.kind in ('escalation.next', 'escalation.retry')) as steps from incidents i where i.state = 'detected'`,
		)
		.all() as { id: string; steps: number }[];
	db.close();
	return rows.filter(({ steps }) => steps !== 1).length + (rows.length === INCIDENTS ? 0 : 1);
}

function judge(path: string, near: number) {
	const db = new DatabaseSync(path, { readOnly: true });
	const rows = db.prepare("select data from events where type = 'chaos.ticked'").all() as { data: string }[];
	db.close();
	const fired = rows.map(
		({ data }) => JSON.parse(data) as { n: number; dueAt: number; firedAt: number; startedAt: number },
	);
	const counts = new Map<number, number>();
	for (const { n } of fired) counts.set(n, (counts.get(n) ?? 0) + 1);
	const soon = fired.filter(({ n }) => n >= FAR);
	// What fell due while nothing ran is late from the start of the next process on.
	const lateness = soon.map(({ dueAt, firedAt, startedAt }) => firedAt - Math.max(dueAt, startedAt));
	return {
		timersDue: near,
		timersPending: FAR,
		lost: near - new Set(soon.map(({ n }) => n)).size,
		double: [...counts.values()].filter((count) => count > 1).length,
		early: fired.filter(({ dueAt, firedAt }) => firedAt < dueAt - 1_000).length,
		latenessP50Ms: quantile(lateness, 0.5),
		latenessP99Ms: quantile(lateness, 0.99),
		latenessMaxMs: quantile(lateness, 1),
	};
}
