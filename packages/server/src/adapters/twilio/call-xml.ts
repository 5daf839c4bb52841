/** What a call says, as TwiML; twice, for whoever is just awake. With `keysUrl` any key that is pressed is told there. */
export function callXml(says: string, keysUrl: string | undefined): string {
	const text = escapeXml(says);
	if (keysUrl === undefined) return `<Response><Pause length="1"/><Say loop="2">${text}</Say></Response>`;
	const gather = `<Gather input="dtmf" numDigits="1" timeout="8" method="POST" action="${escapeXml(keysUrl)}">`;
	return `<Response>${gather}<Pause length="1"/><Say loop="2">${text}</Say></Gather><Say>No key was pressed.</Say></Response>`;
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
