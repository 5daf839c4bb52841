import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { eventually, onCleanUp, temporaryFolder } from "./server.ts";

/** Debian's package. */
const PROMETHEUS = "/usr/bin/prometheus";

export interface Prometheus {
	readonly url: string;
	/** A PromQL query at an instant (ms epoch), as the API answers it. */
	query(promql: string, at: number): Promise<PromqlResult>;
	log(): string;
}

export interface PromqlResult {
	readonly resultType: string;
	readonly result: readonly {
		readonly metric: Readonly<Record<string, string>>;
		/** [seconds, text] of an instant vector. */
		readonly value?: readonly [number, string];
		/** Of a range vector: every sample. */
		readonly values?: readonly (readonly [number, string])[];
		readonly histograms?: readonly (readonly [number, unknown])[];
	}[];
}

/** Starts a real Prometheus with this configuration (YAML) and waits until it is ready; it ends with the test. */
export async function startPrometheus(
	config: string,
	args: readonly string[] = [],
	binary: string = process.env.TEST_PROMETHEUS ?? PROMETHEUS,
): Promise<Prometheus> {
	if (!existsSync(binary)) throw new Error(`${binary} is missing: npm test -- scenario installs it`);
	const dir = temporaryFolder();
	const file = join(dir, "prometheus.yml");
	writeFileSync(file, config);
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const child = spawn(
		binary,
		[
			`--config.file=${file}`,
			`--storage.tsdb.path=${join(dir, "data")}`,
			`--web.listen-address=127.0.0.1:${port}`,
			"--log.level=warn",
			...args,
		],
		{ stdio: ["ignore", "ignore", "pipe"] },
	);
	let log = "";
	child.stderr.on("data", (chunk) => {
		log += chunk;
	});
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	onCleanUp(async () => {
		if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
		await ended;
	});
	await eventually("Prometheus is ready", async () => {
		if (child.exitCode !== null) throw new Error(`Prometheus ended: ${log}`);
		return (await fetch(`${url}/-/ready`)).ok;
	});
	return {
		url,
		async query(promql, at) {
			const parameters = new URLSearchParams({ query: promql, time: (at / 1000).toFixed(3) });
			const answer = await fetch(`${url}/api/v1/query?${parameters}`);
			const body = (await answer.json()) as { status: string; error?: string; data: PromqlResult };
			if (body.status !== "success") throw new Error(`${promql}: ${body.error}`);
			return body.data;
		},
		log: () => log,
	};
}

function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once("error", reject);
		probe.listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
		});
	});
}
