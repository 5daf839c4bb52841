/**
 * Incidents in systems of record: a ticket per incident and integration, written when the incident wants one, carried
 * there and kept alike, and what is done to it there done here.
 *
 * Promises: one ticket per incident and integration, whatever crashes: its key is stored before anything is sent, looked
 * up before anything is created, and after a create whose outcome is not known only when the system is sure to show it.
 * Steps of a ticket go in order, at least once. A message is acted on once, by whoever did it there, on its own tenant.
 * Refuses: private incidents, tests, tickets of other integrations, messages older than a day. When a system is slow or
 * down, its tickets wait with growing pauses and hold up no other; after a day they wait for a person, and say so.
 */
export * from "./answers.ts";
export * from "./carrier.ts";
export { ticketContent, type WantsAnswer, wantsTicket } from "./content.ts";
export type { ExchangeDeps } from "./exchange.ts";
export * from "./field-values.ts";
export * from "./http.ts";
export * from "./inbound.ts";
export * from "./left-behind.ts";
export * from "./listen.ts";
export * from "./queries.ts";
export { ticketsOf } from "./rows.ts";
export { TICKET_SENTENCES } from "./sentences.ts";
export { SYNC_POLICY, type SyncPolicy } from "./sync.ts";
export * from "./trial.ts";
export * from "./types.ts";
export * from "./words-of-systems.ts";
