// Runs a TypeScript file of this repository under the pinned Node: node scripts/run.mjs bench/main.ts --peers DIR
import { resolve } from "node:path";
import { ROOT, runInForeground, runMain, SetupFailure, setUp } from "./setup.mjs";

await runMain(async () => {
	const [file, ...args] = process.argv.slice(2);
	if (!file) throw new SetupFailure("Nothing to run: write node scripts/run.mjs FILE [arguments].");
	const node = await setUp({ console: false });
	return runInForeground(node, [resolve(ROOT, file), ...args]);
});
