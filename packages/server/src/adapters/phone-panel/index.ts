/** The console's built-in phone: pages arrive there without any outside system. Idempotent by the message's id. */
export { createPhonePanel, type PhoneMessage } from "./phone-panel.ts";
