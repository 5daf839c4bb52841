/**
 * Side feeds: what a message of the platform's health, of changes or of support cases says, as typed facts. Pure: no
 * clock, no store. Refuses nothing that can be read in part: each object that cannot be used is named beside the good ones.
 */
export { parseFeed } from "./parse.ts";
export { newsDigest, type PulledMessages, parsePulled } from "./pulled.ts";
export * from "./types.ts";
