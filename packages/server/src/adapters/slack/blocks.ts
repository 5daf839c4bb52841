import type { Button, KnownBlock, MrkdwnElement, PlainTextElement } from "@slack/types";
import type { Message } from "#platform";

/** Slack's limits on what a block may hold (api.slack.com/reference/block-kit/blocks). */
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
const MAX_FIELDS = 10;
const MAX_FIELD = 2_000;
const MAX_BUTTON_URL = 3_000;
const MAX_BUTTON_VALUE = 2_000;

/** `action_id` of the button that acknowledges; its value is the signed action. */
const ACKNOWLEDGE_ACTION = "bellwether_acknowledge";

export interface SlackText {
	/** For notifications, where no blocks are shown. */
	readonly text: string;
	readonly blocks: readonly KnownBlock[];
}

/**
 * A message as blocks. `isInteractive`: Slack tells us of buttons, so Acknowledge acts at once; else it opens a page that asks.
 * `mention`: id of who is told of it by Slack.
 */
export function slackBlocks(
	message: Message,
	options: { isInteractive: boolean; mention: string | undefined },
): SlackText {
	const { payload } = message;
	const { card } = payload;
	const facts = (card?.facts ?? []).slice(0, MAX_FIELDS);
	const left = (card?.facts.length ?? 0) - facts.length;
	const to = options.mention === undefined ? "" : `<@${options.mention}> `;
	const about = [message.incidentId, payload.person === undefined ? undefined : `for ${payload.person}`, message.id];
	const elements = buttons(message, options.isInteractive);
	return {
		text: `${to}${mrkdwn(payload.subject, MAX_SECTION).text}`,
		blocks: [
			{ type: "header", text: plainText(payload.subject, MAX_HEADER) },
			{
				type: "section",
				text: {
					type: "mrkdwn",
					text: `${to}${mrkdwn(card?.sentence ?? payload.text, MAX_SECTION - to.length).text}`,
				},
			},
			...(facts.length === 0
				? []
				: [
						{
							type: "section" as const,
							fields: facts.map(({ label, value }) => mrkdwn(`${label}: ${value}`, MAX_FIELD)),
						},
					]),
			...(elements.length === 0
				? []
				: [{ type: "actions" as const, block_id: `page.${message.id}`.slice(0, 255), elements }]),
			{
				type: "context",
				elements: [
					mrkdwn(
						[...about, left > 0 ? `${left} more facts on the incident's page` : undefined].filter(Boolean).join(" · "),
						MAX_FIELD,
					),
				],
			},
		],
	};
}

function buttons({ payload: { card, url } }: Message, isInteractive: boolean): Button[] {
	const { acknowledge, incidentUrl, runbookUrl } = card ?? {};
	const link = (title: string, id: string, target: string | undefined): Button[] =>
		target === undefined || !/^https?:\/\//.test(target) || target.length > MAX_BUTTON_URL
			? []
			: [{ type: "button", text: plainText(title, 75), action_id: id, url: target }];
	const token =
		isInteractive && (acknowledge?.token?.length ?? Infinity) <= MAX_BUTTON_VALUE ? acknowledge?.token : undefined;
	const primary: Button[] =
		token === undefined
			? link("Acknowledge", "bellwether_open_acknowledge", acknowledge?.url)
			: [
					{
						type: "button",
						text: plainText("Acknowledge", 75),
						action_id: ACKNOWLEDGE_ACTION,
						value: token,
						style: "primary",
					},
				];
	return [
		...primary,
		...link("Open incident", "bellwether_open_incident", incidentUrl ?? url),
		...link("Runbook", "bellwether_open_runbook", runbookUrl),
	];
}

/** Slack reads `&`, `<` and `>` as control characters; marks such as `*` are broken by a zero-width blank. */
function mrkdwn(text: string, max: number): MrkdwnElement {
	const escaped = (of: string) =>
		of
			.replace(/&/g, "&amp;")
			.replace(/</g, "&lt;")
			.replace(/>/g, "&gt;")
			.replace(/(^|[\s(])([*_~`])(?=\S)/g, "$1\u200b$2\u200b");
	return { type: "mrkdwn", text: fit(clean(text), max, escaped) };
}

function plainText(text: string, max: number): PlainTextElement {
	return { type: "plain_text", text: fit(clean(text).replace(/\s+/g, " "), max, (of) => of), emoji: false };
}

function clean(text: string): string {
	return text.replace(/[^\P{Cc}\n]+/gu, " ").trim() || "–";
}

/** As much of the text as fits when it is written out; what is left out is said. */
function fit(text: string, max: number, write: (text: string) => string): string {
	const whole = write(text);
	if (whole.length <= max) return whole;
	const end = " … (shortened)";
	const characters = [...text];
	let [low, high] = [0, characters.length];
	while (low < high) {
		const middle = Math.ceil((low + high) / 2);
		if (write(characters.slice(0, middle).join("")).length + end.length <= max) low = middle;
		else high = middle - 1;
	}
	return `${write(characters.slice(0, low).join("").trimEnd())}${end}`;
}
