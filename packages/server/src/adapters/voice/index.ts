/**
 * Pages as calls, through a provider: the phone rings, says what is wrong, and a key acknowledges. Promises to say the same
 * at each attempt; refuses what is no phone number. Whether somebody answered the provider tells as receipts.
 */
export { createVoiceSender } from "./voice-sender.ts";
