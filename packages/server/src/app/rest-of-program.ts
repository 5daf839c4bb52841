/**
 * What the first second of a start does not need: loaded while the telemetry thread reads its history, so that a start
 * takes as long as the longer of the two.
 */
export { startHousekeeping } from "./wiring/housekeeping.ts";
export { openHttp } from "./wiring/http.ts";
export { startIncoming } from "./wiring/incoming.ts";
export { createOutgoing } from "./wiring/outgoing.ts";
export { createOwnWatch } from "./wiring/own-watch.ts";
export { wireRooms } from "./wiring/rooms.ts";
export { startWatches } from "./wiring/watches.ts";
