/**
 * Catalogues as other tools write them: text in, catalogue files out, and the other way round. Pure: no disk, no clock.
 * Promises: what is taken means here what it meant there, or a warning says what differs; what cannot be is refused
 * with its place. A result of an import, written to a folder, validates.
 */
export { FORMATS } from "./formats.ts";
export type * from "./types.ts";
