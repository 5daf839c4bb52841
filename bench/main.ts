import { parseArgs } from "node:util";
import { benchBreachToPage } from "./breach-to-page.ts";
import { benchCause } from "./cause.ts";
import { benchCulprit } from "./culprit.ts";
import { benchDetection } from "./detection.ts";
import { benchEvaluation } from "./evaluation.ts";
import { benchImpact } from "./impact.ts";
import { benchIngest } from "./ingest.ts";
import { benchPeers } from "./peers.ts";
import { benchRadar } from "./radar.ts";
import { benchRecovery } from "./recovery.ts";
import { benchSchedules } from "./schedules.ts";
import { benchStall } from "./stall.ts";
import { benchTenants } from "./tenants.ts";

/**
 * `npm run bench` measures the product; `npm run bench -- ingest|evaluate|latency|recovery|tenants|stall` one part;
 * `--peers DIR` also runs the peers' drivers of DIR (Prometheus, VictoriaMetrics) with the product beside them, their rules
 * over `--rule-tenants` tenants of ten SLOs.
 * Exits 1 when the product counted more or fewer samples than were sent.
 * `detection --data DIR` scores `bellwether detect` with the scorers and data of DIR, `--presets` of its streams; `radar`
 * simulates a thousand tenants for `--days`; both only when named. They exit 1 when a detector looks ahead, or misses goals.
 * `schedules` compares who is on call with an expansion minute by minute, `--pairs N`; exits 1 at the first difference.
 * `culprit`, `cause` and `impact` plant troubles (`--seed N`), look for them, and exit 1 below their goals.
 */
const { values: options, positionals } = parseArgs({
	allowPositionals: true,
	options: {
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
});
const PARTS = ["ingest", "evaluate", "latency", "recovery", "tenants", "stall", "culprit", "cause", "impact"];
/** Only when named: they take minutes, or need data. */
const NAMED = ["detection", "radar", "schedules"];
const parts = positionals.length > 0 ? positionals : PARTS;
const unknown = parts.find((part) => ![...PARTS, ...NAMED].includes(part));
if (unknown !== undefined) {
	console.error(`bench: "${unknown}" is not a part. Write ${[...PARTS, ...NAMED].join(", ")}, or nothing for all.`);
	process.exit(2);
}
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
