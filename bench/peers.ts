import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Runs the peers' own drivers with the product beside them, so that all see identical bytes in one run.
 * DIR is copied into the project's ignored .bellwether folder first: its drivers write beside themselves.
 */
export async function benchPeers(
	dir: string,
	parts: readonly string[],
	o: { readonly tenants: string; readonly samples: string; readonly "rule-tenants": string },
): Promise<void> {
	const source = resolve(dir);
	if (!existsSync(join(source, "setup.sh"))) {
		console.error(`bench: --peers ${dir} has no setup.sh. Name the folder of the peers' drivers.`);
		process.exit(2);
	}
	const home = join(ROOT, ".bellwether", "peer-bench");
	mkdirSync(home, { recursive: true });
	cpSync(source, home, { recursive: true });
	const ours = `${process.execPath} ${join(ROOT, "bench/serve-for-peers.ts")}`;
	const run = (command: string, args: string[], env: Record<string, string> = {}) => {
		const done = spawnSync(command, args, {
			cwd: home,
			stdio: ["ignore", "ignore", "inherit"],
			env: { ...process.env, ...env },
		});
		if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${done.status ?? done.signal}`);
	};
	run("bash", ["setup.sh"]);
	const rows = (name: string) => JSON.parse(readFileSync(join(home, "results", `${name}.json`), "utf8")) as object[];
	const print = (name: string) => {
		for (const row of rows(name)) console.log(JSON.stringify({ run: name, ...row }));
	};
	mkdirSync(join(home, "results"), { recursive: true });
	if (parts.includes("ingest"))
		for (const size of o.tenants.split(",")) {
			const env = { OURS: ours, BENCH_TENANTS: size };
			const common = [`--tenants=${size}`, `--samples=${o.samples}`];
			run("node", ["bench/ingest.mjs", ...common, "--peers=prom3,vm,ours", `--tag=rw-${size}`], env);
			print(`ingest-rw-${size}`);
			run(
				"node",
				["bench/ingest.mjs", ...common, "--peers=vm,ours", "--proto=otlp", "--gzip=6", `--tag=otlp-${size}`],
				env,
			);
			print(`ingest-otlp-${size}`);
		}
	if (parts.includes("evaluate")) {
		run("node", ["bench/engine.mjs", "--pairs=200,1000,10000,100000", "--tag=ours"], {
			OURS_ENGINE: join(ROOT, "bench/engine.ts"),
		});
		print("engine-ours");
		for (const size of o["rule-tenants"].split(","))
			for (const peer of ["prom3", "vm"]) {
				const tag = `${peer}-${size}`;
				run("node", [
					"bench/rules.mjs",
					`--peer=${peer}`,
					`--tenants=${size}`,
					...rulesOver(Number(size)),
					`--tag=${tag}`,
				]);
				print(`rules-${tag}`);
			}
	}
	if (parts.includes("latency")) {
		run("node", ["bench/latency.mjs", "--modes=fast", "--trials=10", "--tenants=20", "--spread=30", "--tag=fast"]);
		print("latency-fast");
	}
	if (parts.includes("recovery")) {
		const args = ["--peers=prom3,vm,ours", "--series=20000", "--history=2h", "--trials=3", "--tag=20000"];
		run("node", ["bench/recovery.mjs", ...args], { OURS: ours, BENCH_TENANTS: "1000" });
		print("recovery-20000");
	}
}

/**
 * The history that the peers' rules are given. Beyond 1,000 tenants (10,000 pairs) days of it no longer fit this
 * machine: six hours then, the windows up to them and no rule over the period, which is kind to the peers.
 */
function rulesOver(tenants: number): string[] {
	if (tenants <= 1000) return ["--raw=3d", "--period=10d", "--rounds=2"];
	return ["--raw=6h", "--period=none", "--windows=5m,30m,1h,2h,6h", "--rounds=2"];
}
