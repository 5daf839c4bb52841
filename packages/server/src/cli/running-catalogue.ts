import { type Catalogue, type CatalogueFile, parseCatalogue } from "#catalogue";
import { EXIT } from "./command-options.ts";
import { callServer, refusalText, type ServerClientOptions } from "./server-client.ts";

export type Running =
	| { readonly status: "fetched"; readonly catalogue: Catalogue }
	| { readonly status: "failed"; readonly exitCode: number; readonly message: string };

/** The configuration that runs on a server, from its own files. */
export async function fetchRunning(options: Partial<ServerClientOptions>): Promise<Running> {
	const { url, token } = options;
	if (url === undefined || token === undefined) {
		return {
			status: "failed",
			exitCode: EXIT.usage,
			message: "comparing with a running server needs --url and --token.",
		};
	}
	const answer = await callServer({ url, token }, "GET", "/api/v1/config/active?files=true");
	if (answer.status === "unreachable")
		return { status: "failed", exitCode: EXIT.unreachable, message: `${answer.message}. Is the server running there?` };
	if (answer.statusCode !== 200) return { status: "failed", exitCode: EXIT.findings, message: refusalText(answer) };
	const { files } = answer.body as { files: CatalogueFile[] };
	const { catalogue } = parseCatalogue(files);
	if (!catalogue)
		return {
			status: "failed",
			exitCode: EXIT.findings,
			message: "this version does not understand the catalogue that runs there; use the version of the server.",
		};
	return { status: "fetched", catalogue };
}
