import { type CommandOptions, EXIT } from "./command-options.ts";
import { callServer, refusalText } from "./server-client.ts";

export interface PageTestOptions extends Omit<CommandOptions, "dir"> {
	readonly url: string;
	readonly token: string;
	/** Name of a person, or `me`. */
	readonly person: string;
	readonly channel?: string | undefined;
	/** How long to wait for every method's outcome, ms. */
	readonly waitMs: number;
	readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

interface Method {
	readonly messageId: string;
	readonly channel: string;
	readonly status: "sent" | "waiting" | "failed" | "uncertain";
	readonly attempts: number;
	readonly detail: string;
	readonly receipts: readonly { readonly state: string; readonly detail: string }[];
	readonly tookMs: number | null;
}

const EVERY_MS = 500;

/**
 * Sends a real page, marked as a test, by each way of reaching a person, and tells what each receiver said. 0: every
 * message was taken; 1: one was not, or nobody knows.
 */
export async function runPageTest(options: PageTestOptions): Promise<number> {
	const { person, channel, waitMs } = options;
	const sleep = options.sleep ?? ((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)));
	const body = { person, ...(channel === undefined ? {} : { channel }) };
	const asked = await callServer(options, "POST", "/api/v1/page-tests", body);
	if (asked.status === "unreachable") return unreachable(options, asked.message);
	if (asked.statusCode !== 202) {
		options.out(
			options.json
				? `${JSON.stringify({ status: "refused", statusCode: asked.statusCode, body: asked.body })}\n`
				: `Nothing was sent: ${refusalText(asked)}\n`,
		);
		return EXIT.findings;
	}
	const { displayName, items } = asked.body as { displayName: string; items: Method[] };
	const ids = items.map(({ messageId }) => messageId).join(",");
	let methods = items;
	for (let waited = 0; waited < waitMs && methods.some(({ status }) => status === "waiting"); waited += EVERY_MS) {
		await sleep(EVERY_MS);
		const answer = await callServer(options, "GET", `/api/v1/page-tests?ids=${ids}`);
		if (answer.status === "unreachable") return unreachable(options, answer.message);
		if (answer.statusCode === 200) methods = (answer.body as { items: Method[] }).items;
	}
	const isFine = methods.length > 0 && methods.every(({ status }) => status === "sent");
	options.out(
		options.json
			? `${JSON.stringify({ person: displayName, status: isFine ? "sent" : "failed", methods })}\n`
			: `${report(displayName, methods, waitMs)}\n`,
	);
	return isFine ? EXIT.fine : EXIT.findings;
}

function report(displayName: string, methods: readonly Method[], waitMs: number): string {
	if (methods.length === 0) return `${displayName} has no contact, so nothing was sent. Add contacts to that Person.`;
	const width = Math.max(...methods.map(({ channel }) => channel.length));
	const lines = methods.map((method) => `  ${method.channel.padEnd(width)}  ${words(method, waitMs)}`);
	return [`Test pages to ${displayName}:`, ...lines].join("\n");
}

function words({ status, detail, attempts, tookMs, receipts }: Method, waitMs: number): string {
	const said = detail === "" ? "" : `: ${detail}`;
	const [last] = receipts;
	const receipt = last ? ` (the provider says: ${last.detail || last.state})` : "";
	switch (status) {
		case "sent":
			return `sent${tookMs === null ? "" : ` in ${tookMs} ms`}${said}${receipt}`;
		case "failed":
			return `failed after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}${said}`;
		case "uncertain":
			return `uncertain, it may or may not have arrived${said}`;
		case "waiting":
			return `not sent within ${Math.round(waitMs / 1000)} s, ${attempts} ${attempts === 1 ? "attempt" : "attempts"}${said}`;
	}
}

function unreachable(options: PageTestOptions, message: string): number {
	options.out(
		options.json
			? `${JSON.stringify({ status: "unreachable", message })}\n`
			: `${message}. Is the server running there?\n`,
	);
	return EXIT.unreachable;
}
