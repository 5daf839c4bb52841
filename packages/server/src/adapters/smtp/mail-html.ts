import type { Message } from "#platform";

/**
 * The same words as the text part, for programs that show HTML: paragraphs, facts, and links as buttons. No images, no
 * scripts, nothing from elsewhere. A notice is its approved text and nothing else.
 */
export function mailHtml(message: Message): string {
	const { payload, kind } = message;
	const { card } = payload;
	if (kind === "notice" || !card) return frame(paragraphs(payload.text) + links([["Open", payload.url]]));
	// The lead, such as that nobody has acknowledged yet, stands before the sentence in the text.
	const end = payload.text.indexOf(card.sentence);
	const lead = end > 0 ? paragraphs(payload.text.slice(0, end)) : "";
	const facts = card.facts
		.map(
			({ label, value }) =>
				`<tr><td style="padding:2px 16px 2px 0;color:#555">${escapeHtml(label)}</td><td style="padding:2px 0">${escapeHtml(value)}</td></tr>`,
		)
		.join("");
	return frame(
		`<p style="font-size:18px;font-weight:600">${escapeHtml(payload.subject)}</p>${lead}${paragraphs(card.sentence)}` +
			(facts === "" ? "" : `<table role="presentation" style="border-collapse:collapse">${facts}</table>`) +
			links([
				["Acknowledge", card.acknowledge?.url],
				["Open incident", card.incidentUrl ?? payload.url],
				["Runbook", card.runbookUrl],
			]),
	);
}

/** The links of a page that its text does not have yet, one a line. */
export function linkLines({ kind, payload }: Message): string {
	const { text, url } = payload;
	const card = kind === "notice" ? undefined : payload.card;
	const wanted: [string, string | undefined][] = [
		["Acknowledge", card?.acknowledge?.url],
		["", card === undefined ? url : undefined],
		["Runbook", card?.runbookUrl],
	];
	return wanted
		.filter(([, target]) => target !== undefined && !text.includes(target))
		.map(([label, target]) => (label === "" ? target : `${label}: ${target}`))
		.join("\n");
}

function frame(content: string): string {
	return `<!doctype html><html><body style="font-family:'Segoe UI',Arial,sans-serif;font-size:15px;color:#1b1b1b">${content}</body></html>`;
}

function paragraphs(text: string): string {
	return text
		.trim()
		.split(/\n{2,}/)
		.filter((part) => part.trim() !== "")
		.map((part) => `<p>${escapeHtml(part.trim()).replace(/\r?\n/g, "<br>")}</p>`)
		.join("");
}

function links(wanted: readonly (readonly [label: string, url: string | undefined])[]): string {
	const anchors = wanted.flatMap(([label, url]) =>
		url === undefined || !/^https?:\/\//.test(url)
			? []
			: [
					`<a href="${escapeHtml(url)}" style="display:inline-block;margin:8px 12px 0 0;padding:8px 16px;border:1px solid #0f6cbd;border-radius:4px;color:#0f6cbd;text-decoration:none">${label}</a>`,
				],
	);
	return anchors.length === 0 ? "" : `<p>${anchors.join("")}</p>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

function escapeHtml(text: string): string {
	return text.replace(/[^\P{Cc}\n]+/gu, " ").replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
