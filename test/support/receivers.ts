import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { onCleanUp } from "./server.ts";

export interface ReceivedPage {
	readonly path: string;
	readonly at: number;
	readonly id: string;
	// biome-ignore lint/suspicious/noExplicitAny: scenarios look at whatever came
	readonly body: any;
	/** Undefined: the signature holds. */
	readonly fault: string | undefined;
}

/** A pager that verifies what it gets, as a customer of Standard Webhooks does. `answer` decides per request. */
export async function webhookReceiver(
	secret: string,
	answer: (page: ReceivedPage) => number = () => 200,
): Promise<{ readonly url: string; readonly pages: ReceivedPage[] }> {
	const pages: ReceivedPage[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const text = Buffer.concat(chunks).toString();
			const page = {
				path: request.url ?? "",
				at: Date.now(),
				id: String(request.headers["webhook-id"]),
				body: JSON.parse(text),
				fault: signatureFault(secret, text, request.headers),
			};
			pages.push(page);
			response.writeHead(answer(page)).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onCleanUp(() => {
		server.closeAllConnections();
		server.close();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pages };
}

function signatureFault(secret: string, text: string, headers: IncomingHttpHeaders): string | undefined {
	try {
		new Webhook(secret).verify(text, headers as Record<string, string>);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

export async function mailReceiver(): Promise<{ readonly port: number; readonly mails: ParsedMail[] }> {
	const mails: ParsedMail[] = [];
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ["STARTTLS", "AUTH"],
		onData(stream, _session, done) {
			simpleParser(stream).then((mail) => {
				mails.push(mail);
				done();
			}, done);
		},
	});
	await new Promise<void>((resolve) => {
		server.listen(0, "127.0.0.1", resolve);
	});
	onCleanUp(() => new Promise<void>((resolve) => server.close(() => resolve())));
	return { port: (server.server.address() as AddressInfo).port, mails };
}
