/**
 * Text messages and calls by Twilio's REST interface, or one of the same shape. Promises "sent" only with the provider's own
 * id for the message; has no way to tell it of a repetition, so that a message whose answer got lost may come twice.
 */
export { createTwilioProvider } from "./twilio-provider.ts";
