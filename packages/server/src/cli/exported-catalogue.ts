import { formatFinding, readCatalogue } from "#catalogue";
import { EXIT } from "./command-options.ts";
import { fetchRunning, type Running } from "./running-catalogue.ts";
import type { ServerClientOptions } from "./server-client.ts";

/** The catalogue of a folder, or without one what runs on a server. */
export async function catalogueToExport(
	dir: string | undefined,
	server: Partial<ServerClientOptions>,
): Promise<Running> {
	if (dir !== undefined) {
		const { catalogue, findings } = await readCatalogue(dir);
		if (catalogue) return { status: "fetched", catalogue };
		const errors = findings.filter((finding) => finding.level === "error").map(formatFinding);
		return { status: "failed", exitCode: EXIT.findings, message: `the catalogue is not valid.\n${errors.join("\n")}` };
	}
	if (server.url === undefined) {
		const message = "name the catalogue: --catalogue DIR, or --url and --token of the server that runs it.";
		return { status: "failed", exitCode: EXIT.usage, message };
	}
	return fetchRunning(server);
}
