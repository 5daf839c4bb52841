/**
 * Pages and notices as Adaptive Cards to the webhook of a Teams Workflow. Promises one id for all attempts of a message,
 * and cards that Teams takes: what is too long is shortened and says so. Refuses what the egress guard refuses, redirects
 * and 4xx answers; waits at most as long as egress does.
 */
export { createTeamsSender } from "./teams-sender.ts";
