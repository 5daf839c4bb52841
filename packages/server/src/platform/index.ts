/**
 * What every room stands on: who may see what, durable timers and messages, the event log, the audit log, sessions
 * and tokens, and the one way out of the process. It promises that state, timers, messages, events and audit entries
 * written with one `tx` are committed together or not at all; that a timer fires once and a page at least once
 * whatever crashes; and that a notice is never sent twice by itself. It refuses nested transactions, unknown tokens
 * and addresses that are not public (unless allowed). When late, it runs what is overdue at once and in due order;
 * when the store is full or broken, nothing is acknowledged and every loop tries again within a second.
 */
export * from "./access.ts";
export { apart } from "./apart.ts";
export { type AuditEntry, type AuditHead, type AuditVerdict, audit, auditHead, verifyAudit } from "./audit.ts";
export { canonicalJson } from "./canonical-json.ts";
export { type SinceBoot, sinceBoot } from "./clock-anchor.ts";
export { createDispatcher, type Dispatcher, type DispatcherCounters, type DispatcherOptions } from "./dispatcher.ts";
export { type Begun, createDueWork } from "./due-work.ts";
export {
	createCallbackEgress,
	createEgress,
	type Egress,
	type EgressOptions,
	type EgressResult,
	urlFault,
} from "./egress.ts";
export { createEgressReader, type EgressAnswer, type EgressReader, type EgressRequest } from "./egress-reader.ts";
export { EventBus, eventsAfter, type LoggedEvent, lastEventSeq } from "./events.ts";
export { guardedSocket } from "./guarded-socket.ts";
export { sequenceIds, systemIds } from "./ids.ts";
export { createLoop } from "./loop.ts";
export { type MessageFacts, messageFacts } from "./message-facts.ts";
export { cancelMessages, enqueue, enqueueAll } from "./outbox.ts";
export type * from "./phone-provider.ts";
export { forgetOld } from "./retention.ts";
export { resolveSecret } from "./secrets.ts";
export { sendResultOf } from "./send-result.ts";
export {
	closeForeignOperatorSessions,
	closeSession,
	closeSessionsOf,
	findSession,
	openSession,
	operatorTokenId,
	SESSION_IDLE_MS,
	SESSION_MAX_MS,
	type Session,
} from "./sessions.ts";
export { type StrictLiquid, strictLiquid } from "./strict-liquid.ts";
export type * from "./tables.ts";
export { createTimerRunner, type TimerCounters, type TimerRunner, type TimerRunnerOptions } from "./timer-runner.ts";
export { cancelTimers, setTimer } from "./timers.ts";
export {
	bearersOfName,
	checkToken,
	digest,
	issueToken,
	LAST_USED_STEP_MS,
	type NewToken,
	noteTokenUse,
	principalOfTokenId,
	revokeToken,
	storedTenants,
	type UsedToken,
	useToken,
} from "./tokens.ts";
export type * from "./types.ts";
export { StoreUnavailable } from "./types.ts";
export { createStepWatch } from "./wall-clock.ts";
