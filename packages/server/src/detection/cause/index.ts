/**
 * Cause: which change (deploy, flag, configuration, the tenant's own policy) may have brought an incident about, or none.
 *
 * Promises: pure and deterministic, whatever the order of changes; probabilities of all changes and of "none of them" add
 * up to 1; a change after the onset, or that did not touch the tenant, is never named.
 * Refuses: nothing; a change without a scope is taken to have touched everybody.
 */
export { rankCauses } from "./rank-causes.ts";
export type { Ailing, Causes, Change, Peer } from "./types.ts";
