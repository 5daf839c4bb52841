// `npm test`: sets the clone up and runs every check. `npm test -- unit lint` runs the named steps only.
// All steps run even if one fails; the last line is `N passed, N failed`, test cases and other steps together.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePrograms } from "./programs.mjs";
import { ROOT, runMain, runWithProgress, SetupFailure, setUp } from "./setup.mjs";
import { countCases } from "./test-report.mjs";

/** Steps take minutes and have a line of their own at the end: fewer lines than the set-up. */
const STEP_PROGRESS_EVERY_MS = 10_000;
/** Steps in the order in which they run: the quick ones first. `args` are for the pinned Node. */
const STEPS = [
	{ name: "types", runs: [tool("typescript/bin/tsc", "-p", "."), tool("typescript/bin/tsc", "-p", "packages/web")] },
	{ name: "lint", runs: [tool("@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".")] },
	{ name: "architecture", vitest: true },
	{ name: "unused", runs: [tool("knip/bin/knip.js")] },
	{ name: "unit", vitest: true },
	{ name: "scenario", vitest: true, needs: ["prometheus", "postgresql"] },
	{ name: "browser", vitest: true, needs: ["browser"] },
];

function tool(path, ...args) {
	return [join(ROOT, "node_modules", ...path.split("/")), ...args];
}

await runMain(async () => {
	const steps = chosenSteps(process.argv.slice(2));
	// Scenarios and browser tests start the whole product, console included.
	const node = await setUp({ console: steps.some((step) => step.name === "scenario" || step.name === "browser") });
	let passed = 0;
	let failed = 0;
	const failures = [];
	for (const step of steps) {
		const startedAt = Date.now();
		console.log(`\n── ${step.name}`);
		const result = await runStep(node, step);
		passed += result.passed;
		failed += result.failed;
		if (result.failed > 0) failures.push(step.name);
		const outcome = result.failed > 0 ? "FAILED" : "ok";
		console.log(
			`── ${step.name}: ${outcome}, ${result.passed} passed, ${result.failed} failed, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
		);
	}
	console.log("");
	if (failures.length > 0) console.log(`Failed: ${failures.join(", ")}. One step alone: npm test -- ${failures[0]}`);
	console.log(`${passed} passed, ${failed} failed`);
	return failed > 0 ? 1 : 0;
});

function chosenSteps(names) {
	const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
	if (unknown !== undefined)
		throw new SetupFailure(
			`There is no step "${unknown}": write one or more of ${STEPS.map((step) => step.name).join(", ")}, or none for all.`,
		);
	return names.length === 0 ? STEPS : STEPS.filter((step) => names.includes(step.name));
}

async function runStep(node, step) {
	const obstacle = await ensurePrograms(step.name, step.needs ?? []);
	if (obstacle) {
		console.log(obstacle);
		return { passed: 0, failed: 1 };
	}
	return step.vitest ? runVitest(node, step.name) : runTools(node, step);
}

/** A step without test cases counts as one, passed when every command of it succeeds. */
async function runTools(node, step) {
	let isFine = true;
	for (const args of step.runs) {
		const { code, output } = await runWithProgress(step.name, node, args, { everyMs: STEP_PROGRESS_EVERY_MS });
		if (code !== 0) {
			isFine = false;
			console.log(output.trimEnd());
		}
	}
	return isFine ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runVitest(node, project) {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-test-"));
	const file = join(folder, "report.json");
	const args = tool("vitest/vitest.mjs", "run", "--project", project, "--reporter=default", "--reporter=json");
	const { code, output } = await runWithProgress(project, node, [...args, `--outputFile.json=${file}`], {
		everyMs: STEP_PROGRESS_EVERY_MS,
	});
	const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
	rmSync(folder, { recursive: true, force: true });
	if (code !== 0) console.log(output.trimEnd());
	return countCases(report, code);
}
