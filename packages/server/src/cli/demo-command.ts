import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { backfill } from "../demo/backfill.ts";
import { catalogueWithDesk, DESK_TOKEN } from "../demo/desk-catalogue.ts";
import { readFleet } from "../demo/fleet.ts";
import { makeScenario, type Scenario } from "../demo/scenario.ts";
import type { ScenarioName } from "../demo/scenario-names.ts";
import { openTicketDesk, type TicketDesk } from "../demo/ticket-desk.ts";
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
	/** For what went wrong: standard output is the JSON line's. */
	readonly err: (text: string) => void;
	/** Aborted when the person wants to stop. */
	readonly stop: AbortSignal;
}

/** What the steps of one run share. */
interface Run {
	readonly options: DemoOptions;
	readonly data: string;
	readonly log: string;
	/** Takes the demo's tickets; this token proves what comes from it. */
	readonly desk: TicketDesk;
	readonly deskToken: string;
	/** Started processes, the newest last. */
	readonly children: ChildProcess[];
	/** The person wants to stop, or is gone. */
	readonly stop: AbortSignal;
	readonly say: (text: string) => void;
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
/** In the data folder: the demo's catalogue with the ticket desk of this run. */
const CATALOGUE_COPY = "demo-catalogue";
const CLIENT = fileURLToPath(new URL("../demo/client.ts", import.meta.url));
const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
/** A server that has not stopped by itself after this is killed. */
const STOP_WITHIN_MS = 15_000;

interface ReadyLine {
	readonly url: string;
	readonly otlpUrl: string;
	readonly pid: number;
	readonly adminToken: string;
	/** Signs in once. */
	readonly adminLink: string;
}

/**
 * Runs the product with the demo fleet until stopped: `bellwether serve` as a child, 28 days of history through the public
 * import, then the fleet as a separate process that speaks OTLP over HTTP. Nothing leaves the machine: the demo's catalogue
 * has only the phone panel as a channel.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
	const stop = AbortSignal.any([options.stop, parentGone()]);
	const data = options.data ?? (await mkdtemp(join(tmpdir(), "bellwether-demo-")));
	await mkdir(data, { recursive: true, mode: 0o700 });
	const deskToken = randomBytes(24).toString("base64url");
	const desk = await openTicketDesk(deskToken);
	const run: Run = {
		options,
		data,
		desk,
		deskToken,
		log: join(data, "serve.log"),
		children: [],
		stop,
		say: options.json ? () => undefined : (text) => options.out(`${text}\n`),
	};
	try {
		return await play(run);
	} catch (error) {
		if (stop.aborted) return EXIT.fine;
		options.err(`bellwether demo: ${error instanceof Error ? error.message : String(error)}\n${await lastWords(run)}`);
		return EXIT.findings;
	} finally {
		// The newest first: the fleet stops sending before its receiver goes.
		for (const child of run.children.toReversed()) await stopChild(child);
		await desk.close();
		if (options.data === undefined) await rm(data, { recursive: true, force: true, maxRetries: 5 });
	}
}

async function play(run: Run): Promise<number> {
	const { options, say, stop } = run;
	say(`Bellwether demo, scenario "${options.scenario}", seed ${options.seed}: demo data, nothing leaves this machine.`);
	await catalogueWithDesk(CATALOGUE, join(run.data, CATALOGUE_COPY), run.desk.url);
	const server = startServer(run);
	const ready = await readyLine(server);
	if (stop.aborted) return EXIT.fine;
	if (!ready) throw new Error("the server did not start.");
	run.desk.tellTo(`${ready.url}/api/v1/integrations/ticket-desk/events`);
	say("");
	say(`Open  ${ready.adminLink}`);
	say("      (it signs you in once, as administrator, on this machine only)");
	say("");

	const fleet = readFleet(CATALOGUE, options.seed);
	const startAt = Math.floor(Date.now() / 10_000) * 10_000;
	await backfill({
		url: ready.url,
		token: ready.adminToken,
		fleet,
		scenario: makeScenario(options.scenario, fleet, startAt + options.breakAfterMs),
		until: startAt,
		signal: stop,
		onProgress: progressLine(say),
		onRetry: (why, waitMs) => say(`  history: ${why}; trying again in ${waitMs / 1000} s`),
	});

	say("  28 days of history: done");

	// Counted from here: however long the history took, there is time to look at a healthy fleet first.
	const scenario = makeScenario(options.scenario, fleet, Date.now() + options.breakAfterMs);
	const client = startClient(run, ready, startAt, scenario.breakAt);
	announce(run, ready, scenario);
	return await untilTheEnd(run, server, client);
}

function startServer(run: Run): ChildProcess {
	const { options, data, log } = run;
	const args = ["serve", "--json", "--demo", "--catalogue", join(data, CATALOGUE_COPY), "--data", data];
	args.push("--port", String(options.port), "--otlp-port", String(options.otlpPort));
	// The channel tells a child that this process is gone, however it ended.
	const env = { ...process.env, [DESK_TOKEN]: run.deskToken };
	const server = spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
	run.children.push(server);
	server.stderr?.pipe(createWriteStream(log, { mode: 0o600 }));
	return server;
}

function startClient(run: Run, ready: ReadyLine, startAt: number, breakAt: number): ChildProcess {
	const args = ["--endpoint", ready.otlpUrl, "--catalogue", CATALOGUE, "--scenario", run.options.scenario];
	args.push("--seed", String(run.options.seed), "--start-at", String(startAt), "--break-at", String(breakAt));
	// Its words go to standard error: standard output is the JSON line's.
	const client = spawn(process.execPath, [CLIENT, ...args], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
	run.children.push(client);
	return client;
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

/** One line every two seconds at most. */
function progressLine(say: (text: string) => void): (rows: number, ofRows: number) => void {
	const startedAt = performance.now();
	let toldAt = startedAt;
	return (rows, ofRows) => {
		const now = performance.now();
		if (now - toldAt < 1900 || rows >= ofRows) return;
		toldAt = now;
		const percent = Math.floor((100 * rows) / ofRows);
		const seconds = Math.round((now - startedAt) / 1000);
		say(`  28 days of history: ${percent} % (${rows.toLocaleString("en")} rows, ${seconds} s)`);
	};
}

function announce({ options, desk, say }: Run, ready: ReadyLine, scenario: Scenario): void {
	if (options.json) {
		options.out(`${JSON.stringify({ ...ready, breakAt: scenario.breakAt })}\n`);
		return;
	}
	const clock = (at: number) => new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(at);
	say("");
	say("50 key tenants and the rest of the world send telemetry; the fleet page shows them healthy.");
	if (scenario.announcement) {
		say(`At ${clock(scenario.breakAt)} ${scenario.announcement}`);
	}
	say("");
	say(`Incidents become tickets at ${desk.url}/, a desk on this machine that stands for your own system of record.`);
	say(`Your own collector can send here too: OTLP/HTTP at ${ready.otlpUrl}/v1/metrics`);
	say("Ctrl-C stops it all.");
}

/** Waits for the person's stop or for a child that ends by itself, which it never should. */
function untilTheEnd(run: Run, server: ChildProcess, client: ChildProcess): Promise<number> {
	return new Promise((resolve) => {
		const onStop = () => {
			run.say("\nStopping the demo.");
			resolve(EXIT.fine);
		};
		const onEnd = (what: string) => async () => {
			// Ctrl-C reaches the whole group: a child may be gone a moment before this process hears of it.
			await new Promise((later) => setTimeout(later, 200));
			if (run.stop.aborted) return;
			run.options.err(`bellwether demo: ${what} ended by itself.\n${await lastWords(run)}`);
			resolve(EXIT.unreachable);
		};
		if (run.stop.aborted) return onStop();
		run.stop.addEventListener("abort", onStop);
		// It may have ended while the history was sent.
		if (server.exitCode !== null || server.signalCode !== null) void onEnd("the server")();
		server.once("exit", onEnd("the server"));
		client.once("exit", onEnd("the demo fleet"));
	});
}

/** Aborts when the process that started this one through a channel has ended, however that happened. */
function parentGone(): AbortSignal {
	const gone = new AbortController();
	if (process.channel) {
		process.on("disconnect", () => gone.abort());
		process.channel.unref();
	}
	return gone.signal;
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

/** The end of the server's log, which goes with the temporary folder. */
async function lastWords(run: Run): Promise<string> {
	const text = await readFile(run.log, "utf8").catch(() => "");
	const lines = text.trimEnd().split("\n").slice(-15).join("\n");
	return lines ? `The server's last words:\n${lines}\n` : "";
}
