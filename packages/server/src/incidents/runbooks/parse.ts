import { createHash } from "node:crypto";
import type { Token } from "markdown-it";

export interface RunbookItem {
	/** From the item's heading and words: it stays when other lines change. */
	readonly id: string;
	/** Plain words. */
	readonly text: string;
	/** The heading it stands under; empty: none. */
	readonly heading: string;
	/** Ticked in the text itself. */
	readonly isDone: boolean;
}

export interface ParsedRunbook {
	/** Safe to show: HTML in the text stands as text, images are not loaded, links have http(s) or mail addresses. */
	readonly html: string;
	readonly items: readonly RunbookItem[];
}

const BOX = /^\[([ xX])\]\s+(?=\S)/;
const MAX_ITEMS = 200;
const SAFE_LINK = /^(?:https?:|mailto:)/i;

let loaded: ReturnType<typeof load> | undefined;

/** Loaded with the first text: a start of the program does without. */
async function load() {
	const { default: MarkdownIt } = await import("markdown-it");
	const markdown = MarkdownIt({ html: false, linkify: false, typographer: false }).disable("image");
	markdown.validateLink = (url) => SAFE_LINK.test(url.trim());
	return markdown;
}

/** Reads Markdown (CommonMark without HTML and images). List items that begin with `[ ]` or `[x]` are a checklist. */
export async function parseRunbook(text: string): Promise<ParsedRunbook> {
	loaded ??= load();
	const markdown = await loaded;
	const tokens = markdown.parse(text, {});
	const items: RunbookItem[] = [];
	const seen = new Map<string, number>();
	let heading = "";
	for (const [k, token] of tokens.entries()) {
		if (token.type === "heading_open") heading = wordsOf(tokens[k + 1]);
		if (token.type !== "inline" || tokens[k - 2]?.type !== "list_item_open") continue;
		const box = BOX.exec(token.content);
		if (!box || items.length >= MAX_ITEMS) continue;
		dropBox(token, box[0].length);
		const item = { text: wordsOf(token), heading };
		const key = `${heading}\n${item.text}`;
		const nth = (seen.get(key) ?? 0) + 1;
		seen.set(key, nth);
		const id = createHash("sha256").update(`${key}\n${nth}`).digest("hex").slice(0, 12);
		items.push({ id, ...item, isDone: box[1] !== " " });
		tokens[k - 2]?.attrSet("data-item", id);
	}
	for (const token of tokens.flatMap((each) => each.children ?? [])) {
		if (token.type === "link_open") token.attrSet("rel", "noopener noreferrer");
	}
	return { html: markdown.renderer.render(tokens, markdown.options, {}), items };
}

/** The box stands at the start of the first text. */
function dropBox(token: Token, length: number): void {
	token.content = token.content.slice(length);
	const first = token.children?.[0];
	if (first?.type === "text") first.content = first.content.slice(length);
}

function wordsOf(token: Token | undefined): string {
	const parts = (token?.children ?? []).map(({ type, content }) =>
		type === "text" || type === "code_inline" ? content : type.endsWith("break") ? " " : "",
	);
	return parts.join("").replaceAll(/\s+/g, " ").trim();
}
