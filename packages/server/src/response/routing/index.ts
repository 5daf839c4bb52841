/**
 * What happens with an incident before anybody is paged: which route and policy, with whom it shares a page, and what
 * holds the page back. The decision is pure; mutes, groups and hand-offs are state of the control store.
 */
export { lookBelow, routeByItself } from "./children.ts";
export { accountableFor, ownershipOf } from "./choose-policy.ts";
export { type DecisionInput, decide } from "./decide.ts";
export { heldNowBy } from "./decide-now.ts";
export { withSharers } from "./flush.ts";
export * from "./foretell.ts";
export {
	type HandOff,
	type HandOffOutcome,
	type HandOffRequest,
	handOff,
	handOffsOf,
	type Receiver,
	receiversOf,
	takeHandOff,
} from "./hand-offs.ts";
export { maintenanceAt } from "./holds.ts";
export { labelsOf } from "./labels.ts";
export { listenToRouting } from "./listen.ts";
export * from "./mute-queries.ts";
export { changeMute, endMute, MAX_MUTE_MS, type MuteOutcome, makeMute, type NewMute } from "./mutes.ts";
export { holdRunning, nextLook, policyOf, recordHolds } from "./route-incident.ts";
export { routedIntegrations } from "./routed-integrations.ts";
export * from "./routing-queries.ts";
export { heldBy, keepHolds } from "./rows.ts";
export { isSpokenFor, unspokenIncidents } from "./spoken-for.ts";
export { routingTimers } from "./timers.ts";
export type * from "./types.ts";
