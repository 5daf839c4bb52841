import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const run = (file: string, ...args: string[]) => {
	const path = join(import.meta.dirname, "../bench", file);
	const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
	return { status, stdout, stderr };
};

test.each([
	["main.ts", ["ingest", "--help"], "npm run bench"],
	["chaos.ts", ["x", "--help"], "npm run chaos -- [PART]"],
	["chaos.ts", ["response", "--help"], "npm run chaos -- response"],
	["fuzz.ts", ["-h"], "npm run fuzz"],
])("bench/%s %j tells how it is called", (file, args, usage) => {
	const answer = run(file, ...args);
	expect(answer.status, answer.stderr).toBe(0);
	expect(answer.stdout).toContain(`Usage: ${usage}`);
});

test.each([
	["main.ts", ["ingest", "--sample", "5"], "Unknown option '--sample'"],
	["main.ts", ["ingest", "--samples", "five"], '--samples is "five": write a whole number, such as 1000000'],
	["chaos.ts", ["x"], '"x" is not a part'],
	["chaos.ts", ["response", "--only", "strom"], '--only is "strom": write kills, receivers, storm'],
	["fuzz.ts", ["--decoder", "x"], 'there is no decoder "x"'],
])("bench/%s %j is refused in one line that says why", (file, args, reason) => {
	const answer = run(file, ...args);
	expect(answer.status).toBe(2);
	expect(answer.stderr.trim().split("\n")).toHaveLength(1);
	expect(answer.stderr).toContain(reason);
});
