/**
 * Pages and notices by mail through the operator's SMTP server. Promises the same Message-ID at each attempt; refuses
 * anything but one plain address and whatever the server refuses for good; an attempt takes at most ten seconds, and
 * one that broke off while the text went out is uncertain, not failed.
 */
export { createSmtpSender } from "./smtp-sender.ts";
