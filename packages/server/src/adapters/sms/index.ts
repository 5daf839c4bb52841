/**
 * Pages as one text message each, through a provider. Promises that the essential comes first and that nothing is longer
 * than one message; refuses what is no phone number. What became of it afterwards the provider tells as receipts.
 */
export { createSmsSender } from "./sms-sender.ts";
