/**
 * The inner loops of ingest, for the WebAssembly module `src/telemetry/core/core.wasm` (AssemblyScript; `npm run core` builds
 * it). They know bytes and numbers only. Whatever is not of the usual shape they refuse, and the readers in
 * `src/telemetry` read it instead: those say what is wrong, and are the oracle in the tests.
 *
 * Memory is laid out by `src/telemetry/core/core.ts`; at least 64 bytes behind every region may be read.
 */

export { applyUsual } from "./applying";
export { mergeCells } from "./cells";
export { setKey } from "./hash";
export { beginPoints, nextPoints } from "./otlp-points";
export { beginRemoteWrite, nextRemoteWrite } from "./remote-write";
export { unsnap } from "./snappy";
export { stagePoints, stageSeries } from "./staging";
export { setTable } from "./table";
