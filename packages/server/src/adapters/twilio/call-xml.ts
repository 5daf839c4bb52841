/** Twilio takes TwiML of 4,000 characters with a request; addresses have their share of that. */
const MAX_TEXT = 3_000;

/** What a call says, as TwiML; twice, for whoever is just awake. With `keysUrl` any key that is pressed is told there. */
export function callXml(says: string, keysUrl: string | undefined): string {
	const text = escapeUpTo(says, MAX_TEXT);
	if (keysUrl === undefined) return `<Response><Pause length="1"/><Say loop="2">${text}</Say></Response>`;
	const gather = `<Gather input="dtmf" numDigits="1" timeout="8" method="POST" action="${escapeXml(keysUrl)}">`;
	return `<Response>${gather}<Pause length="1"/><Say loop="2">${text}</Say></Gather><Say>No key was pressed.</Say></Response>`;
}

/** Whole characters: an escape that is cut would be no XML. */
function escapeUpTo(text: string, max: number): string {
	let written = "";
	for (const sign of text.toWellFormed()) {
		const next = escapeXml(sign);
		if (written.length + next.length > max) break;
		written += next;
	}
	return written;
}

const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&apos;",
};

function escapeXml(text: string): string {
	return text.replace(/\p{Cc}+/gu, " ").replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
