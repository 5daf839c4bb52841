/** Talks to a running server for the commands that need one. */
export type ServerAnswer =
	| { readonly status: "answered"; readonly statusCode: number; readonly body: unknown }
	| { readonly status: "unreachable"; readonly message: string };

export interface ServerClientOptions {
	readonly url: string;
	readonly token: string;
}

const TIMEOUT_MS = 30_000;

export async function callServer(
	options: ServerClientOptions,
	method: "GET" | "POST",
	path: string,
	body?: unknown,
): Promise<ServerAnswer> {
	try {
		const response = await fetch(`${options.url.replace(/\/$/, "")}${path}`, {
			method,
			redirect: "error",
			signal: AbortSignal.timeout(TIMEOUT_MS),
			headers: {
				authorization: `Bearer ${options.token}`,
				...(body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		return { status: "answered", statusCode: response.status, body: parse(text) };
	} catch (error) {
		const cause = (error as Error).cause as Error | undefined;
		return {
			status: "unreachable",
			message: `${options.url} was not reached: ${cause?.message || (error as Error).message}`,
		};
	}
}

/** What went wrong, in one sentence with a remedy, of any answer that is not 2xx. */
export function refusalText(answer: { readonly statusCode: number; readonly body: unknown }): string {
	const error = (answer.body as { error?: { message?: string; remedy?: string; requestId?: string } } | undefined)
		?.error;
	if (!error?.message)
		return `the server answered ${answer.statusCode} without an explanation; is this a Bellwether server?`;
	return `${error.message} ${error.remedy ?? ""}`.trim();
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
