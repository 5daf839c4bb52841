import { formatFinding, parseCatalogue, readCatalogueFiles } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { callServer, refusalText } from "./server-client.ts";

export interface ApplyOptions extends CommandOptions {
	readonly url: string;
	readonly token: string;
}

/** Sends a folder to a running server, which takes all of it or nothing. Faulty files are not even sent. */
export async function runApply(options: ApplyOptions): Promise<number> {
	const folder = await readCatalogueFiles(options.dir);
	const reading = folder.files ? parseCatalogue(folder.files) : { catalogue: undefined, findings: [] };
	const findings = [...folder.findings, ...reading.findings];
	if (!folder.files || !reading.catalogue) {
		if (options.json) options.out(`${JSON.stringify({ status: "refused", findings })}\n`);
		else options.out(`${findings.map(formatFinding).join("\n")}\nNothing was applied: correct the errors first.\n`);
		return EXIT.findings;
	}
	const answer = await callServer(options, "POST", "/api/v1/config:apply", { files: folder.files });
	if (answer.status === "unreachable") {
		options.out(
			options.json
				? `${JSON.stringify({ status: "unreachable", message: answer.message })}\n`
				: `${answer.message}. Is the server running there?\n`,
		);
		return EXIT.unreachable;
	}
	if (answer.statusCode !== 200) {
		options.out(
			options.json
				? `${JSON.stringify({ status: "refused", statusCode: answer.statusCode, body: answer.body })}\n`
				: `Not applied: ${refusalText(answer)}\n`,
		);
		return EXIT.findings;
	}
	const applied = answer.body as { status: "applied" | "unchanged"; hash: string };
	if (options.json) options.out(`${JSON.stringify(applied)}\n`);
	else
		options.out(
			applied.status === "applied"
				? `Applied: ${applied.hash} runs now.\n`
				: `Nothing to do: ${applied.hash} runs already.\n`,
		);
	return EXIT.fine;
}
