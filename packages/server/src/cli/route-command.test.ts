import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runInit } from "./init-command.ts";
import { runRouteTest } from "./route-command.ts";
import { runValidate } from "./validate-command.ts";

let dir: string;
let printed = "";
const out = (text: string) => {
	printed += text;
};
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-route-"));
	await runInit({ dir, json: false, colour: false, out: () => {} });
	await mkdir(join(dir, "routing"));
	await writeFile(
		join(dir, "routing/routes.yaml"),
		'apiVersion: bellwether/v1\nkind: Route\nmetadata: { name: default }\nspec:\n  routes: [{ name: urgent, match: severity=~"1|2", groupWait: 0s }]\n',
	);
	printed = "";
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const run = (facts: readonly string[], json = false, at?: string) =>
	runRouteTest({ dir, json, colour: false, out, facts, at, now: Date.UTC(2026, 10, 23, 12) });

test("explains who would be paged, by which route, and why", async () => {
	expect(await run(["tenant=woodgrove", "severity=2"])).toBe(0);
	expect(printed).toMatch(/^An incident at 2026-11-23 12:00 UTC pages at once\.\n/);
	expect(printed).toContain("Route default/urgent (routing/routes.yaml:5) takes it.");
	expect(printed).toMatch(/Escalation policy default pages: .*\.\n/);
	expect(printed).toMatch(/First page: .+\.\n/);
});

test("answers as JSON, at another time", async () => {
	expect(await run(["tenant=woodgrove"], true, "2026-12-24T03:00Z")).toBe(0);
	expect(JSON.parse(printed)).toMatchObject({
		at: "2026-12-24T03:00:00.000Z",
		action: "wait",
		routes: ["default"],
		pageAt: "2026-12-24T03:00:10.000Z",
		holds: [],
	});
});

test.each([
	[["tenant"], '"tenant" is no fact of an incident.'],
	[["colour=red"], '"colour=red" is no fact of an incident.'],
	[["tenant=wodgrove"], '"wodgrove" is no tenant of this catalogue.'],
	[["severity=9"], '"9" is no severity of this catalogue.'],
])("of %s it says what is wrong", async (facts, says) => {
	expect(await run(facts)).toBe(2);
	expect(printed).toContain(says);
});

test("validate runs tests/routes.yaml and tells file and line of what does not hold", async () => {
	await mkdir(join(dir, "tests"));
	const write = (text: string) => writeFile(join(dir, "tests/routes.yaml"), text);
	await write(
		'tests:\n  - name: urgent ones page at once\n    incident: { tenant: woodgrove, severity: "2" }\n    expect: { action: page, route: default/urgent }\n',
	);
	expect(await runValidate({ dir, json: false, colour: false, out })).toBe(0);
	await write(
		'tests:\n  - name: they wait\n    incident: { tenant: woodgrove, severity: "2" }\n    expect: { action: wait }\n  - name: nobody\n    incident: { tenant: nobody }\n    expect: { action: page }\n  - name: nothing\n    incident: {}\n    expect: { colour: red }\n',
	);
	printed = "";
	expect(await runValidate({ dir, json: false, colour: false, out })).toBe(1);
	expect(printed).toContain("tests/routes.yaml:10:15 error tests.2.expect.colour is unknown.");
	await write(
		'tests:\n  - name: they wait\n    incident: { tenant: woodgrove, severity: "2" }\n    expect: { action: wait }\n  - name: nobody\n    incident: { tenant: nobody }\n    expect: { action: page }\n',
	);
	printed = "";
	expect(await runValidate({ dir, json: false, colour: false, out })).toBe(1);
	expect(printed).toContain('tests/routes.yaml:4:23 error Route test "they wait": action is page, not wait.');
	expect(printed).toContain('Route test "nobody": tenant "nobody" is not in the catalogue.');
});
