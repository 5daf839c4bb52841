// `npm start`: sets the clone up and runs the product with the demo fleet. Flags go to `bellwether demo`:
// npm start -- --scenario tenant-outage
import { join } from "node:path";
import { ROOT, runInForeground, runMain, setUp } from "./setup.mjs";

await runMain(async () => {
	const node = await setUp({ console: true });
	return runInForeground(node, [join(ROOT, "bin", "bellwether"), "demo", ...process.argv.slice(2)]);
});
