import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildCore, CORE_WASM } from "./core-build.mjs";

test("core.wasm is what its source builds; after a change: npm run core", { timeout: 60_000 }, async () => {
	expect(Buffer.from(await buildCore()).equals(readFileSync(CORE_WASM))).toBe(true);
});
