/**
 * Culprit: which combination of attribute values explains a tenant's errors (or missing events), or "the whole tenant".
 *
 * Promises: pure and deterministic, whatever the order of leaves; at most a second for 100,000 leaves of 5 attributes;
 * never names a culprit that luck among all combinations would explain.
 * Refuses: leaves whose number of values differs from the number of attributes.
 */
export { localise, localiseLoss, localiseMarginals } from "./localise.ts";
export type { Leaf, Localisation } from "./types.ts";
