import { benchBreachToPage } from "./breach-to-page.ts";
import { benchCause } from "./cause.ts";
import { benchCulprit } from "./culprit.ts";
import { benchDetection } from "./detection.ts";
import { benchEvaluation } from "./evaluation.ts";
import { benchImpact } from "./impact.ts";
import { benchIngest } from "./ingest.ts";
import { readOptions } from "./options.ts";
import { benchPeers } from "./peers.ts";
import { benchRadar } from "./radar.ts";
import { benchRecovery } from "./recovery.ts";
import { benchSchedules } from "./schedules.ts";
import { benchStall } from "./stall.ts";
import { benchTenants } from "./tenants.ts";

/** What each part says is in the usage below; detectors that look ahead, and goals that are missed, exit 1 as well. */
const USAGE = `
Usage: npm run bench -- [PART...] [options]

Measures the product. Without a part: ingest, evaluate, latency, recovery, tenants, stall, culprit, cause, impact.
Exits 1 when samples were counted more or less often than they were sent, or a goal is missed.

Parts:
  ingest      samples per second;  --tenants 100,1000  --samples 1000000
  evaluate    CPU of judging all pairs
  latency     from breach to page;  --trials 20
  recovery    from start to ready, and that all is counted;  --trials 20
  tenants     memory of 1 and of 1,500,000 customers that are no key tenants
  stall       how long the threads stand still
  culprit, cause, impact   look for planted troubles;  --seed 1
Only when named, because they take minutes or need data:
  detection   scores the detectors;  --data DIR (score.mjs and tenants/)  --presets dev-a,dev-b
  radar       a thousand simulated tenants;  --days 4  --seed 1
  schedules   who is on call, beside an expansion minute by minute;  --pairs 100000  --seed 1

  --peers DIR        also the peers' drivers of DIR (Prometheus, VictoriaMetrics)
  --rule-tenants 20  tenants of ten SLOs each in the peers' rules
  -h, --help         this text
`;
const PARTS = ["ingest", "evaluate", "latency", "recovery", "tenants", "stall", "culprit", "cause", "impact"];
/** Only when named: they take minutes, or need data. */
const NAMED = ["detection", "radar", "schedules"];
const { values: options, positionals } = readOptions(
	{ name: "bench", usage: USAGE, parts: [...PARTS, ...NAMED] },
	{
		data: { type: "string" },
		days: { type: "string", default: "4" },
		pairs: { type: "string", default: "100000" },
		peers: { type: "string" },
		presets: { type: "string", default: "dev-a,dev-b" },
		"rule-tenants": { type: "string", default: "20" },
		seed: { type: "string", default: "1" },
		samples: { type: "string", default: "1000000" },
		tenants: { type: "string", default: "100,1000" },
		trials: { type: "string", default: "20" },
	},
);
const parts = positionals.length > 0 ? positionals : PARTS;
const print = (name: string, row: object) => console.log(JSON.stringify({ bench: name, ...row }));
function check(row: { readonly allCounted: boolean; readonly counted: number }, sent: number): void {
	if (row.allCounted) return;
	console.error(`bench: ${sent} samples were acknowledged and ${row.counted} counted: that is a fault of the product.`);
	process.exitCode = 1;
}

if (parts.includes("evaluate"))
	for (const detectors of ["burn-rate", "every"] as const)
		for (const tenants of [100, 1000, 10_000]) print("evaluate", benchEvaluation(tenants, 10, detectors));
if (parts.includes("ingest"))
	for (const protocol of ["otlp-gzip", "remote-write"] as const)
		for (const tenants of options.tenants.split(",").map(Number)) {
			const row = await benchIngest(protocol, tenants, Number(options.samples));
			print("ingest", row);
			check(row, row.sent);
		}
if (parts.includes("latency")) print("latency", await benchBreachToPage(Number(options.trials)));
if (parts.includes("recovery")) {
	for (const [tenants, trials, fineDays] of [
		[1_000, Number(options.trials), 3],
		[10_000, Math.min(5, Number(options.trials)), 1],
	] as const) {
		const row = await benchRecovery(tenants, trials, fineDays);
		print("recovery", row);
		check(row, row.samples);
		if (!row.evaluationsRight) process.exitCode = 1;
	}
}
if (parts.includes("stall")) for await (const row of benchStall()) print("stall", row);
if (parts.includes("tenants"))
	for (const tenants of [1, 1_500_000]) {
		const row = benchTenants(tenants, 1_500_000, 3);
		print("tenants", row);
		check(row, row.points);
	}
const planted = (name: string, rows: readonly { readonly isReached: boolean }[]) => {
	for (const row of rows) {
		print(name, row);
		if (!row.isReached) process.exitCode = 1;
	}
};
const seed = Number(options.seed);
if (parts.includes("culprit")) planted("culprit", benchCulprit(seed));
if (parts.includes("cause")) planted("cause", benchCause(seed, 10));
if (parts.includes("impact")) planted("impact", benchImpact(seed, 84));
if (parts.includes("radar")) {
	const row = benchRadar(1_000, Number(options.days), 200, Number(options.seed));
	print("radar", row);
	if (!row.isGood) process.exitCode = 1;
}
if (parts.includes("schedules")) {
	const row = benchSchedules(Number(options.pairs), seed, (done) => {
		if (done % 1_000_000 === 0) console.error(`${done} pairs`);
	});
	print("schedules", row);
	if (row.mismatches + row.gapMinutesByProduct + row.gapMinutesBySlowWay > 0) process.exitCode = 1;
}
if (parts.includes("detection")) {
	if (options.data === undefined)
		console.error("bench: detection needs --data DIR, a folder with score.mjs and tenants/.");
	if (options.data === undefined || !(await benchDetection(options.data, options.presets.split(","))))
		process.exitCode = 1;
}
if (options.peers) await benchPeers(options.peers, parts, options);
