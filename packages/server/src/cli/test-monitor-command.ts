import { type CommandOptions, EXIT } from "./command-options.ts";
import { callServer, refusalText } from "./server-client.ts";

export interface TestMonitorOptions extends Omit<CommandOptions, "dir"> {
	readonly url: string;
	readonly token: string;
	readonly monitor: string;
	readonly tenant: string;
	readonly slo: string;
}

/** Fires a monitor of a running server as a test: somebody is paged, and the page says TEST. */
export async function runTestMonitor(options: TestMonitorOptions): Promise<number> {
	const { monitor, tenant, slo } = options;
	const path = `/api/v1/monitors/${encodeURIComponent(monitor)}:test`;
	const answer = await callServer(options, "POST", path, { tenant, slo });
	if (answer.status === "unreachable") {
		options.out(
			options.json
				? `${JSON.stringify({ status: "unreachable", message: answer.message })}\n`
				: `${answer.message}. Is the server running there?\n`,
		);
		return EXIT.unreachable;
	}
	if (answer.statusCode !== 202) {
		options.out(
			options.json
				? `${JSON.stringify({ status: "refused", statusCode: answer.statusCode, body: answer.body })}\n`
				: `Nothing was fired: ${refusalText(answer)}\n`,
		);
		return EXIT.findings;
	}
	const what = `${monitor} fired as a test on ${tenant}, ${slo}. Its on-call is paged: acknowledge it, then resolve it.`;
	options.out(options.json ? `${JSON.stringify(answer.body)}\n` : `${what}\n`);
	return EXIT.fine;
}
