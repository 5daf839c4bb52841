import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { ChannelSender, SendResult } from "#platform";
import { addressFault, composeMail } from "./mail.ts";

export interface SmtpSenderOptions {
	readonly host: string;
	readonly port: number;
	/** TLS from the first byte. Otherwise STARTTLS is used where the server offers it, and required for a password. */
	readonly secure: boolean;
	/** Sender's address; its domain is also the domain of the Message-ID. */
	readonly from: string;
	readonly user?: string | undefined;
	/** Read anew at each attempt; throws with the reference's name. */
	readonly password?: (() => string) | undefined;
	/** Whole time for one attempt, ms. Default and most: 10 s. */
	readonly timeoutMs?: number;
}

const MAX_TIMEOUT_MS = 10_000;
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Sends mail through the operator's server, one connection per message. Until the text itself goes out, a broken
 * connection is a plain retry; after that it is uncertain, because the server may have taken the mail.
 */
export function createSmtpSender(options: SmtpSenderOptions): ChannelSender {
	const fault = addressFault(options.from);
	if (fault) throw new Error(`smtp.from: ${fault}`);
	return {
		async send(message) {
			const badAddress = addressFault(message.address);
			if (badAddress) return { status: "refused", detail: badAddress };
			let password: string | undefined;
			try {
				password = options.password?.();
			} catch (error) {
				return { status: "retry", detail: (error as Error).message };
			}
			try {
				const mail = await composeMail(message, options.from);
				return await deliver(options, password, { from: options.from, to: message.address, mail });
			} catch (error) {
				return { status: "retry", detail: `the mail could not be written: ${(error as Error).message}` };
			}
		},
	};
}

interface Parcel {
	readonly from: string;
	readonly to: string;
	readonly mail: Buffer;
}

/** One conversation with the server. `hasBegun` turns true when the server has asked for the text and it goes out. */
function deliver(options: SmtpSenderOptions, password: string | undefined, parcel: Parcel): Promise<SendResult> {
	const timeoutMs = Math.min(options.timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS);
	const auth =
		options.user !== undefined && password !== undefined ? { user: options.user, pass: password } : undefined;
	const connection = new SMTPConnection({
		host: options.host,
		port: options.port,
		secure: options.secure,
		requireTLS: !options.secure && auth !== undefined && !LOOPBACK.has(options.host),
		connectionTimeout: timeoutMs,
		greetingTimeout: timeoutMs,
		socketTimeout: timeoutMs,
		dnsTimeout: timeoutMs,
		socketCloseTimeout: 1_000,
	});
	return new Promise((resolve) => {
		let hasBegun = false;
		const settle = (result: SendResult) => {
			clearTimeout(deadline);
			connection.close();
			resolve(result);
		};
		const fail = (error: SmtpFailure) => settle(judge(error, hasBegun));
		const deadline = setTimeout(() => fail({ message: `no answer within ${timeoutMs} ms` }), timeoutMs);
		// Read only when the server has asked for it.
		const text = Readable.from(
			(function* () {
				hasBegun = true;
				yield parcel.mail;
			})(),
		);
		const send = () =>
			connection.send({ from: parcel.from, to: [parcel.to], size: parcel.mail.length }, text, (error, info) => {
				if (error) return fail(error);
				settle({ status: "sent", detail: firstLine(info?.response ?? "accepted") });
			});
		connection.on("error", fail);
		connection.connect((error) => {
			if (error) return fail(error);
			if (!auth) return send();
			connection.login(auth, (refused) => (refused ? fail(refused) : send()));
		});
	});
}

interface SmtpFailure {
	readonly message: string;
	readonly code?: string | undefined;
	readonly responseCode?: number | undefined;
	readonly response?: string | undefined;
}

/** The server's own answer decides: 5xx for good, 4xx for now (RFC 5321, 4.2.1). Without one, it depends on how far we came. */
function judge(error: SmtpFailure, hasBegun: boolean): SendResult {
	if (error.responseCode !== undefined) {
		const detail = firstLine(error.response ?? `SMTP ${error.responseCode}`);
		return { status: error.responseCode >= 500 ? "refused" : "retry", detail };
	}
	const detail = firstLine(error.message);
	return hasBegun
		? { status: "uncertain", detail: `broken off while sending: ${detail}` }
		: { status: "retry", detail };
}

function firstLine(text: string): string {
	return text.split(/[\r\n]/, 1)[0]?.slice(0, 300) ?? "";
}
