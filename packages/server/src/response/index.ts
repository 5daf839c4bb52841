/**
 * From an open incident to a person who has taken it: on-call schedules, the escalation chain, pages.
 *
 * Promises: an incident that pages has exactly one next step waiting until it is acknowledged, or its chain is
 * exhausted and that is stated (`escalation.exhausted`); a page per contact of the person, again and again; the commit
 * of an acknowledgement ends all of it. A running chain keeps the policy, schedules and people it started with.
 * Refuses: nothing that would keep an incident from opening; whoever cannot be reached is passed over and named.
 * When late (the process stood still): overdue steps page at once, in order, each once; missed repeats are not made up
 * for. When a receiver was down, the newest page to an address replaces those that wait.
 */
export {
	type AcknowledgeOutcome,
	acknowledgeByAction,
	acknowledgeByCode,
	acknowledgePage,
	subjectIncidents,
} from "./acknowledging.ts";
export { type ActionClaims, actionKey, checkAction, knownActionKey, signAction } from "./action-token.ts";
export type { ChainSnapshot } from "./chain.ts";
export * from "./channels/index.ts";
export {
	type ConfirmOutcome,
	type ContactState,
	type ContactView,
	confirmByToken,
	contactViews,
	MAX_TESTS_PER_HOUR,
	testContact,
	testsInLastHour,
} from "./contact-tests.ts";
export { escalationTimers, listenToIncidents, passOn } from "./escalation.ts";
export { onCallAt, onCallView, personName } from "./on-call.ts";
export { type CardOptions, pageCard } from "./page-card.ts";
export { DEFAULT_PAGES_PER_HOUR } from "./page-gate.ts";
export { recordPageOutcome } from "./page-outcome.ts";
export * from "./phone-tree/index.ts";
export * from "./queries.ts";
export * from "./routing/index.ts";
export { guardTells } from "./routing/tell-departure.ts";
export * from "./schedule/index.ts";
export * from "./types.ts";
