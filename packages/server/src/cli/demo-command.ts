import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { backfill } from "../demo/backfill.ts";
import { readFleet } from "../demo/fleet.ts";
import { makeScenario, type Scenario, type ScenarioName } from "../demo/scenario.ts";
import { EXIT } from "./command-options.ts";

export interface DemoOptions {
	readonly scenario: ScenarioName;
	/** The same seed gives the same tenants' sizes and the same events. */
	readonly seed: number;
	/** 0: a free port. */
	readonly port: number;
	readonly otlpPort: number;
	/** Kept when given; otherwise a temporary folder that is removed at the end. */
	readonly data?: string | undefined;
	/** How long everything is well before the scenario begins, ms from the moment the demo is ready. */
	readonly breakAfterMs: number;
	/** Prints one JSON line when ready instead of words. */
	readonly json: boolean;
	readonly out: (text: string) => void;
	/** Aborted when the person wants to stop (Ctrl-C). */
	readonly stop: AbortSignal;
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const CLIENT = fileURLToPath(new URL("../demo/client.ts", import.meta.url));
const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
/** A server that has not stopped by itself after this is killed. */
const STOP_WITHIN_MS = 10_000;

interface ReadyLine {
	readonly url: string;
	readonly otlpUrl: string;
	readonly pid: number;
	readonly adminToken: string;
	readonly signInUrl?: string;
}

/**
 * Runs the product with the demo fleet until stopped: `bellwether serve` as a child, 28 days of history through the public
 * import, then the fleet as a separate process that speaks OTLP over HTTP. Nothing leaves the machine: the demo's catalogue
 * has only the phone panel as a channel.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
	const say = options.json ? () => undefined : (text: string) => options.out(`${text}\n`);
	const data = options.data ?? (await mkdtemp(join(tmpdir(), "bellwether-demo-")));
	await mkdir(data, { recursive: true, mode: 0o700 });
	const children: ChildProcess[] = [];
	try {
		return await run(options, data, children, say);
	} finally {
		await Promise.all(children.reverse().map(stopChild));
		if (options.data === undefined) await rm(data, { recursive: true, force: true, maxRetries: 5 });
	}
}

async function run(
	options: DemoOptions,
	data: string,
	children: ChildProcess[],
	say: (text: string) => void,
): Promise<number> {
	say(`Bellwether demo, scenario "${options.scenario}", seed ${options.seed}: demo data, nothing leaves this machine.`);
	const log = join(data, "serve.log");
	const server = startServer(options, data, log);
	children.push(server);
	const ready = await readyLine(server);
	if (!ready) {
		options.out(`The server did not start. Its last words (${log}):\n${await lastLines(log)}\n`);
		return EXIT.findings;
	}

	const fleet = readFleet(CATALOGUE, options.seed);
	const startAt = Math.floor(Date.now() / 10_000) * 10_000;
	const planned = makeScenario(options.scenario, fleet, startAt + options.breakAfterMs);
	await backfill({
		url: ready.url,
		token: ready.adminToken,
		fleet,
		scenario: planned,
		until: startAt,
		signal: options.stop,
		onProgress: progressLine(say),
		onRetry: (why, waitMs) => say(`  history: ${why}; trying again in ${waitMs / 1000} s`),
	});

	const scenario = makeScenario(options.scenario, fleet, Date.now() + options.breakAfterMs);
	const client = startClient(options, ready, startAt, scenario.breakAt);
	children.push(client);
	announce(options, ready, scenario, say);
	return await untilTheEnd(options, server, client, log);
}

function startServer(options: DemoOptions, data: string, log: string): ChildProcess {
	const args = ["serve", "--json", "--catalogue", CATALOGUE, "--data", data];
	args.push("--port", String(options.port), "--otlp-port", String(options.otlpPort));
	const server = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
	server.stderr?.pipe(createWriteStream(log, { mode: 0o600 }));
	return server;
}

function startClient(options: DemoOptions, ready: ReadyLine, startAt: number, breakAt: number): ChildProcess {
	const args = ["--endpoint", ready.otlpUrl, "--catalogue", CATALOGUE, "--scenario", options.scenario];
	args.push("--seed", String(options.seed), "--start-at", String(startAt), "--break-at", String(breakAt));
	return spawn(process.execPath, [CLIENT, ...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/** The one line that `serve --json` prints when it is ready; undefined when it ends without it. */
function readyLine(server: ChildProcess): Promise<ReadyLine | undefined> {
	return new Promise((resolve) => {
		server.once("exit", () => resolve(undefined));
		server.once("error", () => resolve(undefined));
		if (!server.stdout) return resolve(undefined);
		createInterface({ input: server.stdout }).on("line", (line) => {
			if (!line.startsWith("{")) return;
			const ready = JSON.parse(line) as ReadyLine;
			resolve({ ...ready, url: ready.url.replace(/\/$/, ""), otlpUrl: ready.otlpUrl.replace(/\/$/, "") });
		});
	});
}

function progressLine(say: (text: string) => void): (rows: number, ofRows: number) => void {
	const startedAt = performance.now();
	return (rows, ofRows) => {
		const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
		say(
			`  28 days of history: ${Math.floor((100 * rows) / ofRows)} % (${rows.toLocaleString("en")} rows, ${seconds} s)`,
		);
	};
}

function announce(options: DemoOptions, ready: ReadyLine, scenario: Scenario, say: (text: string) => void): void {
	const signIn = ready.signInUrl ?? `${ready.url}/sign-in?token=${ready.adminToken}`;
	if (options.json) {
		options.out(`${JSON.stringify({ ...ready, signInUrl: signIn, breakAt: scenario.breakAt })}\n`);
		return;
	}
	const clock = (at: number) => new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" }).format(at);
	say("");
	say(`Open  ${signIn}`);
	say("      (the link signs you in once, as administrator; it works on this machine only)");
	say("");
	say("50 key tenants and the rest of the world send OTLP telemetry; everything is well.");
	if (scenario.announcement) {
		say(`At ${clock(scenario.breakAt)} ${scenario.announcement}`);
		say("Watch the fleet page, then the phone panel: acknowledge there.");
	}
	say("");
	say(`OTLP/HTTP is also open to your own collector: ${ready.otlpUrl}/v1/metrics`);
	say("Ctrl-C stops it all.");
}

/** Waits for the person's stop or for a child that ends by itself, which it never should. */
function untilTheEnd(options: DemoOptions, server: ChildProcess, client: ChildProcess, log: string): Promise<number> {
	return new Promise((resolve) => {
		const finish = (code: number, text: string) => {
			options.stop.removeEventListener("abort", onStop);
			if (text) options.out(`${text}\n`);
			resolve(code);
		};
		const onStop = () => finish(EXIT.fine, options.json ? "" : "\nStopping the demo.");
		const onEnd = (what: string) => async () => {
			// Ctrl-C reaches the whole group: a child may be gone a moment before this process hears of it.
			await new Promise((later) => setTimeout(later, 200));
			if (options.stop.aborted) return;
			finish(
				EXIT.unreachable,
				`${what} ended unexpectedly. The server's last words (${log}):\n${await lastLines(log)}`,
			);
		};
		if (options.stop.aborted) return onStop();
		options.stop.addEventListener("abort", onStop);
		server.once("exit", onEnd("The server"));
		client.once("exit", onEnd("The demo fleet"));
	});
}

function stopChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
	return new Promise((resolve) => {
		const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
		child.once("exit", () => {
			clearTimeout(kill);
			resolve();
		});
		child.kill("SIGTERM");
	});
}

async function lastLines(file: string): Promise<string> {
	const text = await readFile(file, "utf8").catch(() => "");
	return text.trimEnd().split("\n").slice(-15).join("\n") || "(nothing)";
}
