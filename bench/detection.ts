import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../packages/server/src/cli/main.ts");
const PRODUCT = "bellwether";
const REFERENCES = { "global monitor": "global.mjs", "tenant burn rate": "burnrate.mjs" } as const;

/** What the scorer of tenant streams prints with --json, as far as the table needs it. */
interface TenantScore {
	readonly incidents: number;
	readonly auto_detect_share: number;
	readonly within_15min_share: number;
	readonly ttd_median_min: number | null;
	readonly ttd_p95_min: number | null;
	readonly false_pages_per_tenant_week: number;
	readonly duplicate_pages_per_tenant_incident: number | null;
	readonly extra_pages_per_wide_incident: number | null;
	readonly scope_accuracy_3: number | null;
	readonly wide_vs_tenant_accuracy: number | null;
	readonly culprit: Attribution;
	readonly cause: Attribution;
	readonly causal: boolean | null;
	readonly wall_s: number;
}
interface Attribution {
	readonly n: number;
	readonly top1: number | null;
	readonly top3: number | null;
	readonly false_attribution: number | null;
}

/**
 * Scores `bellwether detect series` and `bellwether detect tenants` with the scorers and data of a folder: `score.mjs` with
 * `series/`, and `tenants/score-tenants.mjs` with streams that `tenants/gen.mjs` makes of the named presets. The references
 * of `tenants/ref/` see the same streams. Returns false where a detector looked ahead or a scorer failed.
 */
export async function benchDetection(dataDir: string, presets: readonly string[]): Promise<boolean> {
	const missing = ["score.mjs", "tenants/gen.mjs", "tenants/score-tenants.mjs"].find(
		(file) => !existsSync(join(dataDir, file)),
	);
	if (missing !== undefined) {
		console.error(`bench: ${join(dataDir, missing)} is not there. Name a folder with the scorers by --data.`);
		return false;
	}
	let isFine = await scoreSeries(dataDir);
	for (const preset of presets) isFine = (await scoreTenants(dataDir, preset)) && isFine;
	return isFine;
}

async function scoreSeries(dataDir: string): Promise<boolean> {
	console.log("\nlabelled series");
	const { code } = await run(
		[
			join(dataDir, "score.mjs"),
			"--labels",
			join(dataDir, "series"),
			"--cmd",
			`${process.execPath} ${MAIN} detect series`,
			"--causality",
			"3",
		],
		"inherit",
	);
	return code === 0;
}

async function scoreTenants(dataDir: string, preset: string): Promise<boolean> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-detection-"));
	try {
		const made = await run(
			[
				join(dataDir, "tenants/gen.mjs"),
				"--presets",
				join(dataDir, "tenants/presets.json"),
				"--preset",
				preset,
				"--out",
				dir,
			],
			"pipe",
		);
		if (made.code !== 0 || !existsSync(join(dir, "labels.json"))) {
			console.error(`bench: ${join(dataDir, "tenants/gen.mjs")} made no stream of preset ${preset}.`);
			return false;
		}
		const product = `${process.execPath} ${MAIN} detect tenants`;
		const columns = new Map([[PRODUCT, await score(dataDir, dir, product, true)]]);
		for (const [name, file] of Object.entries(REFERENCES))
			columns.set(name, await score(dataDir, dir, `${process.execPath} ${join(dataDir, "tenants/ref", file)}`, false));
		printTable(preset, columns);
		const own = columns.get(PRODUCT);
		return own !== undefined && own.causal === true;
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
}

async function score(
	dataDir: string,
	stream: string,
	command: string,
	isCausalityChecked: boolean,
): Promise<TenantScore | undefined> {
	const args = [join(dataDir, "tenants/score-tenants.mjs"), "--stream", stream, "--cmd", command, "--json"];
	if (isCausalityChecked) args.push("--causality", "1");
	const { out } = await run(args, "pipe");
	try {
		return JSON.parse(out) as TenantScore;
	} catch {
		return undefined;
	}
}

function printTable(preset: string, columns: ReadonlyMap<string, TenantScore | undefined>): void {
	const percent = (x: number | null) => (x === null ? "-" : `${(100 * x).toFixed(0)} %`);
	const plain = (x: number | null, digits: number) => (x === null ? "-" : x.toFixed(digits));
	const rows: [string, (s: TenantScore) => string][] = [
		["incidents detected", (s) => percent(s.auto_detect_share)],
		["within 15 min", (s) => percent(s.within_15min_share)],
		["TTD median / p95, min", (s) => `${plain(s.ttd_median_min, 1)} / ${plain(s.ttd_p95_min, 0)}`],
		["false pages per key-tenant-week", (s) => plain(s.false_pages_per_tenant_week, 3)],
		["extra pages per wide incident", (s) => plain(s.extra_pages_per_wide_incident, 2)],
		["duplicates per tenant incident", (s) => plain(s.duplicate_pages_per_tenant_incident, 2)],
		[
			"scope right; wide against tenant",
			(s) => `${percent(s.scope_accuracy_3)}; ${percent(s.wide_vs_tenant_accuracy)}`,
		],
		["culprit top-1 / top-3; blamed where none", (s) => attribution(s.culprit, percent)],
		["cause top-1 / top-3; blamed where none", (s) => attribution(s.cause, percent)],
		["causal; seconds", (s) => `${s.causal === null ? "-" : s.causal ? "yes" : "NO"}; ${plain(s.wall_s, 0)}`],
	];
	const incidents = [...columns.values()].find((s) => s !== undefined)?.incidents ?? 0;
	console.log(`\ntenants, preset ${preset}, ${incidents} incidents`);
	const line = (cells: string[]) => console.log(cells.map((cell, i) => cell.padEnd(i === 0 ? 42 : 24)).join(""));
	line(["", ...columns.keys()]);
	for (const [name, cell] of rows) line([name, ...[...columns.values()].map((s) => (s ? cell(s) : "failed"))]);
}

const attribution = (a: Attribution, percent: (x: number | null) => string): string =>
	`${percent(a.top1)} / ${percent(a.top3)}; ${percent(a.false_attribution)}`;

function run(args: readonly string[], output: "inherit" | "pipe"): Promise<{ code: number | null; out: string }> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, args, { stdio: ["ignore", output, "inherit"] });
		const chunks: Buffer[] = [];
		child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, out: Buffer.concat(chunks).toString("utf8") }));
	});
}
