import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@bellwether/model";
import { readOptions } from "../options.ts";
import { cutRounds } from "./cuts.ts";
import { Engine, writeWorld } from "./driver.ts";
import { faultRounds } from "./faults.ts";
import { killRounds } from "./kills.ts";

const USAGE = `
Usage: npm run chaos -- telemetry [options]

Attacks what holds the counts. A tenth of the kills hit the whole product. Cuts, full disks and I/O errors need a C compiler.

  --kills 1000  --cuts 300  --full 50  --eio 50   how many of each; 0 leaves it out
  --seed 1
  -h, --help
`;

/**
 * `npm run chaos -- telemetry --kills 1000 --cuts 300 --full 50 --eio 50 --seed 1`: a tenth of the kills hit the whole product,
 * the others a process that runs what its telemetry thread runs, on the real store. Cuts, full disks and I/O errors need a C
 * compiler (Debian: gcc), for the library that stands between the process and the disk. Exits 1 when anything acknowledged
 * was lost or counted twice, accounts do not balance, or a start was refused.
 */
const { values: options } = readOptions(
	{ name: "chaos telemetry", usage: USAGE, args: process.argv.slice(3) },
	{
		kills: { type: "string", default: "1000" },
		cuts: { type: "string", default: "300" },
		full: { type: "string", default: "50" },
		eio: { type: "string", default: "50" },
		seed: { type: "string", default: "1" },
	},
);
const seed = Number(options.seed);
const [kills, cuts, full, eio] = [options.kills, options.cuts, options.full, options.eio].map(Number) as [
	number,
	number,
	number,
	number,
];
const productKills = Math.floor(kills / 10);
const dir = mkdtempSync(join(tmpdir(), "bellwether-chaos-"));
const startedAt = Date.now();
const results: Record<string, object> = {};
const every = (name: string, step: number) => (count: number) => {
	if (count % step === 0) console.error(`${Math.round((Date.now() - startedAt) / 1000)} s: ${name} ${count}`);
};

try {
	const catalogue = await writeWorld(join(dir, "catalogue"));
	const env = { NODE_COMPILE_CACHE: join(dir, "compiled") };
	// Fills the cache of compiled code: a process that is killed never writes it.
	const first = new Engine({ catalogue, data: join(dir, "first"), env });
	await first.ready();
	await first.call({ kind: "close" });
	await first.ended;

	const lanes: Promise<void>[] = [];
	const half = Math.ceil((kills - productKills) / 2);
	const killLane = async (name: string, count: number, laneSeed: number) => {
		if (count <= 0) return;
		results[name] = await killRounds(join(dir, name), catalogue, count, seededRandom(laneSeed), every(name, 50), env);
	};
	lanes.push(killLane("kills-a", half, seed), killLane("kills-b", kills - productKills - half, seed + 1));
	await Promise.all(lanes);

	if (cuts + full + eio > 0) {
		const shim = join(dir, "disk-shim.so");
		const source = join(import.meta.dirname, "disk-shim.c");
		try {
			execFileSync("cc", ["-O2", "-shared", "-fPIC", "-o", shim, source, "-ldl", "-lpthread"]);
		} catch (error) {
			throw new Error(`cuts and disk faults need a C compiler, such as Debian's gcc (${(error as Error).message})`);
		}
		const shared = { catalogue, shim, env };
		const cutLane = async () => {
			const parts = Math.ceil(cuts / 100);
			for (let part = 0; part < parts; part++) {
				const count = Math.min(100, cuts - part * 100);
				const random = seededRandom(seed + 10 + part);
				results[`cuts-${part}`] = await cutRounds(
					join(dir, `cuts-${part}`),
					{ ...shared, cuts: count, random },
					every(`cuts-${part}`, 50),
				);
				rmSync(join(dir, `cuts-${part}`), { recursive: true, force: true });
			}
		};
		const faultLane = async () => {
			for (const [kind, rounds] of [
				["full", full],
				["eio", eio],
			] as const)
				if (rounds > 0)
					results[kind] = await faultRounds(
						dir,
						kind,
						{ ...shared, rounds, random: seededRandom(seed + 20) },
						every(kind, 10),
					);
		};
		await Promise.all([cutLane(), faultLane()]);
	}
	if (productKills > 0) results.product = await wholeProduct(productKills);
} finally {
	rmSync(dir, { recursive: true, force: true });
}

function wholeProduct(count: number): Promise<object> {
	const script = join(import.meta.dirname, "../chaos-product.ts");
	const child = spawn(process.execPath, [script, "--kills", String(count), "--seed", String(seed)], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	let out = "";
	child.stdout.on("data", (data) => {
		out += data;
	});
	return new Promise((resolve, reject) =>
		child.once("exit", (code) => {
			if (out === "") reject(new Error(`the product's run ended with ${code}`));
			else resolve(JSON.parse(out));
		}),
	);
}

const sum = (field: string) =>
	Object.values(results).reduce((total, each) => total + (Number((each as Record<string, unknown>)[field]) || 0), 0);
const failures =
	sum("lost") +
	sum("doubled") +
	sum("unbalanced") +
	sum("refusedStarts") +
	["eventsLost", "eventsDoubled", "accountsOutOfBalance", "incidentsDoubled", "timersLost", "incidentMissing"].reduce(
		(total, field) => total + sum(field),
		0,
	);
console.log(JSON.stringify({ seed, minutes: (Date.now() - startedAt) / 60_000, failures, ...results }, null, 2));
process.exit(failures === 0 ? 0 : 1);
