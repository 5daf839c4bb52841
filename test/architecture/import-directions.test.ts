import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * The linter is what keeps the rooms apart; this proves that it does. Violations are seeded into a tree of the same shape
 * that is checked with the project's own configuration: each must be reported, and what is allowed must not be.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ROOMS = ["catalogue", "telemetry", "detection", "incidents", "response", "engagement", "learning"];
const PURE_OF_CONTROL_PLANE = ["catalogue", "telemetry", "detection"];
const SERVER = "packages/server/src";

interface Seed {
	readonly says: string;
	readonly file: string;
	readonly text: string;
	/** Rule that must report it; undefined: nothing may. */
	readonly rule: string | undefined;
}

const RESTRICTED = "lint/style/noRestrictedImports";
const importing = (specifier: string) => `import { x } from "${specifier}";\n\nexport const y = x;\n`;
let count = 0;
/** Each seed in a file of its own, so that its report can be told from the others'. */
function seed(says: string, folder: string, text: string, rule: string | undefined, name = `seed-${count++}.ts`): Seed {
	return { says, file: `${folder}/${name}`, text, rule };
}

const SEEDS: Seed[] = [
	...ROOMS.flatMap((room, i) =>
		ROOMS.filter((other) => other !== room).map((other) => {
			const isRight = ROOMS.indexOf(other) > i;
			return seed(
				`${room} ${isRight ? "must not import" : "may import"} #${other}`,
				`${SERVER}/${room}`,
				importing(`#${other}`),
				isRight ? RESTRICTED : undefined,
			);
		}),
	),
	...ROOMS.map((room) => {
		const isPure = PURE_OF_CONTROL_PLANE.includes(room);
		return seed(
			`${room} ${isPure ? "must not import" : "may import"} #platform`,
			`${SERVER}/${room}`,
			importing("#platform"),
			isPure ? RESTRICTED : undefined,
		);
	}),
	...ROOMS.flatMap((room) =>
		[
			"../adapters/smtp/mail.ts",
			"../api/schemas.ts",
			"../app/app.ts",
			"../demo/fleet.ts",
			"../platform/types.ts",
			"#api",
		].map((specifier) =>
			seed(`${room} must not import ${specifier}`, `${SERVER}/${room}`, importing(specifier), RESTRICTED),
		),
	),
	seed("a room must not go around a door", `${SERVER}/learning`, importing("../catalogue/objective.ts"), RESTRICTED),
	seed("api must not go around a door", `${SERVER}/api/routes`, importing("../../incidents/rows.ts"), RESTRICTED),
	seed("app must not go around a door", `${SERVER}/app`, importing("../platform/timers.ts"), RESTRICTED),
	seed("a room must not import the web framework", `${SERVER}/response`, importing("fastify"), RESTRICTED),
	seed(
		"a room's test may use an adapter",
		`${SERVER}/incidents`,
		importing("../adapters/sqlite/store.ts"),
		undefined,
		"seed.test.ts",
	),
	seed(
		"a room's test must not look rightwards",
		`${SERVER}/incidents`,
		importing("#learning"),
		RESTRICTED,
		"right.test.ts",
	),
	seed("platform must not import a room", `${SERVER}/platform`, importing("#catalogue"), RESTRICTED),
	seed("platform may import model", `${SERVER}/platform`, importing("@bellwether/model"), undefined),
	seed("an adapter must not import another", `${SERVER}/adapters/smtp`, importing("../webhook/send.ts"), RESTRICTED),
	seed("an adapter may import a room's door", `${SERVER}/adapters/smtp`, importing("#platform"), undefined),
	seed("api must not import an adapter", `${SERVER}/api`, importing("../adapters/sqlite/store.ts"), RESTRICTED),
	seed("api may import every room", `${SERVER}/api`, importing("#learning"), undefined),
	seed("the demo must not import a room", `${SERVER}/demo`, importing("#telemetry"), RESTRICTED),
	seed(
		"the demo must not import the server's files",
		`${SERVER}/demo`,
		importing("../telemetry/intake/wire.ts"),
		RESTRICTED,
	),
	seed("the demo may import a package", `${SERVER}/demo`, importing("yaml"), undefined),
	seed("model must not import Node", "packages/model/src", importing("node:fs"), RESTRICTED),
	seed("model must not import a package", "packages/model/src", importing("zod"), RESTRICTED),
	seed("model may import its own files", "packages/model/src", importing("./clock.ts"), undefined),
	seed(
		"the console must not import the server",
		"packages/web/src",
		importing("../../server/src/api/policy.ts"),
		RESTRICTED,
	),
	seed("the console must not import model", "packages/web/src", importing("@bellwether/model"), RESTRICTED),
	seed("the console must not import Node", "packages/web/src", importing("node:path"), RESTRICTED),
	seed("built-in modules are named node:", `${SERVER}/app`, importing("fs"), "lint/style/useNodejsImportProtocol"),
	seed(
		"a room must not write to the console",
		`${SERVER}/response`,
		'console.log("x");\n',
		"lint/suspicious/noConsole",
	),
	seed(
		"a pattern must not be made at run time",
		`${SERVER}/catalogue`,
		"export const f = (text: string) => new RegExp(text);\n",
		"plugin",
	),
	seed(
		"two files must not import each other",
		`${SERVER}/app`,
		'import { b } from "./ring-b.ts";\n\nexport const a = () => b;\n',
		"lint/suspicious/noImportCycles",
		"ring-a.ts",
	),
	seed(
		"two files must not import each other, the other one",
		`${SERVER}/app`,
		'import { a } from "./ring-a.ts";\n\nexport const b = () => a;\n',
		"lint/suspicious/noImportCycles",
		"ring-b.ts",
	),
	seed(
		"two files must not import each other's types",
		`${SERVER}/app`,
		'import type { B } from "./types-b.ts";\n\nexport type A = B | string;\n',
		"lint/suspicious/noImportCycles",
		"types-a.ts",
	),
	seed(
		"two files must not import each other's types, the other one",
		`${SERVER}/app`,
		'import type { A } from "./types-a.ts";\n\nexport type B = { a: A };\n',
		"lint/suspicious/noImportCycles",
		"types-b.ts",
	),
	seed(
		"a room must not enter by its own door",
		`${SERVER}/engagement`,
		'import { door } from "#engagement";\n\nexport const inner = () => door;\n',
		"lint/suspicious/noImportCycles",
		"inner.ts",
	),
	seed(
		"a room must not enter by its own door, the door",
		`${SERVER}/engagement`,
		'import { inner } from "./inner.ts";\n\nexport const door = () => inner;\n',
		"lint/suspicious/noImportCycles",
		"index.ts",
	),
];

