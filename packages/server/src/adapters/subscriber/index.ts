/** Sends subscribers what happens. */
export { createSubscriberSender } from "./subscriber-sender.ts";
