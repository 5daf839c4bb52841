import type { IAdaptiveCard, IOpenUrlAction } from "@microsoft/teams.cards";
import type { Message } from "#platform";

/** Teams takes messages of about 28 KB with everything around the card; cards stay well below. */
export const MAX_CARD_BYTES = 20_000;
const MAX_SENTENCE = 2_000;
const MAX_TITLE = 200;
const MAX_VALUE = 300;
const MAX_FACTS = 12;
/** Browsers and proxies take no longer ones. */
const MAX_URL = 4_000;

type Body = NonNullable<IAdaptiveCard["body"]>;

/**
 * The card of a message: title, sentence, facts, and buttons that open pages: a Workflow's card cannot send anything back.
 * `mention`: sign-in name of who is to be told of it by Teams.
 */
export function teamsCard(message: Message, mention: string | undefined): IAdaptiveCard {
	const { payload } = message;
	const { card } = payload;
	const isPage = message.kind === "page";
	const facts = (card?.facts ?? []).slice(0, MAX_FACTS);
	const left = (card?.facts.length ?? 0) - facts.length;
	const person = payload.person ?? message.address;
	const body: Body = [
		{
			type: "TextBlock",
			text: plain(payload.subject, MAX_TITLE),
			weight: "Bolder",
			size: "Large",
			wrap: true,
			color: isPage ? "Attention" : "Default",
		},
		{ type: "TextBlock", text: plain(card?.sentence ?? payload.text, MAX_SENTENCE), wrap: true },
		...(mention === undefined
			? []
			: [{ type: "TextBlock" as const, text: `<at>${mentionName(person)}</at>`, wrap: true }]),
		...(facts.length === 0
			? []
			: [
					{
						type: "FactSet" as const,
						facts: facts.map(({ label, value }) => ({ title: plain(label, 60), value: plain(value, MAX_VALUE) })),
					},
				]),
		...(left > 0
			? [{ type: "TextBlock" as const, text: `… and ${left} more facts on the incident's page.`, isSubtle: true }]
			: []),
		{
			type: "TextBlock",
			text: [message.incidentId, isPage && mention === undefined ? `for ${plain(person, 100)}` : undefined, message.id]
				.filter(Boolean)
				.join(" · "),
			isSubtle: true,
			size: "Small",
			wrap: true,
		},
	];
	return {
		type: "AdaptiveCard",
		version: "1.4",
		body,
		actions: buttons(message),
		msteams: {
			width: "full",
			...(mention === undefined
				? {}
				: {
						entities: [
							{
								type: "mention",
								text: `<at>${mentionName(person)}</at>`,
								mentioned: { id: mention, name: mentionName(person) },
							},
						],
					}),
		},
	};
}

function buttons({ payload: { card, url } }: Message): IOpenUrlAction[] {
	const open = (title: string, target: string | undefined, style?: "positive"): IOpenUrlAction[] =>
		target === undefined || !/^https?:\/\//.test(target) || target.length > MAX_URL
			? []
			: [{ type: "Action.OpenUrl", title, url: target, ...(style === undefined ? {} : { style }) }];
	return [
		...open("Acknowledge", card?.acknowledge?.url, "positive"),
		...open("Open incident", card?.incidentUrl ?? url),
		...open("Runbook", card?.runbookUrl),
	];
}

/** Cards read Markdown: what only looks like it stays as it is written. */
function plain(text: string, max: number): string {
	const cut = shorten(text.replace(/\p{Cc}+/gu, (run) => (run.includes("\n") ? "\n" : " ")).trim(), max);
	return cut.replace(/[\\`*_[\]<>#~|]/g, "\\$&").replace(/\n/g, "\n\n");
}

/** Whole characters; what is left out is said. */
function shorten(text: string, max: number): string {
	const characters = [...text];
	if (characters.length <= max) return text;
	return `${characters
		.slice(0, max - 14)
		.join("")
		.trimEnd()} … (shortened)`;
}

function mentionName(person: string): string {
	return (
		person
			.replace(/[<>&\p{Cc}]/gu, " ")
			.trim()
			.slice(0, 100) || "On-call"
	);
}
