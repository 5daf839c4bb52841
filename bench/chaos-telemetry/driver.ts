import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serialize } from "node:v8";
import { parseCatalogue, readCatalogueFiles } from "../../packages/server/src/catalogue/index.ts";
import { METRIC_BAD, METRIC_TOTAL, writeCatalogue } from "../catalogue.ts";
import { otlpSums, type Sample } from "../wire.ts";

export interface Order {
	readonly id: number;
	readonly call: object;
}
export interface Report {
	readonly id: number;
	readonly answer: unknown;
}

export const SLOS = ["login", "mail", "search"];
const TENANTS = 80;
/** Each block of tenants has one writer: its next request waits for the answer to the last one. */
const BLOCKS = 4;
const HISTORY_MS = 100 * 60_000;

/** The catalogue, read once: an engine that is killed a thousand times need not parse it a thousand times. */
export async function writeWorld(dir: string): Promise<string> {
	writeCatalogue(dir, { tenants: Array.from({ length: TENANTS }, (_, i) => `tenant-${i}`), slos: SLOS });
	const { catalogue } = parseCatalogue((await readCatalogueFiles(dir)).files ?? []);
	if (!catalogue) throw new Error(`${dir} is no good catalogue`);
	const file = join(dir, "catalogue.v8");
	writeFileSync(file, serialize(catalogue));
	return file;
}

interface Stream {
	readonly tenant: number;
	readonly slo: string;
	lastAt: number;
	/** Running values of those that send them. */
	total: number;
	bad: number;
}

export interface Counts {
	total: number;
	bad: number;
}

/** A request that was made once, and is sent until it is answered. */
export interface Request {
	readonly id: number;
	readonly block: number;
	readonly body: Buffer;
	readonly points: number;
	readonly adds: ReadonlyMap<string, Counts>;
}

/** The clients and their own journal: what was answered, and what is under way. */
export class Clients {
	readonly #random: () => number;
	readonly #streams: Stream[] = [];
	readonly #startedAt = Date.now() - HISTORY_MS;
	readonly acknowledged = new Map<string, Counts>();
	/** Everything ever made, by id: for images of the past. */
	readonly made: Request[] = [];
	readonly underWay: (Request | undefined)[] = new Array(BLOCKS).fill(undefined);
	acknowledgedPoints = 0;
	acknowledgedEvents = 0;
	#nextId = 1;

	constructor(random: () => number) {
		this.#random = random;
		for (let tenant = 0; tenant < TENANTS; tenant++)
			for (const slo of SLOS) this.#streams.push({ tenant, slo, lastAt: this.#startedAt, total: 0, bad: 0 });
	}

