/** Sends subscribers what happens. */
export { createSubscriberSender, type SubscriberSenderOptions } from "./subscriber-sender.ts";
