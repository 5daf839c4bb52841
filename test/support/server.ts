import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BELLWETHER = fileURLToPath(new URL("../../bin/bellwether", import.meta.url));

export interface RunningServer {
	readonly url: string;
	readonly otlpUrl: string;
	/** With --grpc-port only. */
	readonly grpcUrl: string | undefined;
	readonly pid: number;
	readonly adminToken: string;
	readonly adminLink: string;
	/** As administrator, unless `headers` say otherwise. */
	call(path: string, init?: Call): Promise<Answer>;
	/** GET that must be answered 200. */
	read<T = Record<string, unknown>>(path: string): Promise<T>;
	/** Resolves with the exit code. */
	stop(signal?: NodeJS.Signals): Promise<number | null>;
	readonly log: () => string;
}

export interface Call {
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly json?: unknown;
	readonly body?: string | Uint8Array<ArrayBuffer>;
}

export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	// biome-ignore lint/suspicious/noExplicitAny: scenarios look at whatever came
	readonly json: any;
}

const cleanups: (() => Promise<void> | void)[] = [];

/** For afterEach: stops and removes what the test made, last first. */
export async function cleanUp(): Promise<void> {
	for (let undo = cleanups.pop(); undo; undo = cleanups.pop()) await undo();
}

export function onCleanUp(undo: () => Promise<void> | void): void {
	cleanups.push(undo);
}

export function temporaryFolder(): string {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-scenario-"));
	onCleanUp(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
	return dir;
}

export interface ServeOptions {
	readonly catalogue: string;
	readonly data: string;
	readonly args?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

/** Starts the product as a service manager does, and waits for its line of JSON. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
	const child = spawnServe(options);
	let log = "";
	child.stderr?.on("data", (chunk) => {
		log += chunk;
	});
	const ended = exitOf(child);
	onCleanUp(async () => {
		if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
		await ended;
	});
	const line = await firstLine(child);
	if (line === undefined) throw new Error(`the server did not start: ${log}`);
	const { url, otlpUrl, grpcUrl, pid, adminToken, adminLink } = JSON.parse(line);
	const call = (path: string, init: Call = {}) =>
		request(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${adminToken}`, ...init.headers } });
	return {
		url,
		otlpUrl,
		grpcUrl,
		pid,
		adminToken,
		adminLink,
		call,
		async read(path) {
			const answer = await call(path);
			if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}: ${answer.text}`);
			return answer.json;
		},
		async stop(signal = "SIGTERM") {
			process.kill(pid, signal);
			return ended;
		},
		log: () => log,
	};
}

/** For a start that must be refused. */
export async function serveRefused(
	options: ServeOptions,
): Promise<{ readonly exitCode: number | null; readonly text: string; readonly ms: number }> {
	const startedAt = performance.now();
	return { ...(await finished(spawnServe(options))), ms: performance.now() - startedAt };
}

/** Runs a command to its end. */
export async function run(
	args: readonly string[],
	env: Readonly<Record<string, string>> = {},
	cwd = tmpdir(),
): Promise<{ readonly exitCode: number | null; readonly text: string }> {
	return finished(
		spawn(process.execPath, [BELLWETHER, ...args], {
			cwd,
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
		}),
	);
}

export async function request(url: string, { method = "GET", headers = {}, json, body }: Call = {}): Promise<Answer> {
	const response = await fetch(url, {
		method,
		redirect: "manual",
		headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
		...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
	});
	const text = await response.text();
	const isJson = response.headers.get("content-type")?.includes("json") === true;
	return {
		status: response.status,
		headers: response.headers,
		text,
		json: isJson && text !== "" ? JSON.parse(text) : undefined,
	};
}

/** Asks again until `look` answers something; a scenario waits for a fact, never for a time. */
export async function eventually<T>(
	what: string,
	look: () => Promise<T | undefined | false>,
	withinMs = 15_000,
): Promise<T> {
	const until = performance.now() + withinMs;
	let last: unknown;
	for (;;) {
		try {
			const found = await look();
			if (found !== undefined && found !== false) return found;
		} catch (error) {
			last = error;
		}
		if (performance.now() > until) throw new Error(`${what}: not within ${withinMs} ms`, { cause: last });
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

function spawnServe({ catalogue, data, args = [], env = {} }: ServeOptions): ChildProcess {
	const all = ["serve", "--json", "--catalogue", catalogue, "--data", data, "--port", "0", "--otlp-port", "0", ...args];
	return spawn(process.execPath, [BELLWETHER, ...all], {
		cwd: tmpdir(),
		env: { ...process.env, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
}

function firstLine(child: ChildProcess): Promise<string | undefined> {
	return new Promise((resolve) => {
		child.once("exit", () => resolve(undefined));
		if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
	});
}

function exitOf(child: ChildProcess): Promise<number | null> {
	return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

async function finished(child: ChildProcess): Promise<{ exitCode: number | null; text: string }> {
	let text = "";
	child.stdout?.on("data", (chunk) => {
		text += chunk;
	});
	child.stderr?.on("data", (chunk) => {
		text += chunk;
	});
	const guard = setTimeout(() => child.kill("SIGKILL"), 30_000);
	const exitCode = await new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
	clearTimeout(guard);
	return { exitCode, text };
}