	/** The request that a block sends now: the one under way, or a new one. */
	next(block: number): Request {
		const known = this.underWay[block];
		if (known) return known;
		const deltas: Sample[] = [];
		const running: Sample[] = [];
		const adds = new Map<string, Counts>();
		for (const stream of this.#streams) {
			if (stream.tenant % BLOCKS !== block || this.#random() < 0.3) continue;
			const total = 1 + Math.floor(this.#random() * 30);
			const bad = this.#random() < 0.2 ? Math.floor(this.#random() * total) : 0;
			const startAt = stream.lastAt;
			// History is caught up in steps of up to a minute, then it goes with the clock.
			stream.lastAt = Math.max(startAt + 1, Math.min(Date.now(), startAt + Math.floor(this.#random() * 60_000)));
			stream.total += total;
			stream.bad += bad;
			const labels = { slo: stream.slo, tenant: `tenant-${stream.tenant}` };
			const isDelta = stream.tenant % 3 !== 0;
			const sample = (metric: string, value: number): Sample => ({
				metric,
				labels,
				startAt: isDelta ? startAt : this.#startedAt,
				at: stream.lastAt,
				value,
			});
			(isDelta ? deltas : running).push(
				sample(METRIC_TOTAL, isDelta ? total : stream.total),
				sample(METRIC_BAD, isDelta ? bad : stream.bad),
			);
			adds.set(`t${stream.tenant}|${stream.slo}`, { total, bad });
		}
		const body = Buffer.concat([otlpSums(deltas, 1), otlpSums(running, 2)]);
		const made = { id: this.#nextId++, block, body, points: deltas.length + running.length, adds };
		this.underWay[block] = made;
		this.made.push(made);
		return made;
	}

	get blocks(): number {
		return BLOCKS;
	}

	acknowledge(request: Request): void {
		if (this.underWay[request.block] !== request) return;
		this.underWay[request.block] = undefined;
		this.acknowledgedPoints += request.points;
		addTo(this.acknowledged, request.adds);
		for (const { total } of request.adds.values()) this.acknowledgedEvents += total;
	}

	/** Range that holds every event. */
	get from(): number {
		return Math.floor(this.#startedAt / 3_600_000) * 3_600_000;
	}
}

export function addTo(sums: Map<string, Counts>, adds: ReadonlyMap<string, Counts>): void {
	for (const [pair, { total, bad }] of adds) {
		const sum = sums.get(pair) ?? { total: 0, bad: 0 };
		sums.set(pair, { total: sum.total + total, bad: sum.bad + bad });
	}
}

export interface Judgement {
	lost: number;
	doubled: number;
	unbalanced: number;
}

/** `held` against what was acknowledged and what may be there besides. */
export function judge(
	held: ReadonlyMap<string, Counts>,
	acknowledged: ReadonlyMap<string, Counts>,
	maybe: ReadonlyMap<string, Counts>,
): { lost: number; doubled: number } {
	let lost = 0;
	let doubled = 0;
	for (const pair of new Set([...acknowledged.keys(), ...maybe.keys(), ...held.keys()])) {
		const least = acknowledged.get(pair) ?? { total: 0, bad: 0 };
		const more = maybe.get(pair) ?? { total: 0, bad: 0 };
		const is = held.get(pair) ?? { total: 0, bad: 0 };
		for (const field of ["total", "bad"] as const) {
			lost += Math.max(0, least[field] - is[field]);
			doubled += Math.max(0, is[field] - least[field] - more[field]);
		}
	}
	return { lost, doubled };
}

/** Names of all pairs, as `judge` has them. */
export function* pairNames(): Iterable<{ tenant: string; slo: string }> {
	for (let tenant = 0; tenant < TENANTS; tenant++) for (const slo of SLOS) yield { tenant: `t${tenant}`, slo };
}

const ENGINE = join(import.meta.dirname, "engine-process.ts");

/** The telemetry part as a process, spoken to as the product's main thread speaks to its worker. */
export class Engine {
	readonly process: ChildProcess;
	readonly ended: Promise<void>;
	readonly #pending = new Map<number, (answer: unknown) => void>();
	#nextId = 1_000_000_000;
	stderr = "";

	constructor(options: { catalogue: string; data: string; answers?: string; env?: Record<string, string> }) {
		this.process = fork(ENGINE, [options.catalogue, options.data, options.answers ?? ""], {
			serialization: "advanced",
			stdio: ["ignore", "ignore", "pipe", "ipc"],
			env: { ...process.env, ...options.env },
		});
		this.process.stderr?.on("data", (data) => {
			this.stderr = (this.stderr + data).slice(-2000);
		});
		this.process.on("message", ({ id, answer }: Report) => {
			this.#pending.get(id)?.(answer);
			this.#pending.delete(id);
		});
		this.ended = new Promise((resolve) => this.process.once("exit", () => resolve()));
		this.ended.then(() => {
			for (const resolve of this.#pending.values()) resolve(undefined);
			this.#pending.clear();
		});
		this.process.on("error", () => {});
	}

	/** Resolves with whether it came up. */
	ready(): Promise<boolean> {
		return new Promise((resolve) => this.#pending.set(0, (answer) => resolve(answer === "ready")));
	}

	/** Undefined: it ended before it answered. */
	call(call: object, id = this.#nextId++): Promise<unknown> {
		return new Promise((resolve) => {
			this.#pending.set(id, resolve);
			this.process.send({ id, call } satisfies Order, (error) => {
				if (error && this.#pending.delete(id)) resolve(undefined);
			});
		});
	}

	async send(request: Request): Promise<string | undefined> {
		const body = new Uint8Array(request.body);
		const call = { kind: "ingest", protocol: "otlp-protobuf", encoding: undefined, body };
		const answer = (await this.call(call, request.id)) as
			| { status: string; rejected?: number; message?: string }
			| undefined;
		if (answer?.status === "accepted" && answer.rejected) throw new Error(`points were rejected: ${answer.message}`);
		return answer?.status;
	}

	async held(from: number): Promise<Map<string, Counts> | undefined> {
		const held = new Map<string, Counts>();
		const range = { from, to: Date.now() + 3_600_000, resolutionMs: 3_600_000 };
		const answers = await Promise.all(
			[...pairNames()].map(async (pair) => {
				const windows = (await this.call({ kind: "windows", query: { ...pair, ...range } })) as
					| { total: number; bad: number }[]
					| undefined;
				if (!Array.isArray(windows)) return false;
				held.set(`${pair.tenant}|${pair.slo}`, {
					total: windows.reduce((sum, { total }) => sum + total, 0),
					bad: windows.reduce((sum, { bad }) => sum + bad, 0),
				});
				return true;
			}),
		);
		return answers.every(Boolean) ? held : undefined;
	}

	/** Points counted and not: they must add up, and none may be rejected here. */
	async counted(): Promise<number | undefined> {
		const accounts = (await this.call({ kind: "accounting", tenant: undefined })) as
			| { received: number; counted: number; duplicate: number; rejected: Record<string, number> }[]
			| undefined;
		if (!Array.isArray(accounts)) return undefined;
		let counted = 0;
		for (const account of accounts) {
			const rejected = Object.values(account.rejected).reduce((a, b) => a + b, 0);
			if (account.received !== account.counted + account.duplicate + rejected || rejected > 0) return Number.NaN;
			counted += account.counted;
		}
		return counted;
	}

	async kill(): Promise<void> {
		this.process.kill("SIGKILL");
		await this.ended;
	}
}
