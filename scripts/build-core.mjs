// `npm run core`: builds packages/server/src/telemetry/core/core.wasm from packages/server/assembly.
import { writeFileSync } from "node:fs";
import { buildCore, CORE_WASM } from "./core-build.mjs";

writeFileSync(CORE_WASM, await buildCore());
console.log(`Wrote ${CORE_WASM}.`);
