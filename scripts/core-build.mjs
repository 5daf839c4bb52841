import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { ROOT } from "./setup.mjs";

export const CORE_WASM = join(ROOT, "packages/server/src/telemetry/core/core.wasm");
const SOURCES = join(ROOT, "packages/server/assembly");

/**
 * Shared memory, although one thread alone has it: views of it stay good when it grows. Its limit is what 32-bit pointers
 * reach.
 */
const FLAGS =
	"--runtime stub --noAssert -O3 --converge --enable simd --enable threads --sharedMemory --initialMemory 256 --maximumMemory 65536".split(
		" ",
	);

/** The module's bytes, the same for the same source and compiler. Throws with the compiler's messages. */
export async function buildCore() {
	let binary;
	const { error, stderr } = await asc.main(["core.ts", "--outFile", "core.wasm", ...FLAGS], {
		readFile: (name) => (existsSync(join(SOURCES, name)) ? readFileSync(join(SOURCES, name), "utf8") : null),
		writeFile: (name, contents) => {
			if (name === "core.wasm") binary = contents;
		},
		listFiles: () => [],
	});
	if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
	return binary;
}
