/**
 * Pages and notices to an HTTP receiver, signed after Standard Webhooks. Promises one id for all attempts of a message;
 * refuses addresses that the egress guard refuses, redirects, and 4xx answers; waits at most as long as egress does.
 */
export { createWebhookSender } from "./webhook-sender.ts";
