import { type Egress, type PhoneProvider, type SendResult, sendResultOf } from "#platform";
import { callXml } from "./call-xml.ts";

export interface TwilioOptions {
	readonly egress: Egress;
	readonly account: string;
	/** A number, or the id of a messaging service (MG…). */
	readonly from: string;
	/** The account's token; read anew at each attempt; throws with the reference's name. */
	readonly token: () => string;
	/** Without a slash at the end. */
	readonly apiUrl: string;
}

/** How long a phone rings, s: longer, and most mailboxes answer. */
const RING_S = 25;

export function createTwilioProvider(options: TwilioOptions): PhoneProvider {
	const { egress, account, from, apiUrl } = options;
	async function post(
		resource: "Messages" | "Calls",
		messageId: string,
		fields: [string, string][],
	): Promise<SendResult> {
		let token: string;
		try {
			// While tokens are changed, the first of several is the one that sends.
			token = options.token().trim().split(/\s/, 1)[0] ?? "";
		} catch (error) {
			return { status: "retry", detail: (error as Error).message };
		}
		const result = await egress.post(
			`${apiUrl}/2010-04-01/Accounts/${encodeURIComponent(account)}/${resource}.json`,
			{
				"content-type": "application/x-www-form-urlencoded",
				authorization: `Basic ${Buffer.from(`${account}:${token}`).toString("base64")}`,
				"webhook-id": messageId,
			},
			new URLSearchParams(fields).toString(),
		);
		const outcome = sendResultOf(result, judgeAccepted);
		const code = result.status === "answered" && result.statusCode >= 400 ? errorCode(result.body) : undefined;
		return code === undefined ? outcome : { ...outcome, detail: `${outcome.detail}, the provider's error ${code}` };
	}
	const receipts = (url: string | undefined): [string, string][] =>
		url === undefined ? [] : [["StatusCallback", url]];
	return {
		sendText({ to, body, messageId, receiptUrl }) {
			return post("Messages", messageId, [
				["To", to],
				[from.startsWith("MG") ? "MessagingServiceSid" : "From", from],
				["Body", body],
				...receipts(receiptUrl),
			]);
		},
		call({ to, says, messageId, keysUrl, receiptUrl }) {
			return post("Calls", messageId, [
				["To", to],
				["From", from],
				["Twiml", callXml(says, keysUrl)],
				["Timeout", String(RING_S)],
				...receipts(receiptUrl),
				...(receiptUrl === undefined
					? []
					: ["answered", "completed"].map((event): [string, string] => ["StatusCallbackEvent", event])),
			]);
		},
	};
}

/** A message that was taken has an id; without one nobody knows. */
function judgeAccepted(body: string, statusCode: number): SendResult {
	const { sid, status } = parse(body);
	if (typeof sid !== "string" || !/^[A-Z]{2}[0-9a-f]{32}$/.test(sid))
		return {
			status: "uncertain",
			detail: `HTTP ${statusCode} without the id of a message: it may not have been taken`,
		};
	const state = typeof status === "string" && /^[a-z-]{1,30}$/.test(status) ? ` (${status})` : "";
	return { status: "sent", detail: `taken by the provider as ${sid}${state}` };
}

function errorCode(body: string): number | undefined {
	const { code } = parse(body);
	return typeof code === "number" && Number.isInteger(code) && code > 0 && code < 1_000_000 ? code : undefined;
}

function parse(body: string): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(body);
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
	} catch {
		return {};
	}
}
