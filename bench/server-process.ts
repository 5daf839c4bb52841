import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

export interface RunningServer {
	readonly process: ChildProcess;
	readonly pid: number;
	readonly url: string;
	readonly otlpUrl: string;
	readonly token: string;
	/** Milliseconds from spawn to ready. */
	readonly readyMs: number;
}

/** Starts the product as a user would and waits for its ready line. */
export async function startServer(o: {
	catalogue: string;
	data: string;
	port?: number;
	otlpPort?: number;
}): Promise<RunningServer> {
	const startedAt = performance.now();
	const args = ["serve", "--json", "--catalogue", o.catalogue, "--data", o.data];
	args.push("--port", String(o.port ?? 0), "--otlp-port", String(o.otlpPort ?? 0));
	const env = { ...process.env, BENCH_WEBHOOK_SECRET: `whsec_${Buffer.from("bench").toString("base64")}` };
	const child = spawn(join(ROOT, "bin/bellwether"), args, { stdio: ["ignore", "pipe", "pipe"], env });
	let stderr = "";
	child.stderr.on("data", (data) => {
		stderr = (stderr + data).slice(-4000);
	});
	const line = await new Promise<string>((resolve, reject) => {
		const lines = createInterface({ input: child.stdout });
		lines.on("line", (text) => text.startsWith("{") && resolve(text));
		child.once("exit", (code, signal) =>
			reject(new Error(`serve ended before it was ready (${code ?? signal}): ${stderr}`)),
		);
	});
	const ready = JSON.parse(line) as { url: string; otlpUrl: string; pid: number; adminToken: string };
	return {
		process: child,
		pid: ready.pid,
		url: ready.url.replace(/\/$/, ""),
		otlpUrl: ready.otlpUrl.replace(/\/$/, ""),
		token: ready.adminToken,
		readyMs: performance.now() - startedAt,
	};
}

/** Ends it: SIGKILL by default, to the product's own process (the launcher follows). */
export async function stopServer(server: RunningServer, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
	const ended = new Promise((resolve) => server.process.once("exit", resolve));
	if (server.process.exitCode !== null || server.process.signalCode) return;
	try {
		process.kill(server.pid, signal);
	} catch {
		// Already gone: the exit event is on its way.
	}
	await ended;
}

/** CPU seconds (user + system) and resident MiB of a process, from /proc. */
export function usage(pid: number): { cpuS: number; rssMiB: number } {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
	return { cpuS: (Number(fields[11]) + Number(fields[12])) / 100, rssMiB: Number(rss) / 1024 };
}

export async function api<T>(server: RunningServer, path: string, init: RequestInit = {}): Promise<T> {
	const answer = await fetch(server.url + path, {
		...init,
		headers: { authorization: `Bearer ${server.token}`, ...(init.headers as Record<string, string> | undefined) },
	});
	if (!answer.ok)
		throw new Error(`${init.method ?? "GET"} ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
	return (await answer.json()) as T;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
