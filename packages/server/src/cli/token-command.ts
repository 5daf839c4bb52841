import { type CommandOptions, EXIT } from "./command-options.ts";
import { callServer, refusalText } from "./server-client.ts";

export interface TokenOptions extends Omit<CommandOptions, "dir"> {
	readonly url: string;
	readonly token: string;
	readonly name: string;
	readonly role: string;
	/** Key tenants it may see; undefined: all. */
	readonly tenants?: readonly string[] | undefined;
	readonly ttlMs?: number | undefined;
}

/** Makes a token on a running server. Its text is printed this once. */
export async function runToken(options: TokenOptions): Promise<number> {
	const { name, role, tenants, ttlMs } = options;
	const answer = await callServer(options, "POST", "/api/v1/tokens", {
		name,
		role,
		...(tenants === undefined ? {} : { tenants }),
		...(ttlMs === undefined ? {} : { ttlMs }),
	});
	if (answer.status === "unreachable") {
		options.out(
			options.json
				? `${JSON.stringify({ status: "unreachable", message: answer.message })}\n`
				: `${answer.message}. Is the server running there?\n`,
		);
		return EXIT.unreachable;
	}
	if (answer.statusCode !== 201) {
		options.out(
			options.json
				? `${JSON.stringify({ status: "refused", statusCode: answer.statusCode, body: answer.body })}\n`
				: `No token was made: ${refusalText(answer)}\n`,
		);
		return EXIT.findings;
	}
	const issued = answer.body as { id: string; token: string };
	options.out(options.json ? `${JSON.stringify(answer.body)}\n` : `${issued.token}\n`);
	return EXIT.fine;
}
