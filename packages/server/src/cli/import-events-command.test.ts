import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runImportEvents } from "./import-events-command.ts";
import { progress, progressText } from "./progress.ts";

let dir: string;
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), "bellwether-import-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function dryRun(name: string, text: string, map: readonly string[] = []) {
	const path = join(dir, name);
	writeFileSync(path, text);
	let out = "";
	const exitCode = await runImportEvents({
		paths: [path],
		map,
		url: undefined,
		token: undefined,
		isDryRun: true,
		json: false,
		colour: false,
		out: (more) => {
			out += more;
		},
		terminal: { isTerminal: false, err: () => {}, now: () => 0 },
		stop: new AbortController().signal,
	});
	return { exitCode, out: out.replaceAll(`${dir}/`, "") };
}

describe("a file with history, checked", () => {
	test("comma, semicolon or tab between columns, a mark at the start, quotes and empty lines are fine", async () => {
		const rows = [
			["Tenant", "slo", "at", "good", "total"],
			["contoso", "login", "2026-11-01T00:00:00Z", "9", "10"],
			["", "login", "1793491200000", "10", "10"],
		];
		for (const [name, separator] of [
			["a.csv", ","],
			["b.csv", ";"],
			["c.tsv", "\t"],
		] as const) {
			const text = `\ufeff${rows.map((row) => row.map((cell) => `"${cell}"`).join(separator)).join("\r\n")}\r\n\r\n`;
			expect(await dryRun(name, text)).toEqual({
				exitCode: 0,
				out: "2 rows of 2 tenants and 1 SLOs (login), 2026-11-01T00:00:00.000Z to 2026-11-01T00:00:00.000Z. Nothing was sent.\n",
			});
		}
	});

	test("single events are true or false; two of good, bad and total are enough", async () => {
		const text = [
			'{"tenant": "", "slo": "login", "at": 1793491200000, "good": true}',
			'{"tenant": "", "slo": "login", "at": 1793491200000, "bad": true, "total": 3}',
			'{"tenant": "", "slo": "login", "at": 1793491200000, "good": 4, "bad": 1}',
			'{"tenant": "", "slo": "login", "at": "2026-11-01T01:00:00+01:00", "bad": 1, "total": 4}',
		].join("\n");
		expect(await dryRun("a.ndjson", text)).toMatchObject({ exitCode: 0, out: expect.stringContaining("4 rows") });
	});

	test("columns of other names are mapped, and those of no use left out", async () => {
		const text = "Customer;SLO;when;ok;n;note\ncontoso;login;2026-11-01T00:00:00Z;1;1;x\n";
		expect(await dryRun("a.csv", text)).toMatchObject({
			exitCode: 1,
			out: expect.stringContaining("column tenant is missing in line 1"),
		});
		expect(await dryRun("a.csv", text, ["customer=tenant", "when=at", "ok=good", "n=total"])).toMatchObject({
			exitCode: 1,
			out: expect.stringContaining('column "note" is unknown'),
		});
		expect(await dryRun("a.csv", text, ["customer=tenant", "when=at", "ok=good", "n=total", "note=-"])).toMatchObject({
			exitCode: 0,
		});
	});

	test("every line that cannot be read is named with its number, the first twenty", async () => {
		const bad = Array.from(
			{ length: 30 },
			() => '{"tenant": "", "slo": "login", "at": "yesterday", "good": 1, "total": 1}',
		);
		const { exitCode, out } = await dryRun(
			"a.ndjson",
			['{"tenant": "", "slo": "login", "at": 1, "good": 1, "total": 1}', ...bad].join("\n"),
		);
		expect(exitCode).toBe(1);
		expect(out).toContain("a.ndjson: line 2: at must be milliseconds since the epoch");
		expect(out).toContain("line 21:");
		expect(out).not.toContain("line 22:");
		expect(out).toContain("… and 10 more\n30 of 31 lines cannot be read; nothing was sent.");
	});

	test.each([
		["no JSON", "a.ndjson", '{"slo"', "line 1 is not JSON"],
		[
			"more good than total",
			"a.ndjson",
			'{"tenant":"","slo":"x","at":1,"good":3,"total":2}',
			"good must be from 0 to total",
		],
		["sums that differ", "a.ndjson", '{"tenant":"","slo":"x","at":1,"good":1,"bad":1,"total":3}', "are not total 3"],
		["total alone", "a.ndjson", '{"tenant":"","slo":"x","at":1,"total":3}', "good or bad must be given beside total"],
		["a broken quote", "a.csv", 'tenant,slo,at,good,total\na,"x,1,1,1\n', "a.csv: line 2: "],
		["a cell too many", "a.csv", "tenant,slo,at,good,total\na,x,1,1,1,1\n", "a.csv: line 2: "],
		[
			"a negative number",
			"a.csv",
			"tenant,slo,at,good,total\na,x,1,-1,1\n",
			"line 2: good must be a number that is not negative",
		],
		["nothing", "a.csv", "tenant,slo,at,good,total\n", "hold no rows"],
		["another kind of file", "a.xlsx", "x", "ends in none of .csv"],
	])("%s is refused, naming the line", async (_, name, text, message) => {
		const { exitCode, out } = await dryRun(name, text);
		expect(out).toContain(message);
		expect(exitCode).toBe(1);
	});

	test("a mapping that is none, or no server, is wrong usage", async () => {
		expect(await dryRun("a.csv", "tenant,slo,at,good,total\na,x,1,1,1\n", ["customer"])).toMatchObject({ exitCode: 2 });
		const exitCode = await runImportEvents({
			paths: [join(dir, "a.csv")],
			map: [],
			url: undefined,
			token: "t",
			isDryRun: false,
			json: true,
			colour: false,
			out: () => {},
			terminal: { isTerminal: false, err: () => {}, now: () => 0 },
			stop: new AbortController().signal,
		});
		expect(exitCode).toBe(2);
	});
});

describe("progress", () => {
	test("tells how much, how fast and how long still", () => {
		expect(progressText("importing", 0.25, 50_000, 2_000)).toBe(
			"importing [######..................] 25 % · 50,000 rows · 25,000 rows/s · 0:06 left",
		);
		expect(progressText("importing", 0.001, 10_000, 4_000)).toContain("1:06:36 left");
		expect(progressText("importing", 0, 0, 0)).toBe("importing [........................] 0 % · 0 rows");
		expect(progressText("backing up", 0.5, 300, 2_000, "MB")).toContain("50 % · 300 MB · 150 MB/s");
	});

	test("is drawn again on a terminal, and told every ten seconds elsewhere", () => {
		const shown = (isTerminal: boolean): string[] => {
			const texts: string[] = [];
			let now = 0;
			const bar = progress({ title: "x", isTerminal, err: (text) => texts.push(text), now: () => now });
			for (; now <= 20_000; now += 100) bar.update(now / 20_000, now);
			bar.end();
			return texts;
		};
		expect(shown(false)).toHaveLength(2);
		expect(shown(true).length).toBeGreaterThan(90);
		expect(shown(true).at(-1)).toBe("\r\u001b[K");
	});
});
