import { Option } from "commander";
import { SCENARIOS } from "../demo/scenario-names.ts";
import { duration, portNumber, wholeNumber } from "./argument-kinds.ts";
import { err, finish, out, program, stopSignal } from "./command-line.ts";

/** The product itself. */
export function addServingCommands(): void {
	program
		.command("serve")
		.description("everything in one process: telemetry in, detection, pages, notices, console")
		.requiredOption("--catalogue <dir>", "folder of the catalogue")
		.requiredOption("--data <dir>", "folder of the data; made when missing")
		.option("--host <address>", "address to bind; one that others can reach needs --token-file", "127.0.0.1")
		.option("--port <number>", "console and API; 0 picks a free one", portNumber, 8080)
		.option("--otlp-port <number>", "telemetry alone; 0 picks a free one", portNumber, 4318)
		.option("--grpc-port <number>", "OTLP/gRPC as well; 0 picks a free one; usual is 4317", portNumber)
		.addOption(
			new Option("--token-file <path>", "file with the operator's admin token, for its owner alone").env(
				"BELLWETHER_TOKEN_FILE",
			),
		)
		.option(
			"--status-dir <dir>",
			"where phone-tree.md and status.json are written each minute; default: the data folder",
		)
		.option("--demo", "say in the console that the data are a demo's")
		.addOption(
			new Option("--log-level <level>", "what goes to standard error")
				.choices(["fatal", "error", "warn", "info", "debug", "silent"])
				.default("warn"),
		)
		.option("--json", "print one line of JSON when ready")
		.action(async (options) => {
			const { takeEarly } = await import("../app/early-start.ts");
			const { compileCacheDir, warmWorker } = takeEarly(options.data);
			const { runServe } = await import("./serve-command.ts");
			const asked = { demo: options.demo === true, json: options.json === true };
			return finish(await runServe({ ...options, ...asked, out, err, compileCacheDir, warmWorker }));
		});

	program
		.command("demo")
		.description("the product with a fleet of 50 tenants; after a minute something breaks, such as one tenant")
		.addOption(new Option("--scenario <name>", "what happens").choices(SCENARIOS).default("tenant-outage"))
		.option("--seed <number>", "the same seed gives the same fleet and events", wholeNumber, 1)
		.option("--port <number>", "console and API; 0 picks a free one", portNumber, 8080)
		.option("--otlp-port <number>", "telemetry; 0 picks a free one", portNumber, 4318)
		.option("--data <dir>", "keep the data there; otherwise they go at the end")
		.addOption(
			new Option("--break-after <duration>", "how long all is well first").argParser(duration).default(60_000, "60s"),
		)
		.option("--json", "print one line of JSON when ready")
		.action(async ({ breakAfter, ...options }) => {
			const { runDemo } = await import("./demo-command.ts");
			return finish(
				await runDemo({
					...options,
					json: options.json === true,
					breakAfterMs: breakAfter,
					out,
					err,
					stop: stopSignal(),
				}),
			);
		});
}
