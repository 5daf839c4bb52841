import MailComposer from "nodemailer/lib/mail-composer";
import type { Message } from "#platform";

/** One plain address, as a server takes it. Lists, names, quoting and control characters could say more than one thing. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]{1,255}$/u;

/** Why this is not one mail address; undefined: it is. */
export function addressFault(address: string): string | undefined {
	if (ADDRESS.test(address)) return undefined;
	// As JSON, line breaks and the like are seen instead of acting.
	return `${JSON.stringify(address)} is not one mail address: write name@example.com`;
}

/** The mail as bytes. Message-ID and Date come from the message, so that every attempt is the same mail. */
export async function composeMail(message: Message, from: string): Promise<Buffer> {
	const { subject, text, url } = message.payload;
	const composer = new MailComposer({
		from: { name: "", address: from },
		to: { name: "", address: message.address },
		// A line break in a subject would begin a header of its own.
		subject: subject.replace(/\p{Cc}+/gu, " "),
		text: url && !text.includes(url) ? `${text}\n\n${url}\n` : text,
		messageId: `<${message.id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
		date: new Date(message.createdAt),
		headers: {
			// Vacation answers and the like must not come back to us (RFC 3834).
			"Auto-Submitted": "auto-generated",
		},
		disableFileAccess: true,
		disableUrlAccess: true,
	});
	return composer.compile().build();
}
