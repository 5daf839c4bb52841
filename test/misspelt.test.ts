import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../packages/server/src/cli/main.ts");

test.each([
	[["serve", "--catalog", "x", "--data", "y"], "unknown option '--catalog'\n(Did you mean --catalogue?)"],
	[["serve", "--catalogue=x", "--dta=y"], "unknown option '--dta'\n(Did you mean --data?)"],
	[["page", "test", "--ulr", "x"], "unknown option '--ulr'\n(Did you mean --url?)"],
	[["serve", "--data", "y"], "required option '--catalogue <dir>' not specified"],
])("bellwether %j names the option that is wrong, before one that is missing", (args, told) => {
	const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env: {} });
	expect(status).toBe(2);
	expect(stderr).toContain(told);
});
