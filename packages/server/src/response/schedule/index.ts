export { NEXT_WITHIN_MS, type RoleNow, rolesNow } from "./now.ts";
export { finalShifts, type Gap, gapsOf, MAX_STEPS, nextChangeAt, type Shift } from "./shifts.ts";
export { loadOnCallState } from "./state.ts";
export * from "./types.ts";
export { whoIsOnCall } from "./who.ts";
