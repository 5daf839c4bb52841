import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDuration, seededRandom } from "@bellwether/model";
import { readOptions } from "../options.ts";
import { FAULTS } from "./faults.ts";
import { sleep, World } from "./world.ts";

const USAGE = `
Usage: npm run chaos -- watchdog [options]

Plants faults in the running product and measures when the watch outside pages. Needs a C compiler.

  --seed 1
  --quiet 2m     how long it must not page first
  --every 20s    --within 40s   pace of heartbeats, and how long they are waited for
  --only NAMES   faults by name, with commas
  -h, --help
`;

/**
 * Plants fifteen faults in the running product, one after the other, and measures after how long the watch on "another
 * machine" pages: `npm run chaos -- watchdog --seed 1 --quiet 60m`. First comes a quiet time in which it must not. Needs a C
 * compiler (Debian: gcc). Exits 1 when a fault was noticed after 60 s or never, or when the watch paged without one.
 */
const { values: options, wrong } = readOptions(
	{ name: "chaos watchdog", usage: USAGE, args: process.argv.slice(3) },
	{
		seed: { type: "string", default: "1" },
		quiet: { type: "string", default: "2m" },
		every: { type: "string", default: "20s" },
		within: { type: "string", default: "40s" },
		only: { type: "string" },
	},
);
const LIMIT_MS = 60_000;
/** A fault is waited for longer than it may take, so that the figure says how late it was. */
const GIVE_UP_MS = 180_000;
for (const name of ["quiet", "every", "within"] as const)
	if (parseDuration(options[name]) === undefined)
		wrong(`--${name} is "${options[name]}": write a number with ms, s, m, h, d or w, such as 40s.`);
const quietMs = parseDuration(options.quiet) ?? 0;
const wanted = options.only?.split(",");
const strange = wanted?.find((name) => !FAULTS.some((fault) => fault.name === name));
if (strange !== undefined) wrong(`--only has "${strange}": write ${FAULTS.map(({ name }) => name).join(", ")}.`);
const random = seededRandom(Number(options.seed));

const dir = mkdtempSync(join(tmpdir(), "bellwether-watchdog-"));
const shim = join(dir, "os-shim.so");
const source = fileURLToPath(new URL("./os-shim.c", import.meta.url));
execFileSync("cc", ["-O2", "-shared", "-fPIC", "-o", shim, source, "-ldl"]);

const world = new World({ dir: join(dir, "world"), every: options.every, within: options.within, shim });
await world.start();
// The time of a start is none in which heartbeats are expected.
while (world.heartbeats === 0) await sleep(100);
world.told.length = 0;
const alarms = () => world.told.filter(({ type }) => type === "watchdog.missing");
console.error(`quiet for ${options.quiet}`);
await sleep(quietMs);
const falseAlarms = alarms().map(({ text }) => text);
const quietHeartbeats = world.heartbeats;

const faults = FAULTS.filter(({ name }) => wanted?.includes(name) ?? true)
	.map((fault) => ({ fault, at: random() }))
	.sort((a, b) => a.at - b.at)
	.map(({ fault }) => fault);
const results: { fault: string; noticedAfterS: number | null; backAfterS: number | null; says: string }[] = [];
for (const fault of faults) {
	// At any moment between two checks.
	await sleep(random() * (parseDuration(options.every) ?? 0));
	const before = alarms().length;
	const plantedAt = performance.now();
	const heal = await fault.plant(world);
	const noticed = await world.hears("watchdog.missing", plantedAt, GIVE_UP_MS);
	if (alarms().length > before + 1) falseAlarms.push(`${fault.name}: told twice`);
	const says = alarms().at(-1)?.text.split(". Incidents may")[0] ?? "";
	const why = noticed === undefined ? "" : await reasons();
	const healedAt = performance.now();
	await heal();
	const back = noticed === undefined ? undefined : await world.hears("watchdog.returned", healedAt, GIVE_UP_MS);
	const inSeconds = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms / 100) / 10);
	results.push({
		fault: fault.name,
		noticedAfterS: inSeconds(noticed),
		backAfterS: inSeconds(back),
		says: why || says,
	});
	console.error(JSON.stringify(results.at(-1)));
	if (back === undefined && noticed !== undefined)
		falseAlarms.push(`${fault.name}: still told after it was taken back`);
}
await world.stop();

const late = results.filter(({ noticedAfterS }) => noticedAfterS === null || noticedAfterS * 1_000 > LIMIT_MS);
const times = results.flatMap(({ noticedAfterS }) => noticedAfterS ?? []).sort((a, b) => a - b);
console.log(
	JSON.stringify(
		{
			...{ seed: Number(options.seed), every: options.every, within: options.within, quiet: options.quiet },
			...{ quietHeartbeats, pagesTaken: world.pages, falseAlarms },
			...{ faults: results.length, lateOrUnnoticed: late.length },
			...{ medianS: times[times.length >> 1], longestS: times.at(-1), results },
		},
		null,
		2,
	),
);
process.exit(late.length + falseAlarms.length === 0 ? 0 : 1);

/** What the product itself says, where it still answers. */
async function reasons(): Promise<string> {
	try {
		const answer = await fetch(`${world.url}/api/v1/heartbeat`, { signal: AbortSignal.timeout(6_000) });
		const { state, reasons: codes } = (await answer.json()) as { state: string; reasons: string[] };
		return `${state}: ${codes.join(", ")}`;
	} catch {
		return "no answer";
	}
}
