/**
 * Pages and notices to Slack in Block Kit: by an incoming webhook, or by chat.postMessage with a bot's token. Promises one
 * id for all attempts of a message, blocks within Slack's limits with what is shortened said, and "sent" only when Slack
 * says that it has posted. Refuses what the egress guard and Slack refuse for good; waits at most as long as egress does.
 */
export { createSlackSender } from "./slack-sender.ts";
