export { loadOnCallState } from "./state.ts";
export * from "./types.ts";
export { whoIsOnCall } from "./who.ts";
