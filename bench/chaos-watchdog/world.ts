import { type ChildProcess, spawn } from "node:child_process";
import {
	closeSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { METRIC_BAD, METRIC_TOTAL, writeCatalogue } from "../catalogue.ts";
import { otlpSums } from "../wire.ts";

const BELLWETHER = fileURLToPath(new URL("../../packages/server/src/cli/bellwether.ts", import.meta.url));
const TENANTS = 3;
const SEND_EVERY_MS = 5_000;
const KEY = `whsec_${Buffer.from("heartbeats of a chaos run").toString("base64")}`;

/** Places of the shim's control file, eight bytes each. */
const PLACES = ["clockOffsetMs", "diskErrno", "namesDead", "closedPort", "ledFrom", "ledTo"] as const;
export type ShimPlace = (typeof PLACES)[number];

export interface WorldOptions {
	readonly dir: string;
	/** How often the product checks itself, and within what time the watch expects a heartbeat: as users write durations. */
	readonly every: string;
	readonly within: string;
	/** The compiled shim; undefined: faults of the operating system cannot be planted. */
	readonly shim?: string | undefined;
}

interface Told {
	readonly type: string;
	readonly at: number;
	readonly text: string;
}

/** The product as a user runs it, a sender, a receiver of its pages, and the watch on "another machine": a process of its own. */
export class World {
	readonly #options: WorldOptions;
	readonly #children: ChildProcess[] = [];
	readonly #servers: Server[] = [];
	readonly catalogue: string;
	readonly data: string;
	readonly #faults: string;
	readonly #control: string;
	/** What the watch told, in order; `at` monotonic. */
	readonly told: Told[] = [];
	heartbeats = 0;
	pages = 0;
	/** What the receiver of pages answers. */
	pageStatus = 204;
	/** The sender's clock against ours. */
	senderOffsetMs = 0;
	pid = 0;
	#ports: { url: string; otlpUrl: string; adminToken: string } | undefined;
	#server: ChildProcess | undefined;
	#sender: NodeJS.Timeout | undefined;

	constructor(options: WorldOptions) {
		const { dir } = options;
		this.#options = options;
		this.catalogue = join(dir, "catalogue");
		this.data = join(dir, "data");
		this.#faults = join(dir, "faults");
		this.#control = join(dir, "control");
	}

	async start(): Promise<void> {
		mkdirSync(this.data, { recursive: true });
		writeFileSync(this.#faults, "");
		writeFileSync(this.#control, Buffer.alloc(8 * PLACES.length));
		const alarms = await this.listen((body) => {
			const { type, data } = JSON.parse(body) as { type: string; data: { text: string } };
			this.told.push({ type, at: performance.now(), text: data.text });
			return 204;
		});
		const pages = await this.listen(() => {
			this.pages++;
			return this.pageStatus;
		});
		const watch = await this.#watch(`http://127.0.0.1:${alarms}/alarm`);
		writeCatalogue(this.catalogue, {
			tenants: Array.from({ length: TENANTS }, (_, i) => `tenant-${i}`),
			slos: ["login"],
			pageUrl: `http://${this.#options.shim ? "pager.test" : "127.0.0.1"}:${pages}/page`,
			repeatEvery: "10s",
			escalateAfter: "20s",
		});
		writeFileSync(
			join(this.catalogue, "bellwether.yaml"),
			`apiVersion: bellwether/v1
kind: Settings
metadata: { name: chaos }
spec:
  organisation: Chaos
  egress: { allow: ["pager.test:${pages}", "127.0.0.1:${pages}", "${watch}"] }
  watchdog:
    every: ${this.#options.every}
    secret: $\{env:CHAOS_HEARTBEAT_KEY}
    heartbeat: [ { url: "http://${watch}/" } ]
`,
		);
		await this.startServer();
		// What is refused or not answered is what faults are for; the next one comes all the same.
		const send = () => void this.send().catch(() => {});
		send();
		this.#sender = setInterval(send, SEND_EVERY_MS);
	}

	/** A receiver on a free port; `answer` says with which status. */
	async listen(answer: (body: string) => number): Promise<number> {
		const server = createServer(async (request, response) => {
			let body = "";
			for await (const chunk of request) body += chunk;
			response.writeHead(answer(body)).end();
		});
		this.#servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	}

	async #watch(page: string): Promise<string> {
		const key = join(this.#options.dir, "key");
		writeFileSync(key, KEY, { mode: 0o600 });
		const args = ["watch", "--listen", "127.0.0.1:0", "--within", this.#options.within, "--repeat", "1h"];
		const child = this.#spawn([...args, "--page", page, "--secret-file", key, "--json"], {});
		const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
		return new Promise((resolve, reject) => {
			child.once("exit", (code) => reject(new Error(`the watch ended with ${code}`)));
			lines.on("line", (line) => {
				const { type, listens } = JSON.parse(line) as { type: string; listens?: string };
				if (type === "watching" && listens) resolve(listens);
				if (type === "heartbeat") this.heartbeats++;
			});
		});
	}

	async startServer(): Promise<void> {
		const known = this.#ports;
		const portOf = (url: string | undefined) => (url ? new URL(url).port : "0");
		const args = ["serve", "--json", "--log-level", "fatal", "--catalogue", this.catalogue, "--data", this.data];
		const where = ["--port", portOf(known?.url), "--otlp-port", portOf(known?.otlpUrl)];
		const { shim } = this.#options;
		const child = this.#spawn([...args, ...where], {
			BENCH_WEBHOOK_SECRET: `whsec_${Buffer.from("bench").toString("base64")}`,
			CHAOS_HEARTBEAT_KEY: KEY,
			BELLWETHER_TEST_FAULTS: this.#faults,
			...(shim ? { LD_PRELOAD: shim, FAULT_CONTROL: this.#control, FAULT_DIR: this.data } : {}),
		});
		this.#server = child;
		const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
		const line = await new Promise<string>((resolve, reject) => {
			lines.once("line", resolve);
			child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
		});
		const { pid, ...ports } = JSON.parse(line) as { url: string; otlpUrl: string; adminToken: string; pid: number };
		this.#ports = ports;
		this.pid = pid;
	}

	get url(): string {
		return this.#ports?.url ?? "";
	}

	get otlpPort(): number {
		return Number(new URL(this.#ports?.otlpUrl ?? "http://x:0").port);
	}

	/** The port on which the product's own receiver listens: the one that nobody was told. */
	receiverPort(): number {
		const own = new Set(
			readdirSync(`/proc/${this.pid}/fd`).map((fd) => {
				try {
					return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${this.pid}/fd/${fd}`))?.[1];
				} catch {
					return undefined;
				}
			}),
		);
		const listening = readFileSync(`/proc/${this.pid}/net/tcp`, "utf8")
			.split("\n")
			.map((line) => line.trim().split(/\s+/))
			.filter((fields) => fields[3] === "0A" && own.has(fields[9]))
			.map((fields) => Number.parseInt(fields[1]?.split(":")[1] ?? "", 16));
		const known = [this.otlpPort, Number(new URL(this.url).port)];
		const found = listening.find((port) => !known.includes(port));
		if (found === undefined) throw new Error("the product has no receiver of its own");
		return found;
	}

	/** One tenant fails all the time, so that an incident which nobody takes is escalated throughout. */
	async send(): Promise<void> {
		const at = Date.now() + this.senderOffsetMs;
		const samples = Array.from({ length: TENANTS }, (_, tenant) => {
			const sample = (metric: string, value: number) => ({
				...{ metric, labels: { slo: "login", tenant: `tenant-${tenant}` } },
				...{ startAt: at - SEND_EVERY_MS + 1, at, value },
			});
			return [sample(METRIC_TOTAL, 100), sample(METRIC_BAD, tenant === 0 ? 100 : 0)];
		}).flat();
		await fetch(`http://127.0.0.1:${this.otlpPort}/v1/metrics`, {
			method: "POST",
			body: new Uint8Array(otlpSums(samples, 1)),
			headers: { "content-type": "application/x-protobuf" },
			signal: AbortSignal.timeout(4_000),
		});
	}

	/** What the API answers an administrator, as text. */
	async read(path: string): Promise<string> {
		const headers = { authorization: `Bearer ${this.#ports?.adminToken}` };
		return (await fetch(this.url + path, { headers })).text();
	}

	/** Has a page sent that says it is a test: those of the incident come seldom, because nobody is paged without end. */
	async testPage(): Promise<void> {
		await fetch(`${this.url}/api/v1/page-tests`, {
			method: "POST",
			headers: { authorization: `Bearer ${this.#ports?.adminToken}`, "content-type": "application/json" },
			body: JSON.stringify({ person: "ada" }),
		});
	}

	/** Parts of the product whose clock stands still. */
	standStill(...parts: readonly string[]): void {
		writeFileSync(this.#faults, parts.join("\n"));
	}

	set(place: ShimPlace, value: number): void {
		const bytes = Buffer.alloc(8);
		bytes.writeBigInt64LE(BigInt(value));
		const file = openSync(this.#control, "r+");
		writeSync(file, bytes, 0, 8, 8 * PLACES.indexOf(place));
		closeSync(file);
	}

	signal(signal: NodeJS.Signals): void {
		process.kill(this.pid, signal);
	}

	/** Ends the product at once; resolves when it is gone. */
	async kill(): Promise<void> {
		const child = this.#server;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once("exit", resolve));
		child.kill("SIGKILL");
		await ended;
	}

	/** Waits until the watch tells something of this type; answers after how many ms, undefined: not in time. */
	async hears(type: string, since: number, withinMs: number): Promise<number | undefined> {
		while (performance.now() - since < withinMs) {
			const found = this.told.find((each) => each.type === type && each.at >= since);
			if (found) return found.at - since;
			await sleep(50);
		}
		return undefined;
	}

	async stop(): Promise<void> {
		clearInterval(this.#sender);
		for (const child of this.#children) child.kill("SIGKILL");
		for (const server of this.#servers) {
			server.closeAllConnections();
			server.close();
		}
		rmSync(this.#options.dir, { recursive: true, force: true, maxRetries: 5 });
	}

	#spawn(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
		const child = spawn(process.execPath, [BELLWETHER, ...args], {
			stdio: ["ignore", "pipe", "inherit"],
			env: { ...process.env, ...env },
		});
		this.#children.push(child);
		return child;
	}
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
