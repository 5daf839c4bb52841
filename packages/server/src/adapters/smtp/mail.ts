import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Message } from "#platform";
import { linkLines, mailHtml } from "./mail-html.ts";

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
	const { subject, text } = message.payload;
	const links = linkLines(message);
	const domain = from.slice(from.lastIndexOf("@") + 1);
	const thread = threadId(message, domain);
	const composer = new MailComposer({
		from: { name: "", address: from },
		to: { name: "", address: message.address },
		// A line break in a subject would begin a header of its own.
		subject: subject.replace(/\p{Cc}+/gu, " "),
		text: links === "" ? text : `${text}\n\n${links}\n`,
		html: mailHtml(message),
		messageId: `<${message.id}@${domain}>`,
		...(thread === undefined ? {} : { inReplyTo: thread, references: thread }),
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

/**
 * What all mails about one incident refer to, so that programs show them as one thread; no mail has this id itself. Each
 * audience has a thread of its own, and the id tells a customer nothing of ours.
 */
function threadId({ incidentId, tenant, kind, payload }: Message, domain: string): string | undefined {
	if (incidentId === undefined) return undefined;
	const audience = typeof payload.data.audience === "string" ? payload.data.audience : kind;
	const digest = createHash("sha256").update(`${incidentId}\n${tenant}\n${audience}`).digest("hex");
	return `<thread.${digest.slice(0, 32)}@${domain}>`;
}