describe("the linter's import rules", () => {
	let tree: string;
	let reports: { file: string; rule: string }[];

	beforeAll(async () => {
		tree = await mkdtemp(join(tmpdir(), "bellwether-lint-"));
		await cp(join(ROOT, "biome.json"), join(tree, "biome.json"));
		await cp(join(ROOT, ".gitignore"), join(tree, ".gitignore"));
		await mkdir(join(tree, "scripts"));
		await cp(join(ROOT, "scripts/no-variable-regexp.grit"), join(tree, "scripts/no-variable-regexp.grit"));
		await mkdir(join(tree, ".git"));
		await mkdir(join(tree, "packages/server"), { recursive: true });
		await cp(join(ROOT, "packages/server/package.json"), join(tree, "packages/server/package.json"));
		await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"), "junction");
		for (const { file, text } of SEEDS) {
			await mkdir(dirname(join(tree, file)), { recursive: true });
			await writeFile(join(tree, file), text);
		}
		reports = await lint(tree);
	});
	afterAll(() => rm(tree, { recursive: true, force: true }));

	it.each(SEEDS.map((each) => [each.says, each] as const))("%s", (_, { file, rule }) => {
		const rules = reports.filter((report) => report.file === file).map((report) => report.rule);
		expect(rules).toEqual(rule === undefined ? [] : [rule]);
	});
});

/** Errors of the linter alone, formatting left out. */
async function lint(tree: string): Promise<{ file: string; rule: string }[]> {
	const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
	const args = [biome, "lint", "--reporter=github", "--max-diagnostics=none", "."];
	const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tree, maxBuffer: 64_000_000 }).catch(
		(error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
	);
	return [...stdout.matchAll(/^::error title=([^,]+),file=([^,]+),/gm)].map(([, rule, file]) => ({
		rule: rule as string,
		file: (file as string).slice((file as string).indexOf("packages/")),
	}));
}

describe("the console's one file of server types", () => {
	it("takes types only, so that no server code is bundled", async () => {
		const text = await readFile(join(ROOT, "packages/web/src/api-types.ts"), "utf8");
		const fromServer = [...text.matchAll(/^(import|export)\b[^;]*?\bfrom "[^"]*server[^"]*";/gms)].map(
			([match]) => match,
		);
		expect(fromServer.length).toBeGreaterThan(0);
		for (const statement of fromServer) expect(statement).toMatch(/^(import|export) type\b/);
	});
});
