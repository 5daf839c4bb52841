import { err, finish, out, program, serverOptions } from "./command-line.ts";

/** For programs on standard input and output. */
export function addAgentCommands(): void {
	serverOptions(
		program
			.command("mcp")
			.description(
				"tools for agents on standard input and output (Model Context Protocol), passed on to a running server",
			),
		true,
	).action(async ({ url, token }) => {
		const { runMcp } = await import("./mcp-command.ts");
		return finish(await runMcp({ url, token, input: process.stdin, output: process.stdout, err }));
	});

	const detectCommand = program
		.command("detect")
		.description("run the detectors over data on standard input, to score them on data of your own");
	detectCommand
		.command("series")
		.description("judge one series, sample by sample: timestamp,value in; timestamp,score,alert out")
		.action(async () => {
			const { runDetectSeries } = await import("./detect-command.ts");
			return finish(await runDetectSeries({ input: process.stdin, out, err }));
		});
	detectCommand
		.command("tenants")
		.description("watch many tenants at once: a stream of telemetry and changes in, alerts out")
		.action(async () => {
			const { runDetectTenants } = await import("./detect-tenants-command.ts");
			return finish(await runDetectTenants({ input: process.stdin, out, err }));
		});
}
